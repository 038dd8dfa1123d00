"""A film whose middle scene is cut to its length: its seams are good, and what was bought earlier is used."""

from __future__ import annotations

from typing import Any

import pytest

from studio.library import LumaProvider
from studio.library.film import Film
from studio.report.seams import grade
from tests.support.shop import CHEAP, Shop

SCENES: list[dict[str, Any]] = [
    {"id": "a", "prompt": "a harbour at dawn"},
    {"id": "b", "prompt": "a boat leaves the harbour", "duration": 3, "continue_from": "a"},
    {"id": "c", "prompt": "the open sea", "continue_from": "b"},
]


def film(**fields: Any) -> dict[str, Any]:
    return {"title": "Joined", "model": "ray-flash-2", "resolution": "540p", "scenes": SCENES, **fields}


#: Clips of the tests are drawn coarsely: a seam that is seen by nobody has this likeness at least.
ALIKE = 0.95


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_scenes_that_are_cut_join(shop: Shop) -> None:
    """Bought as by an earlier version, the cut seam is poor, and stays so at no cost; with the parent whole it is good,
    at no cost; from the frame of the cut it is good, for the price of one scene."""
    async with LumaProvider() as luma:
        earlier = await luma.make_film(film(join="generation"), out="earlier")
        assert [seam.expected for seam in earlier.record.seams] == ["continued", "jumps"]
        assert (likeness(earlier) < ALIKE, grade(earlier.record.seams[1])) == (True, "poor")
        again = await luma.make_film(film(), out="again")
        assert (again.cost, again.record.seams, len(shop.creates)) == (0, earlier.record.seams, 3)
        assert any("was bought from the end of 'b'" in str(note) for note in again.record.notes)
        whole = await luma.make_film(film(join="whole"), out="whole")
        assert (whole.cost, frames(whole), likeness(whole) > ALIKE) == (0, 360, True)
        joined = await luma.make_film(film(join="frame"), out="joined")
        assert (joined.cost, frames(joined), likeness(joined) > ALIKE) == (CHEAP, 312, True)
        assert [seam.expected for seam in joined.record.seams] == ["continued", "frame"]
        assert shop.creates[-1]["request"]["keyframes"]["frame0"]["type"] == "image"


def likeness(film: Film) -> float:
    """The likeness of the pictures at the seam after the scene that is cut."""
    return film.record.seams[1].ssim or 0.0


def frames(film: Film) -> int:
    assert film.record.film is not None
    return film.record.film.frames
