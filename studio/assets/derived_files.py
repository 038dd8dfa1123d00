"""Files made from seed assets, stored by content with atomic writes, safe with several processes."""

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
    """Move a file that was made from an asset to ``goal``, and note its digest, so that damage is noticed. Returns
    ``goal``."""
    with disk(goal.parent):
        sha256 = digest(part)
        settle(part, goal)
        write_atomic(_note(goal), sha256.encode())
        return goal


def write_made(goal: Path, data: bytes) -> Path:
    """Write bytes as ``keep_made`` moves a file. Returns ``goal``."""
    part = part_of(goal.parent)
    with disk(goal.parent):
        try:
            part.write_bytes(data)
            return keep_made(part, goal)
        finally:
            part.unlink(missing_ok=True)


def is_made(goal: Path) -> bool:
    """True if a file was made before and still has its digest; otherwise it has to be made again."""
    try:
        return is_sound(goal, _note(goal).read_text("ascii"))
    except (OSError, ValueError):
        return False


def _note(goal: Path) -> Path:
    return goal.with_name(f"{goal.name}.sha256")


def part_of(folder: Path) -> Path:
    """A new name in ``folder``, which is created, for a file that is still being written."""
    with disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f".{os.getpid()}-{uuid.uuid4().hex[:12]}.part"


def sweep(folder: Path) -> None:
    """Remove partly written files of killed processes that are more than a day old."""
    for part in folder.rglob(".*.part"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > DAY:
                part.unlink()


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[None]:
    """A block in which errors with the folder of assets become SettingsError."""
    try:
        yield
    except OSError as error:
        fault = f"assets cannot be kept in {folder}: {error.strerror}"
        raise SettingsError(fault, where="STUDIO_HOME", hint="make room there, or name another folder") from None
