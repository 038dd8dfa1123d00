"""The city: rows of buildings with lit windows, signs, lanterns, and a shining street."""

from __future__ import annotations

import numpy as np
from PIL import Image

from luma_sandbox.picture.easel import Brush, Easel
from luma_sandbox.picture.land import lamps
from luma_sandbox.picture.layer import Layer, merged
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.planes import Picture
from luma_sandbox.picture.sky import DARK, mist, sky
from luma_sandbox.picture.vocabulary import RGB

SIGNS: tuple[RGB, ...] = ((255, 64, 129), (64, 224, 255), (255, 176, 64), (150, 96, 255), (80, 255, 170))


def city(easel: Easel) -> list[Layer]:
    """Paint rows of buildings with lit windows, and a shining street."""
    p = easel.mood.palette
    dark = easel.mood.light in (*DARK, "dusk", "storm", "dawn")
    wet = easel.mood.weather == "rain" or easel.mood.light in DARK
    warm: RGB = (255, 208, 130)
    layers = [sky(easel, 0.72)]
    street = 0.86
    for index, (tall, width, depth) in enumerate(((0.44, 0.05, 0.14), (0.54, 0.075, 0.28), (0.66, 0.12, 0.5))):
        blocks, windows = _blocks(easel, f"blocks {index}", tall, width, street, index)
        tone = mix(mix(p.far, p.near, 0.12 + 0.3 * index), p.horizon, 0.2 - 0.09 * index)
        grime = (easel.noise(f"grime {index}", 8, stretch=0.4) - 0.5) * 0.16
        layers.append(
            easel.layer(
                depth,
                blocks,
                easel.shaded(tone, mix(tone, p.horizon, 0.3 - 0.07 * index), street - tall, street, grime),
            )
        )
        strength = (0.35, 0.6, 0.95)[index] * (1.0 if dark else 0.35)
        layers.append(easel.tint(depth, windows.point([int(v * strength) for v in range(256)]), mix(warm, p.sun, 0.2)))
        layers.append(
            mist(
                easel,
                street - 0.04,
                0.14,
                0.42 - 0.1 * index,
                depth + 0.04,
                mix(p.horizon, p.middle, 0.3),
            )
        )
    if easel.mood.light == "neon" or not easel.mood.words.isdisjoint(("sign", "signs")):
        layers += _neon_signs(easel, 0.52)
    layers.append(_pavement(easel, layers, street, 0.62 if wet else 0.22))
    layers += _lanterns(easel, street, dark)
    return layers


def _blocks(
    easel: Easel, name: str, tall: float, width: float, street: float, index: int
) -> tuple[Image.Image, Image.Image]:
    """Towers and their lit windows, as two masks."""
    rng = easel.rng(name)
    across = easel.unit / easel.size[0]
    upward = easel.unit / easel.size[1]
    plan = []
    x = easel.left - 0.02
    while x < easel.right:
        wide = width * float(rng.uniform(0.6, 1.5))
        middle = x + wide * across / 2
        valley = 0.45 + 0.55 * min(1.0, abs(middle - 0.5) * 2.2) if index else 1.0  # the middle opens to the sky
        plan.append((x, wide, tall * float(rng.uniform(0.5, 1.0)) * valley, int(rng.integers(5))))
        x += wide * across * float(rng.uniform(0.92, 1.1))

    def towers(brush: Brush) -> None:
        for left, wide, high, kind in plan:
            brush.box(left, street + 0.2, wide, high + 0.2 / upward)
            top = street - high * upward
            if kind in (0, 1):
                brush.box(left + wide * across * 0.2, top, wide * 0.6, 0.035)
            if kind == 1:
                brush.box(left + wide * across * 0.36, top - 0.03 * upward, wide * 0.28, 0.03)
            if kind in (1, 2):
                brush.line([(left + wide * across / 2, top), (left + wide * across / 2, top - 0.09 * upward)], 0.003)
            if kind == 3 and index:
                brush.box(left + wide * across * 0.6, top, 0.02, 0.028)

    def windows(brush: Brush) -> None:
        size = (0.005, 0.0075, 0.0115)[index]
        for left, wide, high, _ in plan:
            share = float(rng.uniform(0.12, 0.55))
            columns, floors = max(1, int(wide / (size * 2.3))), int(high / (size * 2.9))
            for column in range(columns):
                for floor in range(1, floors):
                    if rng.random() < share:
                        brush.box(
                            left + (0.5 + column) * wide * across / columns - size * across / 2,
                            street - (high - floor * size * 2.9) * upward,
                            size,
                            size * 1.5,
                            int(rng.uniform(70, 255)),
                        )

    shapes = easel.draw(towers)
    lights = Image.composite(easel.draw(windows), Image.new("L", shapes.size, 0), shapes)
    return shapes, lights


