"""Files are written whole or not at all, and are on the disk before they have their name."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from studio.atomic import atomic, is_sound, write_atomic
from studio.storage.still_store import StillStore


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new bytes stand under the name; nothing else is left."""
    goal = tmp_path / "note.json"
    goal.write_bytes(b"old")
    write_atomic(goal, b"new")
    assert goal.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [goal]


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    """After an error the file is as it was, and nothing half-written is left."""
    goal = tmp_path / "note.json"
    goal.write_bytes(b"old")

    def half() -> None:
        with atomic(goal) as part:
            part.write_bytes(b"ne")
            raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        half()
    assert goal.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [goal]


def test_the_bytes_are_on_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced before it is renamed, and its folder after: also where a still is kept."""
    seen: list[tuple[str, list[str]]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        names = sorted(f.name for f in tmp_path.rglob("*") if f.is_file() and not f.name.startswith("."))
        seen.append(("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file", names))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_atomic(tmp_path / "note", b"data")
    sha256 = StillStore(tmp_path).keep(b"picture", ".png")
    both = sorted(["note", f"{sha256}.png"])
    assert seen == [("file", []), ("folder", ["note"]), ("file", ["note"]), ("folder", both)]


@pytest.mark.parametrize("data", [bytes(4), b"dat", b"", None])
def test_only_the_very_bytes_are_sound(tmp_path: Path, data: bytes | None) -> None:
    """Other bytes of the same length, fewer, none, and no file at all are not."""
    path, sha256 = tmp_path / "x", hashlib.sha256(b"data").hexdigest()
    path.write_bytes(b"data")
    assert is_sound(path, sha256)
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    assert not is_sound(path, sha256)
