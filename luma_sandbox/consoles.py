"""Output for every console: characters that it lacks are replaced, and output that cannot be written is one error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def replace_unshowable() -> None:
    """Let this process's standard output and error replace what their encoding lacks, from now on."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and getattr(stream, "errors", None) == "strict":
            reconfigure(errors="replace")


def end_with(command: Callable[[], object]) -> NoReturn:
    """Run a command, and exit with its status; with 1 and one line where standard output cannot be written."""
    status = 0
    try:
        try:
            command()
        except SystemExit as said:
            status = said.code if isinstance(said.code, int) else int(said.code is not None)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # else only nobody reads it any more
            print(f"error: standard output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
            status = 1
        os._exit(status)  # Python would try once more to write what cannot be written
    sys.exit(status)
