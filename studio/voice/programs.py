"""Programs that speak, run safely: no shell, the text by standard input, a limit of time, the end of their words."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from studio.cleaning import clean
from studio.errors import SpeechError

TAIL = 4000
TOLD = 300  # characters of a program's words that an error repeats
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|_DSN|_URL", re.IGNORECASE)
_SHORTEST = 6  # characters of a value that is looked for: shorter ones are words of any text


@dataclass(frozen=True)
class Patience:
    """Seconds that a program may take: so many, and more for each character of its text."""

    seconds: float = 60
    a_character: float = 0.2

    def of(self, sentences: Sequence[str]) -> float:
        """The seconds for a text."""
        return self.seconds + self.a_character * sum(map(len, sentences))


def run(
    command: Sequence[str],
    *,
    text: str,
    name: str,
    timeout: float,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a program to its end in ``folder``, with ``text`` at its standard input.

    ``environment`` is added to this process's. Raises SpeechError where it cannot be started, fails, or is not
    finished in time; then it is ended, with all that it started.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as log:
        given.write(text.encode("utf-8", "replace"))
        given.seek(0)
        try:
            process = subprocess.Popen(
                list(command), stdin=given, stdout=log, stderr=log, cwd=folder, start_new_session=True,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip
        except (OSError, ValueError) as error:
            told = getattr(error, "strerror", None) or type(error).__name__
            raise SpeechError(f"{name} cannot be started: {told}", hint="see that the program runs") from None
        late = False
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            _end(process)
        said = _said(log)
        if late:
            raise SpeechError(
                f"{name} was not finished after {timeout:.0f} s, and was ended{said}",
                hint="see that the program ends by itself, and asks for nothing",
            )
        if status:
            raise SpeechError(f"{name} failed with status {status}{said}", hint="see that the program can speak")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _said(log: IO[bytes]) -> str:
    """The end of what a program printed, in words that follow a message; no value of a secret variable is in it."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL))
    text = log.read().decode("utf-8", "replace")
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= _SHORTEST:
            text = text.replace(value, "…")
    lines = [line for line in (clean(line, limit=TOLD) for line in text.splitlines()) if line]
    return f": {lines[-1]}" if lines else ", and said nothing"
