"""The sounds of a production, before it is planned: its narration is spoken, and every sound file is measured.

So the plan knows the seconds of each. Nothing is bought for it; what was spoken or measured before is used again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.assets.sound_files import SoundFile, sound_file
from studio.errors import BadInput
from studio.planning.sound import LANGUAGE
from studio.planning.sound_edits import NO_SOUNDS, Heard, SaidText, Sounds
from studio.production.field_types import AUTO
from studio.production.sound_fields import Narration, is_sound_path
from studio.production.translations import texts_of, translations_of
from studio.voice.engines import Engine, chosen, engines
from studio.voice.sentences import paragraphs
from studio.voice.speech import SpeechMaker
from studio.voice.values import Speech, Voice

if TYPE_CHECKING:
    from studio.production import Production
    from studio.settings import Settings
    from studio.storage.kept import Kept

MOST_SECONDS = 600  # of a narration
WHERE_VOICE = "field 'film.voice'"


def sounds_of(production: Production, settings: Settings, home: Path, kept: Kept) -> Sounds:
    """The speech of every scene, and the music, each measured. ``home`` has what was spoken before.

    Raises BadInput, with the place in the production, for what cannot be spoken or heard.
    """
    if not production.film.music and not any(scene.narration or scene.captions for scene in production.scenes):
        return NO_SOUNDS
    making = _Making(production, settings, home, kept)
    music = {}
    for number, one in enumerate(production.film.music, 1):
        where = "field 'film.music'" if len(production.film.music) == 1 else f"field 'film.music[{number}]'"
        found = sound_file(Path(one.file), kept, where=where)
        music[one.file] = Heard(found.path, found.sha256, found.format, found.seconds, (), found.path.name)
    language = production.language or LANGUAGE
    speech = making.heard({s.id: s.narration for s in production.scenes if s.narration is not None}, language)
    longest = making.longest(speech, language) if any(s.duration == AUTO for s in production.scenes) else {}
    return Sounds(speech, music, tuple(making.notes), texts_elsewhere(production), longest)


@dataclass
class _Making:
    production: Production
    settings: Settings
    home: Path
    kept: Kept
    notes: list[str] = field(default_factory=list)
    _engines: Mapping[str, Engine] | None = None

    def heard(self, narrations: Mapping[str, Narration], language: str) -> dict[str, Heard]:
        """The speech of scenes in a language, by scene; those that no voice is installed for are left out."""
        files = {scene: said for scene, said in narrations.items() if said.file}
        texts = {_where(scene): said.text or "" for scene, said in narrations.items() if not said.file}
        found = {scene: self._of_file(scene, said) for scene, said in files.items()}
        maker = self._maker(language) if texts else None
        if texts and maker is None:
            self._without_voice(language, len(texts))
        spoken = maker.speeches(texts) if maker is not None else {}
        found |= {scene: _of_speech(spoken[_where(scene)]) for scene in narrations if _where(scene) in spoken}
        return {scene: found[scene] for scene in narrations if scene in found}

    def longest(self, speech: Mapping[str, Heard], own: str) -> dict[str, Fraction]:
        """The seconds of the longest speech of each scene, over all languages of the film.

        A language that nothing here speaks does not count, and a note says so.
        """
        longest = {scene: heard.seconds for scene, heard in speech.items()}
        written = self.production.translated_from or self.production
        first = {s.id: s.narration for s in written.scenes if s.narration is not None and s.duration == AUTO}
        every = {language: dict(_changed(first, texts)) for language, texts in translations_of(written).texts.items()}
        for language, said in ({written.language or LANGUAGE: first} | every).items():
            if language == own:
                continue
            maker = self._maker(language) if any(not one.file for one in said.values()) else None
            if maker is None and any(not one.file for one in said.values()):
                self.notes.append(f"no voice for {language} is installed: scenes with duration: auto do not count it")
                continue
            for scene, heard in self.heard(said, language).items():
                longest[scene] = max(heard.seconds, longest.get(scene, Fraction(0)))
        return longest

    def _maker(self, language: str) -> SpeechMaker | None:
        voice = _voice_of(self.production, language)
        if self._engines is None:
            command = tuple(shlex.split(self.settings.voice_command))
            self._engines = engines(folder=self.settings.voices, command=command)
        found = chosen(voice, self._engines, where=WHERE_VOICE)
        return None if found is None else SpeechMaker(found[0], voice, found[1], self.home / "speech")

    def _without_voice(self, language: str, scenes: int) -> None:
        waiting = [s.id for s in self.production.scenes if s.duration == AUTO and s.narration and not s.narration.file]
        assert self._engines is not None  # noqa: S101 - a voice was looked for
        ways = "; or ".join(self._engines[name].remedy for name in ("piper", "espeak-ng"))
        if waiting:
            raise BadInput(
                f"is auto, and no voice for '{language}' is installed that tells how long the narration is",
                where=f"scene '{waiting[0]}', field 'duration'", hint=f"{ways}; or write seconds",
            )  # fmt: skip
        told = "scene is" if scenes == 1 else f"{scenes} scenes is"
        self.notes.append(
            f"the narration of {'a ' if scenes == 1 else ''}{told} not heard, since no voice for '{language}' is "
            f"installed: {ways}"
        )

    def _of_file(self, scene: str, said: Narration) -> Heard:
        found: SoundFile = sound_file(Path(said.file or ""), self.kept, where=_where(scene))
        if found.seconds > MOST_SECONDS:
            raise BadInput(
                f"{found.path.name} lasts {float(found.seconds):.0f} s, and {MOST_SECONDS} s are the most",
                where=_where(scene), hint="split it over several scenes; nothing was ordered",
            )  # fmt: skip
        texts = tuple(_shared(said.text or "", found.seconds))
        return Heard(found.path, found.sha256, found.format, found.seconds, texts, found.path.name)


def texts_elsewhere(production: Production) -> dict[str, dict[str, str]]:
    """The texts of the film in its other languages, by these, and by their names in the table."""
    written = production.translated_from or production
    found = {written.language or LANGUAGE: texts_of(written)} if production.translated_from else {}
    found |= {language: dict(texts) for language, texts in translations_of(written).texts.items()}
    return {language: texts for language, texts in found.items() if language != (production.language or LANGUAGE)}


def _changed(written: Mapping[str, Narration], texts: Mapping[str, str]) -> Iterator[tuple[str, Narration]]:
    """The narrations that a table has in another language, by scene."""
    for scene in written:
        if said := texts.get(f"{scene}.narration"):
            yield scene, Narration.model_validate({"file" if is_sound_path(said) else "text": said})


def _where(scene: str) -> str:
    return f"scene '{scene}', field 'narration'"


def _of_speech(speech: Speech) -> Heard:
    said = tuple(SaidText(one.text, one.start, one.seconds) for one in speech.spoken)
    return Heard(speech.path, speech.sha256, "wav", speech.seconds, said, speech.told)


def _shared(text: str, seconds: Fraction) -> Iterator[SaidText]:
    """The sentences of a text that a recording says, which share its seconds by their letters."""
    sentences = [said for part in paragraphs(text) for said in part]
    whole, at = sum(map(len, sentences)), Fraction(0)
    for said in sentences:
        lasts = seconds * Fraction(len(said), whole)
        yield SaidText(said, at, lasts)
        at += lasts


def _voice_of(production: Production, language: str) -> Voice:
    """The voice that is written for a language, else that for any, else the best that is installed."""
    written = {voice.language: voice for voice in production.film.voice}
    base = language.split("-")[0]
    found = written.get(language) or written.get(base) or (written.get("") if _is_own(production, language) else None)
    if found is None:
        return Voice(language=language)
    return Voice(found.engine, found.name, found.language or language, found.speed)


def _is_own(production: Production, language: str) -> bool:
    """True for the language that a production is written in: its voice, without a language, is for that."""
    return production.translated_from is None and language == (production.language or LANGUAGE)
