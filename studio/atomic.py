"""Atomic writes: a file appears complete or not at all, and survives a power cut."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

AT_ONCE = 1 << 30  # bytes of one call that copies


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_sound(path: Path, sha256: str) -> bool:
    """True if the file exists and has this SHA-256."""
    try:
        return digest(path) == sha256
    except OSError:
        return False


def copy(source: Path, goal: Path) -> None:
    """Copy a file's bytes; where the file system can, without copying its blocks. Raises OSError."""
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError), source.open("rb") as old, goal.open("wb") as new:  # no such call here
            while os.copy_file_range(old.fileno(), new.fileno(), AT_ONCE):
                pass
            if os.fstat(new.fileno()).st_size == os.fstat(old.fileno()).st_size:
                return
    shutil.copyfile(source, goal)


def part_beside(goal: Path) -> Path:
    """A new name, in the folder of ``goal``, for a file that is still being written."""
    return goal.with_name(f".{goal.name[:32]}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


@contextlib.contextmanager
def atomic(goal: Path) -> Iterator[Path]:
    """Yield a path to write to. After the block it is renamed to ``goal`` and synced; after an error ``goal`` is
    unchanged.

    The folder must exist. Raises OSError.
    """
    part = part_beside(goal)
    try:
        yield part
        settle(part, goal)
    finally:
        part.unlink(missing_ok=True)


def write_atomic(goal: Path, data: bytes) -> None:
    """Write a file so that no reader ever sees part of it. The folder must exist. Raises OSError."""
    with atomic(goal) as part:
        part.write_bytes(data)


def settle(part: Path, goal: Path) -> None:
    """Move a finished file to its place in the same file system. After this returns, a power cut does not lose it."""
    sync(part)
    part.replace(goal)
    sync(goal.parent)


def sync(path: Path) -> None:
    """Flush a file's data, or a folder's entries, to the disk (where the system supports it)."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
