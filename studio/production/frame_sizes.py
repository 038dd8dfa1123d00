"""Frame sizes in pixels, as the shapes and resolutions that are nearest to them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from studio.production.field_types import Resolution


def nearest_ratio(width: int, height: int, ratios: Sequence[str]) -> str:
    """The ratio with the nearest shape; portrait and landscape alike, so compared by quotient, not by difference."""

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        return abs(math.log(width / height * down / across))

    return min(ratios, key=distance)


def covering(width: int, height: int) -> Resolution:
    """The resolution tier for a frame size, by its shorter side."""
    short = min(width, height)
    return "4k" if short >= 2160 else "1080p" if short >= 1080 else "720p" if short >= 720 else "540p"
