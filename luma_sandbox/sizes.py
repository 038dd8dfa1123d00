"""The pixels and frames of clips and stills.

The 16:9 sizes are documented. Of the others one was seen, 4:3 at 720p as 1152×864. From it follow 4:3 at the other
tiers, in proportion, and 3:4, transposed. All others keep the area of 16:9 (assumption `frame_sizes`).
"""

from __future__ import annotations

FPS = 24

# Every width and height is even, as 4:2:0 requires, and every ratio exact.
LANDSCAPE: dict[str, dict[str, tuple[int, int]]] = {
    "540p": {"16:9": (960, 540), "1:1": (720, 720), "4:3": (864, 648), "21:9": (1106, 474)},
    "720p": {"16:9": (1280, 720), "1:1": (960, 960), "4:3": (1152, 864), "21:9": (1470, 630)},
    "1080p": {"16:9": (1920, 1080), "1:1": (1440, 1440), "4:3": (1728, 1296), "21:9": (2212, 948)},
    "4k": {"16:9": (3840, 2160), "1:1": (2880, 2880), "4:3": (3456, 2592), "21:9": (4396, 1884)},
}
PORTRAIT = {"9:16": "16:9", "3:4": "4:3", "9:21": "21:9"}
STILLS = LANDSCAPE["1080p"] | {"4:3": (1664, 1248)}  # all of the same area (assumption `image_size`)
ROOM = 1.1  # factor by which a size may exceed its tier's 16:9 area; 4:3 does by 1.08


def of(resolution: str, aspect_ratio: str) -> tuple[int, int]:
    """Width and height of a clip."""
    return _turned(LANDSCAPE[resolution], aspect_ratio)


def still(aspect_ratio: str) -> tuple[int, int]:
    """Width and height of a still."""
    return _turned(STILLS, aspect_ratio)


def _turned(sizes: dict[str, tuple[int, int]], aspect_ratio: str) -> tuple[int, int]:
    if aspect_ratio in PORTRAIT:
        width, height = sizes[PORTRAIT[aspect_ratio]]
        return height, width
    return sizes[aspect_ratio]


def tier_of(size: tuple[int, int], at_most: str = "4k") -> str:
    """The smallest tier with at least that many pixels; ``at_most`` if there is none up to it."""
    for tier in LANDSCAPE:
        if tier == at_most or size[0] * size[1] <= ROOM * area(tier):
            return tier
    return at_most


def area(resolution: str) -> int:
    """The number of pixels of a tier."""
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
    """The size of an edited source: its own if it is no larger than that tier."""
    if size[0] * size[1] <= ROOM * area(at_most):
        return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)
    return like(size, at_most)


def frames(seconds: int) -> int:
    """The number of frames of a clip of this many seconds."""
    return seconds * FPS
