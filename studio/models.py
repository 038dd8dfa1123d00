"""What each video model can make: which API sells it, which clip lengths and resolutions it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations_with_replacement
from math import ceil

from studio.errors import BadInput


@dataclass(frozen=True)
class VideoModel:
    """``lengths`` in whole seconds, shortest first."""

    name: str
    api: str
    lengths: tuple[int, ...]
    resolutions: tuple[str, ...]


MODELS = {
    m.name: m
    for m in (
        VideoModel("ray-2", "dream-machine", (5, 9), ("540p", "720p", "1080p", "4k")),
        VideoModel("ray-flash-2", "dream-machine", (5, 9), ("540p", "720p", "1080p", "4k")),
    )
}
DRAFT_MODEL, DRAFT_RESOLUTION = "ray-flash-2", "540p"


def video_model(name: str) -> VideoModel:
    """The model of that name. Raises BadInput that lists the models."""
    try:
        return MODELS[name]
    except KeyError:
        raise BadInput(f"no model '{name}'", hint=f"models: {', '.join(MODELS)}") from None


def clip_lengths(model: VideoModel, wanted: Fraction, price: Callable[[int], Decimal]) -> tuple[int, ...]:
    """The cheapest clips that together last at least ``wanted`` seconds; of equal price the fewest, longest first.

    ``price`` gives USD for one clip of so many seconds.
    """
    most = max(1, ceil(wanted / model.lengths[0]))
    fewest = max(1, ceil(wanted / model.lengths[-1]))
    options = (
        combination
        for count in range(fewest, most + 1)
        for combination in combinations_with_replacement(sorted(model.lengths, reverse=True), count)
        if sum(combination) >= wanted
    )
    return min(options, key=lambda lengths: (sum(map(price, lengths)), len(lengths), sum(lengths)))
