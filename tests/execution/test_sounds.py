"""The sounds of a production before its plan: what speaks, what does not, and the longest of all languages."""

from __future__ import annotations

import math
import struct
import sys
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput, SettingsError, SpeechError
from studio.execution.sounds import sounds_of
from studio.planning.sound import with_lengths_of
from studio.planning.sound_edits import Sounds
from studio.planning.variants import derived
from studio.production import Production, parse_production
from studio.settings import Settings
from studio.storage.kept import Kept
from studio.voice.values import EngineName, Voice, VoiceInfo

WORDS = "text,de\ndusk.narration,Es wird Nacht und niemand hat die Lampe angezündet.\n"


class Speaker:
    """An engine in this process: a tenth of a second for each letter, in the languages that it is given."""

    id: EngineName = "espeak-ng"
    remedy = "install me"

    def __init__(self, *languages: str, there: bool = True) -> None:
        self._languages, self._there = languages, there

    def installed(self) -> bool:
        return self._there

    def voices(self) -> tuple[VoiceInfo, ...]:
        return tuple(VoiceInfo(language, language) for language in self._languages)

    def made_from(self, voice: Voice) -> tuple[str, ...]:
        return self.id, voice.name

    def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
        found = []
        for number, said in enumerate(sentences):
            path = folder / f"{number}.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(48_000)
                tone = (int(9000 * math.sin(n / 9)) for n in range(4800 * len(said) - 4800))
                file.writeframes(b"".join(struct.pack("<h", n) for n in tone))
            found.append(path)
        return found


def film(folder: Path, **more: Any) -> Production:
    (folder / "words.csv").write_text(WORDS, "utf-8")
    scene = {"id": "dusk", "prompt": "a tower at dusk", "narration": "Night falls."} | more.pop("scene", {})
    return parse_production({"title": "The Tower", "language": "en", "scenes": [scene], **more}, base=folder)


def sounds(production: Production, folder: Path, *engines: Speaker) -> Sounds:
    return sounds_of(production, Settings(), folder / "home", Kept(folder / "kept"), engines=engines)


def test_what_is_said_is_measured(tmp_path: Path) -> None:
    """Its seconds, its sentences and its voice are known before anything is planned."""
    heard = sounds(film(tmp_path), tmp_path, Speaker("en")).speech["dusk"]

    assert [said.text for said in heard.said] == ["Night falls."]
    assert heard.seconds == pytest.approx(1.2, abs=0.1)
    assert heard.told == "espeak-ng en"
    assert heard.path.is_file()


@pytest.mark.parametrize("engine", [Speaker("en", there=False), Speaker("fr")], ids=["not installed", "no such voice"])
def test_nothing_here_speaks(engine: Speaker, tmp_path: Path) -> None:
    """A film for which any voice would do is made without one, and a note says how to get one; where its length is
    needed, or a voice is asked for by name, it is an error before anything is bought."""
    found = sounds(film(tmp_path), tmp_path, engine)
    assert not found.speech
    (note,) = found.notes
    assert note.startswith("the narration of a scene is not heard (")

    with pytest.raises(BadInput, match="is auto, and the length of the narration is not known") as refused:
        sounds(film(tmp_path, scene={"duration": "auto"}), tmp_path, engine)
    assert refused.value.where == "scene 'dusk', field 'duration'"
    assert "or write seconds" in refused.value.hint
    with pytest.raises(SpeechError) as named:
        sounds(film(tmp_path, film={"voice": {"engine": "espeak-ng"}}), tmp_path, engine)
    assert named.value.where == "field 'film.voice'"


def test_the_longest_of_all_languages_counts(tmp_path: Path) -> None:
    """Every version of the film has scenes of one length, so that all show the same clips."""
    english = film(tmp_path, translations="words.csv", scene={"duration": "auto"})
    german = derived(english, language="de")
    engine = Speaker("en", "de")

    lengths = [with_lengths_of(one, sounds(one, tmp_path, engine)).scenes[0].duration for one in (english, german)]

    assert lengths[0] == lengths[1]
    said = len("Es wird Nacht und niemand hat die Lampe angezündet.") / 10
    assert float(lengths[0] or 0) == pytest.approx(said + 0.5, abs=0.2)
    assert sounds(german, tmp_path, engine).texts["en"]["dusk.narration"] == "Night falls."


