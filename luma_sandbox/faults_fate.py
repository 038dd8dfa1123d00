"""What was decided about one generation when it was accepted. It is stored with it, so a restart keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from luma_sandbox.faults import Fault

LATE_SECONDS = 600.0
# What comes of an odd clip, where the plan does not say it: a thumbnail of a moment.
ODD_WIDTH, ODD_HEIGHT, ODD_FRAMES = 64, 48, 2
# What the Agents API calls a reason, where the plan names only that.
CODE_OF = {
    "Contains blacklisted words": "content_moderated",
    "Frame moderation failed": "content_moderated",
    "Advanced prompt moderation failed": "content_moderated",
    "Advanced moderation failed": "content_moderated",
    "failed to moderate image": "content_moderated",
    "Failed to read user input frames": "corrupt_input",
}
DREAM_MACHINE = "dream-machine"


@dataclass(frozen=True)
class Fate:
    """How a generation will end other than well.

    kind:    fails, stuck, late or odd_clip
    reason:  the failure_reason in the Dream Machine API
    code:    the failure_code in the Agents API
    seconds: how much later it is done
    width, height, frames: what is made in place of what was ordered; of a still only its size
    """

    kind: str
    reason: str = "Job failed"
    code: str = "generation_failed"
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    frames: int = 0

    @classmethod
    def of(cls, fault: Fault) -> Fate:
        """The fate that a fault of the plan means."""
        seconds = LATE_SECONDS if fault.seconds is None else fault.seconds
        reason = fault.reason or cls.reason
        code = fault.code or CODE_OF.get(reason, cls.code)
        if fault.kind == "odd_clip":
            width, height = fault.width or ODD_WIDTH, fault.height or ODD_HEIGHT
            return cls(fault.kind, width=width, height=height, frames=fault.frames or ODD_FRAMES)
        return cls(fault.kind, reason, code, seconds if fault.kind == "late" else 0.0)

    @property
    def ends_well(self) -> bool:
        """True if something is made, be it late or not what was ordered."""
        return self.kind in ("late", "odd_clip")

    def bent(self, score: Mapping[str, Any]) -> dict[str, Any]:
        """The score of what is made in place of what was ordered: the same, unless this is the fate of an odd clip."""
        if self.kind != "odd_clip":
            return dict(score)
        size = {"width": self.width, "height": self.height}
        if "format" in score:
            return {**score, **size}
        clip: dict[str, Any] = {
            "make": "video", "frames": self.frames, "start": None, "end": None, "loop": False, "concepts": [],
            "extension": "new_footage", "resolution": score.get("resolution") or "540p",
            "prompt": score.get("prompt") or "an odd clip",
        }  # fmt: skip
        return {**score, **size, **clip}

    def told(self, api: str) -> str:
        """Why it fails, in the words of the API that it was asked for in."""
        return self.reason if api == DREAM_MACHINE else self.code

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Fate:
        """As it stands in the books."""
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        """As it goes into the books."""
        return asdict(self)


# The fate of whatever is accepted by the call that is being answered; the books write both in one transaction.
pending: ContextVar[Fate | None] = ContextVar("pending fate", default=None)
