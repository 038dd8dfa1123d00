"""The files kept beside a clip: its measures, and its first and last frame, which are sent and paid for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.storage.clip_store import ClipStore
from studio.storage.probe_cache import stored_clip
from tests.media.clips import make


@pytest.fixture
def kept(tmp_path: Path) -> tuple[ClipStore, str]:
    """A store with one clip in it, measured."""
    store = ClipStore(tmp_path / "clips")
    sha256 = store.adopt(make(tmp_path / "clip.mp4", frames=12))
    stored_clip(store, sha256)
    return store, sha256


HARMS: dict[str, Callable[[Path], object]] = {
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "one bit": lambda path: path.write_bytes(path.read_bytes()[:-20] + b"!" + path.read_bytes()[-19:]),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("name", ["first.png", "last.png", "first.jpg", "last.jpg"])
@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_frame_is_made_anew(kept: tuple[ClipStore, str], name: str, harm: str) -> None:
    """A picture of a frame that is not the one that was made is taken from the clip once more."""
    store, sha256 = kept
    path = store.frames_dir(sha256) / name
    data = path.read_bytes()
    HARMS[harm](path)
    clip = stored_clip(store, sha256)
    assert path.read_bytes() == data
    assert (clip.first_frame, clip.last_frame) == (path.parent / "first.png", path.parent / "last.png")


def test_a_sound_clip_is_not_measured_again(kept: tuple[ClipStore, str]) -> None:
    """Stored measures are read: nothing beside the clip is written."""
    store, sha256 = kept
    before = {f.name: f.stat().st_mtime_ns for f in store.frames_dir(sha256).iterdir()}
    assert stored_clip(store, sha256) == stored_clip(store, sha256)
    assert {f.name: f.stat().st_mtime_ns for f in store.frames_dir(sha256).iterdir()} == before


def test_a_home_that_was_moved(kept: tuple[ClipStore, str], tmp_path: Path) -> None:
    """The places of a clip and its pictures are where the store is now."""
    shutil.move(tmp_path / "clips", tmp_path / "elsewhere")
    store = ClipStore(tmp_path / "elsewhere")
    clip = stored_clip(store, kept[1])
    for path in (clip.path, clip.first_frame, clip.last_frame, clip.first_thumb, clip.last_thumb):
        assert path is not None
        assert path.is_file()
        assert path.is_relative_to(tmp_path / "elsewhere")


def test_damaged_facts_are_measured_anew(kept: tuple[ClipStore, str]) -> None:
    """Notes that cannot be read, or name no pictures, are written again."""
    store, sha256 = kept
    (note,) = store.frames_dir(sha256).glob("*.json")
    sound = stored_clip(store, sha256)
    for damaged in (
        bytes(note.stat().st_size),
        note.read_bytes()[:40],
        note.read_bytes().replace(b"last.png", b"lost.png"),
    ):
        note.write_bytes(damaged)
        assert stored_clip(store, sha256) == sound
