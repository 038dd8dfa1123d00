"""Sky, sun, moon, stars, clouds; rain, snow and mist in front of everything."""

from __future__ import annotations

import numpy as np
from PIL import Image

from luma_sandbox.picture.easel import Brush, Easel
from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.noise import Floats, cloud
from luma_sandbox.picture.vocabulary import RGB

DARK = ("night", "neon")


def sun_place(easel: Easel, horizon: float) -> tuple[float, float]:
    """The place of the sun or the moon."""
    rng = easel.rng("sun")
    x = float(rng.choice([0.3, 0.36, 0.64, 0.7])) + float(rng.uniform(-0.03, 0.03))
    height = {"dawn": 0.1, "dusk": 0.07, "day": 0.34, "night": 0.4, "storm": 0.3, "neon": 0.3}[easel.mood.light]
    return x, horizon - height * (0.9 + 0.2 * float(rng.random()))


def sky(easel: Easel, horizon: float, *, sun: bool = True) -> Layer:
    """Everything behind the land."""
    p = easel.mood.palette
    light = easel.mood.light
    stops = (
        (-0.16, p.top),
        (horizon * 0.45, mix(p.top, p.middle, 0.75)),
        (horizon * 0.8, p.middle),
        (horizon, p.horizon),
    )
    rgb: Floats = np.asarray(easel.gradient(stops), np.float32)
    x, y = sun_place(easel, horizon)
    if light in DARK:
        rgb = _add_stars(easel, rgb, horizon)
    if sun:
        warm = {"dawn": 0.75, "dusk": 0.85, "day": 0.5, "night": 0.28, "storm": 0.35, "neon": 0.4}[light]
        rgb = _screen(rgb, p.sun, easel.glow(x, y, 0.62, 1.1) * warm * 0.75)
        rgb = _screen(rgb, p.horizon, easel.glow(x, y, 0.2, 1.3) * warm)
    rgb = _add_clouds(easel, rgb, horizon, (x, y))
    if sun and light != "storm":
        radius = 0.045 if light in DARK else 0.055
        rgb = _screen(rgb, p.sun, easel.disc(x, y, radius) * 0.96)
    return easel.layer(0.04, None, Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)))


