"""Fixtures of these tests: a sandbox that runs go to, and finished clips."""

from pathlib import Path

import pytest

from tests.media.clips import make
from tests.support.bought import local  # noqa: F401
from tests.support.running import Sandbox

SIZE = "960x540"  # of 540p
BT709 = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


@pytest.fixture
def at_sandbox(workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose runs go to a sandbox process."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    return workplace


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of finished clips: two of one form, one of another size and rate."""
    folder = tmp_path / "files"
    folder.mkdir()
    make(folder / "one.mp4", frames=36, size=SIZE, sound=True, options=BT709)
    make(folder / "two.mp4", frames=24, size=SIZE, start=50, options=BT709)
    make(folder / "other.mp4", frames=50, size="640x480", rate="25", sound=True)
    return folder
