"""The poll schedule for generations in flight, learnt from how long earlier ones took.

A poll costs one call for all generations in flight; a late poll costs time. So the next poll comes when it is likely to
find enough of them ended: none before the earliest plausible finish, then often, then more slowly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
AT = np.linspace(0, 1, 64)  # quantiles of a history: enough for its shape
FEW = 5  # fewer past generations than this are not used
STEPS = 24  # of bisection: to a thousandth of a second within minutes


@dataclass(frozen=True)
class PollSchedule:
    """The pause until the next poll. ``history`` has past durations in seconds, by kind (such as ``ray-2 720p 5s``).

    ``calls`` is the number of polls that the end of one generation may cost on average, and ``alone`` that of a single
    one in flight: in a chain of scenes every link's delay adds up. ``shortest`` and ``longest`` bound the pause.
    Without history, a pause is a ``part`` of the youngest's age.
    """

    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    calls: float = 2.6
    alone: float = 7.5
    shortest: float = 0.5
    longest: float = 10.0
    part: float = 0.05
    _quantiles: dict[str, Times | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def pause(self, in_flight: Sequence[tuple[str, float]]) -> float:
        """Seconds until the next poll for generations of these kinds and ages (in seconds since they were ordered)."""
        known = [(age, times) for kind, age in in_flight if (times := self._times(kind)) is not None]
        guess = min((age for kind, age in in_flight if self._times(kind) is None), default=None)
        pauses = [] if guess is None else [min(max(guess * self.part, self.shortest), self.longest)]
        if known:
            pauses.append(self._learnt(np.array([age for age, _ in known]), np.stack([times for _, times in known])))
        return min(pauses, default=self.longest)

    def _learnt(self, ages: Times, times: Times) -> float:
        """The pause after which a poll is likely to find enough ended; a row of ``times`` for each in flight."""
        worth = 1 / (self.calls if len(ages) > 1 else self.alone)
        earliest = float(np.min(times[:, 0] * 0.9 - ages))
        # Until anything can have ended, one pause of any length is right; after that none is longer than the longest.
        most = max(self.longest, earliest)
        low, high = self.shortest, most
        ended = _share(times, ages)
        running = 1 - ended
        # Longer than any before: unknown. It is expected to end at a rate of once per its own age.
        longest, rate = running < 1e-3, 1 / np.maximum(ages, 1.0)

        def expected(pause: float) -> float:
            """The expected number of those in flight that end within a pause, given that none has yet."""
            likely = (_share(times, ages + pause) - ended) / np.maximum(running, 1e-3)
            return float(np.sum(np.where(longest, pause * rate, likely)))

        if expected(high) < worth:
            return high
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if expected(middle) >= worth else (middle, high)
        return high

    def _times(self, kind: str) -> Times | None:
        if kind not in self._quantiles:
            times = self.history.get(kind, ())
            known = len(times) >= FEW
            self._quantiles[kind] = np.quantile(np.asarray(times, np.float64), AT) if known else None
        return self._quantiles[kind]


def _share(times: Times, ages: Times) -> Times:
    """For each row, the share of past generations that had ended by an age, smoothed by a twentieth of each one's
    length."""
    width = np.maximum(times * 0.05, 0.25)
    ended: Times = np.mean(1 / (1 + np.exp(-np.clip((ages[:, None] - times) / (width / 2), -60, 60))), axis=1)
    return ended