def _add_clouds(easel: Easel, rgb: Floats, horizon: float, sun: tuple[float, float]) -> Floats:
    rng = easel.rng("cloudiness")
    light, p = easel.mood.light, easel.mood.palette
    cover = {"storm": 0.28, "night": 0.58, "neon": 0.56}.get(light, 0.46 + 0.1 * float(rng.random()))
    field = easel.noise("clouds", 3.2, stretch=3.4, octaves=6, fine=2)
    rows = easel.ys(easel.canvas[1])
    band = np.clip((horizon - rows) / 0.12, 0, 1)[:, None] * np.clip(1.15 - (horizon - rows) * 0.9, 0.25, 1)[:, None]
    body = np.clip((field - cover) / 0.3, 0, 1) * band
    # Lit from the sun's side: where the noise falls off towards it.
    step = max(2, easel.canvas[1] // 60)
    lit = np.clip((field - np.roll(field, -step if sun[1] > horizon - 0.2 else step, axis=0)) * 5 + 0.45, 0, 1)
    shade, glow = (mix(p.middle, p.top, 0.35), mix(p.horizon, p.sun, 0.55))
    if light in DARK:
        shade, glow = p.top, mix(p.middle, p.horizon, 0.5)
    near = easel.glow(*sun, 0.8, 1.2)
    share: Floats = (lit * (0.45 + 0.55 * near))[..., None]
    paint: Floats = np.asarray(shade, np.float32) * (1 - share) + np.asarray(glow, np.float32) * share
    alpha: Floats = (body * (0.85 if light == "storm" else 0.72))[..., None]
    clouded: Floats = rgb * (1 - alpha) + paint * alpha
    return clouded


def _add_stars(easel: Easel, rgb: Floats, horizon: float) -> Floats:
    rng = easel.rng("stars")

    def paint(brush: Brush) -> None:
        for _ in range(420):
            x, y = rng.uniform(easel.left, easel.right), rng.uniform(-0.16, horizon)
            size = 0.0007 + 0.0016 * rng.random() ** 4
            fade = max(0.0, 1 - max(0.0, y) / horizon)
            brush.oval(x, y, 0, 0, 1, 1, size, level=int((60 + 190 * rng.random()) * (0.25 + 0.75 * fade)))

    return _screen(rgb, (226, 234, 255), np.asarray(easel.draw(paint), np.float32) / 255)


def mist(
    easel: Easel, place: float, height: float, strength: float, depth: float, rgb: RGB, *, still: bool = True
) -> Layer:
    """A bank of mist around a height; it lies still, or drifts slowly."""
    small = (easel.canvas[0] // 4, easel.canvas[1] // 4)
    field = cloud(easel.rng(f"mist {place}"), small, cells=3, stretch=3.0, octaves=4, periodic=True)
    rows = easel.ys(small[1])
    hull = np.exp(-(((rows - place) / height) ** 2))[:, None]
    mask = easel.mask(hull * (0.35 + 0.65 * field) * strength).resize(easel.canvas, Image.Resampling.BICUBIC)
    return easel.tint(depth, mask, rgb, (0.0, 0.0) if still else (0.12, 0.0))


def weather(easel: Easel, *, loop: bool) -> list[Layer]:
    """Rain or snow between the camera and the scene."""
    kind, p = easel.mood.weather, easel.mood.palette
    if kind == "rain":
        return [
            _rain(easel, "far rain", 420, 0.035, 0.0011, 70, 9.0),
            _rain(easel, "near rain", 110, 0.085, 0.0018, 90, 14.0),
        ]
    if kind == "snow":
        return [_snow(easel, "far snow", 420, 0.0026, 0.9, 1.0), _snow(easel, "near snow", 70, 0.0072, 1.3, 2.0)]
    if kind == "fog":
        return [mist(easel, 0.7, 0.3, 0.62, 0.8, mix(p.horizon, p.middle, 0.3), still=loop)]
    return []


def _rain(easel: Easel, name: str, count: int, length: float, width: float, level: int, falls: float) -> Layer:
    rng = easel.rng(name)
    high = easel.canvas[1] / easel.size[1]
    top = -easel.margin[1] / easel.size[1]

    def paint(brush: Brush) -> None:
        for _ in range(count):
            x, y = rng.uniform(easel.left, easel.right), rng.uniform(top, top + high)
            bright = int(level * rng.uniform(0.4, 1))
            for wrap in (0.0, -high):  # what leaves at the bottom enters at the top
                brush.line([(x, y + wrap), (x - length * 0.06, y + wrap + length)], width, bright)

    return easel.tint(1.2, easel.draw(paint), (214, 226, 240), (0.0, falls))


def _snow(easel: Easel, name: str, count: int, size: float, depth: float, falls: float) -> Layer:
    rng = easel.rng(name)
    high = easel.canvas[1] / easel.size[1]
    top = -easel.margin[1] / easel.size[1]

    def paint(brush: Brush) -> None:
        for _ in range(count):
            x, y = rng.uniform(easel.left, easel.right), rng.uniform(top, top + high)
            radius, bright = size * rng.uniform(0.4, 1), int(rng.uniform(110, 235))
            for wrap in (0.0, -high, high):
                brush.oval(x, y + wrap, 0, 0, 1, 1, radius, bright)

    mask = easel.draw(paint)
    if depth > 1:
        mask = easel.blur(mask, 0.003)
    return easel.tint(depth, mask, (246, 249, 255), (0.0, falls))


def _screen(rgb: Floats, light: RGB, strength: Floats) -> Floats:
    """Light added to colours, as by two projectors on one wall."""
    return 255 - (255 - rgb) * (1 - strength[..., None] * np.asarray(light, np.float32) / 255)
