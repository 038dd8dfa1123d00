"""The controls of an edit of the Luma Agents API, and the place of a reframe's source: in the order, in pictures.

The pictures are a few pixels large here; test_agents_pictures.py and test_agents_shapes.py look at whole clips.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from luma_sandbox.agents import painter
from tests.support.agents_api import order
from tests.support.agents_media import footage, inline
from tests.support.sandbox_in_process import Sandbox

CONTROLS = ("pose", "depth", "normals", "trajectory", "face")
SIZE = (128, 72)


def score(folder: Path, **more: Any) -> dict[str, Any]:
    """The order that a painter is given for a red source of two frames."""
    source = folder / "source.mp4"
    source.write_bytes(footage(folder, SIZE, 2))
    stored = {"type": "stored", "kind": "clip", "path": str(source)}
    return {"prompt": "a green meadow", "start": None, "indexes": [], "inputs": {"source": stored}} | more


def paused() -> None:
    """Called before each frame."""


def first(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The first frame of a clip."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.float32)


@pytest.mark.parametrize(
    ("controls", "held"),
    [
        (None, 0.0),
        ({}, 0.0),
        ({name: {"enabled": True} for name in CONTROLS}, 1.0),
        ({name: {"enabled": False} for name in CONTROLS}, 0.0),
        *(({name: {}}, 0.2) for name in CONTROLS),
        ({"pose": {"strength": "precise"}}, 0.2),
        ({"pose": {"strength": "coarse"}}, 0.1),
        ({"depth": {"blur": 1.0}}, 0.1),
        ({"normals": {"augmentation": 0.5}}, 0.15),
        ({"trajectory": {"sparsity": 1.0}}, 0.1),
        ({"pose": {"enabled": False}, "face": {"enabled": True}}, 0.2),
    ],
)
async def test_how_much_the_controls_hold(
    unrendered: Sandbox, tmp_path: Path, controls: dict[str, Any] | None, held: float
) -> None:
    """Each control that is on holds a fifth of the source, a loose one half of that, and one that is off nothing."""
    source = inline(footage(tmp_path, (64, 36), 2))
    await order(unrendered, {"duration": None, "edit": {"controls": controls}}, type="video_edit", source=source)
    assert unrendered.server_state.books.creates()[-1].order_form["held"] == pytest.approx(held)


def test_what_is_held_is_nearer_to_its_source(tmp_path: Path) -> None:
    """The more an edit's controls hold, the less its picture differs from its source's."""
    apart = []
    for held in (0.0, 0.5, 1.0):
        folder = tmp_path / str(held)
        folder.mkdir()
        asked = score(folder, width=SIZE[0], height=SIZE[1], mode="reimagine_1", held=held)
        painter.video_edit(asked, folder / "made.mp4", paused)
        apart.append(np.abs(first(folder / "made.mp4") - first(folder / "source.mp4")).mean())
    assert apart[0] > apart[1] > apart[2]


async def test_a_place_is_kept_as_it_was_given(unrendered: Sandbox, tmp_path: Path) -> None:
    """The order holds the place that a reframe gives its source; none where none was given."""
    given = {"x_norm": -0.5, "y_norm": 0.25, "w_norm": 1.5, "h_norm": 0.5}
    for place in (given, None):
        await order(
            unrendered, {"duration": None, "source_position": place}, type="video_reframe", aspect_ratio="1:1",
            source=inline(footage(tmp_path, (64, 36), 2)),
        )  # fmt: skip
        assert unrendered.server_state.books.creates()[-1].order_form["position"] == place


def test_a_source_lies_in_its_place(tmp_path: Path) -> None:
    """The source fills the right half of the lower half of its canvas, and nothing of it lies elsewhere."""
    place = {"x_norm": 0.5, "y_norm": 0.5, "w_norm": 0.5, "h_norm": 0.5}
    asked = score(tmp_path, width=96, height=96, position=place)
    painter.video_reframe(asked, tmp_path / "made.mp4", paused)
    shown = first(tmp_path / "made.mp4")
    assert np.abs(shown[60:84, 60:84].mean((0, 1)) - (230, 20, 20)).max() < 20
    assert np.abs(shown[8:32, 8:32].mean((0, 1)) - (230, 20, 20)).max() > 20
