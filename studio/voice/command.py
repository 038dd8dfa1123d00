"""The user's own voice engine: a program that a setting of the machine names. No production can name one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from studio.voice.running import run
from studio.voice.values import Voice, VoiceInfo


class OwnCommand:
    """A program that reads a text from its standard input, and writes a WAV file to ``{out}``.

    ``{voice}``, ``{language}`` and ``{speed}`` in its words are filled in, too; no shell reads any of them.
    """

    id = "command"
    remedy = "set STUDIO_VOICE_COMMAND to it, such as: my-voice {voice} {out}"

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    @property
    def installed(self) -> bool:
        """True if the setting names a program that is there."""
        return bool(self._words) and shutil.which(self._words[0]) is not None

    def voices(self) -> tuple[VoiceInfo, ...]:
        """None that is known: every name, and every language, is passed on."""
        return ()

    def made_from(self, voice: Voice, info: VoiceInfo) -> tuple[str, ...]:
        """Its words, and the content of the program."""
        program = Path(shutil.which(self._words[0]) or self._words[0])
        digest = hashlib.sha256(program.read_bytes()).hexdigest() if program.is_file() else ""
        return self.id, *self._words, digest, info.name, info.language, str(voice.speed)

    def speak(self, sentences: Sequence[str], voice: Voice, info: VoiceInfo, folder: Path) -> list[Path]:
        """Speak each sentence in a run of its own. Raises VoiceFailed."""
        found = []
        for number, sentence in enumerate(sentences):
            out = folder / f"{number:05d}.wav"
            given = {"{out}": str(out), "{voice}": info.name, "{language}": info.language, "{speed}": str(voice.speed)}
            run([_filled(word, given) for word in self._words], sentence)
            found.append(out)
        return found


def _filled(word: str, given: dict[str, str]) -> str:
    for name, value in given.items():
        word = word.replace(name, value)
    return word
