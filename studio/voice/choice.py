"""The choice of an engine and of its voice for what a producer wrote; each mistake is told with what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from studio.digests import Digests
from studio.errors import NoEngine, SpeechError
from studio.spelling import nearest
from studio.voice.command import Command
from studio.voice.espeak import Espeak
from studio.voice.piper import MODEL, Piper, language_of
from studio.voice.values import Engine, Voice, VoiceInfo

SLOWEST, FASTEST = Decimal("0.5"), Decimal(2)
LISTED = 8  # voices that an error lists
#: Languages whose voices have another name.
OTHER_NAMES = {"zh": "cmn", "no": "nb", "iw": "he", "in": "id"}


@dataclass(frozen=True)
class Chosen:
    """An engine, and a voice of it by name. ``language``: that of the voice; empty: nobody knows (a command)."""

    engine: Engine
    voice: Voice
    language: str

    @property
    def told(self) -> str:
        """The engine and the voice, in words."""
        if self.engine.id == Command.id:
            return " ".join((Path(self.voice.command[0]).name, self.voice.name)).strip()
        name = self.voice.name
        return f"{self.engine.id} {Path(name).name.removesuffix(MODEL) if name.endswith(MODEL) else name}"


def chosen(
    voice: Voice,
    digests: Digests,
    *,
    voices: Path | None = None,
    where: str = "",
    engines: Sequence[Engine] | None = None,
) -> Chosen:
    """The engine and the voice that speak. ``voices``: a folder of piper's voices. ``engines``: in place of piper and
    espeak-ng.

    Raises NoEngine where the engine is not installed, SpeechError for an unknown voice, or a speed that none has.
    """
    if not SLOWEST <= voice.speed <= FASTEST:
        raise SpeechError(f"the speed {voice.speed} is not between 0.5 and 2", where=where, hint="1 is the voice's own")
    if voice.command or voice.engine == Command.id:
        return _command(voice, digests, where)
    if voices is not None and not voices.expanduser().is_dir():
        raise SpeechError(f"{voices} is no folder", where="STUDIO_VOICES", hint="name a folder of voices, or unset it")
    there = tuple(engines) if engines is not None else (Piper(digests, voices), Espeak())
    if voice.name.endswith(MODEL):
        return _by_file(voice, there, where)
    asked = [engine for engine in there if voice.engine in ("auto", engine.id)]
    ready = [engine for engine in asked if engine.installed()]
    if not ready:
        missing = " and ".join(engine.id for engine in asked)
        raise NoEngine(
            f"{missing} {'is' if len(asked) == 1 else 'are'} not installed: no speech can be made", where=where,
            hint=", or ".join(engine.remedy for engine in asked),
        )  # fmt: skip
    known = [(engine, info) for engine in ready for info in engine.voices()]
    found = _named(known, voice.name) if voice.name else _speaking(known, voice.language)
    if found is None:
        raise _unknown(voice, ready, known, where)
    engine, info = found
    return Chosen(engine, replace(voice, engine=engine.id, name=info.name), info.language)


def _command(voice: Voice, digests: Digests, where: str) -> Chosen:
    if voice.engine not in ("auto", Command.id):
        raise SpeechError(
            f"a command is given, and the engine is {voice.engine}", where=where, hint="leave one of the two out"
        )
    if not voice.command:
        raise SpeechError(
            "the engine is a command, and none is given", where=where, hint="set STUDIO_VOICE_COMMAND to its words"
        )
    if not any("{out}" in word for word in voice.command[1:]):
        raise SpeechError(
            "the command does not say where its sound goes",
            where=where,
            hint="write {out} where the WAV file's name goes",
        )
    return Chosen(Command(digests), replace(voice, engine=Command.id), "")


def _by_file(voice: Voice, engines: Sequence[Engine], where: str) -> Chosen:
    piper = next((engine for engine in engines if engine.id == Piper.id), None)
    if piper is None or voice.engine not in ("auto", Piper.id):
        raise SpeechError(f"{voice.name} is a voice of piper, not of {voice.engine}", where=where, hint="take piper")
    if not piper.installed():
        raise NoEngine("piper is not installed: no speech can be made", where=where, hint=piper.remedy)
    path = Path(voice.name).expanduser()
    if not path.is_file():
        raise SpeechError(f"there is no voice at {path}", where=where, hint="name a file that ends with .onnx")
    language = language_of(path)
    if not language:
        raise SpeechError(
            f"{path.name} has no {path.name}.json beside it that tells its language", where=where,
            hint="fetch both files of the voice",
        )  # fmt: skip
    return Chosen(piper, replace(voice, engine="piper"), language)


Known = Sequence[tuple[Engine, VoiceInfo]]


def _named(known: Known, name: str) -> tuple[Engine, VoiceInfo] | None:
    return next((pair for pair in known if pair[1].name.lower() == name.lower()), None)


def _speaking(known: Known, language: str) -> tuple[Engine, VoiceInfo] | None:
    """The first voice of a language with its region, else of the language alone."""
    wanted = _tag(language)
    exact = (pair for pair in known if _tag(pair[1].language)[: len(wanted)] == wanted)
    family = (pair for pair in known if _tag(pair[1].language)[:1] == wanted[:1])
    return next(exact, None) or next(family, None)


def _tag(language: str) -> list[str]:
    first, *rest = language.replace("_", "-").lower().split("-")
    return [OTHER_NAMES.get(first, first), *rest]


def _unknown(voice: Voice, ready: Sequence[Engine], known: Known, where: str) -> SpeechError:
    names = " or ".join(engine.id for engine in ready)
    if not voice.name:
        more = "set STUDIO_VOICES to a folder with a voice for it"
        if all(engine.id == Piper.id for engine in ready):
            more = f"{Espeak.id} has many languages ({Espeak.remedy}), or {more}"
        return SpeechError(f"no voice of {names} speaks the language {voice.language}", where=where, hint=more)
    same = [info.name for _, info in known if _tag(info.language)[:1] == _tag(voice.language)[:1]]
    near = nearest(voice.name, same) or nearest(voice.name, [info.name for _, info in known])
    listed = same or [info.name for _, info in known]
    rest = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    there = f"there are {', '.join(listed[:LISTED])}{rest}" if listed else "it has no voices here: see docs/voices.md"
    return SpeechError(
        f"{names} has no voice {voice.name}", where=where, hint=f"did you mean {near}? {there}" if near else there
    )
