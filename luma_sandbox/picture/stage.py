"""A scene in layers of different depth, and a camera's view of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.motion import STILL, View
from luma_sandbox.picture.planes import BLACK, Box, Picture, sample

MARGIN = 0.16  # share of the frame, painted beyond each edge


@dataclass(frozen=True)
class Stage:
    """Layers from far to near around a frame of ``size``, and a vignette. The first covers everything."""

    size: tuple[int, int]
    layers: tuple[Layer, ...]
    vignette: Image.Image | None = None

    def seen(self, view: View, time: float) -> Picture:
        """The frame that the camera sees at ``time`` (0 to 1)."""
        frame = self._ground(self.layers[0], view)
        for layer in self.layers[1:]:
            if view.roll:
                self._lay_turned(frame, layer, view, time)
            else:
                self._lay(frame, layer, view, time)
        if self.vignette is not None:
            dark = Image.new("L", self.size, BLACK)
            frame = Picture(Image.composite(frame.y, dark, self.vignette), frame.u, frame.v)
        return frame

    def _ground(self, layer: Layer, view: View) -> Picture:
        if layer.picture is None:
            raise ValueError("the farthest layer must be a picture")
        if view.roll:
            return layer.picture.turned(self._turn(layer, view), self.size)
        return layer.picture.view(self._box(layer, view, 0.0), self.size)

    def _lay(self, frame: Picture, layer: Layer, view: View, time: float) -> None:
        """Paint a layer over a frame, only where it is visible: a boat costs less than a sky."""
        if layer.mask is None:
            raise ValueError("only the farthest layer may cover everything")
        left, top, right, bottom = self._box(layer, view, time)
        region = layer.region or (0, 0, *layer.mask.size)
        scale_x, scale_y = (right - left) / self.size[0], (bottom - top) / self.size[1]
        x0, x1 = _span(region[0], region[2], left, scale_x, self.size[0])
        y0, y1 = _span(region[1], region[3], top, scale_y, self.size[1])
        if x0 >= x1 or y0 >= y1:
            return
        width, height = region[2] - region[0], region[3] - region[1]
        box = (
            max(0.0, left + x0 * scale_x - region[0]),
            max(0.0, top + y0 * scale_y - region[1]),
            min(float(width), left + x1 * scale_x - region[0]),
            min(float(height), top + y1 * scale_y - region[1]),
        )
        size = (x1 - x0, y1 - y0)
        mask = sample(layer.mask, box, size, Image.Resampling.BILINEAR)
        _paste(
            frame,
            layer.picture.view(box, size, Image.Resampling.BILINEAR) if layer.picture else None,
            layer.tint,
            mask,
            (x0, y0),
        )

    def _lay_turned(self, frame: Picture, layer: Layer, view: View, time: float) -> None:
        if layer.mask is None:
            raise ValueError("only the farthest layer may cover everything")
        turn = self._turn(layer, view, time)
        mask = layer.mask.transform(self.size, Image.Transform.AFFINE, turn, Image.Resampling.BILINEAR)
        over = layer.picture.turned(turn, self.size) if layer.picture is not None else None
        _paste(frame, over, layer.tint, mask, (0, 0))

    def _box(self, layer: Layer, view: View, time: float) -> Box:
        """The part of the canvas that the camera sees at this layer's depth."""
        width, height = self.size
        canvas_width, canvas_height = canvas(self.size)
        depth = 1 - view.parallax * (1 - layer.depth)
        zoom = max(0.77, view.zoom**depth * (1 + view.dolly * (1 - min(layer.depth, 1.0))))
        half_width, half_height = width / zoom / 2, height / zoom / 2
        x = _keep(canvas_width / 2 + view.x * width * depth, half_width, canvas_width - half_width)
        y = _keep(canvas_height / 2 + view.y * height * depth, half_height, canvas_height - half_height)
        if layer.drift != (0.0, 0.0):
            # Drifting layers are in the air before the lens: they do not grow with a zoom, and whole pixels are enough.
            half_width, half_height = width / 2, height / 2
            x = _keep(x, half_width, canvas_width - half_width) - layer.drift[0] * time * canvas_width
            y = _keep(y, half_height, canvas_height - half_height) - layer.drift[1] * time * canvas_height
            left = round((x - half_width) / 2) * 2 % canvas_width if layer.drift[0] else round((x - half_width) / 2) * 2
            top = (
                round((y - half_height) / 2) * 2 % canvas_height if layer.drift[1] else round((y - half_height) / 2) * 2
            )
            return left, top, left + width, top + height
        if not layer.still:
            aside, down = layer.way(time)
            x, y = x - aside * width, y - down * height
        return x - half_width, y - half_height, x + half_width, y + half_height

    def _turn(self, layer: Layer, view: View, time: float = 0.0) -> tuple[float, ...]:
        """The affine map from the frame to the layer's own pixels."""
        left, top, right, bottom = self._box(layer, view, 0.0 if layer.still or layer.drift != (0.0, 0.0) else time)
        scale = (right - left) / self.size[0]
        cos, sin = math.cos(math.radians(view.roll)) * scale, math.sin(math.radians(view.roll)) * scale
        x, y = (left + right) / 2, (top + bottom) / 2
        if layer.region is not None:
            x, y = x - layer.region[0], y - layer.region[1]
        mid_x, mid_y = self.size[0] / 2, self.size[1] / 2
        return cos, -sin, x - cos * mid_x + sin * mid_y, sin, cos, y - sin * mid_x - cos * mid_y


def canvas(size: tuple[int, int]) -> tuple[int, int]:
    """The size of a layer's canvas for a frame of that size."""
    return size[0] + 2 * margin(size)[0], size[1] + 2 * margin(size)[1]


def margin(size: tuple[int, int]) -> tuple[int, int]:
    """The margin of the canvas around the frame; even, for the half-size planes."""
    return round(size[0] * MARGIN / 2) * 2, round(size[1] * MARGIN / 2) * 2


def flat(picture: Picture) -> Stage:
    """A finished picture as a stage: seen at rest it comes out unchanged, bit by bit."""
    return Stage(picture.size, (Layer(depth=1.0, picture=picture.padded(margin(picture.size))),))


def at_rest(stage: Stage) -> Picture:
    """The stage seen as it was painted: what moves is in the middle of its way."""
    return stage.seen(STILL, 0.5)


def _span(low: int, high: int, start: float, scale: float, length: int) -> tuple[int, int]:
    """The first and last pixel of the frame that show the canvas between two places; even, and inside the frame."""
    first = max(0, math.ceil((low - start) / scale / 2) * 2)
    last = min(length, math.floor((high - start) / scale / 2) * 2)
    return first, last


def _keep(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(high, max(low, value))


def _paste(
    frame: Picture, over: Picture | None, tint: tuple[int, int, int], mask: Image.Image, at: tuple[int, int]
) -> None:
    half = mask.reduce(2)
    small = (at[0] // 2, at[1] // 2)
    for plane, paint, level, cover, place in (
        (frame.y, over.y if over else None, tint[0], mask, at),
        (frame.u, over.u if over else None, tint[1], half, small),
        (frame.v, over.v if over else None, tint[2], half, small),
    ):
        box = (*place, place[0] + cover.width, place[1] + cover.height)
        if paint is None:
            plane.paste(level, box, cover)
        else:
            plane.paste(paint, box, cover)
