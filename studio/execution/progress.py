"""The events of a run, for a screen, a log, or nobody."""

from __future__ import annotations

from contextvars import ContextVar
from decimal import Decimal

from studio.planning.plan import Plan
from studio.report.records import RunRecord


class Listener:
    """A listener to a run's events. Its methods do nothing: screens override those that they need."""

    def began(self) -> None:
        """The flow run has begun; nothing has been done yet."""

    def planned(self, plan: Plan) -> None:
        """The plan is made."""

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        """A shot has come to a new state."""

    def bought(self, shot_id: str, price: Decimal) -> None:
        """An order of this run for a shot was accepted, at this price in USD."""

    def film(self, frames: int, total: int) -> None:
        """This many frames of the film are written."""

    def note(self, text: str) -> None:
        """A note for the user."""

    def ended(self, record: RunRecord) -> None:
        """The run is over, with or without a film."""


# The command sets its screen here before it calls the flow; a run in a worker has no listener.
listener: ContextVar[Listener] = ContextVar("listener", default=Listener())  # noqa: B039 - it keeps no state
