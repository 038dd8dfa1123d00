"""espeak-ng: small, quick and in many languages; it sounds like a machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from studio.errors import SpeechError
from studio.voice.programs import Patience, run
from studio.voice.values import EngineName, Voice, VoiceInfo

PROGRAM = "espeak-ng"
WORDS_A_MINUTE = 175  # at speed 1
AT_ONCE = 2
ANSWER = 20  # seconds within which it tells its version and voices


class Espeak:
    """espeak-ng on PATH. Its voices are named by their languages (``en-gb``)."""

    id: EngineName = "espeak-ng"
    remedy = "apt-get install espeak-ng"

    def __init__(self, *, patience: Patience | None = None) -> None:
        self._patience = patience or Patience(seconds=30)

    def installed(self) -> bool:
        return shutil.which(PROGRAM) is not None

    def voices(self) -> tuple[VoiceInfo, ...]:
        return self._voices

    def made_from(self, voice: Voice) -> tuple[str, ...]:
        return self.id, self._version, voice.name, str(_rate(voice))

    def speak(self, sentences: Sequence[str], voice: Voice, folder: Path) -> list[Path]:
        """One short run a sentence, two at a time."""
        paths = [folder / f"{number:04d}.wav" for number in range(len(sentences))]

        def say(number: int) -> None:
            command = [
                shutil.which(PROGRAM) or PROGRAM, "--stdin", "-b", "1", "-z", "-v", voice.name,
                "-s", str(_rate(voice)), "-w", str(paths[number]),
            ]  # fmt: skip
            sentence = sentences[number]
            run(command, text=sentence, name=self.id, timeout=self._patience.of([sentence]), folder=folder)

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="speech") as pool:
            list(pool.map(say, range(len(sentences))))
        return paths

    @cached_property
    def _version(self) -> str:
        return _asked("--version").partition("Data at")[0].strip()

    @cached_property
    def _voices(self) -> tuple[VoiceInfo, ...]:
        """Its voices; first those that it prefers for a language itself."""
        if not self.installed():
            return ()
        rows = [line.split() for line in _asked("--voices").splitlines()[1:]]
        ranked = sorted((int(row[0]), row[1]) for row in rows if len(row) > 4 and row[0].isdigit())
        return tuple(VoiceInfo(name, name) for name in dict.fromkeys(language for _, language in ranked))


def _rate(voice: Voice) -> int:
    return round(WORDS_A_MINUTE * voice.speed)


def _asked(option: str) -> str:
    program = shutil.which(PROGRAM) or PROGRAM
    try:
        said = subprocess.run(
            [program, option], stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SpeechError(
            f"{PROGRAM} does not run ({type(error).__name__})", hint=f"install it again: {Espeak.remedy}"
        ) from None
    return said.stdout.decode("utf-8", "replace")
