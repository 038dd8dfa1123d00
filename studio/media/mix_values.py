"""Values of a film's mix: sounds that are laid into it beside those of its clips, and its loudness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class Laid:
    """A stretch of a sound file in a film: ``frames`` of the film from its frame ``start`` on, taken from the file's
    second ``begins`` on.

    ``format`` is that of the file as ffmpeg names it, ``track`` the number of its sound track, ``gain`` in dB. It comes
    in its first ``fade_in`` frames, and goes in its last ``fade_out``. ``name`` is for people: a scene, or a file's
    name.
    """

    path: Path
    sha256: str
    format: str
    track: int
    start: int
    frames: int
    begins: Fraction = Fraction(0)
    gain: float = 0.0
    fade_in: int = 0
    fade_out: int = 0
    name: str = ""

    @property
    def end(self) -> int:
        """The frame of the film after its last one."""
        return self.start + self.frames


@dataclass(frozen=True)
class Ducked:
    """Sounds that are lowered by ``duck`` dB while there is a voice."""

    laid: tuple[Laid, ...]
    duck: float


@dataclass(frozen=True)
class Mix:
    """All that a film lets hear beside its clips, whose own sound is louder by ``clips_gain`` dB.

    ``loudness`` is the whole film's in LUFS, by EBU R 128; None: it stays as it is mixed.
    """

    voice: tuple[Laid, ...] = ()
    music: tuple[Ducked, ...] = ()
    clips_gain: float = 0.0
    loudness: float | None = None

    @property
    def laid(self) -> Iterator[Laid]:
        """Every sound that is laid into the film."""
        yield from self.voice
        yield from self.under

    @property
    def under(self) -> Iterator[Laid]:
        """The music."""
        for ducked in self.music:
            yield from ducked.laid

    @property
    def numbers(self) -> list[str | int]:
        """All that decides how it sounds, as values that name a film."""
        told: list[str | int] = [f"{self.clips_gain:.2f}", "" if self.loudness is None else f"{self.loudness:g}"]
        for kind, sounds in (("voice", self.voice), *((f"music {m.duck:.2f}", m.laid) for m in self.music)):
            for one in sounds:
                told += [kind, one.sha256, one.start, one.frames, str(one.begins), f"{one.gain:.2f}",
                         one.fade_in, one.fade_out]  # fmt: skip
        return told
