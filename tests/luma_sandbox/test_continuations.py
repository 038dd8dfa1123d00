"""A clip that holds its parent as well as what is new, in front of it or behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luma_sandbox import renderer
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.server_state import Options
from tests.support.decoding import decoded, ssim
from tests.support.edited_clips import parent_of
from tests.support.sandbox_in_process import opened


def test_a_reverse_continuation_with_its_parent_behind(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Switched to parent_plus_new, what leads up to a clip is followed by that clip; a bridge stays new footage."""
    parent = tmp_path / "parent.mp4"
    parent.write_bytes(files["/clip.mp4"])
    form: dict[str, Any] = {
        "prompt": "a lake", "model": "ray-2", "resolution": "540p", "width": 320, "height": 180, "frames": 24,
        "concepts": [], "loop": False, "extension": "parent_plus_new", "poster": str(tmp_path / "poster.jpg"),
    }  # fmt: skip
    frame = {"kind": "clip", "path": str(parent)}
    renderer.render(form | {"start": None, "end": frame, "out": str(tmp_path / "reverse.mp4")})
    renderer.render(form | {"start": frame, "end": frame, "out": str(tmp_path / "bridge.mp4")})
    reverse, source = decoded(tmp_path / "reverse.mp4"), decoded(parent)
    assert len(reverse) == 24 + 48
    assert ssim(reverse[24], source[0]) > 0.97
    assert ssim(reverse[-1], source[-1]) > 0.97
    assert len(decoded(tmp_path / "bridge.mp4")) == 24


@pytest.mark.long
async def test_a_continuation_with_its_parent_in_front(tmp_path: Path) -> None:
    """Switched to parent_plus_new, a continued clip shows its parent first, then goes on from its last frame."""
    options = Options(assume=Assumptions({"extension": "parent_plus_new"}))
    async with opened(tmp_path / "home", options) as sandbox:
        parent = await parent_of(sandbox)
        keyframes: Any = {"frame0": {"type": "generation", "id": str(parent.id)}}
        (longer,) = await sandbox.finish(await sandbox.create(prompt="dunes in the desert", keyframes=keyframes))
        before = decoded(await sandbox.download(parent, tmp_path / "parent.mp4"))
        after = decoded(await sandbox.download(longer, tmp_path / "longer.mp4"))
        assert (len(before), len(after)) == (120, 240)
        assert min(ssim(after[number], before[number]) for number in (0, 60, 119)) > 0.97
        assert ssim(after[120], before[119]) > 0.97
        assert ssim(after[239], before[119]) < 0.9
        made = await sandbox.luma.generations.audio(str(longer.id), prompt="wind over dunes")
        assert sandbox.server_state.books.any(str(made.id)).cents == 28  # type: ignore[union-attr]
