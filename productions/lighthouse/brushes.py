"""Brushes of make_seed.py: colours and shapes over a picture of 1920×1080, and noise from fixed seeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

W, H = 1920, 1080
Picture = NDArray[np.float32]
Colour = tuple[int, int, int]

Y, X = np.mgrid[0:H, 0:W].astype(np.float32)
Y, X = Y / H, X / W


def noise(seed: int, across: int, down: int, octaves: int = 5) -> Picture:
    """Smooth noise from 0 to 1, of so many hills across and down."""
    random = np.random.default_rng(seed)
    total = np.zeros((H, W), np.float32)
    weight = 0.0
    for octave in range(octaves):
        grid = random.random((down * 2**octave + 2, across * 2**octave + 2), np.float32)
        layer = np.asarray(Image.fromarray(grid).resize((W, H), Image.Resampling.BICUBIC))
        total += layer * 0.5**octave
        weight += 0.5**octave
    return np.clip(total / weight, 0, 1)


def smooth(low: float, high: float, x: Picture) -> Picture:
    """0 below ``low``, 1 above ``high``, and no edge between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(picture: Picture, colour: Colour | Picture, amount: Picture | float) -> Picture:
    """``amount`` of a colour laid over a picture."""
    a = np.asarray(amount, np.float32)
    a = a[..., None] if a.ndim == 2 else a
    return picture * (1 - a) + np.asarray(colour, np.float32) * a


def mix_colours(one: Colour, other: Colour, amount: float) -> Colour:
    """``amount`` of the other colour in the one."""
    r, g, b = (round(a + (c - a) * amount) for a, c in zip(one, other, strict=True))
    return r, g, b


def facets(seed: int, count: int) -> Picture:
    """Faces of broken rock, each of one shade: a point belongs to the nearest of some random centres."""
    random = np.random.default_rng(seed)
    centres, shades = random.random((count, 2)), random.random(count).astype(np.float32) ** 1.3
    small = (slice(None, None, 2), slice(None, None, 2))
    x = (X + 0.10 * (Y - 0.6) + 0.010 * noise(seed + 9, 30, 20, 3))[small] * 1.9
    y = (Y + 0.30 * X + 0.014 * noise(seed + 8, 30, 20, 3))[small] * 0.9
    nearest = np.full(x.shape, np.inf, np.float32)
    shade = np.zeros(x.shape, np.float32)
    for (cx, cy), own in zip(centres, shades, strict=True):
        distance = (x - (0.5 + 0.6 * cx) * 1.9) ** 2 + (y - (0.7 + 0.7 * cy) * 0.9) ** 2
        closer = distance < nearest
        nearest[closer] = distance[closer]
        shade[closer] = own
    return np.asarray(Image.fromarray(shade).resize((W, H), Image.Resampling.BICUBIC))


def mask(points: list[tuple[float, float]], blur: float = 0.8) -> Picture:
    """A filled shape as a picture of 0 to 1, with a soft edge."""
    image = Image.new("L", (W * 2, H * 2))
    ImageDraw.Draw(image).polygon([(x * W * 2, y * H * 2) for x, y in points], fill=255)
    image = image.resize((W, H), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(image, np.float32) / 255


def around(x: float, y: float, radius: float, wide: float = 1.0) -> Picture:
    """Light that falls off around a point."""
    distance = np.hypot((X - x) * W / H / wide, Y - y) / radius
    return np.exp(-(distance**2))


def mask_glow(x: float, y: float, radius: float) -> Picture:
    """A small bright core."""
    return np.clip(around(x, y, radius) * 1.6, 0, 1)
