"""A picture in another shape: fitted into the new frame, and painted on beyond its edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from luma_sandbox.picture import scenery, stage
from luma_sandbox.picture.planes import Picture, cover

REACH = 0.34  # reach of the mirrored edge, in shorter sides of the frame
SCENE = 0.45  # share of the prompt's scene far out
BLUR = 12  # factor by which the far ground is computed smaller


@dataclass(frozen=True)
class Spot:
    """A part of the source (in its pixels) and its place (in the frame's; it may extend over the edge)."""

    crop: tuple[int, int, int, int]
    box: tuple[int, int, int, int]


def place(source: tuple[int, int], frame: tuple[int, int], given: Mapping[str, int]) -> Spot:
    """The place of a source in a frame; missing numbers mean fitted and centred. Every number is even."""
    left, top = _even(min(given.get("x_start", 0), source[0] - 2)), _even(min(given.get("y_start", 0), source[1] - 2))
    right = max(left + 2, _even(min(given.get("x_end", source[0]), source[0])))
    bottom = max(top + 2, _even(min(given.get("y_end", source[1]), source[1])))
    wide, high = right - left, bottom - top
    scale = min(frame[0] / wide, frame[1] / high)
    width = max(2, _even(given.get("resized_width", round(wide * scale))))
    height = max(2, _even(given.get("resized_height", round(high * scale))))
    # A pixel short of the frame is a rounding, not an edge to paint.
    width, height = (
        side if abs(side - whole) > 2 else whole for side, whole in zip((width, height), frame, strict=True)
    )
    x = _even(given.get("grid_position_x", (frame[0] - width) // 2))
    y = _even(given.get("grid_position_y", (frame[1] - height) // 2))
    return Spot((left, top, right, bottom), (x, y, x + width, y + height))


class Outpaint:
    """A painter of the area outside a source. ``scene`` (a picture of the frame's shape, or the prompt's own) is far
    out."""

    def __init__(
        self, size: tuple[int, int], spot: Spot, prompt: str, scene: Image.Image | None = None, *, take: int = 1
    ) -> None:
        self._size = size
        self._spot = spot
        self._scene: Picture | None = None
        if scene is not None:
            self._scene = Picture.from_rgb(cover(scene, size))
        elif prompt:
            self._scene = stage.at_rest(scenery.paint(prompt, size, take=take))
        self._near, self._far = _distances(size, spot.box)
        self._near_half, self._far_half = self._near.reduce(2), self._far.reduce(2)

    def over(self, source: Picture) -> Picture:
        """One frame: the source in its place, its mirror image around it, and the ground that they blend into."""
        box, size = self._spot.box, self._size
        part = source.view(self._spot.crop, (box[2] - box[0], box[3] - box[1]))
        ground = _map(part, lambda plane, half: _blurred(plane, _halved(size, half)))
        if self._scene is not None:
            ground = ground.blend(self._scene, self._far, self._far_half)
        mirrored = _map(
            part, lambda plane, half: _mirrored(plane, _halved(size, half), (box[0] // half, box[1] // half))
        )
        return ground.blend(mirrored, self._near, self._near_half)


def _distances(size: tuple[int, int], box: tuple[int, int, int, int]) -> tuple[Image.Image, Image.Image]:
    """The share of the mirror image (all of it inside the box), and that of the scene."""
    columns, rows = np.arange(size[0], dtype=np.float32) + 0.5, np.arange(size[1], dtype=np.float32) + 0.5
    dx = np.maximum(np.maximum(box[0] - columns, columns - box[2]), 0)[None, :]
    dy = np.maximum(np.maximum(box[1] - rows, rows - box[3]), 0)[:, None]
    away = np.sqrt(dx**2 + dy**2) / (REACH * min(size))
    near = np.where(away <= 0, 1.0, np.clip(1 - away, 0, 1) ** 1.5)
    far = SCENE * np.clip(away, 0, 1)
    return Image.fromarray((near * 255).astype(np.uint8)), Image.fromarray((far * 255).astype(np.uint8))


def _mirrored(plane: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """A plane of the frame's size that holds ``plane`` at a place, with its reflections all around."""
    pixels = np.asarray(plane)

    def index(length: int, whole: int, start: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        steps = (np.arange(whole) - start) % (2 * length)
        return np.minimum(steps, 2 * length - 1 - steps)

    return Image.fromarray(pixels[np.ix_(index(plane.height, size[1], at[1]), index(plane.width, size[0], at[0]))])


def _blurred(plane: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A plane that fills the frame, far out of focus."""
    small = (max(2, size[0] // BLUR), max(2, size[1] // BLUR))
    scale = max(small[0] / plane.width, small[1] / plane.height)
    wide, high = small[0] / scale, small[1] / scale
    left, top = (plane.width - wide) / 2, (plane.height - high) / 2
    filled = plane.resize(small, Image.Resampling.BOX, box=(left, top, left + wide, top + high))
    return filled.filter(ImageFilter.GaussianBlur(2)).resize(size, Image.Resampling.BICUBIC)


def _map(picture: Picture, change: Callable[[Image.Image, int], Image.Image]) -> Picture:
    return Picture(change(picture.y, 1), change(picture.u, 2), change(picture.v, 2))


def _halved(size: tuple[int, int], half: int) -> tuple[int, int]:
    return size[0] // half, size[1] // half


def _even(value: int) -> int:
    return value // 2 * 2
