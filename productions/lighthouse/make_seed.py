"""Paints the two pictures of this film, dusk.jpg and dawn.jpg: `python productions/lighthouse/make_seed.py`.

Everything is made of gradients, smooth noise and a few shapes, from fixed random seeds: the same pictures every time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from brushes import Colour, H, Picture, W, X, Y, around, facets, mask, mask_glow, mix, mix_colours, noise, smooth
from PIL import Image

HORIZON = 0.64
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Light:
    """A time of day."""

    sky: tuple[tuple[float, Colour], ...]  # from the top (0) to the horizon (1)
    sun: tuple[float, float]
    glow: Colour
    cloud_lit: Colour
    cloud_shade: Colour
    haze: Colour
    land: Colour
    tower_lit: Colour
    tower_shade: Colour
    clouds: int
    stars: int
    lamp: float
    boat: tuple[float, float, float] | None  # x, y, size


DUSK = Light(
    sky=(
        (0.0, (19, 24, 58)),
        (0.35, (52, 48, 102)),
        (0.62, (128, 78, 124)),
        (0.82, (226, 122, 104)),
        (1, (255, 190, 124)),
    ),
    sun=(0.27, 0.625),
    glow=(255, 176, 96),
    cloud_lit=(255, 150, 112),
    cloud_shade=(62, 50, 96),
    haze=(186, 108, 116),
    land=(21, 20, 40),
    tower_lit=(250, 196, 160),
    tower_shade=(66, 58, 104),
    clouds=11,
    stars=260,
    lamp=0.0,
    boat=None,
)
DAWN = replace(
    DUSK,
    sky=(
        (0.0, (66, 116, 176)),
        (0.4, (130, 168, 208)),
        (0.7, (222, 196, 202)),
        (0.88, (255, 206, 170)),
        (1, (255, 226, 178)),
    ),
    sun=(0.30, 0.585),
    glow=(255, 224, 160),
    cloud_lit=(255, 214, 190),
    cloud_shade=(136, 150, 190),
    haze=(226, 190, 186),
    land=(38, 48, 66),
    tower_lit=(255, 240, 222),
    tower_shade=(122, 130, 164),
    clouds=17,
    stars=0,
    lamp=0.75,
    boat=(0.435, 0.735, 1.0),
)


def sky(light: Light) -> Picture:
    """Gradient, stars, the sun's glow, and clouds lit from below."""
    height = np.clip(Y / HORIZON, 0, 1)
    stops = [s for s, _ in light.sky]
    picture = np.stack([np.interp(height, stops, [c[i] for _, c in light.sky]) for i in range(3)], -1).astype(
        np.float32
    )
    picture = mix(picture, light.glow, 0.55 * around(*light.sun, 0.30, 1.7) + 0.25 * around(*light.sun, 0.55, 2.2))
    random = np.random.default_rng(7)
    for x, y, size in random.random((light.stars, 3)):
        dot = (slice(int(y**1.4 * 0.4 * H), None), slice(int(x * W), None))
        bright = 40 + 190 * size**4
        picture[dot][: 2 if size > 0.9 else 1, : 2 if size > 0.9 else 1] += bright * (1 - y) ** 1.2
    for seed, across, down, low, high, top, bottom in (
        (light.clouds, 3, 9, 0.50, 0.72, 0.05, 0.50),
        (light.clouds + 12, 4, 26, 0.50, 0.66, 0.34, 0.66),
    ):
        body = noise(seed, across, down, 6)
        band = smooth(top, top + 0.12, Y) * (1 - smooth(bottom - 0.10, bottom, Y))
        cover = smooth(low, high, body) * band
        below = np.roll(body, -14, axis=0)
        lit = np.clip(0.5 + (body - below) * 7, 0, 1) * (0.35 + 0.65 * around(*light.sun, 0.55, 1.6))
        shade = mix(np.broadcast_to(np.float32(light.cloud_shade), picture.shape), light.cloud_lit, lit)
        picture = mix(picture, shade, cover * 0.82)
    disc = around(*light.sun, 0.021) ** 3
    picture = mix(picture, (255, 244, 214), np.clip(disc * 1.9, 0, 1))
    return mix(picture, light.haze, 0.35 * smooth(HORIZON - 0.09, HORIZON, Y))


