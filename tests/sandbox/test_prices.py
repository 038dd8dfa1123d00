"""What the service would charge."""

from __future__ import annotations

import pytest

from studio.sandbox import prices, sizes

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
    """Every size is even, has its ratio, and about the area of its tier's 16:9 size."""
    width, height = sizes.of(resolution, ratio)
    across, up = map(int, ratio.split(":"))
    assert width % 2 == height % 2 == 0
    assert width / height == pytest.approx(across / up, rel=0.01)
    assert width * height == pytest.approx(prices.TIER_PIXELS[resolution], rel=0.02)
