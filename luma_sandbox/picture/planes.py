"""A picture as three planes: luma at full size, chroma at half, BT.709 in television range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Box = tuple[float, float, float, float]

# RGB → limited-range BT.709; the half in the offsets rounds, because Pillow truncates.
_Y = (0.18258588, 0.61423059, 0.06200706, 16.5)
_U = (-0.10064373, -0.33857195, 0.43921569, 128.5)
_V = (0.43921569, -0.39894216, -0.04027352, 128.5)
BLACK = 16


@dataclass(frozen=True)
class Picture:
    """Three grey images: ``y`` of the full size, ``u`` and ``v`` of half of it."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.size

    @classmethod
    def from_rgb(cls, image: Image.Image) -> Picture:
        """Convert an RGB image of even size."""
        half = image.reduce(2)
        return cls(image.convert("L", _Y), half.convert("L", _U), half.convert("L", _V))

    @classmethod
    def from_bytes(cls, raw: bytes, width: int, height: int) -> Picture:
        """Read one frame of yuv420p."""
        luma, chroma = width * height, width * height // 4
        half = (width // 2, height // 2)
        return cls(
            Image.frombytes("L", (width, height), raw[:luma]),
            Image.frombytes("L", half, raw[luma : luma + chroma]),
            Image.frombytes("L", half, raw[luma + chroma : luma + 2 * chroma]),
        )

    def to_bytes(self) -> bytes:
        """One frame of yuv420p."""
        return self.y.tobytes() + self.u.tobytes() + self.v.tobytes()

    def to_rgb(self) -> Image.Image:
        """Convert to an RGB image."""
        y = (np.asarray(self.y, np.float32) - 16) * (255 / 219)
        u, v = ((np.asarray(c.resize(self.size), np.float32) - 128) * (255 / 224) for c in (self.u, self.v))
        rgb = np.stack([y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u], axis=-1)
        return Image.fromarray(np.clip(rgb + 0.5, 0, 255).astype(np.uint8))

    def view(self, box: Box, size: tuple[int, int], method: Image.Resampling = Image.Resampling.BICUBIC) -> Picture:
        """The contents of ``box``, at ``size``; unscaled where the box is a whole number of pixels of that size."""
        half = (size[0] // 2, size[1] // 2)
        small = cast(Box, tuple(edge / 2 for edge in box))
        soft = Image.Resampling.BILINEAR
        return Picture(
            sample(self.y, box, size, method), sample(self.u, small, half, soft), sample(self.v, small, half, soft)
        )

    def turned(self, coefficients: tuple[float, ...], size: tuple[int, int]) -> Picture:
        """The picture through an affine map from the view's pixels to this picture's."""
        a, b, c, d, e, f = coefficients
        # The half-size planes have half the offset, and pixel centres half a small pixel further in.
        small = (a, b, c / 2, d, e, f / 2)
        half = (size[0] // 2, size[1] // 2)
        return Picture(
            self.y.transform(size, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC),
            self.u.transform(half, Image.Transform.AFFINE, small, Image.Resampling.BILINEAR),
            self.v.transform(half, Image.Transform.AFFINE, small, Image.Resampling.BILINEAR),
        )

    def blend(self, other: Picture, mask: Image.Image, mask_half: Image.Image) -> Picture:
        """``other`` where the mask is white, this one where it is black."""
        return Picture(
            Image.composite(other.y, self.y, mask),
            Image.composite(other.u, self.u, mask_half),
            Image.composite(other.v, self.v, mask_half),
        )

    def padded(self, margin: tuple[int, int]) -> Picture:
        """With its own mirror image around it, for a camera that looks past its edge."""
        x, y = margin
        return Picture(*(_mirrored(p, x // s, y // s) for p, s in ((self.y, 1), (self.u, 2), (self.v, 2))))


def sample(
    image: Image.Image, box: Box, size: tuple[int, int], method: Image.Resampling = Image.Resampling.BICUBIC
) -> Image.Image:
    """One plane of a view. A box moved along one axis only is filtered along that axis only."""
    left, top, right, bottom = box
    whole_x = left == int(left) and right - left == size[0]
    whole_y = top == int(top) and bottom - top == size[1]
    if whole_x and whole_y:
        return image.crop((int(left), int(top), int(right), int(bottom)))
    if whole_x:
        image, left, right = image.crop((int(left), 0, int(right), image.height)), 0.0, float(size[0])
    elif whole_y:
        image, top, bottom = image.crop((0, int(top), image.width, int(bottom))), 0.0, float(size[1])
    return image.resize(size, method, box=(left, top, right, bottom))


def colour(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """One colour in the planes' terms."""
    return cast(
        "tuple[int, int, int]",
        tuple(int(sum(c * k for c, k in zip(rgb, row[:3], strict=True)) + row[3]) for row in (_Y, _U, _V)),
    )


def cover(
    image: Image.Image, size: tuple[int, int], ground: Callable[[tuple[int, int]], Image.Image] | None = None
) -> Image.Image:
    """An image of any kind as RGB, upright, filling ``size`` without distortion; the rest is cut off. Its transparent
    parts show ``ground``, a picture of that size, or white."""
    upright = ImageOps.exif_transpose(image)
    if not upright.has_transparency_data:
        return ImageOps.fit(upright.convert("RGB"), size, Image.Resampling.LANCZOS)
    above = ImageOps.fit(upright.convert("RGBA"), size, Image.Resampling.LANCZOS)
    below = ground(size) if ground is not None else Image.new("RGB", size, (255, 255, 255))
    below = below.convert("RGBA")
    below.alpha_composite(above)
    return below.convert("RGB")


def _mirrored(plane: Image.Image, x: int, y: int) -> Image.Image:
    pixels: NDArray[np.uint8] = np.asarray(plane)
    return Image.fromarray(np.pad(pixels, ((y, y), (x, x)), mode="symmetric"))
