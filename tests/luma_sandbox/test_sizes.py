"""The sizes of clips and stills: what is documented, what was seen, and what follows from it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from luma_sandbox import sizes

TIERS = ("540p", "720p", "1080p", "4k")
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")


def test_4_3_as_it_was_seen() -> None:
    """4:3 at 720p is 1152×864; 3:4 is its transpose, and the other tiers are in proportion."""
    assert sizes.of("720p", "4:3") == (1152, 864)
    assert sizes.of("720p", "3:4") == (864, 1152)
    for tier in TIERS:
        scale = Fraction(sizes.of(tier, "16:9")[0], 1280)
        assert sizes.of(tier, "4:3") == (1152 * scale, 864 * scale)


def test_a_still_keeps_its_area() -> None:
    """Nobody has seen a still of another size than that of its area: 4:3 as well."""
    assert (sizes.still("16:9"), sizes.still("4:3"), sizes.still("3:4")) == ((1920, 1080), (1664, 1248), (1248, 1664))


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("ratio", RATIOS)
def test_every_size_is_of_its_tier(tier: str, ratio: str) -> None:
    """A clip of a tier is known as one of that tier again, keeps its size where it is edited, and is even."""
    width, height = size = sizes.of(tier, ratio)
    assert width % 2 == height % 2 == 0
    assert sizes.tier_of(size) == tier
    assert sizes.edited(size, tier) == sizes.like(size, tier) == size