LONG = "Night falls, and nobody has lit the lamp, for nobody is there who could."


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("text,de\ndusk.narration,Nacht.\n", {"film": {"voice": [{"speed": 0.5}]}}),
        ("text,de\ntitle,Der Turm\n", {"film": {"voice": [{"speed": 0.5, "language": "de"}]}}),
        (f"text,de,en\ndusk.narration,Nacht.,{LONG}\n".replace(", ", " "), {}),
        (f"text,de,en\ndusk.narration,Nacht.,{LONG}\n".replace(", ", " "), {"language": ""}),
    ],
    ids=["a voice of no language", "words without a translation", "a column of its own", "no language is written"],
)
def test_every_language_finds_the_same_lengths(words: str, more: dict[str, Any], tmp_path: Path) -> None:
    """The clips of the version that is made first are long enough for all: none is bought twice for another one."""

    class Slow(Speaker):
        def made_from(self, voice: Voice) -> tuple[str, ...]:
            return (*super().made_from(voice), str(voice.speed))

        def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
            return super().speak([said * round(1 / voice.speed) for said in sentences], voice, folder)

    film(tmp_path)
    (tmp_path / "words.csv").write_text(words, "utf-8")
    fields = {"title": "The Tower", "language": "en", "translations": "words.csv", **more}
    scene = {"id": "dusk", "prompt": "a tower at dusk", "narration": "Night falls.", "duration": "auto"}
    written = parse_production({**fields, "scenes": [scene]}, base=tmp_path)
    versions = [derived(written, language=language) for language in ("", "en", "de")]

    lengths = {with_lengths_of(one, sounds(one, tmp_path, Slow("en", "de"))).scenes[0].duration for one in versions}

    assert len(lengths) == 1


def test_the_language_of_a_film_is_no_translation(tmp_path: Path) -> None:
    """It is the film itself, in any spelling of its code, also where the table has a column for it."""
    english = film(tmp_path, language="en-GB", translations="words.csv")
    assert derived(english, language="EN_gb") is english
    (tmp_path / "words.csv").write_text("text,de,en-GB\ndusk.narration,Nacht.,Old words.\n", "utf-8")
    found = sounds(derived(english, language="de"), tmp_path, Speaker("en", "de"))
    assert found.texts["en-GB"]["dusk.narration"] == "Night falls."


def test_a_language_that_nothing_speaks_does_not_count(tmp_path: Path) -> None:
    """A note says so."""
    production = film(tmp_path, translations="words.csv", scene={"duration": "auto"})
    found = sounds(production, tmp_path, Speaker("en"))
    assert found.longest["dusk"] == found.speech["dusk"].seconds
    assert any("do not count the words in de" in note for note in found.notes)


def test_recordings_and_music(tmp_path: Path) -> None:
    """They are measured, and the words of a recording share its seconds by their letters."""
    path = Speaker("en").speak(["x" * 41], Voice(), tmp_path)[0].rename(tmp_path / "dusk.wav")
    scene = {"narration": {"file": str(path), "text": "Night falls. Go on."}}
    found = sounds(film(tmp_path, scene=scene, film={"music": str(path)}), tmp_path)

    heard = found.speech["dusk"]
    assert (heard.seconds, heard.format, heard.told) == (Fraction(4), "wav", "dusk.wav")
    assert [(said.text, said.start) for said in heard.said] == [("Night falls.", 0), ("Go on.", 4 * Fraction(12, 18))]
    assert found.music[str(path)].seconds == 4


def test_a_recording_that_is_too_long(tmp_path: Path) -> None:
    """Ten minutes are the most of a narration."""
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(8000 * 601))
    with pytest.raises(BadInput, match=r"long\.wav lasts 601 s, and 600 s are the most"):
        sounds(film(tmp_path, scene={"narration": str(path)}), tmp_path)


def test_the_machine_s_own_command(tmp_path: Path) -> None:
    """It speaks where it is set, and not for a voice of another engine; a quote that is left open is one error."""
    own = Speaker("en").speak(["x" * 21], Voice(), tmp_path)[0].rename(tmp_path / "own.wav")
    script = tmp_path / "speak it.py"
    script.write_text("import shutil, sys\nshutil.copy(sys.argv[1], sys.argv[2])\n")
    command = f"{sys.executable} '{script}' '{own}' {{out}}"

    def told(voice: dict[str, Any], command: str = command) -> str:
        production = film(tmp_path, film={"voice": voice} if voice else {})
        settings = Settings(voice_command=command)
        found = sounds_of(production, settings, tmp_path / "home", Kept(), engines=[Speaker("en")])
        return found.speech["dusk"].told

    assert told({}).startswith(Path(sys.executable).name)
    assert told({"engine": "command"}).startswith(Path(sys.executable).name)
    assert told({"engine": "espeak-ng"}) == "espeak-ng en"
    with pytest.raises(SettingsError, match="has a quote that is left open") as refused:
        told({}, "my-voice '{out}")
    assert refused.value.where == "STUDIO_VOICE_COMMAND"
    with pytest.raises(SpeechError, match="none is given") as missing:
        told({"engine": "command"}, "")
    assert "STUDIO_VOICE_COMMAND" in missing.value.hint
