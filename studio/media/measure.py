"""The length of footage, measured once and used by the plan, the limits and the sandbox's prices.

Footage lasts from the start of its first shown frame to the end of its last one. That is what a player shows and what
the documented price is for (so many pixels, 24 times a second), so it holds for every rate, and for a variable one. A
count of stored frames would make the price depend on how 60 frames a second or a screen recording were stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

from av.stream import Stream

from studio.media.container import opened
from studio.media.packets import packet, track

GRID = 24  # frames a second, of the price and of generated clips
ROUNDING = Fraction(6, 100)  # seconds: the rounding of containers, and a frame
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Measure:
    """The lengths of one file's footage. Times in seconds.

    shown:   frames that a player shows
    stored:  frames that are in the file; more where an edit list hides some
    seconds: from the first shown frame's start to the last one's end
    rate:    shown frames a second where they are evenly spaced; None where the rate varies
    start:   time of the first shown frame, by the file's own clock
    whole:   the length that the file states, with the sound that counts
    """

    shown: int
    stored: int
    seconds: Fraction
    rate: Fraction | None
    start: Fraction
    whole: Fraction

    @property
    def frames(self) -> int:
        """Frames at 24 a second, rounded up, so that a price is never below that of the exact length."""
        return ceil(self.seconds * GRID)

    @property
    def hidden(self) -> int:
        """Frames that are stored and not shown."""
        return self.stored - self.shown

    @property
    def plain(self) -> bool:
        """True if every way to count gives the same length: no hidden frames, nothing before the picture or after."""
        return not self.hidden and self.start <= ROUNDING and self.whole <= self.seconds + ROUNDING


def measure(path: Path, *, sounds: Sequence[int] | None = None) -> Measure:
    """Measure a file's footage by its packets, without decoding it. Raises BadClip where it cannot be read.

    ``sounds``: the numbers of the sound tracks that count beside the picture; None: all of them.
    """
    with opened(path) as (container, stream):
        whole = Fraction(container.duration or 0, MICROSECONDS)
        if sounds is not None:
            counted = [stream, *(container.streams.audio[number] for number in sounds)]
            whole = max((_end(track) for track in counted), default=whole)
        read = track(stream, (packet(p) for p in container.demux(stream) if p.size))
    with opened(path, edits=False) as (container, stream):
        stored = sum(1 for p in container.demux(stream) if p.size)
    shown = read.shown
    start = shown[0] * read.tick if shown else Fraction(0)
    return Measure(len(shown), stored, read.duration, read.rate, start, whole)


def _end(stream: Stream) -> Fraction:
    """The end of a track in seconds, as the file states it; 0 where it does not."""
    return ((stream.start_time or 0) + (stream.duration or 0)) * (stream.time_base or Fraction(0))
