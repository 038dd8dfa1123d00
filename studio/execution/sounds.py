"""The sounds of a production, before it is planned: its narration is spoken, and every sound file is measured.

So the plan knows the seconds of each. Nothing is bought for it; what was spoken or measured before is used again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import BadInput, SettingsError, SpeechError
from studio.media.sound_file import SoundFile, sound_file
from studio.planning.sound_edits import NO_SOUNDS, Heard, SaidText, Sounds
from studio.production.field_types import AUTO
from studio.production.sound_fields import Narration, is_sound_path
from studio.production.translations import texts_of, translations_of
from studio.voice.choice import Chosen, chosen
from studio.voice.sentences import sentences
from studio.voice.speech import Text, speeches
from studio.voice.values import Engine, Speech, Voice

if TYPE_CHECKING:
    from studio.production import Production
    from studio.settings import Settings
    from studio.storage.kept import Kept

MOST_SECONDS = 600  # of a narration
WHERE_VOICE = "field 'film.voice'"


def sounds_of(
    production: Production, settings: Settings, home: Path, kept: Kept, *, engines: Sequence[Engine] | None = None
) -> Sounds:  # fmt: skip
    """The speech of every scene, and the music, each measured. ``home`` has what was spoken before. ``engines``: in
    place of those that may be installed here.

    Raises BadInput, with the place in the production, for what cannot be spoken or heard.
    """
    if not production.film.music and not any(scene.narration or scene.captions for scene in production.scenes):
        return NO_SOUNDS
    making = _Making(production, settings, home, kept, engines)
    music = {}
    for number, one in enumerate(production.film.music, 1):
        where = "field 'film.music'" if len(production.film.music) == 1 else f"field 'film.music[{number}]'"
        found = sound_file(Path(one.file), kept, where=where)
        music[one.file] = _of_file(found, ())
    language = production.spoken_language
    speech = making.heard({s.id: s.narration for s in production.scenes if s.narration is not None}, language)
    longest = making.longest(speech, language) if any(s.duration == AUTO for s in production.scenes) else {}
    return Sounds(speech, music, tuple(making.notes), texts_elsewhere(production), longest)


@dataclass
class _Making:
    production: Production
    settings: Settings
    home: Path
    kept: Kept
    engines: Sequence[Engine] | None = None
    notes: list[str] = field(default_factory=list)

    def heard(
        self, narrations: Mapping[str, Narration], language: str, *, asked: bool = True
    ) -> dict[str, Heard]:  # fmt: skip
        """The speech of scenes in a language, by scene; those that nothing here speaks are left out.

        ``asked``: it is the film's own language, and a note tells of them; else SpeechError is raised.
        """
        files = {scene: said for scene, said in narrations.items() if said.file}
        found = {scene: self._recorded(scene, said) for scene, said in files.items()}
        texts = {scene: said.text or "" for scene, said in narrations.items() if not said.file}
        voice = self._voice(language)
        try:
            who = self._speaker(voice) if texts else None
        except SpeechError as missing:
            if not asked or voice.name or voice.engine != "auto":
                raise
            who = None
            self._without_voice(missing, len(texts))
        if who is not None:
            written = [Text(text, _where(scene)) for scene, text in texts.items()]
            made = speeches(written, voice, self.kept, self.home / "speech", choice=who)
            found |= {scene: _of_speech(speech) for scene, speech in zip(texts, made, strict=True)}
        return {scene: found[scene] for scene in narrations if scene in found}

    def _speaker(self, voice: Voice) -> Chosen:
        voices, digests = self.settings.voices, self.kept.digests
        return chosen(voice, digests, voices=voices, where=WHERE_VOICE, engines=self.engines)

    def longest(self, speech: Mapping[str, Heard], own: str) -> dict[str, Fraction]:
        """The seconds of the longest speech of each scene, over all languages of the film.

        A language that nothing here speaks does not count, and a note says so. Words without a translation count in
        that language's voice, as its film says them.
        """
        longest = {scene: heard.seconds for scene, heard in speech.items()}
        written = self.production.translated_from or self.production
        first = {s.id: s.narration for s in written.scenes if s.narration is not None and s.duration == AUTO}
        versions = [
            (language, {**first, **dict(_changed(first, texts))})
            for language, texts in translations_of(written).texts.items()
            if language != written.language  # no option makes a film of such a column
        ]
        if self.production.translated_from is None:
            others = versions
        else:
            others = [(written.spoken_language, first), *((name, said) for name, said in versions if name != own)]
        for language, said in others:
            try:
                spoken = self.heard(said, language, asked=False)
            except SpeechError as error:
                self.notes.append(f"scenes with duration: auto do not count the words in {language}: {error.message}")
                continue
            for scene, heard in spoken.items():
                longest[scene] = max(heard.seconds, longest.get(scene, Fraction(0)))
        return longest

    def _voice(self, language: str) -> Voice:
        """The voice that is written for a language, else the best that is installed; with the machine's own command.

        A voice without a language is that of the film as it is written, whichever of its languages is made: else each
        would find other lengths for the scenes, and buy other clips.
        """
        original = self.production.translated_from or self.production
        written = {voice.language: voice for voice in self.production.film.voice}
        base = language.split("-")[0]
        any_ = written.get("") if language == original.spoken_language else None
        found = written.get(language) or written.get(base) or any_
        command = self._command()
        if found is None:
            return Voice("auto", "", language, command=command)
        own = found.engine == "command" or (found.engine == "auto" and not found.name)
        return Voice(found.engine, found.name, found.language or language, found.speed, command if own else ())

    def _command(self) -> tuple[str, ...]:
        """The words of the machine's own voice engine. Raises SettingsError for a quote that is left open."""
        try:
            return tuple(shlex.split(self.settings.voice_command))
        except ValueError:
            hint = "close the quote, or write the words without any"
            raise SettingsError("has a quote that is left open", where="STUDIO_VOICE_COMMAND", hint=hint) from None

    def _without_voice(self, missing: SpeechError, scenes: int) -> None:
        """Note that narration is not heard, where any voice would do. Raises BadInput where its length is needed."""
        waiting = [s.id for s in self.production.scenes if s.duration == AUTO and s.narration and not s.narration.file]
        if waiting:
            raise BadInput(
                f"is auto, and the length of the narration is not known ({missing.message})",
                where=f"scene '{waiting[0]}', field 'duration'", hint=f"{missing.hint}; or write seconds",
            )  # fmt: skip
        told = "a scene" if scenes == 1 else f"{scenes} scenes"
        self.notes.append(f"the narration of {told} is not heard ({missing.message}): {missing.hint}")

    def _recorded(self, scene: str, said: Narration) -> Heard:
        found = sound_file(Path(said.file or ""), self.kept, where=_where(scene))
        if found.seconds > MOST_SECONDS:
            raise BadInput(
                f"{found.path.name} lasts {float(found.seconds):.0f} s, and {MOST_SECONDS} s are the most",
                where=_where(scene), hint="split it over several scenes; nothing was ordered",
            )  # fmt: skip
        return _of_file(found, tuple(_shared(said.text or "", found.seconds, self.production.spoken_language)))


