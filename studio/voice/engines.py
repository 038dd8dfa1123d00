"""The port of voice engines, and the choice of one for a voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from studio.errors import BadInput
from studio.spelling import nearest
from studio.voice.command import OwnCommand
from studio.voice.espeak import EspeakNg
from studio.voice.piper import ENDING, Piper, voice_file
from studio.voice.values import Voice, VoiceInfo

AUTO = "auto"
MOST_NAMED = 12


class Engine(Protocol):
    """A program that speaks. ``remedy`` is what installs it."""

    id: str
    remedy: str

    @property
    def installed(self) -> bool:
        """True if it can be run here."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """The voices that it has here, the best first."""
        ...

    def made_from(self, voice: Voice, info: VoiceInfo) -> tuple[str, ...]:
        """All that decides the sound of a voice: the program's version, the voice's content, its speed."""
        ...

    def speak(self, sentences: Sequence[str], voice: Voice, info: VoiceInfo, folder: Path) -> list[Path]:
        """Speak sentences into WAV files in ``folder``, one each, in their order. Raises VoiceFailed."""
        ...


def engines(*, folder: Path | None = None, command: Sequence[str] = ()) -> Mapping[str, Engine]:
    """The engines, the best first. ``folder`` has further voices of piper, ``command`` is the user's own program."""
    found: list[Engine] = [Piper(folder), EspeakNg(), OwnCommand(tuple(command))]
    return {engine.id: engine for engine in found}


def chosen(voice: Voice, known: Mapping[str, Engine], *, where: str = "") -> tuple[Engine, VoiceInfo] | None:
    """The engine and the voice that speak; None where none is asked for by name, and none is installed.

    Raises BadInput for an engine that is not installed, and for a voice that it does not have. ``where`` is the place
    of the voice in the production.
    """
    if voice.engine != AUTO:
        engine = known.get(voice.engine)
        if engine is None:
            raise BadInput(f"there is no voice engine '{voice.engine}'", where=where, hint=f"one of {', '.join(known)}")
        if not engine.installed:
            raise BadInput(f"{engine.id} is not installed", where=where, hint=engine.remedy)
        return engine, _voice(engine, voice, where)
    there = [engine for engine in known.values() if engine.installed]
    for engine in there:
        if (info := _found(engine, voice)) is not None:
            return engine, info
    if voice.name and there:
        every = [info.name for engine in there for info in engine.voices()]
        raise BadInput(f"there is no voice '{voice.name}'", where=where, hint=_others(voice.name, every))
    return None


def _voice(engine: Engine, voice: Voice, where: str) -> VoiceInfo:
    if (info := _found(engine, voice)) is not None:
        return info
    voices = engine.voices()
    if voice.name:
        told = f"{engine.id} has no voice '{voice.name}'"
        raise BadInput(told, where=where, hint=_others(voice.name, [one.name for one in voices]))
    languages = sorted({one.language for one in voices})
    hint = f"it has {', '.join(languages[:MOST_NAMED])}" if languages else engine.remedy
    raise BadInput(f"{engine.id} has no voice for '{voice.language}'", where=where, hint=hint)


def _found(engine: Engine, voice: Voice) -> VoiceInfo | None:
    if isinstance(engine, OwnCommand):
        return VoiceInfo(voice.name, voice.language)
    if voice.name.endswith(ENDING) and isinstance(engine, Piper):
        return voice_file(Path(voice.name))
    voices = engine.voices()
    if voice.name:
        wanted = voice.name.lower()
        return next((one for one in voices if wanted in (one.name.lower(), str(one.path or "").lower())), None)
    exact = [one for one in voices if one.language.lower() == voice.language.lower()]
    base = voice.language.split("-")[0].lower()
    near = [one for one in voices if one.language.split("-")[0].lower() == base]
    return next(iter(exact or near), None)


def _others(name: str, known: Sequence[str]) -> str:
    if not known:
        return "none is installed: see docs/voices.md"
    near = nearest(name, known)
    some = ", ".join(known[:MOST_NAMED]) + (", …" if len(known) > MOST_NAMED else "")
    return f"did you mean '{near}'?" if near else f"there are {some}"
