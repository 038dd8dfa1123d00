"""What every video service can do for us, and the values that it answers with."""

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

GenerationState = Literal["queued", "dreaming", "completed", "failed"]


@dataclass(frozen=True)
class Generation:
    """One job of the service. Its URLs are signed: they are used at once, and shown and kept nowhere.

    ``request`` is what the service says was asked. ``created_at`` is the service's own clock, aware UTC. ``kind`` is
    ``video`` or ``image``, where the service says so. ``frames_url`` is the archive of EXR frames of an HDR clip.
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

    @property
    def ended(self) -> bool:
        return self.state in ("completed", "failed")


@dataclass(frozen=True)
class GenerationPage:
    """A part of the account's generations, newest first."""

    generations: tuple[Generation, ...]
    has_more: bool


class VideoProvider(ABC):
    """A video service. Calls raise the ServiceErrors of ``studio.errors``, and nothing else.

    ``create`` spends money: only ``studio.orders`` may call it. ``endpoints`` are those that it knows. ``has_list``:
    whether the account's generations can be listed, and so a lost answer be found again.
    """

    name: str
    has_list: bool
    endpoints: frozenset[str]

    @property
    @abstractmethod
    def cost_per_second(self) -> Decimal:
        """USD for a second at the service's usual model and 720p, for rough figures; orders are priced exactly."""

    @abstractmethod
    async def create(self, endpoint: str, params: Mapping[str, Any]) -> Generation:
        """Send one create, exactly once, with the SDK's own parameters for that endpoint; None leaves one out.

        Raises NotSent, RateLimited, Refused, or Ambiguous.
        """

    @abstractmethod
    async def get(self, generation_id: str) -> Generation:
        """One generation as it is now. Raises NotFound where the account has none of that id."""

    @abstractmethod
    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        """The account's generations, newest first. Raises Refused where there is no list."""

    @abstractmethod
    async def delete(self, generation_id: str) -> None:
        """Delete a generation at the service. What was paid for it is not given back."""

    @abstractmethod
    async def credits(self) -> Decimal:
        """The account's balance in USD. Raises Refused where the service does not tell it."""

    @abstractmethod
    async def list_camera_motions(self) -> builtins.list[str]:
        """The keys that ``concepts`` takes; none where the camera is told in the prompt."""

    async def upload(self, path: Path, *, media_type: str) -> str:
        """Give a local file to the service, and wait until it can be used: its file id, for requests to refer to.

        Buys nothing. Raises Refused where the service takes no files, or not this one.
        """
        raise Refused(f"{self.name} has no file upload ({path.name}): it takes public URLs only")

    @abstractmethod
    async def ping(self) -> None:
        """Raises ServiceError where the service does not answer."""

    async def check_status(self, job_id: str) -> dict[str, Any]:
        """``id``, ``status``, ``video_url`` (once completed) and ``failure_reason`` (once failed) of a generation."""
        generation = await self.get(job_id)
        done = generation.state == "completed"
        return {
            "id": generation.id,
            "status": generation.state,
            "video_url": generation.video_url if done else None,
            "failure_reason": generation.failure_reason if generation.state == "failed" else None,
        }

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""
