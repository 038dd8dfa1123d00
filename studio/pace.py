"""When to look again at generations in flight: learnt from how long earlier ones took.

Looking costs a call for all that are in flight; not looking costs time. So the next look comes when as many of them are
likely to have ended as one call is worth: silent until the earliest plausible finish, then often, then slower.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
KEPT = 64  # quantiles of a history: enough for its shape
FEW = 5  # fewer past generations than this teach nothing
STEPS = 24  # of bisection: to a thousandth of a second within minutes


@dataclass(frozen=True)
class Pace:
    """Seconds until the next look. ``history`` has past durations in seconds, by kind (such as ``ray-2 720p 5s``).

    ``calls`` is how many looks the end of one generation may cost on average. ``shortest`` and ``longest`` bound the
    pause. Without history, a pause is a ``part`` of the youngest's age.
    """

    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    calls: float = 2.6
    shortest: float = 0.5
    longest: float = 10.0
    part: float = 0.05

    def pause(self, in_flight: Sequence[tuple[str, float]]) -> float:
        """Seconds until the next look at generations of these kinds and ages (in seconds since they were ordered)."""
        known = [(times, age) for kind, age in in_flight if (times := self._times(kind)) is not None]
        guess = min((age for kind, age in in_flight if self._times(kind) is None), default=None)
        pauses = [] if guess is None else [min(max(guess * self.part, self.shortest), self.longest)]
        if known:
            pauses.append(self._learnt(known))
        return min(pauses, default=self.longest)

    def _learnt(self, known: Sequence[tuple[Times, float]]) -> float:
        """The pause after which ``1 / calls`` of a generation is likely to have ended."""
        earliest = min(float(times[0]) * 0.9 - age for times, age in known)
        # Before anything can have ended, one long silence is enough; after that no pause is longer than the longest.
        most = max(self.longest, earliest)
        low, high = self.shortest, most
        if _ended(known, high) < 1 / self.calls:
            return high
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if _ended(known, middle) >= 1 / self.calls else (middle, high)
        return high

    def _times(self, kind: str) -> Times | None:
        times = self.history.get(kind, ())
        if len(times) < FEW:
            return None
        return np.quantile(np.asarray(times, dtype=np.float64), np.linspace(0, 1, KEPT))


def _ended(known: Sequence[tuple[Times, float]], pause: float) -> float:
    """How many of those in flight are expected to end within a pause, given that none has yet."""
    expected = 0.0
    for times, age in known:
        running = 1 - _share(times, age)
        if running < 1e-3:
            # Longer than any before: who knows. Expected at the rate of one in its own age.
            expected += pause / max(age, 1.0)
        else:
            expected += (_share(times, age + pause) - _share(times, age)) / running
    return expected


def _share(times: Times, age: float) -> float:
    """The share of past generations that had ended by an age, smoothed by a twentieth of each one's length."""
    width = np.maximum(times * 0.05, 0.25)
    return float(np.mean(1 / (1 + np.exp(-np.clip((age - times) / (width / 2), -60, 60)))))
