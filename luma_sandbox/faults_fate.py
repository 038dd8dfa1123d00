"""The fate of a generation, decided when it was accepted. It is stored with it, so it survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from luma_sandbox.faults import Fault

LATE_SECONDS = 600.0
# The size of an odd clip, if the plan does not give one: a very short thumbnail.
ODD_WIDTH, ODD_HEIGHT, ODD_FRAMES = 64, 48, 2
# The Agents API's codes for reasons, used if the plan gives only a reason.
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
    """The planned deviation of a generation from a good end.

    kind:    fails, stuck, late or odd_clip
    reason:  the failure_reason in the Dream Machine API
    code:    the failure_code in the Agents API
    seconds: the delay of its completion
    width, height, frames: the measures of what is made instead; of a still only its size
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
        """The fate that a fault of the plan gives."""
        seconds = LATE_SECONDS if fault.seconds is None else fault.seconds
        reason = fault.reason or cls.reason
        code = fault.code or CODE_OF.get(reason, cls.code)
        if fault.kind == "odd_clip":
            width, height = fault.width or ODD_WIDTH, fault.height or ODD_HEIGHT
            return cls(fault.kind, width=width, height=height, frames=fault.frames or ODD_FRAMES)
        return cls(fault.kind, reason, code, seconds if fault.kind == "late" else 0.0)

    @property
    def ends_well(self) -> bool:
        """True if something is made, be it late or other than ordered."""
        return self.kind in ("late", "odd_clip")

    def bent(self, score: Mapping[str, Any]) -> dict[str, Any]:
        """The score with the measures of an odd clip; unchanged for other fates."""
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
        """The reason of its failure, in the form of the API that was used."""
        return self.reason if api == DREAM_MACHINE else self.code

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Fate:
        """Read a fate from the books."""
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        """The fate in the form stored in the books."""
        return asdict(self)


# The fate of the create that is being answered; the books write both in one transaction.
pending: ContextVar[Fate | None] = ContextVar("pending fate", default=None)
