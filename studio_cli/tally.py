"""The progress of a run in numbers: shots by group, money spent, time left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from studio.money import ZERO
from studio.planning.plan import Plan, ShotState

BILLED = "luma"  # the realm of billed shots
MOVING, FAILED, WAITING, READY, LEFT_OUT = "moving", "failed", "waiting", "ready", "not started"
#: The order of shots on a screen that is too small for all of them.
GROUPS = (MOVING, FAILED, WAITING, READY, LEFT_OUT)
ENDED = (FAILED, READY, LEFT_OUT)
_TOLD = {"waiting": WAITING, "ready": READY, "failed": FAILED, "not started": LEFT_OUT}
_NOT_SENT = ("ordering", "waiting", "ordering again")
_HERE = ("completed", "downloading")  # paid for good: later failures are not refunded


@dataclass
class Row:
    """One shot of a run. Times in seconds of the screen's clock; None: not yet."""

    state: str
    detail: str = ""
    began: float | None = None
    sent: float | None = None
    ended: float | None = None
    paid: bool = False

    def tell(self, state: str, detail: str, now: float) -> None:
        """Take over a reported state."""
        if state in ("ordering again", "failed"):
            self.paid = self.paid and state == "failed" and self.state in _HERE
        elif state not in (*_NOT_SENT, "ready", "not started"):
            self.paid = True
            self.sent = now if self.sent is None else self.sent
        self.began = now if self.began is None else self.began
        self.ended = now if _TOLD.get(state) in ENDED else None
        self.state, self.detail = state, detail

    @property
    def group(self) -> str:
        return WAITING if self.began is None else _TOLD.get(self.state, MOVING)

    def seconds(self, now: float) -> float | None:
        """Seconds that it is, or was, in work."""
        return None if self.began is None else (now if self.ended is None else self.ended) - self.began


class Tally:
    """The rows of a plan, in its order; without a plan, of the shots that were reported."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._shots = plan.shots if plan else ()
        self.to_pay, self.billed = (plan.to_pay, plan.realm == BILLED) if plan else (ZERO, True)
        self.rows = {shot.id: Row(shot.state.value) for shot in self._shots}
        self._most = 1  # shots that were in work at once
        self._costs = {shot.id: shot.to_pay for shot in self._shots}
        self._counts = Counter(row.group for row in self.rows.values())

    def tell(self, shot_id: str, state: str, detail: str, now: float) -> Row:
        if shot_id not in self.rows:
            self.rows[shot_id] = Row(state)
            self._counts[self.rows[shot_id].group] += 1
        row = self.rows[shot_id]
        self._counts[row.group] -= 1
        row.tell(state, detail, now)
        self._counts[row.group] += 1
        self._most = max(self._most, self._counts[MOVING])
        return row

    def bought(self, shot_id: str, price: Decimal) -> None:
        """Count an order of this run for a shot that an earlier run had ordered, as of one that was not accepted."""
        if not self._costs.get(shot_id):
            self._costs[shot_id] = price
            self.to_pay += price

    def cost(self, shot_id: str) -> Decimal:
        """USD that this run pays for a shot."""
        return self._costs.get(shot_id, ZERO)

    @property
    def counts(self) -> dict[str, int]:
        """The number of shots in each group."""
        return {group: self._counts[group] for group in GROUPS}

    @property
    def spent(self) -> Decimal:
        """USD of this run's orders, less refunds."""
        ordered: dict[str, Decimal] = {}
        for shot in self._shots:
            if self.rows[shot.id].paid:  # of several with one key, the one that was ordered has its price
                ordered[shot.key] = max(ordered.get(shot.key, ZERO), self.cost(shot.id))
        return sum(ordered.values(), ZERO)

    @property
    def done(self) -> bool:
        """True if every shot has ended."""
        return all(row.group in ENDED for row in self.rows.values())

    def left(self, now: float) -> float | None:
        """Seconds until the last shot is finished, estimated from those that are; None before the first.

        The larger counts: the longest chain still to come, or the number of shots divided by those made at once.
        """
        bought = (self.rows[shot.id] for shot in self._shots if shot.state is ShotState.NEW)
        took = [
            row.ended - row.sent
            for row in bought
            if row.group == READY and row.ended is not None and row.sent is not None
        ]
        if self.done:
            return 0.0
        if not took:
            return None
        usual = median(took)
        until: dict[str, float] = {}
        work = 0.0
        for shot in self._shots:  # parents come before their children
            row = self.rows[shot.id]
            rest = 0.0 if row.group in ENDED else usual if row.sent is None else max(0.0, usual - (now - row.sent))
            until[shot.id] = rest + max((until[parent] for parent in shot.parents), default=0.0)
            work += rest
        return max([work / self._most, *until.values()])


def rough(seconds: float) -> str:
    """Format a rough length of time: ``40 s``, ``3 min``, ``1 h 10 min``."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
