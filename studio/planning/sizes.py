"""Tiers of resolution, by their pixels."""

from __future__ import annotations

#: Pixels of the tiers at 16:9; other shapes have about the same area.
TIER_PIXELS = {
    "360p": 640 * 360, "540p": 960 * 540, "720p": 1280 * 720, "1080p": 1920 * 1080, "4k": 3840 * 2160
}  # fmt: skip
#: Factor by which a size of a tier may exceed that: 4:3 at 720p came as 1152×864, which is 1.08 times as much.
ROOM = 1.1
#: A modified or reframed clip of the first API keeps its source's size up to here (known from documents only).
EDIT_MOST = "720p"


def tier_of(width: int, height: int) -> str:
    """The smallest tier of the first API that holds a picture of that size, with a little room for odd shapes."""
    able = [tier for tier, pixels in TIER_PIXELS.items() if tier != "360p" and width * height <= pixels * ROOM]
    return able[0] if able else "4k"


def smaller(tier: str, other: str) -> str:
    """The one with fewer pixels."""
    return min(tier, other, key=TIER_PIXELS.__getitem__)