def sea(light: Light, above: Picture) -> Picture:
    """The sky mirrored in waves that grow towards us, and the sun's path on them."""
    depth = np.clip((Y - HORIZON) / (1 - HORIZON), 0, 1)
    rows = np.log1p(depth * 26)
    random = np.random.default_rng(31)
    waves = np.zeros((H, W), np.float32)
    for _ in range(64):
        across, along = random.uniform(6, 70), random.uniform(5, 46)
        lean = random.uniform(-0.6, 0.6)
        stretch = 1 / (0.10 + depth)
        waves += np.sin(
            (X - 0.4) * across * stretch * 0.9 + rows * along * 2.4 + lean * X * 9 + random.uniform(0, 6.283)
        ).astype(np.float32) * np.float32(random.uniform(0.3, 1))
    waves /= np.abs(waves).max() * 0.6
    mirror = 2 * HORIZON - Y - depth * 0.30 + waves * (0.012 + 0.07 * depth)
    rows_of = np.clip(mirror * H, 0, HORIZON * H - 2).astype(int)
    columns = np.clip((X + waves * 0.006 * depth) * W, 0, W - 1).astype(int)
    picture = above[rows_of, columns]
    deep = np.float32(light.sky[0][1]) * 0.62
    picture = mix(picture, deep, 0.22 + 0.50 * smooth(0, 1, depth))
    path = np.exp(-(((X - light.sun[0]) / (0.022 + 0.13 * depth)) ** 2))
    glitter = smooth(0.10, 0.75, waves + 0.35 * (noise(41, 60, 160, 2) - 0.5))
    picture = mix(picture, light.glow, np.clip(path * (0.16 + 0.84 * glitter) * (1 - 0.55 * depth), 0, 1) * 0.9)
    crest = smooth(0.55, 1.0, waves) * smooth(0.05, 0.6, depth)
    picture = mix(picture, light.cloud_lit, crest * 0.16)
    return mix(picture, light.haze, 0.55 * (1 - smooth(0, 0.10, depth)))


def coast(light: Light, picture: Picture) -> Picture:
    """Three headlands in the haze, then the near cliff."""
    for seed, base, rise, start, amount in (
        (51, HORIZON, 0.085, 0.55, 0.42),
        (52, HORIZON + 0.006, 0.060, 0.42, 0.30),
        (53, HORIZON + 0.012, 0.120, 0.74, 0.66),
    ):
        ridge = noise(seed, 5, 2, 6)[40]
        profile = base - rise * smooth(start, start + 0.30, X[0]) * (0.35 + 0.9 * ridge)
        land = smooth(0, 0.0025, Y - profile) * (1 - smooth(-0.001, 0.001, Y - base)) * (start < X)
        colour = mix(np.float32(light.haze)[None, None], light.land, amount)[0, 0]
        picture = mix(picture, colour, land * 0.94)
    edge = 0.028 * (noise(61, 9, 2, 6)[70] - 0.5) + 0.010 * (noise(62, 40, 2, 4)[9] - 0.5)
    points = [
        (0.555, 1.0),
        (0.575, 0.93),
        (0.600, 0.885),
        (0.622, 0.80),
        (0.650, 0.752),
        (0.672, 0.690),
        (0.705, 0.640),
    ]
    points += [(0.740, 0.612), (0.775, 0.598), (0.850, 0.590), (0.905, 0.602), (0.955, 0.586), (1.0, 0.560)]
    xs, ys = zip(*points, strict=True)
    profile = np.interp(X[0], xs, ys) + edge * np.interp(X[0], [0.55, 0.70, 0.78, 0.87, 1], [1.6, 1.4, 0.25, 0.25, 1.0])
    cliff = smooth(0, 0.0022, Y - profile) * (X > 0.55)
    slope = 0.62 * facets(71, 170) + 0.26 * facets(72, 900) + 0.12 * noise(73, 60, 40, 3)
    facing = np.clip(1 - (X - 0.56) / 0.36, 0, 1) ** 1.2
    lit = slope * (0.10 + 0.44 * facing) * (1 - 0.55 * smooth(0.80, 1.0, Y))
    stone = mix(np.broadcast_to(np.float32(light.land), picture.shape), light.glow, lit * 0.85)
    blades = 0.012 * noise(75, 300, 2, 2)[20]
    turf = (1 - smooth(0.010, 0.034, Y - profile + blades)) * smooth(0.66, 0.74, X)
    grass = mix_colours(mix_colours((86, 104, 62), light.land, 0.30), light.glow, 0.22)
    stone = mix(stone, grass, turf * (0.45 + 0.45 * noise(76, 120, 60, 3)))
    return mix(picture, stone, cliff)