def texts_elsewhere(production: Production) -> dict[str, dict[str, str]]:
    """The texts of the film in its other languages, by these, and by their names in the table.

    A column for the language that it is written in counts only if the production does not say that language.
    """
    written = production.translated_from or production
    found = {language: dict(texts) for language, texts in translations_of(written).texts.items()}
    own = written.spoken_language
    if production.translated_from and (written.language or own not in found):
        found[own] = texts_of(written)
    return {language: texts for language, texts in found.items() if language != production.spoken_language}


def _changed(written: Mapping[str, Narration], texts: Mapping[str, str]) -> Iterator[tuple[str, Narration]]:
    """The narrations that a table has in another language, by scene."""
    for scene in written:
        if said := texts.get(f"{scene}.narration"):
            yield scene, Narration.model_validate({"file" if is_sound_path(said) else "text": said})


def _where(scene: str) -> str:
    return f"scene '{scene}', field 'narration'"


def _of_speech(speech: Speech) -> Heard:
    said = tuple(SaidText(one.text, one.start, one.seconds) for one in speech.spoken)
    return Heard(speech.path, speech.sha256, "wav", 0, speech.seconds, said, speech.told)


def _of_file(found: SoundFile, said: tuple[SaidText, ...]) -> Heard:
    return Heard(found.path, found.sha256, found.form, found.track, found.seconds, said, found.path.name)


def _shared(text: str, seconds: Fraction, language: str) -> Iterator[SaidText]:
    """The sentences of a text that a recording says, which share its seconds by their letters."""
    split = [one.text for one in sentences(text, language)]
    whole, at = sum(map(len, split)), Fraction(0)
    for said in split:
        lasts = seconds * Fraction(len(said), whole)
        yield SaidText(said, at, lasts)
        at += lasts
