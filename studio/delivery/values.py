"""Values of deliveries: the film that they are made of, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.remedies import Words


@dataclass(frozen=True)
class Master:
    """A finished film, as its deliveries are made of it.

    `depth` is in bits of a value, `colors` are range, primaries, transfer and matrix by their numbers in the standard.
    """

    path: Path
    sha256: str
    frames: int
    fps: Fraction
    width: int
    height: int
    depth: int
    colors: tuple[int, int, int, int]
    has_audio: bool

    @property
    def duration(self) -> Fraction:
        """Its length in seconds."""
        return Fraction(self.frames) / self.fps


@dataclass(frozen=True)
class DeliveryRecord:
    """The end of one delivery: a file, or the reason why there is none.

    `form` says in words what the file is, as measured; `kept` is True for one that was made before and is copied.
    """

    preset: str
    path: Path | None = None
    sha256: str = ""
    bytes: int = 0
    form: str = ""
    kept: bool = False
    error: Words | None = None
