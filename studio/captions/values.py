"""Values of captions: what is said and its time, the cues that a film shows, and what cannot be read in its time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class Said:
    """A sentence with its time in the film, in seconds. A text without a voice has the time of its scene.

    ``timed``: its time was written by a person, and it is a caption of its own.
    """

    text: str
    start: Fraction
    seconds: Fraction
    scene: str
    timed: bool = False


@dataclass(frozen=True)
class Cue:
    """One caption: one or two lines, shown for ``frames`` of the film from its frame ``start`` on."""

    start: int
    frames: int
    lines: tuple[str, ...]
    scene: str

    @property
    def end(self) -> int:
        """The first frame that does not show it."""
        return self.start + self.frames


@dataclass(frozen=True)
class Chapter:
    """A part of the film by name: from its frame ``start`` up to ``end``."""

    title: str
    start: int
    end: int


@dataclass(frozen=True)
class Unreadable:
    """A text with too little time to be read: its ``characters``, its ``seconds`` and those that it ``needs``."""

    scene: str
    text: str
    characters: Fraction
    seconds: Fraction
    needs: Fraction


@dataclass(frozen=True)
class Captions:
    """The cues of one language, such as ``en`` or ``pt-BR``."""

    language: str
    cues: tuple[Cue, ...]


@dataclass(frozen=True)
class CaptionRecord:
    """The captions of one language in a finished film, and their files beside it."""

    language: str
    cues: tuple[Cue, ...]
    files: tuple[Path, ...] = ()
