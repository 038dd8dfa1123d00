"""The most polls of one service that a process may make in a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 0.25  # of a minute's polls may be made at once


class PollRate:
    """A bound on calls: ``per_minute`` in a minute, a quarter of them at once. None: no bound."""

    def __init__(self, per_minute: int | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._each = 60 / per_minute if per_minute else 0.0
        self._burst = (per_minute or 0) * BURST * self._each
        self._clock, self._paid = clock, clock()

    def spend(self) -> None:
        """Count a call that is made now."""
        self._paid = max(self._paid, self._clock() - self._burst) + self._each

    def wait(self) -> float:
        """Seconds until the next call may be made."""
        return max(0.0, self._paid + self._each - self._clock())
