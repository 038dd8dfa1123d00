"""How many pixels and frames a clip has. The 16:9 sizes are documented; the others keep their area (assumption)."""

from __future__ import annotations

FPS = 24

# Every width and height is even, as 4:2:0 wants it, and every ratio exact.
LANDSCAPE: dict[str, dict[str, tuple[int, int]]] = {
    "540p": {"16:9": (960, 540), "1:1": (720, 720), "4:3": (832, 624), "21:9": (1106, 474)},
    "720p": {"16:9": (1280, 720), "1:1": (960, 960), "4:3": (1104, 828), "21:9": (1470, 630)},
    "1080p": {"16:9": (1920, 1080), "1:1": (1440, 1440), "4:3": (1664, 1248), "21:9": (2212, 948)},
    "4k": {"16:9": (3840, 2160), "1:1": (2880, 2880), "4:3": (3328, 2496), "21:9": (4396, 1884)},
}
PORTRAIT = {"9:16": "16:9", "3:4": "4:3", "9:21": "21:9"}


def of(resolution: str, aspect_ratio: str) -> tuple[int, int]:
    """Width and height of a clip."""
    if aspect_ratio in PORTRAIT:
        width, height = LANDSCAPE[resolution][PORTRAIT[aspect_ratio]]
        return height, width
    return LANDSCAPE[resolution][aspect_ratio]


def tier_of(size: tuple[int, int], at_most: str = "4k") -> str:
    """The smallest tier that holds that many pixels, or ``at_most`` where none up to it does."""
    for tier in LANDSCAPE:
        if tier == at_most or size[0] * size[1] <= 1.05 * area(tier):
            return tier
    return at_most


def area(resolution: str) -> int:
    """The pixels of a tier."""
    width, height = LANDSCAPE[resolution]["16:9"]
    return width * height


def like(size: tuple[int, int], resolution: str) -> tuple[int, int]:
    """The tier's size of the same shape: one of the listed ones where the ratio is listed, else of the same area."""
    ratio = size[0] / size[1]
    for name in (*LANDSCAPE[resolution], *PORTRAIT):
        width, height = of(resolution, name)
        if abs(width / height / ratio - 1) < 0.012:
            return width, height
    height_f = (area(resolution) / ratio) ** 0.5
    return max(2, round(height_f * ratio / 2) * 2), max(2, round(height_f / 2) * 2)


def edited(size: tuple[int, int], at_most: str) -> tuple[int, int]:
    """The size of a source once it was edited: its own where it is no larger than that tier."""
    if size[0] * size[1] <= 1.05 * area(at_most):
        return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)
    return like(size, at_most)


def frames(seconds: int) -> int:
    """How many frames a clip of so many seconds has."""
    return seconds * FPS
