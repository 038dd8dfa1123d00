"""Painting tools: a canvas measured in frame units, masks with soft edges, gradients, glows, silhouettes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import Mood, mix
from luma_sandbox.picture.noise import Floats, chance, cloud
from luma_sandbox.picture.planes import Picture, colour
from luma_sandbox.picture.stage import canvas, margin
from luma_sandbox.picture.vocabulary import RGB

Point = tuple[float, float]
Stops = Sequence[tuple[float, RGB]]
SIXTEENTHS = 16  # gradients are computed this much finer than they are stored
FINE = 2  # masks are drawn this much larger, then reduced


class Easel:
    """A painter of layers for a frame of ``size``.

    Places are in frame units: x from 0 at the left edge to 1 at the right, y from 0 at the top to 1 at the bottom, and
    beyond for what only a moving camera sees. Lengths are in ``unit``, the shorter side of the frame.
    """

    def __init__(self, size: tuple[int, int], mood: Mood) -> None:
        self.size = size
        self.canvas = canvas(size)
        self.margin = margin(size)
        self.unit = float(min(size))
        self.mood = mood
        self.left = -self.margin[0] / size[0]
        self.right = 1 - self.left
        self.aspect = self.canvas[0] / self.canvas[1]

    def rng(self, name: str) -> np.random.Generator:
        """A random generator for one part of the picture, the same in every size."""
        return chance(*self.mood.seed, name)

    def x(self, place: float) -> float:
        """Canvas column of a place."""
        return self.margin[0] + place * self.size[0]

    def y(self, place: float) -> float:
        """Canvas row of a place."""
        return self.margin[1] + place * self.size[1]

    def xs(self, count: int) -> Floats:
        """Places from edge to edge of the canvas."""
        return np.linspace(self.left, self.right, count, dtype=np.float32)

    def ys(self, count: int) -> Floats:
        """Places from the top to the bottom of the canvas."""
        beyond = self.margin[1] / self.size[1]
        return np.linspace(-beyond, 1 + beyond, count, dtype=np.float32)

    def draw(self, paint: Callable[[Brush], None]) -> Image.Image:
        """A mask, drawn at a larger size and reduced."""
        image = Image.new("L", (self.canvas[0] * FINE, self.canvas[1] * FINE), 0)
        paint(Brush(self, image))
        return image.reduce(FINE)

    def gradient(self, stops: Stops) -> Image.Image:
        """Colours from top to bottom, stops at frame places, with a grain that hides 8-bit banding."""
        rows, at = self.ys(self.canvas[1]), [place for place, _ in stops]
        channels = [np.interp(rows, at, [rgb[c] for _, rgb in stops]) for c in range(3)]
        column = (np.stack(channels, axis=-1) * SIXTEENTHS + SIXTEENTHS / 2).astype(np.int16)
        fine = np.clip(column[:, None, :] + _grain(self.canvas)[..., None], 0, 255 * SIXTEENTHS)
        return Image.fromarray((fine // SIXTEENTHS).astype(np.uint8))

    def noise(self, name: str, cells: float, *, stretch: float = 1.0, octaves: int = 5, fine: int = 2) -> Floats:
        """Soft noise over the canvas, computed ``fine`` times smaller."""
        small = (self.canvas[0] // fine, self.canvas[1] // fine)
        made = cloud(self.rng(name), small, cells=cells, stretch=stretch, octaves=octaves)
        return np.asarray(Image.fromarray(made).resize(self.canvas, Image.Resampling.BILINEAR))

    def mask(self, levels: Floats) -> Image.Image:
        """Numbers from 0 to 1 as a mask."""
        return Image.fromarray((np.clip(levels, 0, 1) * 255).astype(np.uint8))

    def glow(self, x: float, y: float, radius: float, power: float = 2.0) -> Floats:
        """Light around a place: 1 in the middle, fading over ``radius`` units."""
        columns = (np.arange(self.canvas[0], dtype=np.float32) - self.x(x)) / (radius * self.unit)
        rows = (np.arange(self.canvas[1], dtype=np.float32) - self.y(y)) / (radius * self.unit)
        square = rows[:, None] ** 2 + columns[None, :] ** 2
        return cast(Floats, np.exp(-(square ** (power / 2)) * 2).astype(np.float32))

    def disc(self, x: float, y: float, radius: float) -> Floats:
        """A disc of that radius in units, 1 inside, with a soft edge of a pixel or two."""
        columns = np.arange(self.canvas[0], dtype=np.float32) - self.x(x)
        rows = np.arange(self.canvas[1], dtype=np.float32) - self.y(y)
        distance = np.sqrt(rows[:, None] ** 2 + columns[None, :] ** 2)
        return np.clip((radius * self.unit - distance) / 1.6 + 0.5, 0, 1)

    def blur(self, mask: Image.Image, radius: float) -> Image.Image:
        """A mask out of focus by ``radius`` units; blurred small, as it has no detail left."""
        pixels = radius * self.unit
        small = max(1, int(pixels / 3))
        reduced = mask.reduce(small) if small > 1 else mask
        return reduced.filter(ImageFilter.GaussianBlur(pixels / small)).resize(mask.size, Image.Resampling.BICUBIC)

    def layer(self, depth: float, mask: Image.Image | None, paint: Image.Image) -> Layer:
        """A painted layer."""
        return Layer(depth=depth, picture=Picture.from_rgb(paint), mask=mask)

    def tint(self, depth: float, mask: Image.Image, rgb: RGB, drift: tuple[float, float] = (0.0, 0.0)) -> Layer:
        """A layer of one colour: light, mist, rain. With a drift its mask repeats, and is stored twice that way."""
        if drift != (0.0, 0.0):
            wide, high = mask.width * (2 if drift[0] else 1), mask.height * (2 if drift[1] else 1)
            tiled = Image.new("L", (wide, high))
            for left in range(0, wide, mask.width):
                for top in range(0, high, mask.height):
                    tiled.paste(mask, (left, top))
            return Layer(depth=depth, tint=colour(rgb), mask=tiled, drift=drift)
        return Layer(depth=depth, tint=colour(rgb), mask=mask)

    def ground(self, heights: Floats) -> Image.Image:
        """A mask of everything below a line of places."""
        xs = self.xs(len(heights))

        def paint(brush: Brush) -> None:
            edge = [(float(x), float(y)) for x, y in zip(xs, heights, strict=True)]
            brush.polygon([*edge, (self.right + 0.1, 1.6), (self.left - 0.1, 1.6)])

        return self.draw(paint)

    def shaded(self, base: RGB, foot: RGB, top: float, bottom: float, light: Floats | None = None) -> Image.Image:
        """A colour that changes into another towards the foot of a layer; ``light`` darkens below 0 and brightens
        above."""
        image = self.gradient(((top, base), (bottom, foot)))
        if light is None:
            return image
        return Image.fromarray(np.clip(np.asarray(image, np.float32) * (1 + light[..., None]), 0, 255).astype(np.uint8))


class Brush:
    """A brush that draws on a mask in the easel's units."""

    def __init__(self, easel: Easel, image: Image.Image) -> None:
        self._easel = easel
        self._draw = ImageDraw.Draw(image)

    def at(self, x: float, y: float) -> Point:
        """A place in the mask's pixels."""
        return self._easel.x(x) * FINE, self._easel.y(y) * FINE

    def length(self, units: float) -> float:
        """A length in the mask's pixels."""
        return units * self._easel.unit * FINE

    def polygon(self, points: Sequence[Point], level: int = 255) -> None:
        """A filled shape through places."""
        self._draw.polygon([self.at(*point) for point in points], fill=level)

    def shape(self, x: float, y: float, points: Sequence[Point], scale: float, level: int = 255) -> None:
        """A filled shape around a place, its points in units times ``scale``, y upwards."""
        ox, oy = self.at(x, y)
        step = self.length(scale)
        self._draw.polygon([(ox + px * step, oy - py * step) for px, py in points], fill=level)

    def oval(
        self, x: float, y: float, cx: float, cy: float, rx: float, ry: float, scale: float, level: int = 255
    ) -> None:
        """An ellipse around a place, in units times ``scale``, y upwards."""
        ox, oy = self.at(x, y)
        step = self.length(scale)
        self._draw.ellipse(
            (ox + (cx - rx) * step, oy - (cy + ry) * step, ox + (cx + rx) * step, oy - (cy - ry) * step), fill=level
        )

    def line(self, points: Sequence[Point], width: float, level: int = 255) -> None:
        """A line through places, ``width`` units wide."""
        pixels = max(1, round(self.length(width)))
        self._draw.line([self.at(*point) for point in points], fill=level, width=pixels, joint="curve")

    def box(self, x: float, y: float, width: float, height: float, level: int = 255) -> None:
        """A rectangle that stands on a place, sizes in units."""
        ox, oy = self.at(x, y)
        self._draw.rectangle((ox, oy - self.length(height), ox + self.length(width), oy), fill=level)


def haze(palette_colour: RGB, horizon: RGB, distance: float) -> RGB:
    """A colour seen through air: ``distance`` 0 is here, 1 is at the horizon."""
    return mix(palette_colour, horizon, distance)


@functools.lru_cache(maxsize=4)
def _grain(canvas_size: tuple[int, int]) -> NDArray[np.int16]:
    drawn = chance("grain").standard_normal(canvas_size[::-1], np.float32)
    return (drawn * (0.9 * SIXTEENTHS)).astype(np.int16)