def lighthouse(light: Light, picture: Picture) -> Picture:
    """The tower with its gallery and lantern, and the keeper's house with one warm window."""
    cx, foot, top = 0.812, 0.604, 0.235

    def across(left: float, right: float) -> Picture:
        return np.clip((X - left) / (right - left), 0, 1)

    def lay(
        points: list[tuple[float, float]], colour: Colour | Picture, amount: float = 1.0, blur: float = 0.7
    ) -> None:
        nonlocal picture
        picture = mix(picture, colour, mask(points, blur) * amount)

    def round_(lit: Colour, shade: Colour, half: float) -> Picture:
        turn = across(cx - half, cx + half)
        body = mix(np.broadcast_to(np.float32(lit), picture.shape), shade, smooth(0.05, 0.86, turn))
        return mix(body, light.haze, 0.30 * smooth(0.88, 1.0, turn))

    # the house, behind and beside the tower
    lay(
        [(0.846, 0.603), (0.846, 0.545), (0.926, 0.545), (0.926, 0.606)],
        mix_colours(light.tower_shade, light.land, 0.35),
    )
    lay(
        [(0.846, 0.603), (0.846, 0.545), (0.858, 0.545), (0.858, 0.603)],
        mix_colours(light.tower_lit, light.tower_shade, 0.45),
    )
    lay([(0.840, 0.547), (0.856, 0.508), (0.917, 0.508), (0.932, 0.547)], mix_colours(light.land, (120, 52, 52), 0.45))
    lay([(0.905, 0.512), (0.905, 0.488), (0.914, 0.488), (0.914, 0.512)], light.land)
    for x in (0.872, 0.898):
        lay(
            [(x, 0.582), (x, 0.560), (x + 0.010, 0.560), (x + 0.010, 0.582)],
            (255, 206, 120) if x < 0.88 else light.land,
        )
    picture = mix(picture, (255, 190, 100), 0.34 * around(0.877, 0.571, 0.032))
    # the tower
    wide, narrow = 0.0245, 0.0150
    tower = [(cx - wide, foot), (cx - narrow, top), (cx + narrow, top), (cx + wide, foot)]
    lay(tower, round_(light.tower_lit, light.tower_shade, wide))
    red_lit, red_shade = mix_colours((196, 44, 40), light.tower_lit, 0.18), mix_colours((92, 20, 40), light.land, 0.25)
    for a, b in ((0.16, 0.36), (0.58, 0.78)):
        half = [wide + (narrow - wide) * t for t in (a, b)]
        rows = [foot + (top - foot) * t for t in (a, b)]
        band = [(cx - half[0], rows[0]), (cx - half[1], rows[1]), (cx + half[1], rows[1]), (cx + half[0], rows[0])]
        lay(band, round_(red_lit, red_shade, wide))
    for t in (0.09, 0.47, 0.87):
        y = foot + (top - foot) * t
        lay([(cx - 0.0030, y), (cx - 0.0030, y - 0.019), (cx + 0.0030, y - 0.019), (cx + 0.0030, y)], light.land)
    # gallery, lantern, dome
    dark = mix_colours(light.land, light.tower_shade, 0.25)
    lay(
        [
            (cx - 0.0215, top + 0.004),
            (cx - 0.0215, top - 0.008),
            (cx + 0.0215, top - 0.008),
            (cx + 0.0215, top + 0.004),
        ],
        dark,
    )
    lay(
        [
            (cx - 0.0175, top + 0.004),
            (cx - 0.0120, top + 0.022),
            (cx + 0.0120, top + 0.022),
            (cx + 0.0175, top + 0.004),
        ],
        dark,
    )
    glass = mix_colours(mix_colours(light.haze, light.tower_shade, 0.5), (255, 232, 170), light.lamp)
    lay(
        [
            (cx - 0.0112, top - 0.008),
            (cx - 0.0112, top - 0.062),
            (cx + 0.0112, top - 0.062),
            (cx + 0.0112, top - 0.008),
        ],
        glass,
    )
    if light.lamp:
        picture = mix(picture, (255, 250, 226), light.lamp * mask_glow(cx, top - 0.036, 0.012))

    def bar(x: float, y: float, half: float, up: float, amount: float = 1.0) -> None:
        lay([(x - half, y), (x - half, y - up), (x + half, y - up), (x + half, y)], dark, amount, 0.45)

    for x in (-0.0112, -0.0038, 0.0038, 0.0112):
        bar(cx + x, top - 0.008, 0.0007, 0.054)
    for y in (0.024, 0.016):
        bar(cx, top - y, 0.0212, 0.0016, 0.9)
    for step in range(11):
        x = cx - 0.0210 + step * 0.0042
        lay([(x, top - 0.006), (x, top - 0.026), (x + 0.0006, top - 0.026), (x + 0.0006, top - 0.006)], dark, 0.9, 0.4)
    dome = [(cx + 0.0150 * np.cos(a), top - 0.062 - 0.030 * np.sin(a)) for a in np.linspace(0, np.pi, 24)]
    lay(dome, round_(red_lit, red_shade, 0.016))
    lay(
        [
            (cx - 0.0010, top - 0.088),
            (cx - 0.0006, top - 0.118),
            (cx + 0.0006, top - 0.118),
            (cx + 0.0010, top - 0.088),
        ],
        dark,
    )
    # the light itself
    if light.lamp:
        picture = mix(picture, (255, 240, 190), light.lamp * 0.50 * around(cx, top - 0.036, 0.055))
        picture = mix(picture, (255, 236, 190), light.lamp * 0.28 * around(cx, top - 0.036, 0.16, 1.4))
        for side, reach in ((-1, 0.62), (1, 0.30)):
            run = np.clip((X - cx) * side / reach, 0, 1)
            spread = 0.006 + 0.055 * run
            beam = (
                np.exp(-(((Y - (top - 0.036) - 0.02 * run) / spread) ** 2)) * (1 - run) ** 1.4 * ((X - cx) * side > 0)
            )
            picture = mix(picture, (255, 242, 204), light.lamp * 0.50 * beam)
    return picture


