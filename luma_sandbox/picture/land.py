"""Places under the open sky: mountains, meadow, forest, desert."""

from __future__ import annotations

import numpy as np
from PIL import Image

from luma_sandbox.picture import casting, figures
from luma_sandbox.picture.easel import Brush, Easel
from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.noise import Floats, line
from luma_sandbox.picture.sky import DARK, mist, sky, sun_place

POINTS = 480


def mountains(easel: Easel) -> list[Layer]:
    """Ranges behind ranges, snow on the high ones, pines in front."""
    p = easel.mood.palette
    horizon = 0.64
    snowy = easel.mood.weather == "snow" or bool(
        easel.mood.words & {"snow", "alps", "glacier", "peak", "peaks", "summit", "himalaya"}
    )
    layers = [sky(easel, horizon)]
    for index, (foot, height, bumps, depth) in enumerate(
        ((0.63, 0.4, 3.4, 0.14), (0.68, 0.27, 4.2, 0.24), (0.73, 0.17, 5.5, 0.38))
    ):
        heights = foot - height * line(easel.rng(f"range {index}"), POINTS, bumps=bumps, roughness=0.46) ** 1.25
        base = mix(p.far, p.near, 0.06 + 0.26 * index)
        rgb = np.asarray(easel.shaded(base, mix(base, p.horizon, 0.62), foot - height * 0.75, foot + 0.04), np.float32)
        rock = _facets(easel, f"rock {index}", 9 + 5 * index)
        rgb = rgb * (1 + 0.16 * rock[..., None])
        if index < 2:
            rgb = _snowed(easel, rgb, heights, rock, (0.34 if snowy else 0.14) * height * (1.5 - index * 0.5))
        layers.append(easel.layer(depth, easel.ground(heights), Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))))
        layers.append(
            mist(
                easel,
                foot + 0.02,
                0.07,
                0.5 - 0.1 * index,
                depth + 0.03,
                mix(p.horizon, p.middle, 0.25),
            )
        )
    layers.append(_pine_row(easel, "middle pines", 0.82, 0.06, 0.12, 0.62, mix(p.far, p.near, 0.8)))
    layers.append(_pine_row(easel, "near pines", 0.97, 0.06, 0.27, 1.05, p.near, gap=True))
    return layers


def meadow(easel: Easel) -> list[Layer]:
    """Rolling hills, a tree where one is named, grass in the wind."""
    p = easel.mood.palette
    rng = easel.rng("meadow")
    green = (96, 122, 66) if easel.mood.light not in (*DARK, "storm") else (40, 56, 56)
    layers = [sky(easel, 0.62)]
    for index, (foot, height, depth) in enumerate(((0.64, 0.12, 0.16), (0.71, 0.1, 0.3), (0.8, 0.09, 0.52))):
        heights = foot - height * line(easel.rng(f"hill {index}"), POINTS, bumps=2.4 + index, roughness=0.26, octaves=4)
        base = mix(mix(p.far, green, 0.25 + 0.2 * index), p.near, 0.12 + 0.24 * index)
        fields = (easel.noise(f"fields {index}", 10, stretch=5, octaves=4) - 0.5) * 0.34
        rgb = easel.shaded(mix(base, p.horizon, 0.34 - 0.1 * index), base, foot - height, foot + 0.1, fields)
        layers.append(easel.layer(depth, easel.ground(heights), rgb))
        if index == 0:
            layers.append(mist(easel, foot + 0.01, 0.05, 0.5, 0.2, mix(p.horizon, p.middle, 0.2)))
    spot = float(rng.choice([0.3, 0.7]))
    if casting.shown(easel, "tree"):

        def watch(brush: Brush) -> None:
            figures.tree(brush, spot, 0.775, 0.46, easel.rng("lone tree"))

        layers.append(easel.layer(0.6, easel.draw(watch), easel.shaded(mix(p.near, p.far, 0.12), p.near, 0.2, 0.9)))
    layers.append(_grass(easel, 1.15, 0.94, p.near))
    return layers


