"""Errors of the disk while a paid file is written: one CannotWrite, which says what to do."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.errors import CannotWrite
from studio.remedies import AGAIN, Text, text_of

#: The error numbers of a full or read-only disk.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@contextlib.contextmanager
def disk_errors(what: str, *folders: Path) -> Iterator[None]:
    """A block in which an error of the disk becomes CannotWrite: ``what`` cannot be written to the file that the system
    named, or else to the fullest of ``folders``.
    """
    try:
        yield
    except CannotWrite as error:
        if error.place:
            raise
        place, told = str(fullest(folders)), error.message
    except (ConnectionError, TimeoutError):  # errors of a network are OSErrors in Python, too
        raise
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else str(fullest(folders))
        told = error.strerror or type(error).__name__
    else:
        return
    raise CannotWrite(f"{what} cannot be written to {place}: {told}", place=place, answer=told, hint=make_room())


def make_room() -> Text:
    """The remedy for a disk that is full or read-only."""
    return text_of("make room there, or name another folder, and ", AGAIN, ": what was bought is kept")


def fullest(folders: Sequence[Path]) -> Path:
    """The folder whose disk has the least room; the first of them if that cannot be determined."""

    def free(folder: Path) -> float:
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return float("inf")

    return min(folders, key=free)


def of_status(status: int) -> str:
    """The disk's error behind an exit status of ffmpeg, in words; empty where ffmpeg ended for another reason."""
    # ffmpeg exits with the negative number of its error, of which the system keeps the last eight bits.
    found = [number for number in FULL if status == 256 - number]
    return os.strerror(found[0]) if found else ""
