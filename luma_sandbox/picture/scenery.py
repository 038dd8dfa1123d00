"""Painting of a prompt's scene: the choice of the place, and of the weather."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from luma_sandbox.picture import city, cosmos, interior, land, mood, water
from luma_sandbox.picture.easel import Easel
from luma_sandbox.picture.layer import Layer, grouped
from luma_sandbox.picture.sky import weather
from luma_sandbox.picture.stage import Stage

PLACES: dict[str, Callable[[Easel], list[Layer]]] = {
    "mountains": land.mountains,
    "meadow": land.meadow,
    "forest": land.forest,
    "desert": land.desert,
    "city": city.city,
    "sea": water.sea,
    "room": interior.room,
    "space": cosmos.space,
}
INDOORS = ("room", "space")


def paint(prompt: str, size: tuple[int, int], *, loop: bool = False, take: int = 1) -> Stage:
    """Paint the scene of a prompt for frames of that size, placed differently in each take. In a loop nothing drifts
    that would not return."""
    scene = mood.read(prompt, take)
    easel = Easel(size, scene)
    layers = PLACES[scene.place](easel)
    if scene.place not in INDOORS:
        layers += weather(easel, loop=loop)
    width, height = size
    columns, rows = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    corner = np.clip(columns[None, :] ** 2 * 0.55 + rows[:, None] ** 2 * 0.55 - 0.32, 0, 1)
    return Stage(size, grouped(layers), easel.mask(1 - 0.42 * corner))
