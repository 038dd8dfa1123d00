"""The prices that the service would charge."""

from __future__ import annotations

import pytest

from luma_sandbox import prices, sizes

DOCUMENTED = [
    ("ray-2", "540p", 40, 72), ("ray-2", "720p", 71, 127), ("ray-2", "1080p", 159, 287), ("ray-2", "4k", 637, 1147),
    ("ray-flash-2", "540p", 14, 25), ("ray-flash-2", "720p", 24, 44), ("ray-flash-2", "1080p", 55, 99),
    ("ray-flash-2", "4k", 219, 394),
]  # fmt: skip


@pytest.mark.parametrize(("model", "resolution", "five", "nine"), DOCUMENTED)
def test_every_documented_price(model: str, resolution: str, five: int, nine: int) -> None:
    """The formula reproduces the documented table to the cent."""
    assert prices.video(model, resolution, 5) == five
    assert prices.video(model, resolution, 9) == nine


@pytest.mark.parametrize("resolution", ["540p", "720p", "1080p", "4k"])
@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"])
def test_sizes_have_their_ratio_and_area(resolution: str, ratio: str) -> None:
    """Every size is even, has its ratio, and about the area of its tier's 16:9 size; 4:3, as seen, 1.08 of it."""
    width, height = sizes.of(resolution, ratio)
    across, up = map(int, ratio.split(":"))
    assert width % 2 == height % 2 == 0
    assert width / height == pytest.approx(across / up, rel=0.01)
    area = prices.TIER_PIXELS[resolution] * (1.08 if ratio in ("4:3", "3:4") else 1)
    assert width * height == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize(
    ("model", "resolution", "five"),
    [("ray-2", "540p", 98), ("ray-2", "720p", 175), ("ray-flash-2", "540p", 34), ("ray-flash-2", "720p", 60)],
)
def test_edits_cost_their_rate(model: str, resolution: str, five: int) -> None:
    """Five seconds of modified or reframed footage cost pixels times the documented rate."""
    assert prices.edit(model, resolution, 120) == five


def test_an_edit_is_settled_by_its_source() -> None:
    """The price becomes that of the source's length and tier; capped, of no tier above the one edits have."""
    form = {"model": "ray-2", "at_most": "720p", "priced_by": "source"}
    sources = [(320, 180, 120), (1280, 720, 240), (1920, 1080, 240)]
    cents = [
        prices.settled(form, {"source": {"width": width, "height": height, "frames": frames}})
        for width, height, frames in sources
    ]
    assert cents == [98, 350, 787]
    large = {"source": {"width": 1920, "height": 1080, "frames": 240}}
    assert prices.settled(form | {"priced_by": "capped"}, large) == 350
    assert prices.settled(form | {"priced_by": "create"}, {"source": {}}) is None
    assert prices.settled({}, {}) is None


@pytest.mark.parametrize(
    ("size", "like"), [((960, 540), (1280, 720)), ((474, 1106), (630, 1470)), ((500, 250), (1358, 678))]
)
def test_larger_sizes_keep_their_shape(size: tuple[int, int], like: tuple[int, int]) -> None:
    """A listed ratio gives the listed size of the larger tier, any other one the same area in its own ratio."""
    assert sizes.like(size, "720p") == like