def forest(easel: Easel) -> list[Layer]:
    """Trunks in the mist, light falling in between."""
    p = easel.mood.palette
    dark = easel.mood.light in DARK
    leaf = (22, 52, 44) if dark else (58, 84, 50)
    glow = mix(p.horizon, (214, 230, 170), 0.35) if not dark else mix(p.middle, (90, 150, 160), 0.3)
    x, _ = sun_place(easel, 0.5)
    back: Floats = np.asarray(
        easel.gradient(
            ((-0.1, mix(glow, leaf, 0.62)), (0.45, glow), (0.75, mix(glow, leaf, 0.3)), (1.0, mix(leaf, p.near, 0.4)))
        ),
        np.float32,
    )
    back = back + easel.glow(x, 0.36, 0.5, 1.4)[..., None] * (np.asarray(p.sun, np.float32) - back) * (
        0.8 if not dark else 0.45
    )
    leaves = easel.noise("far leaves", 26, octaves=4)
    back = back * (0.88 + 0.24 * leaves[..., None])
    layers = [easel.layer(0.08, None, Image.fromarray(np.clip(back, 0, 255).astype(np.uint8)))]
    for index, (count, width, depth, foot) in enumerate(
        ((30, 0.014, 0.25, 0.72), (17, 0.026, 0.48, 0.78), (9, 0.05, 0.8, 0.86))
    ):
        share = 0.26 + 0.27 * index
        tone = mix(mix(glow, leaf, 0.5 + 0.15 * index), p.near, share)
        mask = _trunks(easel, f"trunks {index}", count, width, foot, canopy=0.1 + 0.03 * index)
        bark = (easel.noise(f"bark {index}", 5, stretch=0.08, octaves=4) - 0.5) * (0.25 + 0.15 * index)
        layers.append(
            easel.layer(
                depth,
                mask,
                easel.shaded(mix(tone, p.near, 0.25), mix(tone, glow, 0.16 - 0.05 * index), 0.1, 0.85, bark),
            )
        )
        layers.append(
            mist(
                easel,
                foot - 0.03,
                0.12,
                0.5 - 0.12 * index,
                depth + 0.05,
                mix(glow, p.sun, 0.25),
            )
        )
        if index == 1:
            layers.append(_shafts(easel, x, 0.34 if not dark else 0.14))
    layers.append(_grass(easel, 1.25, 0.95, mix(p.near, leaf, 0.15), ferns=True))
    return layers


def desert(easel: Easel) -> list[Layer]:
    """Dunes with a lit and a shaded side."""
    p = easel.mood.palette
    dark = easel.mood.light in DARK
    sand = mix((226, 160, 96), p.horizon, 0.3) if not dark else mix((92, 96, 128), p.far, 0.4)
    shade = mix(mix(sand, p.near, 0.62), p.top, 0.18)
    layers = [sky(easel, 0.58)]
    for index, (foot, height, bumps, depth) in enumerate(
        ((0.6, 0.07, 3, 0.15), (0.68, 0.12, 2, 0.3), (0.8, 0.15, 1.5, 0.55), (0.99, 0.18, 1.2, 0.95))
    ):
        crest = foot - height * line(easel.rng(f"dune {index}"), POINTS, bumps=bumps, roughness=0.22, octaves=3)
        light = mix(mix(sand, p.horizon, 0.42 - 0.13 * index), p.near, 0.07 * index)
        body: Floats = np.asarray(easel.shaded(light, mix(light, shade, 0.35), foot - height, foot + 0.15), np.float32)
        ripples = (
            np.sin(easel.noise(f"ripple {index}", 2.2, stretch=2.2, octaves=3) * (150 - 34 * index))
            * 0.018
            * (1 + index)
        )
        body = body * (1 + ripples[..., None])
        mask = easel.ground(crest)
        slope = np.asarray(easel.blur(_lee(easel, crest, index), 0.004), np.float32)[..., None] / 255
        body = body * (1 - slope) + np.asarray(mix(shade, p.near, 0.1 * index), np.float32) * slope
        layers.append(easel.layer(depth, mask, Image.fromarray(np.clip(body, 0, 255).astype(np.uint8))))
        if index == 0:
            layers.append(mist(easel, 0.61, 0.04, 0.5, 0.2, mix(p.horizon, p.sun, 0.3)))
    return layers


