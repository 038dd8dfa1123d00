"""Voices, and the speech that they make of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol

EngineName = Literal["auto", "piper", "espeak-ng", "command"]


@dataclass(frozen=True)
class Voice:
    """The voice of a narration.

    ``engine``: ``auto`` takes piper where it has a voice for the language, else espeak-ng. ``name``: of the engine's
    voices; empty: the first for the language. ``language``: BCP-47, such as ``en`` or ``de-AT``. ``speed``: 0.5 to 2.
    ``command``: the words of a program of the user's (engine ``command``): ``{out}`` is the WAV file to write,
    ``{text}`` what to say (without it, the text comes by standard input), ``{voice}`` and ``{language}`` as here.
    """

    engine: EngineName = "auto"
    name: str = ""
    language: str = "en"
    speed: Decimal = Decimal(1)
    command: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoiceInfo:
    """A voice that an engine has, and the language it speaks."""

    name: str
    language: str


@dataclass(frozen=True)
class Spoken:
    """A sentence, with its place in the speech: it is heard from ``start`` on for ``seconds``."""

    text: str
    start: Fraction
    seconds: Fraction


@dataclass(frozen=True)
class Speech:
    """A text as sound: a WAV file of 48 kHz, one channel, 16 bit. ``told``: who spoke (``piper en_US-joe-medium``)."""

    path: Path
    sha256: str
    seconds: Fraction
    spoken: tuple[Spoken, ...]
    told: str


class Engine(Protocol):
    """A program that speaks. ``id`` is its name in a production; ``remedy`` says how it is installed."""

    @property
    def id(self) -> EngineName: ...

    @property
    def remedy(self) -> str: ...

    def installed(self) -> bool:
        """True if the program is on this machine."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices that it has here, best first for a language; empty for an engine that cannot tell."""
        ...

    def made_from(self, voice: Voice) -> tuple[str, ...]:
        """All that decides the sound of a sentence but its words: program, model, speed."""
        ...

    def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
        """Write a WAV file of each sentence into an empty folder. Raises SpeechError."""
        ...
