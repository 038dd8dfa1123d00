"""Running of a voice engine: a program that reads text from its standard input, and nothing else of the user's."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress

from studio.cleaning import printable
from studio.errors import VoiceFailed

SECONDS, SECONDS_A_LETTER = 60.0, 0.25  # after which a program that has not ended is ended
TAIL = 400  # characters of what it printed that an error tells


def run(command: Sequence[str], text: str, *, environment: Mapping[str, str] | None = None) -> None:
    """Run a program with a text as its standard input. Raises VoiceFailed with the end of what it printed."""
    name = os.path.basename(command[0])  # noqa: PTH119 - it may be a name, not a path
    with tempfile.TemporaryFile() as log:
        try:
            process = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
                env=None if environment is None else dict(environment),
            )  # fmt: skip
        except OSError as error:
            raise VoiceFailed(f"{name} cannot be run: {error.strerror}", hint="see that it is installed") from None
        try:
            process.communicate(text.encode(), timeout=SECONDS + SECONDS_A_LETTER * len(text))
        except subprocess.TimeoutExpired:
            raise VoiceFailed(f"{name} did not end in time", hint="try it by hand, with a short text") from None
        except BrokenPipeError:
            process.wait()
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        log.seek(0)
        printed = printable(log.read().decode(errors="replace")[-TAIL:]).strip()
        if process.returncode:
            lines = " ".join(printed.split())
            raise VoiceFailed(f"{name} failed with status {process.returncode}" + (f": {lines}" if lines else ""))
