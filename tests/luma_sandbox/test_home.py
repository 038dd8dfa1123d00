"""The folder of a sandbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from luma_sandbox.data_dir import DataDir
from luma_sandbox.errors import SettingsError


def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    """Many threads that store one keyframe at once all succeed, and one file is left."""
    home = DataDir(tmp_path)
    content = b"picture" * 100_000
    with ThreadPoolExecutor(16) as pool:
        digests = set(pool.map(home.keep_input, [content] * 64))
    (digest,) = digests
    assert [place.name for place in home.inputs.iterdir()] == [digest]
    assert home.input(digest).read_bytes() == content


def test_a_home_has_one_owner(tmp_path: Path) -> None:
    """While one has the lock nobody else gets it; afterwards the next one does, and unfinished files are swept away."""
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    first.lock()
    (first.clips / "x.7.part.mp4").write_bytes(b"half")
    with pytest.raises(SettingsError, match="already lives"):
        second.lock()
    first.unlock()
    second.lock()
    assert list(second.clips.iterdir()) == []