def boat(light: Light, picture: Picture) -> Picture:
    """A small fishing boat on its way home, with its mirror image."""
    if light.boat is None:
        return picture
    x, y, size = light.boat
    hull_lit, hull_dark = mix_colours((168, 58, 48), light.tower_lit, 0.1), mix_colours(light.land, (70, 30, 40), 0.4)

    def at(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + px * 0.010 * size, y - py * 0.0178 * size) for px, py in points]

    parts = [
        ([(-4.6, 1.15), (-3.9, -0.1), (3.2, -0.1), (4.9, 1.75), (3.0, 1.25), (-1.0, 1.0)], hull_lit),
        ([(-4.1, 0.25), (-3.9, -0.1), (3.2, -0.1), (3.6, 0.30)], hull_dark),
        ([(-2.9, 1.05), (-2.9, 2.85), (-0.6, 2.85), (-0.3, 1.05)], light.tower_lit),
        ([(-3.2, 2.80), (-3.1, 3.10), (-0.3, 3.10), (-0.4, 2.80)], hull_dark),
        ([(-1.5, 1.75), (-1.5, 2.55), (-0.8, 2.55), (-0.7, 1.75)], light.land),
        ([(0.85, 1.1), (0.95, 6.2), (1.07, 6.2), (1.10, 1.1)], light.land),
        ([(1.0, 6.0), (4.5, 1.75), (4.4, 1.70), (1.0, 5.85)], light.land),
        ([(1.0, 6.0), (-4.3, 1.15), (-4.2, 1.10), (1.0, 5.88)], light.land),
    ]
    for points, colour in parts:
        mirrored = [(px + 0.06 * np.sin(py * 9), -0.2 - py * 0.8) for px, py in points]
        picture = mix(picture, mix_colours(colour, light.land, 0.45), mask(at(mirrored), 2.2) * 0.42)
    for points, colour in parts:
        picture = mix(picture, colour, mask(at(points), 0.6))
    wake = (
        np.exp(-(((Y - y - 0.003) / 0.0035) ** 2))
        * smooth(x - 0.13, x - 0.03, X)
        * (1 - smooth(x + 0.030, x + 0.048, X))
    )
    return mix(picture, light.tower_lit, wake * 0.55 * smooth(0.35, 0.65, noise(91, 60, 90, 3)))


