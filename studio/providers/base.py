"""The port of a video service, ``GenerationService``, and the values that it answers with."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from studio.errors import Refused
from studio.failures import FailureClass
from studio.providers.service_clock import ServiceClock

GenerationState = Literal["queued", "dreaming", "completed", "failed"]


@dataclass(frozen=True)
class Generation:
    """One job of the service. Its URLs are signed: they are used at once, and shown and kept nowhere.

    ``request`` is what the service says was asked. ``created_at`` is the service's own clock, aware UTC. ``kind`` is
    ``video`` or ``image``, where the service says so. ``frames_url`` is the archive of EXR frames of an HDR clip.
    ``failure`` is whose failure it was, where the state is failed.

    Of the answer to a create: ``request_id`` is the service's name for the request, and ``per_minute`` how many creates
    a minute it allows, each where the answer told it.
    """

    id: str
    state: GenerationState
    created_at: datetime | None = None
    model: str | None = None
    video_url: str | None = field(default=None, repr=False)
    image_url: str | None = field(default=None, repr=False)
    failure_reason: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kind: str | None = None
    frames_url: str | None = field(default=None, repr=False)
    failure: FailureClass = FailureClass.SERVICE
    request_id: str | None = None
    per_minute: int | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("completed", "failed")


@dataclass(frozen=True)
class GenerationPage:
    """A part of the account's generations. In which order, and whether ``has_more`` is true, no service promises.

    ``unread``: how many more there were on it that could not be read.
    """

    generations: tuple[Generation, ...]
    has_more: bool
    unread: int = 0

    @property
    def rows(self) -> int:
        """The number of rows on it, readable or not."""
        return len(self.generations) + self.unread


class GenerationService(ABC):
    """The port that a service implements: create, get, list. Calls raise the errors of ``studio.errors``, nothing else.

    ``create`` spends money: only ``purchasing.gateway`` may call it. ``endpoints`` are those that it knows.
    ``has_list``: whether the account's generations can be listed, and so a lost answer be found again.
    """

    name: str
    has_list: bool
    #: The service's clock, as its answers tell it; None where nobody measures it.
    clock: ServiceClock | None = None
    endpoints: frozenset[str]

    @abstractmethod
    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        """Send one create, exactly once, with the SDK's own parameters for that endpoint; None leaves one out.

        ``request_id`` goes with it as a trace, by which the service's support can find the request: it makes no create
        safe to repeat. ``user_id``: an opaque id of whom it is made for, sent where the API has a place for it.
        Raises NotSent, RateLimited, Refused, or Ambiguous.
        """

    @abstractmethod
    async def get(self, generation_id: str) -> Generation:
        """One generation as it is now. Raises NotFound where the account has none of that id."""

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        """A part of the account's generations. Raises Refused where there is no list."""
        raise Refused(f"{self.name} has no list of generations")

    async def delete(self, generation_id: str) -> None:
        """Delete a generation at the service. What was paid for it is not given back. Raises Refused."""
        raise Refused(f"{self.name} cannot delete a generation")

    async def credits(self) -> Decimal:
        """The account's balance in USD. Raises Refused where the service does not tell it."""
        raise Refused(f"{self.name} does not tell its balance")

    async def list_camera_motions(self) -> builtins.list[str]:
        """The keys that ``concepts`` takes; none where the camera is told in the prompt."""
        return []

    async def upload(self, path: Path, *, media_type: str) -> str:
        """Give a local file to the service, and wait until it can be used: its file id, for requests to refer to.

        Buys nothing. Raises Refused where the service takes no files, or not this one.
        """
        raise Refused(f"{self.name} has no file upload ({path.name}): it takes public URLs only")

    @abstractmethod
    async def ping(self) -> None:
        """Raises ServiceError where the service does not answer."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""
