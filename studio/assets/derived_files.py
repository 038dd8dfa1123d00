"""Files of seed assets, kept by their content: whole or not at all, whoever else writes them at the same time."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from studio.atomic import digest, is_sound, settle, write_atomic
from studio.errors import SettingsError

DAY = 24 * 3600.0


def keep(part: Path, goal: Path, sha256: str) -> Path:
    """Move ``part`` to ``goal``, unless the same bytes are there already. Returns ``goal``."""
    with disk(goal.parent):
        if is_sound(goal, sha256):
            part.unlink()
        else:
            settle(part, goal)
        return goal


def keep_made(part: Path, goal: Path) -> Path:
    """Move a file that was made of an asset to ``goal``, and note what it holds: so damage shows. Returns ``goal``."""
    with disk(goal.parent):
        sha256 = digest(part)
        settle(part, goal)
        write_atomic(_note(goal), sha256.encode())
        return goal


def write_made(goal: Path, data: bytes) -> Path:
    """The same as ``keep_made``, of bytes. Returns ``goal``."""
    part = part_of(goal.parent)
    with disk(goal.parent):
        try:
            part.write_bytes(data)
            return keep_made(part, goal)
        finally:
            part.unlink(missing_ok=True)


def is_made(goal: Path) -> bool:
    """True if a file was made before, and still holds what was made. Where it does not, it is to be made anew."""
    try:
        return is_sound(goal, _note(goal).read_text("ascii"))
    except (OSError, ValueError):
        return False


def _note(goal: Path) -> Path:
    return goal.with_name(f"{goal.name}.sha256")


def part_of(folder: Path) -> Path:
    """A new name in ``folder``, which is made, for a file that is still being written."""
    with disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f".{os.getpid()}-{uuid.uuid4().hex[:12]}.part"


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written more than a day ago."""
    for part in folder.rglob(".*.part"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > DAY:
                part.unlink()


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[None]:
    """What goes wrong inside with the folder of assets becomes SettingsError."""
    try:
        yield
    except OSError as error:
        fault = f"assets cannot be kept in {folder}: {error.strerror}"
        raise SettingsError(fault, where="STUDIO_HOME", hint="make room there, or name another folder") from None
