"""One layer of a scene at its depth, and the merging of neighbouring layers so that a frame costs little."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from luma_sandbox.picture.planes import BLACK, Picture

Region = tuple[int, int, int, int]
NEIGHBOURS = 0.33  # difference in depth that a camera move hardly shows
EDGE = 6  # empty pixels kept around a mask, for the filter that samples it


@dataclass(frozen=True)
class Layer:
    """One depth of a scene.

    depth:   0 at infinity, 1 where the action is, more than 1 in front of it
    picture: its painting; or ``tint``, one colour in the planes' terms
    mask:    where it covers the layers behind it; None covers everything
    region:  the part of the canvas that picture and mask hold; None is all of it
    drift:   its own movement in one clip, in canvases; its mask then repeats and is stored twice in that direction
    travel:  its own way in one clip, in frames, half of it before the middle of the clip, where it is as painted
    step:    how high it goes up and down on its way, in frames, and how often in a clip
    """

    depth: float
    picture: Picture | None = None
    tint: tuple[int, int, int] = (BLACK, 128, 128)
    mask: Image.Image | None = None
    region: Region | None = None
    drift: tuple[float, float] = (0.0, 0.0)
    travel: tuple[float, float] = (0.0, 0.0)
    step: tuple[float, int] = (0.0, 0)

    @property
    def still(self) -> bool:
        """True if it has no movement of its own."""
        return self.drift == self.travel == (0.0, 0.0) and not self.step[1]

    @property
    def whole(self) -> bool:
        """True if it is still and holds the whole canvas, so that it can be merged with its neighbours."""
        return self.still and self.region is None

    def way(self, time: float) -> tuple[float, float]:
        """Its position at ``time`` (0 to 1) against where it was painted, in frames."""
        high, often = self.step
        up = high * (1 - math.cos(2 * math.pi * often * time)) / 2
        return self.travel[0] * (time - 0.5), self.travel[1] * (time - 0.5) - up


def grouped(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Fewer layers that look the same: neighbours in depth merged, each cropped to its visible part."""
    groups: list[list[Layer]] = []
    for layer in layers:
        last = groups[-1] if groups else []
        still = layer.whole and bool(last) and last[0].whole
        if still and abs(layer.depth - last[0].depth) <= NEIGHBOURS:
            last.append(layer)
        else:
            groups.append([layer])
    return tuple(_cut(merged(group)) for group in groups)


def joining(layers: Sequence[Layer], depth: float) -> float:
    """The depth, up to ``depth``, at which one more still layer in front of these is merged with the last of them, and
    so costs a frame nothing; ``depth`` itself if it cannot be."""
    first: Layer | None = None
    for layer in layers:
        if not layer.whole:
            first = None
        elif first is None or abs(layer.depth - first.depth) > NEIGHBOURS:
            first = layer
    if first is None or first.depth > depth:
        return depth
    return min(depth, first.depth + NEIGHBOURS - 1e-6)


def merged(layers: list[Layer]) -> Layer:
    """Still layers of the whole canvas merged, at the depth of the one nearest to 1."""
    result = layers[0]
    for layer in layers[1:]:
        result = _over(result, layer)
    return result


def _over(below: Layer, above: Layer) -> Layer:
    if below.picture is None and above.picture is None and below.tint == above.tint and below.mask and above.mask:
        return Layer(
            above.depth, tint=above.tint, mask=Image.fromarray(_union(_levels(below.mask), _levels(above.mask)))
        )
    size = below.picture.size if below.picture else above.picture.size if above.picture else _given(above.mask).size
    low, high = _filled(below, size), _filled(above, size)
    if above.mask is None:
        return Layer(above.depth, picture=high)
    if below.mask is None:
        return Layer(below.depth, picture=low.blend(high, above.mask, above.mask.reduce(2)))
    mask = Image.fromarray(_union(_levels(below.mask), _levels(above.mask)))
    # Where both show, the upper one by its share of the joint coverage.
    share = np.where(_levels(mask) > 0, _levels(above.mask).astype(np.float32) * 255 / np.maximum(_levels(mask), 1), 0)
    blend = Image.fromarray(np.clip(share + 0.5, 0, 255).astype(np.uint8))
    return Layer(
        above.depth if above.depth >= 1 else below.depth, picture=low.blend(high, blend, blend.reduce(2)), mask=mask
    )


def _filled(layer: Layer, size: tuple[int, int]) -> Picture:
    if layer.picture is not None:
        return layer.picture
    half = (size[0] // 2, size[1] // 2)
    return Picture(
        Image.new("L", size, layer.tint[0]), Image.new("L", half, layer.tint[1]), Image.new("L", half, layer.tint[2])
    )


def _union(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The joint coverage of two masks."""
    through = (255 - one.astype(np.uint16)) * (255 - other.astype(np.uint16))
    return (255 - (through + 127) // 255).astype(np.uint8)


def _cut(layer: Layer) -> Layer:
    if layer.mask is None or layer.region is not None or layer.drift != (0.0, 0.0):
        return layer
    width, height = layer.mask.size
    left, top, right, bottom = layer.mask.getbbox() or (0, 0, 2, 2)
    region = (
        max(0, left - EDGE) // 2 * 2,
        max(0, top - EDGE) // 2 * 2,
        min(width, (right + EDGE + 1) // 2 * 2),
        min(height, (bottom + EDGE + 1) // 2 * 2),
    )
    half = (region[0] // 2, region[1] // 2, region[2] // 2, region[3] // 2)
    picture = layer.picture
    if picture is not None:
        picture = Picture(picture.y.crop(region), picture.u.crop(half), picture.v.crop(half))
    return Layer(layer.depth, picture, layer.tint, layer.mask.crop(region), region)


def _levels(mask: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(mask)


def _given(mask: Image.Image | None) -> Image.Image:
    if mask is None:
        raise ValueError("a layer of one colour needs a mask")
    return mask
