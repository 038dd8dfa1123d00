"""A video service as one value: everything that other packages need of it, from its models to its client.

A package registers a service by an entry point of the group ``studio_producer.providers``, whose object is a
``ProviderSpec``. ``tests/providers/test_contract.py`` runs over every spec that is registered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from studio.errors import BadInput
from studio.providers.base import GenerationService
from studio.providers.models import StillModel, VideoModel
from studio.providers.order_trace import Likeness, by_token
from studio.providers.shot_request import Given, Operation, ShotRequest, Source, asked_in_plain


@dataclass(frozen=True)
class Connection:
    """The connection to a service: its address and key. ``local``: it runs on this machine, so no proxy applies."""

    base_url: str
    api_key: str = field(repr=False)
    local: bool = False


@dataclass(frozen=True)
class RateLimits:
    """Limits of an account at a service, by pool of models: generations at once, creates a minute. None: unlimited."""

    at_once: int | None = None
    per_minute: int | None = None


class MatchEcho(Protocol):
    """Compares a request that was sent with a service's echo of one. None: it is another request."""

    def __call__(
        self, sent: Mapping[str, Any], echoed: Mapping[str, Any], *, token: str, endpoint: str
    ) -> Likeness | None: ...


def keys_as_words(prompt: str, camera: Sequence[str]) -> str:
    """The prompt followed by the camera's concepts, in the words of their keys."""
    if not camera:
        return prompt
    return f"{prompt.rstrip().rstrip('.')}. Camera: {', '.join(key.replace('_', ' ') for key in camera)}."


@dataclass(frozen=True, kw_only=True)
class ProviderSpec:
    """One service, or one of the APIs of a vendor.

    id:            its name in orders and their keys, which never changes
    vendor:        the company, as shown to people
    title:         this API in a sentence: ``Luma's Agents API``
    label:         this API in a table: ``Luma Agents``
    key_variables: environment variables of its key; the first that is set counts
    url_variable:  environment variable of its address, for a server of one's own
    base_url:      its address
    models:        the video models that it sells; their names are no other provider's
    stills:        the models that it sells for stills
    price_book:    its prices, a file in TOML (``studio.providers.price_book``)
    endpoints:     its name for each kind of purchase that it sells
    build_request: a shot as the parameters of its ``create``; ``sent`` says how each source is given
    open:          a connection's client
    asked:         the parameters of a request that make its order's key. Their names here never change
    match_echo:    compares a generation on its list with an order
    echo_kinds:    its echo's name for each endpoint, where the echo has one
    nameless:      endpoints whose echo does not name the clip that they were made from
    in_words:      a prompt that describes the camera, for models that take no concepts
    takes_files:   files are uploaded to it; else it reads public URLs
    has_list:      the account's generations can be listed
    limits:        of an account, by pool of models, as far as the service documents them
    local_path:    the path of this API on a server that stands in for several; empty: there is none
    sandbox:       the sandbox stands in for it
    generation_id: a pattern that ids of its generations match, in full and in any case; empty: any text may be one
    """

    id: str
    vendor: str
    title: str
    label: str
    key_variables: tuple[str, ...]
    url_variable: str
    base_url: str
    models: tuple[VideoModel, ...]
    stills: tuple[StillModel, ...] = ()
    price_book: Traversable
    endpoints: Mapping[Operation, str]
    build_request: Callable[[ShotRequest, Mapping[Source, Given]], dict[str, Any]]
    open: Callable[[Connection], GenerationService]
    asked: Callable[[ShotRequest], dict[str, Any]] = asked_in_plain
    match_echo: MatchEcho = by_token
    echo_kinds: Mapping[str, str] = field(default_factory=dict)
    nameless: frozenset[str] = frozenset()
    in_words: Callable[[str, Sequence[str]], str] = keys_as_words
    takes_files: bool = False
    has_list: bool = False
    limits: Mapping[str, RateLimits] = field(default_factory=dict)
    local_path: str = ""
    sandbox: bool = False
    generation_id: str = ""

    def may_have(self, generation: str) -> bool:
        """True if a text can be the id of one of its generations."""
        return not self.generation_id or re.fullmatch(self.generation_id, generation, re.IGNORECASE) is not None

    @property
    def sold(self) -> tuple[VideoModel | StillModel, ...]:
        """All models, for clips and for stills."""
        return (*self.models, *self.stills)

    def endpoint(self, operation: Operation) -> str:
        """Its name for a kind of purchase. Raises BadInput where it does not sell that."""
        try:
            return self.endpoints[operation]
        except KeyError:
            raise BadInput(f"{self.title} does not sell the operation '{operation}'") from None

    def operation(self, endpoint: str) -> Operation:
        """The kind of purchase that an endpoint makes."""
        if self.is_still(endpoint):
            return Operation.IMAGE
        return next((kind for kind, name in self.endpoints.items() if name == endpoint), Operation.VIDEO)

    def is_still(self, endpoint: str) -> bool:
        """True if an endpoint makes stills. Endpoints that nothing is ordered from are judged by their names."""
        return endpoint == self.endpoints.get(Operation.IMAGE) or endpoint.startswith("image")
