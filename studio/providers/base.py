"""What every video service can do for us, and the values that it answers with."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

GenerationState = Literal["queued", "dreaming", "completed", "failed"]


@dataclass(frozen=True)
class Generation:
    """One job of the service. ``video_url`` is signed: it is used at once, and shown and kept nowhere.

    ``request`` is what the service says was asked. ``created_at`` is the service's own clock, aware UTC.
    """

    id: str
    state: GenerationState
    created_at: datetime | None = None
    model: str | None = None
    video_url: str | None = field(default=None, repr=False)
    image_url: str | None = field(default=None, repr=False)
    failure_reason: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)

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

    ``create`` spends money: only ``studio.orders`` may call it.
    """

    name: str
    has_list: bool

    @property
    @abstractmethod
    def cost_per_second(self) -> Decimal:
        """USD for a second at the service's usual model and 720p, for rough figures; orders are priced exactly."""

    @abstractmethod
    async def create(self, endpoint: str, params: Mapping[str, Any]) -> Generation:
        """Send one create, exactly once. Raises NotSent, RateLimited, Refused, or Ambiguous."""

    @abstractmethod
    async def get(self, generation_id: str) -> Generation:
        """One generation as it is now. Raises NotFound where the account has none of that id."""

    @abstractmethod
    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        """The account's generations, newest first."""

    @abstractmethod
    async def delete(self, generation_id: str) -> None:
        """Delete a generation at the service. What was paid for it is not given back."""

    @abstractmethod
    async def credits(self) -> Decimal:
        """The account's balance in USD."""

    @abstractmethod
    async def list_camera_motions(self) -> builtins.list[str]:
        """The keys that ``concepts`` takes."""

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
