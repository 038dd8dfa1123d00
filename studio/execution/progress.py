"""What a run tells while it goes on: to a screen, to a log, or to nobody."""

from __future__ import annotations

from contextvars import ContextVar

from studio.planning.plan import Plan
from studio.report.records import RunRecord


class Listener:
    """Hears of a run. Does nothing: screens override what they show."""

    def began(self) -> None:
        """The flow run has begun: nothing of it was done yet."""

    def planned(self, plan: Plan) -> None:
        """The run knows what it will make."""

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        """A shot has come to a new state."""

    def film(self, frames: int, total: int) -> None:
        """So many frames of the film are written."""

    def note(self, text: str) -> None:
        """Something worth knowing."""

    def ended(self, record: RunRecord) -> None:
        """The run is over, however it went."""


# The command sets its screen here before it calls the flow; runs in a worker have nobody who listens.
listener: ContextVar[Listener] = ContextVar("listener", default=Listener())  # noqa: B039 - it keeps no state
