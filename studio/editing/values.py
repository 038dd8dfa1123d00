"""Values of a joined film: the file, each scene's place in it, and how well its scenes meet."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class SeamRecord:
    """The seam between one scene and the next in the film. ``ssim`` 0 to 1, ``psnr`` in dB (inf: identical); both None
    for a cut that nobody asked to measure."""

    before: str
    after: str
    continued: bool  # the plan makes the two scenes one movement
    ssim: float | None = None
    psnr: float | None = None
    expected: str = ""  # how the plan makes them meet: a kind of studio.planning.seams
    left: Path | None = None  # the last picture that the film shows of the scene before, where its clip goes on

    @property
    def measured(self) -> tuple[float, float] | None:
        """``ssim`` and ``psnr``; None where the seam was not measured."""
        return None if self.ssim is None or self.psnr is None else (self.ssim, self.psnr)


@dataclass(frozen=True)
class FilmRecord:
    """The finished file. ``method`` says how it was joined: copy, remux or normalise."""

    path: Path
    frames: int
    fps: Fraction
    width: int
    height: int
    bytes: int
    sha256: str
    has_audio: bool
    method: str
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> Fraction:
        """The film's length in seconds."""
        return Fraction(self.frames) / self.fps


@dataclass(frozen=True)
class FilmCut:
    """One scene's place in the film, in frames of the film."""

    scene: str
    shots: tuple[str, ...]
    start_frame: int
    frames: int
    slate: bool = False
