"""Space: stars, a nebula, the ground of a world, and another one with its ring where it is named."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from luma_sandbox.picture.easel import Brush, Easel
from luma_sandbox.picture.land import POINTS
from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.noise import Floats, line
from luma_sandbox.picture.vocabulary import RGB

WORLDS = ("planet", "planets", "saturn", "world", "worlds", "orbit", "jupiter")  # a world is painted where one is named


def space(easel: Easel) -> list[Layer]:
    """Stars, a nebula, the ground of a world, and another one with its ring where it is named."""
    rng = easel.rng("space")
    hue = ((92, 40, 150), (30, 90, 150), (150, 50, 70))[int(rng.integers(3))]
    second = ((40, 150, 170), (200, 110, 60), (90, 60, 190))[int(rng.integers(3))]
    cloudy, veil = easel.noise("nebula", 2.2, stretch=1.6, octaves=6), easel.noise("veil", 3.4, octaves=6)
    rgb: Floats = np.asarray(easel.gradient(((-0.1, (4, 5, 14)), (1.1, (10, 10, 30)))), np.float32)
    rgb = rgb + (np.clip(cloudy - 0.42, 0, 1) ** 1.4 * 2.6)[..., None] * np.asarray(hue, np.float32)
    rgb = rgb + (np.clip(veil - 0.5, 0, 1) ** 1.6 * np.clip(cloudy * 1.6 - 0.4, 0, 1) * 3.4)[..., None] * np.asarray(
        second, np.float32
    )

    def stars(brush: Brush) -> None:
        for _ in range(900):
            x, y = rng.uniform(easel.left, easel.right), rng.uniform(-0.18, 1.18)
            brush.oval(x, y, 0, 0, 1, 1, 0.0006 + 0.0022 * rng.random() ** 7, int(50 + 205 * rng.random() ** 2))

    light = np.asarray(easel.draw(stars), np.float32)[..., None] / 255
    rgb = rgb + light * (np.asarray((250, 246, 255), np.float32) - rgb)
    layers = [easel.layer(0.05, None, Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)))]
    x, y, radius = float(rng.choice([0.32, 0.66])), float(rng.uniform(0.34, 0.42)), float(rng.uniform(0.2, 0.27))
    if not easel.mood.words.isdisjoint(WORLDS):
        layers += _planet(easel, x, y, radius, mix(second, (236, 210, 180), 0.5))
    crest = 0.93 - 0.07 * line(easel.rng("crater"), POINTS, bumps=4, roughness=0.5)

    def surface(brush: Brush) -> None:
        edge = [(float(a), float(b)) for a, b in zip(easel.xs(POINTS), crest, strict=True)]
        brush.polygon([*edge, (easel.right + 0.1, 1.6), (easel.left - 0.1, 1.6)])

    rock = (easel.noise("regolith", 12, stretch=1.8) - 0.5) * 0.8
    layers.append(
        easel.layer(
            0.95, easel.draw(surface), easel.shaded(mix(hue, (120, 116, 130), 0.55), (14, 13, 22), 0.86, 1.02, rock)
        )
    )
    return layers


def _planet(easel: Easel, x: float, y: float, radius: float, rgb: RGB) -> list[Layer]:
    """A world lit from one side, in bands, with a ring before and behind it."""
    columns = (np.arange(easel.canvas[0], dtype=np.float32) - easel.x(x)) / (radius * easel.unit)
    rows = (np.arange(easel.canvas[1], dtype=np.float32) - easel.y(y)) / (radius * easel.unit)
    across, down = (
        np.broadcast_to(columns[None, :], easel.canvas[::-1]),
        np.broadcast_to(rows[:, None], easel.canvas[::-1]),
    )
    square = across**2 + down**2
    height = np.sqrt(np.clip(1 - square, 0, 1))
    light = np.clip(-0.62 * across - 0.42 * down + 0.62 * height, 0.015, 1)
    tilted = down * 0.94 + across * 0.3
    bands = 0.5 + 0.5 * np.sin(tilted * 13 + 5.0 * easel.noise("bands", 5, stretch=5, octaves=4))
    body = np.asarray(mix(rgb, (255, 244, 226), 0.3), np.float32) * bands[..., None] + np.asarray(
        rgb, np.float32
    ) * 0.78 * (1 - bands[..., None])
    body = body * (light**0.85)[..., None]
    disc = easel.mask(easel.disc(x, y, radius))
    air = easel.mask(
        np.clip(np.exp(-np.clip(np.sqrt(square) - 1, 0, None) * 9), 0, 1)
        * np.clip(-0.6 * across - 0.4 * down + 0.5, 0, 1)
        * 0.55
    )
    layers = [
        easel.tint(0.12, air, mix(rgb, (255, 250, 255), 0.4)),
        easel.layer(0.13, disc, Image.fromarray(np.clip(body, 0, 255).astype(np.uint8))),
    ]
    tilt = -0.32
    along = across * math.cos(tilt) + down * math.sin(tilt)
    aside = (-across * math.sin(tilt) + down * math.cos(tilt)) / 0.2
    distance = np.sqrt(along**2 + aside**2)
    grooves = 0.55 + 0.45 * np.sin(distance * 46) * np.sin(distance * 19 + 1)
    ring: Floats = np.clip((distance - 1.32) * 12, 0, 1) * np.clip((2.15 - distance) * 9, 0, 1) * grooves * 0.72
    hidden = (aside < 0) & (square < 1)  # the far half passes behind the world
    shadow = np.where((along > 0.5) & (aside < 0), 0.35, 1.0)
    layers.append(easel.tint(0.14, easel.mask(np.where(hidden, 0, ring * shadow)), mix(rgb, (255, 246, 230), 0.5)))
    return layers
