"""Sound in a plan: the voice over a scene, music under stretches of the film, and the loudness of all. Frames are the
film's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

SHORTEST_ROUND = 72  # frames of music that is played again
LOUDNESS_WITH_VOICE_OR_MUSIC = -14  # LUFS, where nothing else is asked for


@dataclass(frozen=True)
class SaidText:
    """A text with its time, in seconds of what it is part of."""

    text: str
    start: Fraction
    seconds: Fraction


@dataclass(frozen=True)
class SpeechEdit:
    """The voice over a scene: a sound file that is heard from the scene's frame ``start`` on, for ``frames`` of them.

    ``format`` is the file's as ffmpeg names it, ``level`` is in dB beside other voices, ``said`` are its sentences,
    with their times in the file, ``told`` is the voice, or the file's name.
    """

    path: Path
    sha256: str
    format: str
    track: int
    seconds: Fraction
    start: int
    frames: int
    level: Decimal = Decimal(0)
    said: tuple[SaidText, ...] = ()
    told: str = ""


@dataclass(frozen=True)
class CaptionEdit:
    """A text that is read in ``frames`` of the film from the scene's frame ``start`` on. ``timed``: its time was
    written."""

    text: str
    start: int
    frames: int
    timed: bool = False


@dataclass(frozen=True)
class MusicEdit:
    """A sound file under a stretch of the film. ``first``, ``last``: its scenes; empty: the film's start, its end.

    ``format`` is the file's as ffmpeg names it, ``begins`` is in seconds of the file, of which it has ``seconds``;
    ``level`` in dB beside the voice, ``duck`` in dB by which the voice lowers it; it comes and goes in so many frames.
    """

    path: Path
    sha256: str
    format: str
    track: int
    seconds: Fraction
    first: str = ""
    last: str = ""
    begins: Fraction = Fraction(0)
    level: Decimal = Decimal(0)
    duck: Decimal = Decimal(0)
    fade_in: int = 0
    fade_out: int = 0
    loop: bool = True


@dataclass(frozen=True)
class SoundEdits:
    """All that is heard beside the clips' own sound, which is louder by ``clips_level`` dB.

    ``loudness`` is the film's in LUFS; None: as it is mixed. ``speech`` and ``captions`` are by scene: what is said in
    it, and what is read. ``language`` is that of both, as BCP 47 names it; ``translated`` are the
    captions in other languages, by these.
    """

    speech: Mapping[str, SpeechEdit] = field(default_factory=dict)
    captions: Mapping[str, tuple[CaptionEdit, ...]] = field(default_factory=dict)
    translated: Mapping[str, Mapping[str, tuple[CaptionEdit, ...]]] = field(default_factory=dict)
    music: tuple[MusicEdit, ...] = ()
    clips_level: Decimal = Decimal(0)
    loudness: int | None = None
    language: str = "en"

    @property
    def any(self) -> bool:
        """True if anything is heard beside the clips."""
        return bool(self.speech or self.music)


@dataclass(frozen=True)
class Heard:
    """A sound file, measured: its content, its format as ffmpeg names it, its seconds, what is said in it, and the
    voice's or the file's name."""

    path: Path
    sha256: str
    format: str
    track: int
    seconds: Fraction
    said: tuple[SaidText, ...] = ()
    told: str = ""


@dataclass(frozen=True)
class Sounds:
    """The sounds of a production, made and measured: speech by scene, music by its file as it is written.

    ``texts`` are those of other languages, by these, and by their names in the table.
    ``notes`` tell which narration is not heard, and why. ``longest``: seconds of the longest speech of a scene in any
    language of the film, where that is another's.
    """

    speech: Mapping[str, Heard] = field(default_factory=dict)
    music: Mapping[str, Heard] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    longest: Mapping[str, Fraction] = field(default_factory=dict)


NO_SOUNDS = Sounds()
