"""Clips are kept by their content, and damaged ones are not served."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from studio.errors import BadClip
from studio.storage.clip_store import ClipStore

DATA = b"some bytes that stand for a clip" * 100
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    return ClipStore(tmp_path / "store")


def file(folder: Path, name: str = "x.part", data: bytes = DATA) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_adopted_file_lies_under_its_hash(store: ClipStore, tmp_path: Path) -> None:
    """A file is moved to its place by content, and its name is forgotten."""
    source = file(tmp_path)
    assert not store.has(SHA)
    assert store.adopt(source) == SHA
    assert not source.exists()
    assert store.has(SHA)
    assert store.path(SHA) == store.root / SHA[:2] / f"{SHA}.mp4"
    assert store.path(SHA).read_bytes() == DATA
    assert store.verify(SHA) == store.path(SHA)


def test_same_content_is_kept_once(store: ClipStore, tmp_path: Path) -> None:
    """Adopting the same bytes again changes nothing and takes the second file away."""
    store.adopt(file(tmp_path))
    before = store.path(SHA).stat().st_mtime_ns
    again = file(tmp_path, "again.part")
    assert store.adopt(again) == SHA
    assert not again.exists()
    assert store.path(SHA).stat().st_mtime_ns == before
    assert store.adopt(store.path(SHA)) == SHA
    assert store.has(SHA)


@pytest.mark.parametrize("harm", ["cut", "flip", "empty"])
def test_damaged_clip_is_missing(store: ClipStore, tmp_path: Path, harm: str) -> None:
    """A stored clip whose bytes changed is not served, by this store or another one, until it is adopted anew."""
    store.adopt(file(tmp_path))
    data = {"cut": DATA[:-1], "flip": b"S" + DATA[1:], "empty": b""}[harm]
    store.path(SHA).write_bytes(data)
    os.utime(store.path(SHA), ns=(time.time_ns(), time.time_ns() + 1))
    assert not store.has(SHA)
    assert not ClipStore(store.root).has(SHA)
    with pytest.raises(BadClip, match="damaged"):
        store.verify(SHA)
    store.adopt(file(tmp_path))
    assert store.has(SHA)


def test_verify_looks_again_at_every_byte(store: ClipStore, tmp_path: Path) -> None:
    """A change that left size and time as they were is found by `verify`."""
    store.adopt(file(tmp_path))
    status = store.path(SHA).stat()
    store.path(SHA).write_bytes(b"S" + DATA[1:])
    os.utime(store.path(SHA), ns=(status.st_atime_ns, status.st_mtime_ns))
    assert store.has(SHA)
    with pytest.raises(BadClip):
        store.verify(SHA)
    assert not store.has(SHA)


def test_missing_clip(store: ClipStore) -> None:
    """A clip never stored is missing, and verifying it says so."""
    assert not store.has("0" * 64)
    with pytest.raises(BadClip, match="not in the store"):
        store.verify("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, SHA + "/..", SHA + "\n"])
def test_only_hashes_are_names(store: ClipStore, name: str) -> None:
    """Nothing but a SHA-256 can become part of a path."""
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)
    with pytest.raises(ValueError, match="SHA-256"):
        store.frames_dir(name)


def test_other_disk(store: ClipStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file on another disk is copied beside its place first, so that it still appears at once."""
    stat = Path.stat
    source = file(tmp_path)

    class Elsewhere:
        st_dev = -1

    def other(path: Path, **how: bool) -> object:
        return Elsewhere() if path == source and source.parent == path.parent and not how else stat(path, **how)

    monkeypatch.setattr(Path, "stat", other)
    assert store.adopt(source) == SHA
    monkeypatch.undo()
    assert not source.exists()
    assert [p.name for p in store.path(SHA).parent.iterdir()] == [f"{SHA}.mp4"]
    assert store.has(SHA)


def test_frames_lie_beside_the_clip(store: ClipStore) -> None:
    """First and last frame have a folder of the clip's own name."""
    assert store.frames_dir(SHA) == store.root / SHA[:2] / f"{SHA}.frames"
    assert store.incoming.is_dir()
