"""Clips whose colours drift: a bit off the frame that they begin on, the same each time, and only when asked for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from luma_sandbox import renderer
from luma_sandbox.picture import drift, planes, stage
from luma_sandbox.picture.scenery import paint
from tests.support.decoding import score

CHAIN = ("a harbour at dawn", "a boat leaves the harbour", "the open sea", "an island with palm trees")


def colours(picture: planes.Picture) -> NDArray[np.float64]:
    """The mean colour of a picture, in levels of its planes."""
    return np.array([np.asarray(plane, np.float64).mean() for plane in (picture.y, picture.u, picture.v)])


def levels(picture: planes.Picture) -> NDArray[np.float64]:
    """All values of a picture's planes."""
    return np.concatenate([np.asarray(plane, np.float64).ravel() for plane in (picture.y, picture.u, picture.v)])


def work(folder: Path, name: str, told: tuple[str, ...], **more: Any) -> Any:
    """The clip that goes on from a chain of these prompts, ready to be drawn."""
    before = {"kind": "clip", "path": str(folder / "first.mp4"), "told": told}
    return renderer.compose(score(folder, name, frames=24, start=before, **more))


@pytest.fixture
def first(tmp_path: Path) -> Path:
    renderer.render(score(tmp_path, "first", frames=24, prompt=CHAIN[0]))
    return tmp_path


def test_a_continuation_is_off_the_frame_that_it_begins_on(first: Path) -> None:
    """By more than encoding does, the same each time, and otherwise for another prompt; its camera and its things are
    those that it has without drift."""
    plain = work(first, "plain", CHAIN[:1], prompt=CHAIN[1]).frame(0, captioned=False)
    once, again = (
        work(first, "next", CHAIN[:1], prompt=CHAIN[1], drift=1.0).frame(0, captioned=False) for _ in range(2)
    )
    assert once.to_bytes() == again.to_bytes()
    assert np.abs(colours(once) - colours(plain)).max() > 2
    other = work(first, "other", CHAIN[:1], prompt=CHAIN[3], drift=1.0).frame(0, captioned=False)
    assert np.abs(levels(once) - levels(other)).mean() > 1
    half = work(first, "half", CHAIN[:1], prompt=CHAIN[1], drift=0.5).frame(0, captioned=False)
    assert np.abs(colours(half) - colours(plain)).max() < np.abs(colours(once) - colours(plain)).max()


def test_drift_adds_up_along_a_chain(first: Path) -> None:
    """What a later clip shows anew has the drift of all links before it, and its own."""
    plain = work(first, "plain", CHAIN[:3], prompt=CHAIN[3]).frame(23, captioned=False)
    drifted = work(first, "far", CHAIN[:3], prompt=CHAIN[3], drift=1.0).frame(23, captioned=False)
    expected = plain
    for before, prompt in itertools.pairwise(CHAIN):
        expected = drift.drift(1.0, before, prompt).over(expected)
    assert np.abs(colours(drifted) - colours(expected)).max() < 1
    assert np.abs(colours(drifted) - colours(plain)).max() > 4


def test_what_begins_on_no_frame_does_not_drift(tmp_path: Path) -> None:
    """A first clip has the same bytes with and without; so has any clip at an amount of 0."""
    plain = renderer.render(score(tmp_path, "plain", frames=12))
    assert renderer.render(score(tmp_path, "first", frames=12, drift=1.0)) == plain
    begun = {"kind": "clip", "path": str(tmp_path / "plain.mp4")}
    without = renderer.render(score(tmp_path, "without", frames=12, start=begun))
    assert renderer.render(score(tmp_path, "none", frames=12, start=begun, drift=0)) == without
    assert renderer.render(score(tmp_path, "drifted", frames=12, start=begun, drift=1.0)) != without


def test_no_drift_leaves_a_picture_as_it_is() -> None:
    """An amount of 0 changes no byte."""
    picture = stage.at_rest(paint("a lake at dawn", (96, 54)))
    assert drift.drift(0, "any").over(picture).to_bytes() == picture.to_bytes()