def lamps(easel: Easel, lit: Image.Image, depth: float, rgb: tuple[int, int, int]) -> list[Layer]:
    """Lit windows with the light around them."""
    halo = easel.blur(lit, 0.02).point([min(255, int(level * 1.5)) for level in range(256)])
    return [
        easel.tint(depth, halo.point([int(level * 0.55) for level in range(256)]), rgb),
        easel.tint(depth, lit, mix(rgb, (255, 250, 230), 0.35)),
    ]


def _facets(easel: Easel, name: str, cells: float) -> Floats:
    """Rock lit from one side, from −1 to 1."""
    field = easel.noise(name, cells, octaves=5, fine=2)
    step = max(1, easel.canvas[1] // 220)
    slope = (
        np.roll(field, step, axis=1)
        - np.roll(field, -step, axis=1)
        + 0.6 * (np.roll(field, step, axis=0) - np.roll(field, -step, axis=0))
    )
    return np.clip(slope * 9, -1, 1).astype(np.float32)


def _snowed(easel: Easel, rgb: Floats, heights: Floats, rock: Floats, reach: float) -> Floats:
    """Snow below the crest, on the lit faces."""
    rows = easel.ys(easel.canvas[1])
    crest = np.interp(np.linspace(0, 1, easel.canvas[0]), np.linspace(0, 1, len(heights)), heights).astype(np.float32)
    # The higher the crest, the further down its snow reaches; low ridges stay bare.
    down = np.clip((np.quantile(crest, 0.72) - crest) * 0.9, 0, None) + reach * 0.35
    below = (rows[:, None] - crest[None, :]) / np.maximum(down[None, :], 1e-3)
    share = np.clip((1.0 - below + 0.55 * rock) * 2.2, 0, 1) * (0.55 + 0.35 * np.clip(rock + 0.3, 0, 1))
    white = np.asarray(mix(easel.mood.palette.sun, (226, 236, 250), 0.5), np.float32)
    if easel.mood.light in DARK:
        white = white * 0.62
    share = share[..., None]
    snowed: Floats = rgb * (1 - share) + white * share
    return snowed


def _pine_row(
    easel: Easel,
    name: str,
    foot: float,
    height: float,
    tall: float,
    depth: float,
    rgb: tuple[int, int, int],
    *,
    gap: bool = False,
) -> Layer:
    rng = easel.rng(name)
    heights = foot - height * line(rng, POINTS, bumps=3, roughness=0.4)
    xs = easel.xs(POINTS)
    hole = float(rng.uniform(0.35, 0.65))

    def paint(brush: Brush) -> None:
        brush.polygon(
            [
                *((float(x), float(y)) for x, y in zip(xs, heights, strict=True)),
                (easel.right + 0.1, 1.6),
                (easel.left - 0.1, 1.6),
            ]
        )
        for _ in range(int((0.5 if gap else 1.1) / tall * 16)):
            x = float(rng.uniform(easel.left, easel.right))
            size = tall * float(rng.uniform(0.45, 1.0))
            if gap:  # the middle stays open, as a frame for the background
                size *= min(1.15, 0.25 + 2.4 * abs(x - hole))
            y = float(np.interp(x, xs, heights))
            figures.pine(brush, x, y + 0.012, size, rng)

    return easel.layer(
        depth, easel.draw(paint), easel.shaded(mix(rgb, easel.mood.palette.far, 0.18), rgb, foot - tall, foot + 0.05)
    )


def _trunks(easel: Easel, name: str, count: int, width: float, foot: float, canopy: float) -> Image.Image:
    rng = easel.rng(name)
    ground = foot + 0.035 * line(rng, POINTS, bumps=4)
    xs = easel.xs(POINTS)

    def paint(brush: Brush) -> None:
        brush.polygon(
            [
                *((float(x), float(y)) for x, y in zip(xs, ground, strict=True)),
                (easel.right + 0.1, 1.6),
                (easel.left - 0.1, 1.6),
            ]
        )
        for slot in range(count):
            x = easel.left + (slot + float(rng.uniform(0.1, 0.9))) / count * (easel.right - easel.left)
            if width > 0.04 and abs(x - 0.5) < 0.12:
                continue  # the middle stays open
            half, lean = width * float(rng.uniform(0.55, 1.0)) / 2, float(rng.uniform(-0.02, 0.02))
            wide = half * easel.unit / easel.size[0]
            y = float(np.interp(x, xs, ground)) + 0.01
            brush.polygon(
                [
                    (x - wide * 1.5, y),
                    (x - wide, y - 0.1),
                    (x - wide * 0.8 + lean, -0.3),
                    (x + wide * 0.8 + lean, -0.3),
                    (x + wide, y - 0.1),
                    (x + wide * 1.6, y),
                ]
            )
            for _ in range(3):
                side, at = float(rng.choice([-1, 1])), float(rng.uniform(0.05, 0.4))
                reach = float(rng.uniform(0.03, 0.09))
                brush.line(
                    [(x + lean * 0.5, at), (x + side * reach * 0.6, at - 0.03), (x + side * reach, at - 0.075)],
                    half * 0.4,
                )
        for _ in range(110):  # boughs of many small leaves
            x, y = float(rng.uniform(easel.left, easel.right)), min(0.14, float(rng.normal(-0.12, canopy)))
            for _ in range(26):
                dx, dy = float(rng.normal(0, 0.028)), float(rng.normal(0, 0.022))
                brush.oval(x + dx, y + dy, 0, 0, 1.2, 0.8, float(rng.uniform(0.003, 0.011)) * (1 + 12 * width))

    return easel.draw(paint)


def _shafts(easel: Easel, x: float, strength: float) -> Layer:
    rng = easel.rng("shafts")

    def paint(brush: Brush) -> None:
        for _ in range(7):
            start = x + float(rng.uniform(-0.1, 0.1))
            end, width = x + float(rng.uniform(-0.55, 0.55)), float(rng.uniform(0.02, 0.07))
            brush.polygon(
                [(start, -0.2), (start + 0.015, -0.2), (end + width, 1.0), (end - width, 1.0)],
                int(255 * float(rng.uniform(0.4, 1))),
            )

    mask = easel.blur(easel.draw(paint), 0.018)
    rows = np.linspace(1.0, 0.15, easel.canvas[1], dtype=np.float32)[:, None]
    levels = np.asarray(mask, np.float32) / 255 * rows * strength
    return easel.tint(0.5, easel.mask(levels), easel.mood.palette.sun)


def _grass(easel: Easel, depth: float, foot: float, rgb: tuple[int, int, int], *, ferns: bool = False) -> Layer:
    rng = easel.rng("grass")
    ground = foot + 0.03 * line(rng, POINTS, bumps=3)
    xs = easel.xs(POINTS)

    def paint(brush: Brush) -> None:
        brush.polygon(
            [
                *((float(x), float(y) + 0.02) for x, y in zip(xs, ground, strict=True)),
                (easel.right + 0.1, 1.6),
                (easel.left - 0.1, 1.6),
            ]
        )
        for _ in range(520):
            x = float(rng.uniform(easel.left, easel.right))
            y = float(np.interp(x, xs, ground)) + 0.03
            tall, bend = float(rng.uniform(0.025, 0.085)), float(rng.uniform(-0.5, 0.7))
            if ferns:
                tall *= 1.3
            brush.shape(
                x, y, [(-0.045, 0), (bend * 0.25, 0.55), (bend, 1.0), (bend * 0.3 + 0.06, 0.5), (0.05, 0)], tall
            )

    return easel.layer(
        depth, easel.draw(paint), easel.shaded(mix(rgb, easel.mood.palette.far, 0.12), rgb, foot - 0.08, foot + 0.08)
    )


def _lee(easel: Easel, crest: Floats, index: int) -> Image.Image:
    """The shaded side of a dune: from each rising crest down along the wind."""
    xs = easel.xs(len(crest))
    drop = 0.1 + 0.06 * index
    wave = line(easel.rng(f"lee {index}"), len(crest), bumps=2, roughness=0.3, octaves=3)

    def paint(brush: Brush) -> None:
        edge = [(float(x), float(y)) for x, y in zip(xs, crest, strict=True)]
        slope = np.clip(np.gradient(crest) * len(crest) * 1.3, 0, 1)
        low = [
            (float(x) + 0.03 * float(s), float(y) + drop * float(s) * (0.4 + float(w)))
            for x, y, s, w in zip(xs, crest, slope, wave, strict=True)
        ]
        brush.polygon([*edge, *low[::-1]])

    return easel.draw(paint)
