"""Values of a joined film: the file, what it shows and lets hear at each frame, and how well its scenes meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from studio.media.correction import Correction
from studio.media.overlap import Overlap

#: The colours of a clip that goes on from another: matched to it, corrected as that one is, or as they were made.
ColorsShown = Literal["matched", "carried", "as made"]


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
class ColorSeam:
    """The colours where one clip goes on from another; both are named by their shots, ``scene`` is the second's.

    ``as_made`` and ``shown`` are mean ΔE2000 of the two frames that meet, as the clips were made and as the film shows
    them; None where they do not show the same picture. ``drifted`` is by how much the colours have changed since the
    start of the chain, ``first``, as it was made. ``why`` is the reason where they are not matched.
    """

    before: str
    after: str
    scene: str
    first: str
    as_made: float | None
    shown: float | None
    drifted: float
    how: ColorsShown = "as made"
    why: str = ""

    @property
    def in_words(self) -> str:
        """The differences: ``ΔE 4.1 as made, 0.5 now``; the second where it is another."""
        if self.as_made is None or self.shown is None:
            return "not compared"
        same = abs(self.shown - self.as_made) < 0.05
        return f"ΔE {self.as_made:.1f} as made" + ("" if same else f", {self.shown:.1f} now")


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
class Heard:
    """The sound under a part of the film: the first sound track of a file, from ``begins`` seconds on."""

    path: Path
    sha256: str
    begins: Fraction


@dataclass(frozen=True)
class FilmPart:
    """Frames of one clip as the film shows them, one after the other.

    ``start`` and ``length`` count the clip's own frames, ``at`` and ``frames`` the film's. ``begins`` is the time of
    the first of them in the clip, in seconds. ``clip_frames`` and ``clip_fps`` are the clip's own. ``heard`` is None
    where it is silent. ``colors`` is the correction with which its pictures are shown, where there is one.
    """

    shot: str
    at: int
    frames: int
    clip: Path
    sha256: str
    clip_frames: int
    clip_fps: Fraction
    start: int
    length: int
    begins: Fraction
    heard: Heard | None = None
    colors: Correction | None = None


@dataclass(frozen=True)
class FilmCut:
    """One scene's place in the film, in frames of the film, and the parts of clips that it is made of. A slate stands
    for a scene that has none."""

    scene: str
    shots: tuple[str, ...]
    start_frame: int
    frames: int
    slate: bool = False
    parts: tuple[FilmPart, ...] = ()
    into: Overlap | None = None  # its first frames, in which what stands before becomes this one


@dataclass(frozen=True)
class FilmCard:
    """A card of the film: its kind, its text, and its place in the film. ``before`` is the scene that it stands
    before; empty: it comes after the last one."""

    kind: str
    before: str
    text: str
    place: FilmCut

    @property
    def heading(self) -> str:
        """Its first line."""
        return next(iter(self.text.splitlines()), "")


@dataclass(frozen=True)
class FilmText:
    """A text over a scene's picture: ``frames`` of the film from its frame ``start`` on."""

    scene: str
    text: str
    start: int
    frames: int


@dataclass(frozen=True)
class FilmTitles:
    """The titles of a film: cards, texts over scenes, and the frames in which it comes out of black and goes to it."""

    cards: tuple[FilmCard, ...] = ()
    texts: tuple[FilmText, ...] = ()
    fade_in: int = 0
    fade_out: int = 0

    def among(self, cuts: Sequence[FilmCut]) -> list[FilmCut]:
        """All that the film shows, in its order: the cuts, with the cards between them."""
        found = list[FilmCut]()
        for cut in sorted(cuts, key=lambda cut: cut.start_frame):
            found += [card.place for card in self.cards if card.before == cut.scene]
            found.append(cut)
        return found + [card.place for card in self.cards if not card.before]
