"""Painting of a prompt's scene: the choice of the place, who and what is in it, and the weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from luma_sandbox.picture import backdrop, casting, city, cosmos, interior, land, mood, water
from luma_sandbox.picture.easel import Easel
from luma_sandbox.picture.layer import Layer, grouped, joining
from luma_sandbox.picture.named import behind
from luma_sandbox.picture.sky import weather
from luma_sandbox.picture.stage import Stage
from luma_sandbox.picture.vocabulary import PLAIN_PLACE

PLACES: dict[str, Callable[[Easel], list[Layer]]] = {
    "mountains": land.mountains,
    "meadow": land.meadow,
    "forest": land.forest,
    "desert": land.desert,
    "city": city.city,
    "sea": water.sea,
    "room": interior.room,
    "space": cosmos.space,
    PLAIN_PLACE: backdrop.plain,
}
FOREGROUND = 1.1  # layers nearer than this stay in front of the cast
IN_MIST = 0.84  # the same in a forest, where the nearest mist is in front of it


def paint(
    prompt: str, size: tuple[int, int], *, loop: bool = False, take: int = 1, before: tuple[str, ...] = (),
    figure: bool = False,
) -> Stage:  # fmt: skip
    """Paint the scene of a prompt for frames of that size, placed differently in each take. In a loop nothing drifts
    that would not return. ``before`` are the prompts of the clips that it continues (see mood.py). With a ``figure``
    the first person is left out, because a picture of it will stand in front."""
    scene = mood.read(prompt, take, before)
    return _painted(replace(scene, cast=behind(scene.cast)) if figure else scene, size, loop=loop)


def setting(prompt: str, size: tuple[int, int], *, take: int = 1) -> Stage:
    """Paint the place of a prompt without anybody in it."""
    return _painted(replace(mood.read(prompt, take), cast=()), size, loop=False)


def _painted(scene: mood.Mood, size: tuple[int, int], *, loop: bool) -> Stage:
    easel = Easel(size, scene)
    layers = PLACES[scene.place](easel)
    standing, near = casting.layers(easel, loop=loop)
    nearest = IN_MIST if scene.place == "forest" else FOREGROUND
    place = next((n for n, layer in enumerate(layers) if layer.depth > nearest), len(layers))
    behind, in_front = layers[:place], layers[place:]
    for layer in standing:
        behind.append(replace(layer, depth=joining(behind, layer.depth)) if layer.whole else layer)
    layers = [*behind, *in_front, *near]
    if scene.place not in mood.INDOORS:
        layers += weather(easel, loop=loop)
    width, height = size
    columns, rows = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    corner = np.clip(columns[None, :] ** 2 * 0.55 + rows[:, None] ** 2 * 0.55 - 0.32, 0, 1)
    dark = 0.42 if scene.place != PLAIN_PLACE else 0.0
    return Stage(size, grouped(layers), easel.mask(1 - dark * corner) if dark else None)