def _neon_signs(easel: Easel, depth: float) -> list[Layer]:
    rng = easel.rng("signs")
    layers: list[Layer] = []
    colours = list(SIGNS)
    rng.shuffle(colours)
    for number in range(4 if easel.mood.light == "neon" else 2):
        x, y = (
            float(rng.choice([rng.uniform(0.03, 0.3), rng.uniform(0.7, 0.97)])),
            0.86 - float(rng.uniform(0.2, 0.48)) * easel.unit / easel.size[1],
        )
        high, wide = float(rng.uniform(0.07, 0.17)), 0.032

        def sign(brush: Brush, x: float = x, y: float = y, high: float = high, wide: float = wide) -> None:
            across, upward = easel.unit / easel.size[0], easel.unit / easel.size[1]
            frame = [
                (x, y),
                (x + wide * across, y),
                (x + wide * across, y - high * upward),
                (x, y - high * upward),
                (x, y),
            ]
            brush.line(frame, 0.0035)
            for row in range(int(high / 0.03)):
                middle = y - (row * 0.03 + 0.02) * upward
                brush.line(
                    [(x + 0.009 * across, middle), (x + 0.023 * across, middle - (0.008 if row % 2 else 0.0) * upward)],
                    0.0045,
                )

        layers += lamps(easel, easel.draw(sign), depth, colours[number % len(colours)])
    return layers


def _pavement(easel: Easel, above: list[Layer], street: float, shine: float) -> Layer:
    """The street: the picture above it, mirrored, stretched downwards and broken by ripples."""
    p = easel.mood.palette
    scene = merged([layer for layer in above if layer.drift == (0.0, 0.0)]).picture
    if scene is None:
        raise ValueError("the farthest layer must be a picture")
    line = round(easel.y(street) / 2) * 2
    planes = []
    for plane, step in ((scene.y, 1), (scene.u, 2), (scene.v, 2)):
        pixels = np.asarray(plane)
        edge, rows = line // step, pixels.shape[0]
        # A reflection is seen from below, so it is shorter than the object.
        source = np.clip(edge - ((np.arange(rows) - edge) * 1.9).astype(np.int64), 0, edge - 1)
        mirrored = Image.fromarray(pixels[source])
        wide, high = mirrored.size
        streaked = mirrored.resize((wide, max(2, high // (22 // step)))).resize((wide, high), Image.Resampling.BICUBIC)
        planes.append(Image.blend(mirrored, streaked, 0.72))
    ground = Picture.from_rgb(easel.shaded(mix(p.near, p.middle, 0.3), mix(p.near, p.top, 0.2), street, 1.0))
    ripple = easel.noise("puddles", 16, stretch=7, octaves=4)
    rows = (np.arange(easel.canvas[1], dtype=np.float32) - easel.y(street)) / (easel.y(1.0) - easel.y(street))
    strength = np.clip(0.35 + 1.1 * ripple, 0, 1) * np.clip(1.1 - 0.45 * rows, 0, 1)[:, None] * shine
    wet = easel.mask(strength)
    picture = ground.blend(Picture(*planes), wet, wet.reduce(2))
    mask = easel.draw(
        lambda brush: brush.polygon(
            [(easel.left - 0.1, street), (easel.right + 0.1, street), (easel.right + 0.1, 1.6), (easel.left - 0.1, 1.6)]
        )
    )
    return Layer(depth=0.55, picture=picture, mask=mask)


def _lanterns(easel: Easel, street: float, dark: bool) -> list[Layer]:
    """Street lanterns, near and at the sides."""
    p = easel.mood.palette
    upward, across = easel.unit / easel.size[1], easel.unit / easel.size[0]
    posts = [(0.1, 0.5, 0.98), (0.9, 0.44, 0.96)]

    def poles(brush: Brush) -> None:
        for x, high, foot in posts:
            side = 1 if x < 0.5 else -1
            brush.line([(x, foot + 0.2), (x, foot - high * upward)], 0.009)
            brush.line(
                [
                    (x, foot - high * upward),
                    (x + side * 0.05 * across, foot - (high + 0.025) * upward),
                    (x + side * 0.1 * across, foot - (high + 0.02) * upward),
                ],
                0.006,
            )
            brush.oval(x + side * 0.1 * across, foot - (high + 0.012) * upward, 0, 0, 1.6, 0.7, 0.016)

    layers = [easel.layer(1.0, easel.draw(poles), easel.shaded(mix(p.near, p.middle, 0.1), p.near, 0.3, 1.0))]
    if dark:
        bulbs = np.zeros((easel.canvas[1], easel.canvas[0]), np.float32)
        for x, high, foot in posts:
            side = 1 if x < 0.5 else -1
            place = x + side * 0.1 * across, foot - high * upward
            bulbs = np.maximum(bulbs, np.maximum(easel.glow(*place, 0.16, 1.0) * 0.75, easel.glow(*place, 0.016)))
        layers.append(easel.tint(1.0, easel.mask(bulbs), (255, 216, 150)))
    return layers
