"""Standard input, output and error as a command needs them: there, able to show any text, and never in its way."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, NoReturn, TextIO

from studio.consoles import REPLACE

_raw: list[_Lasting] = []


class _Lasting(io.FileIO):
    """A descriptor for what is shown. Once it cannot be written, what follows goes nowhere: a run that pays goes on.

    ``fault``: what the system said then; empty where only nobody reads it any more.
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
    """Open what was closed, and let output and error outlive their reader and replace what their encoding lacks."""
    # A closed one's number would be the next file's that is opened, such as the ledger's.
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
    """Write out what is held back. Returns what went wrong with standard output; empty where nothing did."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
    return next((raw.fault for raw in _raw if raw.fileno() == 1), "")


def end(status: int) -> NoReturn:
    """Exit. One that went well, but could not say so, ends with status 1."""
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
    except (LookupError, UnicodeError):  # such as idna, which is for names alone
        encoding = "utf-8"
    raw = _Lasting(number, "wb", closefd=False)
    _raw.append(raw)
    through = bool(getattr(stream, "write_through", False))
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors=REPLACE, line_buffering=lines, write_through=through
    )
