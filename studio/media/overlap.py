"""Overlaps of two scenes in a film: the frames in which one becomes the other. Pure values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Overlap:
    """The frames of the film in which two segments are seen together.

    ``kind`` is the name that ffmpeg's filter xfade has for the way in which one becomes the other.
    """

    kind: str
    frames: int

    @property
    def before(self) -> int:
        """The frames of it that lie before the cut that an editing program shows in its middle."""
        return self.frames // 2

    @property
    def after(self) -> int:
        """The frames of it that lie after that cut."""
        return self.frames - self.before


def starts_of(lengths: Sequence[int], overlaps: Sequence[Overlap | None]) -> list[int]:
    """The first frame in the film of parts of these lengths, each of which overlaps the one before it."""
    at, starts = 0, list[int]()
    for length, overlap in zip(lengths, overlaps, strict=True):
        starts.append(at - (overlap.frames if overlap else 0))
        at = starts[-1] + length
    return starts
