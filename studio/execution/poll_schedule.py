"""The poll schedule for generations in flight, learnt from how long earlier ones took.

A poll costs a call; a late poll costs time. So the next poll is due when the delay that it ends is expected to have
added up to what a call is worth. Where ends come at a rate r, that is every sqrt(2 × worth / r) seconds: the spacing
that costs least in all. Before the earliest plausible end it is never due.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
AT = np.linspace(0, 1, 64)  # quantiles of a history: enough for its shape
FEW = 5  # with fewer past generations than this, an end at any time is thought possible
STEPS = 24  # of bisection: to a thousandth of a second within minutes
LONGEST_KNOWN = 3600.0  # seconds within which ends at any time are thought possible
# An end is noticed late: it is taken to lie within this share of its length before that.
LATE = 0.06
HEARD = 36.0  # a poll is worth so many times less where a callback is expected to tell of the end
SHORT = 10.0  # seconds; generations shorter than this are noticed by polls before a callback is heard


@dataclass
class PollSchedule:
    """The pause until the next poll. ``history`` has past durations in seconds, by kind (such as ``ray-2 720p 5s``).

    ``worth`` is the most seconds of delay, summed over all in flight, that a poll is worth; it is worth less where that
    takes no more than ``calls`` polls for each end. ``alone`` is that of a single one in flight, where every link of a
    chain adds its delay, and at most ``share`` of its length. ``shortest`` and ``longest`` bound the pause;
    ``shortest_alone`` is for a single one whose kind is known. Without history, the pause is a ``part`` of the
    youngest's age, and for a single one ``root`` × the root of its age.
    """

    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    worth: float = 0.5
    calls: float = 2.9
    alone: float = 0.15
    share: float = 0.02
    shortest: float = 0.25
    shortest_alone: float = 0.1
    longest: float = 10.0
    part: float = 0.05
    root: float = 0.22
    _learnt: dict[str, list[float]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _shapes: dict[str, _Shape | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def learn(self, kind: str, earliest: float, noticed: float) -> None:
        """Add a generation that ended between these two ages, in seconds: not yet at one, noticed at the other."""
        self._learnt.setdefault(kind, []).append((max(earliest, noticed * (1 - LATE)) + noticed) / 2)
        self._shapes.pop(kind, None)

    def knows(self, kind: str) -> bool:
        """True if at least one generation of a kind has ended."""
        return self._shape(kind) is not None

    def pause(self, in_flight: Sequence[tuple[str, float]], *, heard: bool = False) -> float:
        """Seconds until the next poll for generations of these kinds and ages (in seconds since they were ordered).

        ``heard``: callbacks are known to tell of ends, so polls are for those that are lost.
        """
        single = len(in_flight) == 1
        lazier = HEARD if heard else 1.0
        known: dict[str, list[float]] = {}
        guess = math.inf
        for kind, age in in_flight:
            if self._shape(kind) is None:
                guess = min(guess, age)
            else:
                known.setdefault(kind, []).append(age)
        pauses = []
        if guess < math.inf:
            unknown = self.root * math.sqrt(guess) if single else guess * self.part
            least = self.shortest if single else 2 * self.shortest
            pauses.append(min(max(unknown, least) * math.sqrt(lazier), self.longest))
        if known:
            groups = [(shape, np.array(ages)) for k, ages in known.items() if (shape := self._shape(k)) is not None]
            length = sum(shape.length * len(ages) for shape, ages in groups) / sum(len(ages) for _, ages in groups)
            if single:
                worth, shortest = min(self.alone, self.share * length), self.shortest_alone
            else:
                # With ends at a rate of n / length, these are so many polls for each.
                worth = min(self.worth, length / (2 * len(in_flight) * self.calls**2))
                shortest = self.shortest
            pauses.append(self._due(groups, worth * (lazier if length > SHORT else 1.0), shortest))
        return min(pauses, default=self.longest)

    def _due(self, groups: Sequence[tuple[_Shape, Times]], worth: float, shortest: float) -> float:
        """The pause after which the expected delay of all has added up to ``worth``."""
        delays = [shape.delay(ages) for shape, ages in groups]
        earliest = min(float(shape.earliest - np.max(ages)) for shape, ages in groups)
        # Until anything can have ended, one pause of any length is right; after that none is longer than the longest.
        low, high = shortest, max(earliest, 0.0) + self.longest
        if sum(delay(high) for delay in delays) < worth:
            return high
        for _ in range(STEPS):
            middle = (low + high) / 2
            enough = sum(delay(middle) for delay in delays) >= worth
            low, high = (low, middle) if enough else (middle, high)
        return high

    def _shape(self, kind: str) -> _Shape | None:
        if kind not in self._shapes:
            before, new = self.history.get(kind, ()), self._learnt.get(kind, ())
            times = np.array([*(seconds * (1 - LATE / 2) for seconds in before), *new], np.float64)
            self._shapes[kind] = _Shape(times) if len(times) else None
        return self._shapes[kind]


class _Shape:
    """The shares of a kind's generations that have ended by an age, and their integral, as a table."""

    def __init__(self, times: Times) -> None:
        number = len(times)
        self.length = middle = float(np.median(times))
        # One tenth of its length is what the first one is thought to vary by.
        spread = math.sqrt((float(np.sum((times - np.mean(times)) ** 2)) + (0.1 * middle) ** 2) / number)
        if number >= FEW:
            low, high = np.quantile(times, (0.25, 0.75))
            spread = min(spread, max(float(high - low) / 1.34, 0.02 * middle))
        centres: Times = np.quantile(times, AT) if number > len(AT) else np.sort(times)
        widths = np.maximum(centres * 0.02, 0.5 * spread * number**-0.2)
        around = centres[:, None] + widths[:, None] * np.arange(-8, 9)
        anywhere = np.geomspace(1.0, LONGEST_KNOWN, 64)
        self._ages = np.unique(np.concatenate([[0.0], around[around > 0], anywhere]))
        steps = np.clip((self._ages[:, None] - centres) / widths, -60, 60)
        ended: Times = np.mean(1 / (1 + np.exp(-steps)), axis=1)
        open_ = 1 / (1 + number) ** 2 if number < FEW else 0.0
        log = np.log(np.clip(self._ages, 1.0, LONGEST_KNOWN)) / math.log(LONGEST_KNOWN)
        self._ended = (1 - open_) * ended + open_ * log
        self.earliest = float(np.interp(0.01, self._ended, self._ages))
        between = np.diff(self._ages) * (self._ended[1:] + self._ended[:-1]) / 2
        self._sums = np.concatenate([[0.0], np.cumsum(between)])

    def delay(self, ages: Times) -> Callable[[float], float]:
        """The expected sum of delays, in seconds, of generations of these ages if the next poll comes after a pause."""
        ended, sums = self._at(ages)
        running = 1 - ended
        # Longer than any before: unknown. It is expected to end at a rate of once per its own age.
        beyond = running < 1e-3
        rate, left = 1 / np.maximum(ages, 1.0), np.maximum(running, 1e-3)

        def expected(pause: float) -> float:
            _, later = self._at(ages + pause)
            known = np.maximum(later - sums - pause * ended, 0.0) / left
            return float(np.sum(np.where(beyond, rate * pause * pause / 2, known)))

        return expected

    def _at(self, ages: Times) -> tuple[Times, Times]:
        """The share that has ended by each age, and its integral up to there."""
        ended: Times = np.interp(ages, self._ages, self._ended)
        row = np.clip(np.searchsorted(self._ages, ages, side="right") - 1, 0, len(self._ages) - 1)
        return ended, self._sums[row] + (ages - self._ages[row]) * (self._ended[row] + ended) / 2
