"""The port of a video service, ``GenerationService``, and the values that it returns."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from studio.errors import Refused
from studio.failures import FailureClass
from studio.providers.service_clock import ServiceClock

GenerationState = Literal["queued", "dreaming", "completed", "failed"]


@dataclass(frozen=True)
class Generation:
    """One job of the service. Its URLs are signed: they are used at once, and never shown or stored.

    ``request`` is the service's echo of the request. ``created_at`` is by the service's own clock, aware UTC. ``kind``
    is ``video`` or ``image``, where the service says so. ``frames_url`` is the archive of EXR frames of an HDR clip.
    ``seconds`` and ``resolution`` (a tier) are of the request, where the service echoes them.
    ``failure`` is the class of the failure, where the state is failed.

    From the answer to a create, where it has them: ``request_id`` is the service's name for the request, and
    ``per_minute`` the number of creates a minute that it allows.
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
    seconds: Fraction | None = None
    resolution: str | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("completed", "failed")


@dataclass(frozen=True)
class GenerationPage:
    """A page of the account's generations. No service guarantees its order, nor that ``has_more`` is right.

    ``unread``: the number of further rows on it that could not be read.
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
    ``has_list``: True if the account's generations can be listed, so that a lost answer can be found again.
    """

    name: str
    has_list: bool
    #: The service's clock, by its answers; None where it is not measured.
    clock: ServiceClock | None = None
    endpoints: frozenset[str]

    @abstractmethod
    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        """Send one create, exactly once, with the SDK's own parameters for that endpoint; None leaves one out.

        ``request_id`` is sent along as a trace by which the service's support can find the request; it makes no create
        safe to repeat. ``user_id``: an opaque id of the user that it is made for, sent where the API takes one.
        Raises NotSent, RateLimited, Refused, or Ambiguous.
        """

    @abstractmethod
    async def get(self, generation_id: str) -> Generation:
        """One generation as it is now. Raises NotFound where the account has none of that id."""

    async def look_up(self, generation_id: str) -> Generation | None:
        """One generation as it is now, for the plan of a film that names it; None where the service has no lookup.

        Buys nothing. Raises NotFound where the account has none of that id.
        """
        return None

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        """A page of the account's generations. Raises Refused where there is no list."""
        raise Refused(f"{self.name} has no list of generations")

    async def delete(self, generation_id: str) -> None:
        """Delete a generation at the service. Its price is not refunded. Raises Refused."""
        raise Refused(f"{self.name} cannot delete a generation")

    async def credits(self) -> Decimal:
        """The account's balance in USD. Raises Refused where the service does not tell it."""
        raise Refused(f"{self.name} does not tell its balance")

    async def list_camera_motions(self) -> builtins.list[str]:
        """The keys that ``concepts`` takes; none where the camera is described in the prompt."""
        return []

    async def upload(self, path: Path, *, media_type: str) -> str:
        """Upload a local file, and wait until the service can use it. Returns its file id, for use in requests.

        Buys nothing. Raises Refused where the service takes no files, or not this one.
        """
        raise Refused(f"{self.name} has no file upload ({path.name}): it takes public URLs only")

    @abstractmethod
    async def ping(self) -> None:
        """Check that the service answers. Raises ServiceError where it does not."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""
