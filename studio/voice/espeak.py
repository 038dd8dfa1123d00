"""The engine espeak-ng: small, quick, in more than a hundred languages, and plainly a machine's voice."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from studio.voice.running import run
from studio.voice.values import Voice, VoiceInfo

WORDS_A_MINUTE = 165  # of a narrator; its own 175 are those of one in a hurry
#: Voices that are taken for a language without a region, which others are too.
FIRST = ("en-us", "es", "fr-fr", "pt-br", "ru", "vi")
CHINESE = "cmn"  # as espeak-ng names what BCP 47 writes as zh
_ROW = re.compile(r"\s*\d+\s+(\S+)\s+\S+\s+(\S+)\s+(\S+)")


class EspeakNg:
    """espeak-ng of the system, run as a program."""

    id = "espeak-ng"
    remedy = "apt-get install espeak-ng (macOS: brew install espeak-ng)"

    @cached_property
    def _program(self) -> str | None:
        return shutil.which("espeak-ng")

    @property
    def installed(self) -> bool:
        """True if it is on the PATH."""
        return self._program is not None

    @cached_property
    def _said(self) -> str:
        return _printed([self._program or "", "--voices"])

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Its voices: each is named by its language, as espeak-ng writes it."""
        found = (_ROW.match(line) for line in self._said.splitlines()[1:]) if self.installed else ()
        voices = (VoiceInfo(row[1], _bcp47(row[1])) for row in found if row)
        return tuple(sorted(voices, key=lambda one: (one.name not in FIRST, one.name)))

    def made_from(self, voice: Voice, info: VoiceInfo) -> tuple[str, ...]:
        """Its version, the voice, and the speed."""
        version = _printed([self._program or "", "--version"]).split(" Data at")[0]
        return self.id, version.strip(), info.name, str(_speed(voice))

    def speak(self, sentences: Sequence[str], voice: Voice, info: VoiceInfo, folder: Path) -> list[Path]:
        """Speak each sentence in a run of its own, which takes some milliseconds. Raises VoiceFailed."""
        found = []
        for number, sentence in enumerate(sentences):
            out = folder / f"{number:05d}.wav"
            run(
                [self._program or "espeak-ng", "-v", info.name, "-s", str(_speed(voice)), "-b", "1", "-w", str(out),
                 "--stdin"],
                sentence,
            )  # fmt: skip
            found.append(out)
        return found


def _speed(voice: Voice) -> int:
    return round(WORDS_A_MINUTE * voice.speed)


def _bcp47(name: str) -> str:
    first, *rest = name.replace(CHINESE, "zh").split("-")
    return "-".join([first, *(part.upper() if len(part) == 2 else part for part in rest)])


def _printed(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(list(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
