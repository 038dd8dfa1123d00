"""Water up to the horizon, with light on it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from luma_sandbox.picture import casting, figures
from luma_sandbox.picture.easel import Brush, Easel, Point
from luma_sandbox.picture.land import POINTS
from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.noise import line
from luma_sandbox.picture.sky import sky, sun_place

# Under a lighthouse.
ROCK: list[Point] = [
    (-0.3, -0.08), (-0.19, 0.02), (-0.1, 0.05), (0.08, 0.06), (0.17, 0.025), (0.26, 0.015), (0.42, -0.08),
]  # fmt: skip


def sea(easel: Easel) -> list[Layer]:
    """Paint water up to the horizon, with light on it."""
    p = easel.mood.palette
    horizon = 0.56
    light = casting.shown(easel, "lighthouse")
    layers = [sky(easel, horizon)]
    x, _ = sun_place(easel, horizon)
    far = (
        horizon
        + 0.004
        - 0.09 * line(easel.rng("headland"), POINTS, bumps=3) * np.clip(np.abs(easel.xs(POINTS) - x) * 2.4 - 0.35, 0, 1)
    )
    layers.append(
        easel.layer(
            0.12,
            easel.ground(far),
            easel.shaded(mix(p.far, p.horizon, 0.3), mix(p.far, p.horizon, 0.55), 0.45, horizon),
        )
    )
    deep = mix(mix(p.top, (10, 48, 66), 0.45), p.near, 0.25)
    water = np.asarray(
        easel.gradient(
            ((horizon, mix(p.horizon, deep, 0.3)), (horizon + 0.08, mix(p.middle, deep, 0.55)), (1.0, deep))
        ),
        np.float32,
    )
    swell = easel.noise("swell", 20, stretch=9, octaves=4) - 0.5
    rows = easel.ys(easel.canvas[1])
    near = np.clip((rows - horizon) / (1 - horizon), 0, 1)[:, None]
    water = water * (1 + (swell * (0.14 + 0.42 * near))[..., None])
    level = easel.ground(np.full(POINTS, horizon, np.float32))
    layers.append(easel.layer(0.22, level, Image.fromarray(np.clip(water, 0, 255).astype(np.uint8))))
    layers.append(_glitter(easel, "far glitter", horizon, x, 900, 0.0, 0.5, 0.24))

    if light:
        side = 0.3 if x > 0.5 else 0.68

        def tower(brush: Brush) -> None:
            brush.shape(side, horizon + 0.01, ROCK, 0.75)
            figures.lighthouse(brush, side, horizon - 0.03, 0.24)

        layers.append(easel.layer(0.32, easel.draw(tower), easel.shaded(mix(p.near, p.far, 0.3), p.near, 0.2, 0.7)))
        beam = easel.glow(side, horizon - 0.035 - 0.24 * 1.01 * easel.unit / easel.size[1], 0.09, 1.1)
        layers.append(easel.tint(0.32, easel.mask(beam * 0.95), (255, 240, 190)))
    layers.append(_glitter(easel, "near glitter", horizon, x, 420, 0.35, 1.0, 0.5))
    land = 0.84 if casting.needs_ground(easel) else 0.97
    shore = land - 0.07 * line(easel.rng("shore"), POINTS, bumps=4, roughness=0.6) * (
        0.35 + np.abs(easel.xs(POINTS) - x)
    )

    def foreground(brush: Brush) -> None:
        edge = [(float(a), float(b)) for a, b in zip(easel.xs(POINTS), shore, strict=True)]
        brush.polygon([*edge, (easel.right + 0.1, 1.6), (easel.left - 0.1, 1.6)])

    rocks = (easel.noise("rocks", 14) - 0.5) * 0.3
    layers.append(
        easel.layer(1.05, easel.draw(foreground), easel.shaded(mix(p.near, p.far, 0.16), p.near, 0.85, 1.05, rocks))
    )
    return layers


def _glitter(
    easel: Easel, name: str, horizon: float, sun: float, count: int, start: float, end: float, depth: float
) -> Layer:
    """Light on the waves: short strokes, dense below the sun, longer and rarer towards the shore."""
    rng = easel.rng(name)
    power = {"day": 0.75, "storm": 0.4, "night": 0.75, "neon": 0.8}.get(easel.mood.light, 1.0)

    def paint(brush: Brush) -> None:
        for _ in range(count):
            near = start + (end - start) * float(rng.random()) ** 1.7
            y = horizon + 0.004 + (1.02 - horizon) * near
            spread = 0.03 + 0.16 * near
            column = bool(rng.random() < 0.62)
            x = sun + float(rng.normal(0, spread)) if column else float(rng.uniform(easel.left, easel.right))
            half = (0.004 + 0.034 * near) * float(rng.uniform(0.4, 1.2))
            bright = int((235 if column else 70) * power * float(rng.uniform(0.25, 1.0)))
            brush.oval(x, y, 0, 0, half, 0.0009 + 0.0032 * near, 1.0, bright)

    return easel.tint(depth, easel.draw(paint), mix(easel.mood.palette.horizon, easel.mood.palette.sun, 0.6))