def birds(light: Light, picture: Picture) -> Picture:
    """A few gulls around the tower."""
    colour = mix_colours(light.land, light.haze, 0.2)
    for x, y, size, tilt in (
        (0.625, 0.30, 1.0, 0.2), (0.655, 0.27, 0.7, -0.1), (0.600, 0.34, 0.8, 0.1), (0.690, 0.335, 0.6, 0.3),
        (0.560, 0.285, 0.5, 0.0), (0.930, 0.270, 0.6, -0.3),
    ):  # fmt: skip
        for side in (-1, 1):
            wing = [(x, y), (x + side * 0.006 * size, y - (0.010 + side * tilt * 0.008) * size)]
            wing += [(x + side * 0.0125 * size, y - (0.004 + side * tilt * 0.012) * size)]
            wing += [(x + side * 0.006 * size, y - (0.007 + side * tilt * 0.008) * size), (x, y + 0.0022 * size)]
            picture = mix(picture, colour, mask(wing, 0.5) * 0.85)
    return picture


def paint(light: Light) -> Image.Image:
    """The whole picture at one time of day."""
    above = sky(light)
    picture = mix(sea(light, above), above, 1 - smooth(HORIZON - 0.0006, HORIZON + 0.0006, Y))
    picture = coast(light, picture)
    picture = lighthouse(light, picture)
    picture = boat(light, picture)
    picture = birds(light, picture)
    picture = mix(picture, light.glow, 0.10 * around(*light.sun, 0.5, 1.5))  # the air between
    edge = np.clip(np.hypot((X - 0.5) * 1.05, (Y - 0.5) * 0.95) - 0.36, 0, 1)
    picture = picture * (1 - 0.75 * edge[..., None] ** 1.3)
    grain = np.random.default_rng(99).normal(0, 1.6, (H, W, 1)).astype(np.float32)
    return Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    for name, light in (("dusk", DUSK), ("dawn", DAWN)):
        file = HERE / f"{name}.jpg"
        paint(light).save(file, quality=86, optimize=True, progressive=True)
        print(f"{file.name}: {file.stat().st_size // 1000} kB")
