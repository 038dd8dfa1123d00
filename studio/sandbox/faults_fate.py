"""What was decided about one generation when it was accepted. It is stored with it, so a restart keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from studio.sandbox.faults import Fault

LATE_SECONDS = 600.0
# What the Agents API calls a reason, where the plan names only that.
CODE_OF = {
    "Contains blacklisted words": "content_moderated",
    "Frame moderation failed": "content_moderated",
    "Advanced prompt moderation failed": "content_moderated",
    "Failed to read user input frames": "corrupt_input",
}
DREAM_MACHINE = "dream-machine"


@dataclass(frozen=True)
class Fate:
    """How a generation will end other than well.

    kind:    fails, stuck or late
    reason:  the failure_reason in the Dream Machine API
    code:    the failure_code in the Agents API
    seconds: how much later it is done
    """

    kind: str
    reason: str = "Job failed"
    code: str = "generation_failed"
    seconds: float = 0.0

    @classmethod
    def of(cls, fault: Fault) -> Fate:
        """The fate that a fault of the plan means."""
        seconds = LATE_SECONDS if fault.seconds is None else fault.seconds
        reason = fault.reason or cls.reason
        code = fault.code or CODE_OF.get(reason, cls.code)
        return cls(fault.kind, reason, code, seconds if fault.kind == "late" else 0.0)

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
