"""A command of the user's that speaks: any program that writes a WAV file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.digests import Digests
from studio.errors import SpeechError
from studio.voice.programs import Patience, run
from studio.voice.values import EngineName, Voice, VoiceInfo

_PLACES = re.compile(r"\{(text|out|voice|language|speed)\}")


class Command:
    """The words of a command, with places for the text, the voice and the file. It is run once a sentence."""

    id: EngineName = "command"
    remedy = "install the program that the command names"

    def __init__(self, digests: Digests, *, patience: Patience | None = None) -> None:
        self._digests = digests
        self._patience = patience or Patience(seconds=120, a_character=0.5)

    def installed(self) -> bool:
        return True

    def voices(self) -> tuple[VoiceInfo, ...]:
        return ()

    def made_from(self, voice: Voice) -> tuple[str, ...]:
        """Its words, the voice, and the content of each file that a word names."""
        files = [Path(found) for word in voice.command if (found := shutil.which(word) or word)]
        digests = [self._digests.of(path) for path in files if path.is_file()]
        return self.id, *voice.command, voice.name, voice.language, str(voice.speed.normalize()), *digests

    def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
        program = shutil.which(voice.command[0])
        if program is None:
            raise SpeechError(
                f"there is no program {voice.command[0]}", hint="correct the command's first word, or install it"
            )
        paths = [folder / f"{number:04d}.wav" for number in range(len(sentences))]
        by_word = any("{text}" in word for word in voice.command)
        start = str(Path(program).absolute())
        for sentence, path in zip(sentences, paths, strict=True):
            # A text that begins with a hyphen is no option: a space stands before it.
            text = f" {sentence}" if sentence.startswith("-") else sentence
            values = {"text": text, "out": str(path), "voice": voice.name, "language": voice.language,
                      "speed": str(voice.speed)}  # fmt: skip
            words = [_filled(_located(word), values) for word in voice.command[1:]]
            given = "" if by_word else sentence
            run([start, *words], text=given, name=Path(start).name,
                timeout=self._patience.of([sentence]), folder=folder)  # fmt: skip
        return paths


def _filled(word: str, values: Mapping[str, str]) -> str:
    """A word with the values in their places; what a value holds is not looked at again."""
    return _PLACES.sub(lambda found: values[found[1]], word)


def _located(word: str) -> str:
    """A word that names a file, seen from the working folder, as the command runs elsewhere; any other word as it
    is."""
    if not word or word.startswith("-") or len(word) > 1000 or "\0" in word:
        return word
    return str(Path(word).absolute()) if "/" in word and Path(word).is_file() else word
