"""Renders that are kept: found again by what decides their bytes, and by nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from luma_sandbox.renderer import render


def score(folder: Path, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "prompt": "a quiet sea", "model": "ray-2", "resolution": "540p", "width": 192, "height": 108, "frames": 6,
        "concepts": [], "loop": False, "start": None, "end": None, "inputs": {},
        "out": str(folder / f"{name}.mp4"), "poster": str(folder / f"{name}.jpg"),
    } | changes  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STUDIO_SANDBOX_RENDERS", str(tmp_path / "kept"))
    return tmp_path / "kept"


def drawn(score: dict[str, Any]) -> tuple[str, int]:
    """A score's SHA-256, and how many frames had to be drawn for it."""
    frames: list[None] = []
    return render(score, lambda: frames.append(None)), len(frames)


def test_an_equal_score_is_not_rendered_twice(tmp_path: Path, shelf: Path) -> None:
    """Wherever it is to lie: clip and poster come from the shelf, the same bytes."""
    first, frames = drawn(score(tmp_path, "one"))
    again, none = drawn(score(tmp_path, "two"))
    assert (first, frames > 0, none) == (again, True, 0)
    assert (tmp_path / "one.jpg").read_bytes() == (tmp_path / "two.jpg").read_bytes()


def test_other_words_or_another_input_are_rendered(tmp_path: Path, shelf: Path) -> None:
    """An input counts by what is in it, not by its name."""
    first, _ = drawn(score(tmp_path, "one"))
    second, frames = drawn(score(tmp_path, "two", prompt="a storm"))
    assert (second != first, frames > 0) == (True, True)
    for name, source in (("a", "one"), ("b", "one"), ("c", "two")):
        shutil.copy(tmp_path / f"{source}.mp4", tmp_path / f"parent-{name}.mp4")
    clips = [{"kind": "clip", "path": str(tmp_path / f"parent-{name}.mp4")} for name in "abc"]
    made = [drawn(score(tmp_path, f"child-{n}", start=clip)) for n, clip in enumerate(clips)]
    assert made[0][0] == made[1][0] != made[2][0]
    assert [frames > 0 for _, frames in made] == [True, False, True]


def test_without_a_shelf_nothing_is_kept(tmp_path: Path) -> None:
    """It is off unless a folder is named."""
    (_, one), (_, two) = drawn(score(tmp_path, "one")), drawn(score(tmp_path, "two"))
    assert one == two > 0


def test_a_coarse_render_is_another_one(tmp_path: Path, shelf: Path) -> None:
    """A clip that is drawn small is not handed out for one that is drawn finely, nor the other way round."""
    fine = drawn(score(tmp_path, "fine", width=960, height=540))
    coarse = drawn(score(tmp_path, "coarse", width=960, height=540, coarse=True))
    assert fine[0] != coarse[0]
    assert fine[1] == coarse[1] > 0
    assert drawn(score(tmp_path, "again", width=960, height=540, coarse=True)) == (coarse[0], 0)
