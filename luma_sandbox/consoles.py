"""Output to consoles: missing characters are replaced, and a failure to write is reported as one error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def replace_unshowable() -> None:
    """Make this process's standard output and error replace the characters that their encoding lacks, from now on."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and getattr(stream, "errors", None) == "strict":
            reconfigure(errors="replace")


def end_with(command: Callable[[], object]) -> NoReturn:
    """Run a command and exit with its status, or with 1 and one line if standard output cannot be written."""
    status = 0
    try:
        try:
            command()
        except SystemExit as said:
            status = said.code if isinstance(said.code, int) else int(said.code is not None)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # otherwise only its reader has gone
            print(f"error: standard output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
            status = 1
        os._exit(status)  # else Python would try again to write the rest
    sys.exit(status)
