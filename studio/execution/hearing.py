"""A tally of the ends that callbacks told of, and those they missed: it decides how much polls may rely on them."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

LATEST = 8  # ends that are looked back on
GRACE = 5.0  # seconds after an end in which its callback may still come
FIRST_PAUSE = 5.0  # seconds between two polls of a generation for callbacks' sake; twice as long after each
REMEMBERED = 1000


@dataclass
class _Told:
    at: float
    polled: float
    pause: float = FIRST_PAUSE


class Hearing:
    """The states of generations that callbacks told. All times are seconds of one clock.

    Nothing that a callback says is believed: it may only bring a poll forward, and rarely for the same generation.
    ``proven``: callbacks have told of ends before, so they are expected to.
    """

    def __init__(self, *, proven: bool = False) -> None:
        self._proven = proven
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._ends: deque[tuple[str, float]] = deque(maxlen=LATEST)

    def heard(self, generation_id: str, now: float) -> bool:
        """Note that a callback told of a generation's end. True if that is worth a poll of it."""
        before = self._told.get(generation_id)
        if before is None:
            self._told[generation_id] = _Told(now, now)
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
            return True
        if now - before.polled < before.pause:
            return False
        before.polled, before.pause = now, before.pause * 2
        return True

    def told(self, generation_id: str) -> bool:
        """True if a callback told of the generation's end."""
        return generation_id in self._told

    def ended(self, generation_id: str, now: float) -> None:
        """Note that a poll has shown the generation's end."""
        self._ends.append((generation_id, now))

    def reliable(self, now: float) -> bool:
        """True if callbacks told of the latest ends; one that came just now may still be told."""
        heard = [name in self._told for name, _ in self._ends]
        late = [name not in self._told and now - at > GRACE for name, at in self._ends]
        return (any(heard) or self._proven) and not any(late)
