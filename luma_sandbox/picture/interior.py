"""Indoors: a wall and lit windows; where something is served, lamps, and a table with something steaming on it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PIL import Image

from luma_sandbox.picture import casting
from luma_sandbox.picture.easel import Brush, Easel
from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.noise import Floats
from luma_sandbox.picture.sky import DARK, weather
from luma_sandbox.picture.vocabulary import RGB, words

# In such rooms lamps hang over a counter, bottles stand on a shelf, and there is a cup if nothing else is named.
SERVES = words("cafe café coffee bar diner restaurant bakery pub tavern inn saloon canteen cafeteria barista bartender")


def room(easel: Easel) -> list[Layer]:
    """Paint a wall and lit windows; where something is served, lamps, and a table with something steaming on it."""
    p = easel.mood.palette
    dark = easel.mood.light in (*DARK, "storm")
    outside = _outside(easel)
    serves = not easel.mood.words.isdisjoint(SERVES)
    wood, wall = ((46, 28, 24), (84, 58, 48)) if dark else ((74, 44, 32), (142, 100, 74))
    wall = mix(wall, p.middle, 0.16)
    rng = easel.rng("room")
    count = 2 if easel.size[0] > easel.size[1] else 1
    span = (0.24, 0.76) if count == 2 else (0.5, 0.5)
    wide = 0.34 if count == 2 else 0.62
    panes = [(span[0] + (span[1] - span[0]) * n / max(1, count - 1)) for n in range(count)]

    def walls(brush: Brush) -> None:
        brush.polygon(
            [(easel.left - 0.1, -0.4), (easel.right + 0.1, -0.4), (easel.right + 0.1, 1.5), (easel.left - 0.1, 1.5)]
        )
        for middle in panes:
            brush.polygon(
                [
                    (middle - wide / 2, 0.08),
                    (middle + wide / 2, 0.08),
                    (middle + wide / 2, 0.62),
                    (middle - wide / 2, 0.62),
                ],
                0,
            )
            brush.line([(middle, 0.08), (middle, 0.62)], 0.012)
            brush.line([(middle - wide / 2, 0.27), (middle + wide / 2, 0.27)], 0.009)

    plaster = (easel.noise("plaster", 5) - 0.5) * 0.14
    rgb = np.asarray(easel.shaded(mix(wall, wood, 0.55), wall, -0.1, 0.62, plaster), np.float32)
    for middle in panes:
        rgb = rgb + easel.glow(middle, 0.36, 0.62, 1.6)[..., None] * (np.asarray(p.horizon, np.float32) * 0.34)
    mask = easel.draw(walls)
    layers = [outside]
    if easel.mood.weather in ("rain", "snow"):
        layers.append(_still(weather(easel, loop=True)[0], easel.canvas))  # outside the window
    layers.append(easel.layer(0.36, mask, Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))))

    def frames(brush: Brush) -> None:
        for middle in panes:
            a, b = middle - wide / 2, middle + wide / 2
            brush.line([(a, 0.08), (b, 0.08), (b, 0.62), (a, 0.62), (a, 0.08)], 0.016)
        brush.polygon(
            [(easel.left - 0.1, 0.655), (easel.right + 0.1, 0.655), (easel.right + 0.1, 1.5), (easel.left - 0.1, 1.5)]
        )
        if serves and not any(named.drawing in ("mirror", "painting") for named in easel.mood.cast):
            _shelf(easel, brush, 0.5 if count == 2 else 0.12)

    panel = (easel.noise("panel", 3, stretch=0.12, octaves=4) - 0.5) * 0.3
    layers.append(
        easel.layer(
            0.4, easel.draw(frames), easel.shaded(mix(wood, p.horizon, 0.12), mix(wood, p.near, 0.35), 0.6, 1.0, panel)
        )
    )
    if serves:
        layers += _pendants(easel, rng, mix((255, 206, 132), p.sun, 0.15))
    laid, bare = casting.on_table(easel), serves and not easel.mood.cast
    if laid or bare or casting.shown(easel, "table"):
        layers += _table(easel, wood, casting.TABLE if laid else 0.9, cup=bare)
    return layers


def _outside(easel: Easel) -> Layer:
    """The view behind the windows: out of focus, in the light of the hour."""
    p = easel.mood.palette
    rng = easel.rng("outside")
    rgb: Floats = np.asarray(
        easel.gradient(((0.0, p.middle), (0.35, mix(p.horizon, p.sun, 0.2)), (0.62, mix(p.horizon, p.far, 0.45)))),
        np.float32,
    )
    sun_x, sun_y = float(rng.uniform(0.25, 0.75)), 0.3
    rgb = rgb + easel.glow(sun_x, sun_y, 0.34, 1.2)[..., None] * (np.asarray(p.sun, np.float32) - rgb) * 0.85

    def roofs(brush: Brush) -> None:
        x = easel.left
        while x < easel.right:
            wide = float(rng.uniform(0.06, 0.16))
            brush.box(x, 0.75, wide, 0.75 - float(rng.uniform(0.36, 0.52)))
            x += wide * easel.unit / easel.size[0]

    far = np.asarray(easel.blur(easel.draw(roofs), 0.012), np.float32)[..., None] / 255
    rgb = rgb * (1 - far * 0.6) + np.asarray(p.far, np.float32) * far * 0.6

    def lights(brush: Brush) -> None:
        for _ in range(60):
            x, y = float(rng.uniform(easel.left, easel.right)), float(rng.uniform(0.36, 0.64))
            brush.oval(x, y, 0, 0, 1, 1, float(rng.uniform(0.008, 0.024)), int(rng.uniform(40, 190)))

    points = np.asarray(easel.blur(easel.draw(lights), 0.0025), np.float32)[..., None] / 255
    strength = 0.9 if easel.mood.light in (*DARK, "storm", "dusk") else 0.4
    rgb = rgb + points * strength * (np.asarray(mix(p.accent, (255, 226, 170), 0.5), np.float32) - rgb * 0.5)
    return easel.layer(0.1, None, Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)))


def _still(layer: Layer, canvas: tuple[int, int]) -> Layer:
    """Rain or snow that stands still, far away."""
    mask = layer.mask.crop((0, 0, *canvas)) if layer.mask is not None else None
    return replace(layer, depth=0.1, drift=(0.0, 0.0), mask=mask)


def _shelf(easel: Easel, brush: Brush, middle: float) -> None:
    """Bottles and a plant on a board."""
    rng = easel.rng("shelf")
    across = easel.unit / easel.size[0]
    half = 0.085 if middle == 0.5 else 0.07
    for board in (0.24, 0.4):
        brush.polygon(
            [
                (middle - half, board),
                (middle + half, board),
                (middle + half, board + 0.012),
                (middle - half, board + 0.012),
            ]
        )
        x = middle - half + 0.008
        while x < middle + half - 0.02:
            wide, high = float(rng.uniform(0.014, 0.03)), float(rng.uniform(0.03, 0.085))
            brush.box(x, board, wide, high * 0.72)
            brush.box(x + wide * across * 0.33, board - 0.01, wide * 0.34, high)
            x += (wide + float(rng.uniform(0.006, 0.02))) * across


def _pendants(easel: Easel, rng: np.random.Generator, light: RGB) -> list[Layer]:
    """A row of hanging lamps, and their light."""
    places = [(0.18, 0.2), (0.5, 0.17), (0.82, 0.21)] if easel.size[0] > easel.size[1] else [(0.26, 0.2), (0.72, 0.18)]
    places = [(x + float(rng.uniform(-0.015, 0.015)), y + float(rng.uniform(-0.015, 0.015))) for x, y in places]

    def shades(brush: Brush) -> None:
        for x, y in places:
            brush.line([(x, -0.4), (x, y - 0.05)], 0.0032)
            brush.shape(
                x, y, [(-0.012, 0.075), (0.012, 0.075), (0.02, 0.05), (0.062, 0.0), (-0.062, 0.0), (-0.02, 0.05)], 1.0
            )

    glow: Floats = np.zeros(easel.canvas[::-1], np.float32)
    for x, y in places:
        near = np.maximum(easel.glow(x, y + 0.014, 0.34, 1.0) * 0.5, easel.glow(x, y + 0.01, 0.042, 2.0))
        glow = np.maximum(glow, near)
    shade = easel.shaded((34, 24, 24), (58, 38, 30), 0.05, 0.25)
    return [easel.layer(0.8, easel.draw(shades), shade), easel.tint(0.8, easel.mask(glow), light)]


def _table(easel: Easel, wood: RGB, top: float, *, cup: bool) -> list[Layer]:
    """The table in front; on it, unless something else is, a cup and its steam."""
    p = easel.mood.palette
    rng = easel.rng("table")
    x = float(rng.choice([0.24, 0.76]))

    def board(brush: Brush) -> None:
        brush.polygon(
            [(easel.left - 0.1, top), (easel.right + 0.1, top), (easel.right + 0.1, 1.6), (easel.left - 0.1, 1.6)]
        )

    grain = (easel.noise("grain", 26, stretch=14, octaves=4) - 0.5) * 0.34
    shine = easel.glow(0.5, top, 0.9, 1.4) * 0.5
    surface = easel.shaded(mix(wood, p.horizon, 0.3), mix(wood, p.near, 0.5), top, 1.06, grain + shine)

    table = easel.layer(1.18, easel.draw(board), surface)
    if not cup:
        return [table]

    def china_cup(brush: Brush) -> None:
        brush.oval(x, top + 0.035, 0, 0, 0.1, 0.016, 1.0)
        brush.shape(
            x,
            top + 0.035,
            [(-0.06, 0.095), (-0.055, 0.04), (-0.03, 0.008), (0.03, 0.008), (0.055, 0.04), (0.06, 0.095)],
            1.0,
        )
        brush.oval(x, top + 0.035, 0, 0.095, 0.06, 0.011, 1.0)
        brush.oval(x, top + 0.035, 0.068, 0.06, 0.027, 0.026, 1.0)

    def hole(brush: Brush) -> None:
        brush.oval(x, top + 0.035, 0, 0.094, 0.052, 0.008, 1.0)
        brush.oval(x, top + 0.035, 0.069, 0.06, 0.015, 0.015, 1.0)

    rim = easel.glow(x - 0.025, top - 0.02, 0.12, 1.5) * 0.6 - 0.15
    china = easel.shaded(
        mix((236, 226, 212), p.near, 0.38), mix((150, 132, 120), p.near, 0.5), top - 0.06, top + 0.05, rim
    )
    layers = [
        table,
        easel.layer(1.2, easel.draw(china_cup), china),
        easel.tint(1.2, easel.draw(hole), (38, 22, 16)),
    ]

    def steam(brush: Brush) -> None:
        for strand in range(4):
            phase, start = float(rng.uniform(0, 6)), x + (strand - 1.5) * 0.012
            points = [
                (start + 0.016 * math.sin(phase + 9 * t) * (0.3 + t), top - 0.06 - 0.3 * t)
                for t in np.linspace(0, 1, 40)
            ]
            brush.line(points, 0.012, 150)

    rows = easel.ys(easel.canvas[1])
    fade = np.clip((rows - 0.52) / 0.3, 0, 1)[:, None]
    wisps = easel.mask(np.asarray(easel.blur(easel.draw(steam), 0.011), np.float32) / 255 * fade * 0.5)
    layers.append(easel.tint(1.19, wisps, mix((255, 246, 232), p.horizon, 0.2)))
    return layers
