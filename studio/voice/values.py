"""Values of speech: a voice, and a text that it has spoken."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class Voice:
    """A voice as it is asked for: ``engine`` is an id of ``studio.voice.engines``, or auto; ``language`` is BCP 47.

    ``name`` is the engine's own for it, or the path of its file; empty: the engine's choice for the language. ``speed``
    is 1 for the voice's own.
    """

    engine: str = "auto"
    name: str = ""
    language: str = "en"
    speed: Decimal = Decimal(1)


@dataclass(frozen=True)
class VoiceInfo:
    """A voice that an engine has: its name, its language, and its file, where it is one."""

    name: str
    language: str
    path: Path | None = None


@dataclass(frozen=True)
class Spoken:
    """A sentence with its time in a speech, in seconds."""

    text: str
    start: Fraction
    seconds: Fraction


@dataclass(frozen=True)
class Speech:
    """A spoken text: a WAV file of 48 kHz, one channel, 16 bit. ``told`` is its voice in words."""

    path: Path
    sha256: str
    seconds: Fraction
    spoken: tuple[Spoken, ...]
    told: str
