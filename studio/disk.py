"""Errors of the disk while something is written that was paid for: one error of ours, with what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.errors import CannotWrite
from studio.remedies import again

#: What a full or read-only disk answers.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@contextlib.contextmanager
def disk_errors(what: str, *folders: Path) -> Iterator[None]:
    """A block in which what the disk refuses becomes CannotWrite: ``what`` cannot be written to a file that the system
    named, or to the fullest of ``folders``.
    """
    try:
        yield
    except CannotWrite as error:
        if error.place:
            raise
        place, told = str(fullest(folders)), error.message
    except (ConnectionError, TimeoutError):  # of a network: to Python they are OSErrors as well
        raise
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else str(fullest(folders))
        told = error.strerror or type(error).__name__
    else:
        return
    raise CannotWrite(f"{what} cannot be written to {place}: {told}", place=place, hint=make_room())


def make_room() -> str:
    """The remedy for a disk that takes nothing more."""
    return f"make room there, or name another folder, and {again()}: what was bought is kept"


def fullest(folders: Sequence[Path]) -> Path:
    """The folder whose disk has the least room; the first, where that cannot be known."""

    def free(folder: Path) -> float:
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return float("inf")

    return min(folders, key=free)


def of_status(status: int) -> str:
    """The disk's answer to an ffmpeg that ended with this status; empty where it ended for another reason."""
    # ffmpeg ends with its error's negative number, of which a process can say the last eight bits.
    found = [number for number in FULL if status == 256 - number]
    return os.strerror(found[0]) if found else ""
