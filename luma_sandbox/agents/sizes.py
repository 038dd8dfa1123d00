"""Sizes in pixels of the Luma Agents API's clips and stills. Only the tiers' heights at 16:9 are documented."""

from __future__ import annotations

TIERS = {"360p": 640 * 360, "540p": 960 * 540, "720p": 1280 * 720, "1080p": 1920 * 1080}
WIDEST = 3.0  # the longest shape, 3:1 as for stills; a longer source or frame is cropped to it
STILL = 2048  # the longer side of an image: "2048-pixel (2K)"


def clip(resolution: str, ratio: float) -> tuple[int, int]:
    """Width and height of a clip of that ratio: the area of its tier, both even."""
    height = (TIERS[resolution] / ratio) ** 0.5
    return max(2, round(height * ratio / 2) * 2), max(2, round(height / 2) * 2)


def still(ratio: float) -> tuple[int, int]:
    """Width and height of a still of that ratio, both even."""
    return (STILL, round(STILL / ratio / 2) * 2) if ratio >= 1 else (round(STILL * ratio / 2) * 2, STILL)


def ratio_of(name: str) -> float:
    """Convert `16:9` to a number."""
    width, _, height = name.partition(":")
    return int(width) / int(height)
