"""Clips that many tests look at and none changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.media.clip import Clip, examine
from tests.media.clips import make


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Clip]:
    """Make a clip once and for all tests, by its name and the arguments of `make`."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[str, Clip] = {}

    def get(name: str, **how: object) -> Clip:
        if name not in made:
            made[name] = examine(make(folder / f"{name}.mp4", **how))  # type: ignore[arg-type]
        return made[name]

    return get


@pytest.fixture(scope="session")
def plain(shelf: Callable[..., Clip]) -> Clip:
    """One second of 320x180 at 24 frames a second, without sound."""
    return shelf("plain")


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Clip], Path]:
    """A clip's bytes in a file that a test may spoil."""

    def copy(clip: Clip) -> Path:
        path = tmp_path / "copy.mp4"
        path.write_bytes(clip.path.read_bytes())
        return path

    return copy
