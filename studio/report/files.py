"""Writing the report's files, and the names by which they refer to other files."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from studio.atomic import write_atomic
from studio.disk import disk_errors


def write_atomically(path: Path, data: bytes) -> Path:
    """Write ``path`` atomically: a reader sees the old file or the new one, never part of one.

    Raises CannotWrite.
    """
    with disk_errors(path.name, path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    return path


def inside(path: Path, out: Path) -> Path | None:
    """``path`` relative to ``out``, or None where it is elsewhere. By names alone: links are not followed."""
    whole, base = Path(os.path.abspath(path)), Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow links
    return whole.relative_to(base) if whole.is_relative_to(base) else None


def relative_name(path: Path, out: Path) -> str:
    """The path for a manifest: relative to ``out`` where it is inside, else absolute; always with slashes."""
    near = inside(path, out)
    return (near or Path(os.path.abspath(path))).as_posix()  # noqa: PTH100


def reference(path: Path, out: Path) -> str:
    """The path as a reference that a page or a timeline beside it can follow."""
    near = inside(path, out)
    return quote(near.as_posix()) if near else Path(os.path.abspath(path)).as_uri()  # noqa: PTH100
