"""Standard streams that a command can rely on: open, able to show any text, and never a reason to stop."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, NoReturn, TextIO

from studio.consoles import REPLACE

_raw: list[_Lasting] = []


class _Lasting(io.FileIO):
    """A descriptor for output that does not fail: once it cannot be written, the rest is discarded, so that a run
    continues.

    ``fault``: the system's error then; empty if only the reader has gone.
    """

    fault = ""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno != errno.EPIPE:
                self.fault = error.strerror or type(error).__name__
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


def make_sound() -> None:
    """Open closed streams, and let output and error survive the loss of their reader and replace unknown characters."""
    # The number of a closed one would go to the next file that is opened, such as the ledger.
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stdout = _lasting(sys.stdout, 1)
    sys.stderr = _lasting(sys.stderr, 2)


def finish() -> str:
    """Flush the streams. Returns the error of standard output; empty if there was none."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
    return next((raw.fault for raw in _raw if raw.fileno() == 1), "")


def end(status: int) -> NoReturn:
    """Exit. A command that succeeded but could not write its output ends with status 1."""
    fault = finish()
    if fault and status == 0:
        print(f"error: standard output cannot be written: {fault}", file=sys.stderr)
        status = 1
    sys.exit(status)


def _lasting(stream: TextIO | None, number: int) -> TextIO:
    encoding, lines = "utf-8", number == 2
    if stream is not None:
        stream.flush()
        encoding = stream.encoding or encoding
        lines = getattr(stream, "line_buffering", lines)
    try:
        "\u2192".encode(encoding, REPLACE)
    except (LookupError, UnicodeError):  # such as idna, which is for host names only
        encoding = "utf-8"
    raw = _Lasting(number, "wb", closefd=False)
    _raw.append(raw)
    through = bool(getattr(stream, "write_through", False))
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=REPLACE, line_buffering=lines, write_through=through
    )
