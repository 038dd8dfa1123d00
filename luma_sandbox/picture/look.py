"""Restyling: footage and pictures with another palette and brush, from a light grade to a full repaint.

Motion in the source is motion in the result: every step works on the frame alone, and an overlay (a painted scene)
stands still and is hidden where the frame has detail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from luma_sandbox.picture import mood, scenery, stage
from luma_sandbox.picture.noise import Floats, chance, cloud, of_take
from luma_sandbox.picture.planes import Picture, colour, cover

MODES = (
    "adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3",
)  # fmt: skip
UNIT = 540  # the shorter side for which the sizes of strokes are given
PAINTED = 0.25  # strengths above this are painted, not only graded
DREAMT = 0.6  # and above this a scene of the prompt shows through
Levels = NDArray[np.float32]


def strength(mode: str) -> float:
    """The strength of a mode, more than 0 and up to 1."""
    return (MODES.index(mode) + 1) / len(MODES)


@dataclass(frozen=True)
class Look:
    """One style. ``over`` restyles a frame; the same frame gives the same result.

    tone:        luma → luma
    tints:       luma → the two chromas
    strokes:     where each pixel takes its paint from, or None
    grain:       the texture of the canvas
    scene:       the picture that shows where the frame has no detail, or None
    """

    strength: float
    size: tuple[int, int]
    tone: Levels
    tints: tuple[Levels, Levels]
    strokes: NDArray[np.int64] | None
    grain: Levels
    scene: Picture | None

    def over(self, frame: Picture) -> Picture:
        """The frame in this look."""
        s = self.strength
        luma = np.asarray(self._smeared(frame.y), np.float32)
        lines = self._lines(luma)
        seen = luma.astype(np.uint8)
        toned = self.tone[seen]
        u = np.asarray(self._smeared(frame.u, 2), np.float32)
        v = np.asarray(self._smeared(frame.v, 2), np.float32)
        small = np.asarray(Image.fromarray(seen).reduce(2))
        to_palette = 0.12 + 0.8 * s
        u += to_palette * (self.tints[0][small] - u)
        v += to_palette * (self.tints[1][small] - v)
        if self.scene is not None:
            share = self._plain(luma) * (0.35 + 1.1 * (s - DREAMT))
            half = np.asarray(Image.fromarray(share).reduce(2))
            toned = toned + share * (np.asarray(self.scene.y, np.float32) - toned)
            u += half * (np.asarray(self.scene.u, np.float32) - u)
            v += half * (np.asarray(self.scene.v, np.float32) - v)
        toned = toned - lines + self.grain
        return Picture(*(Image.fromarray(np.clip(p + 0.5, 16, 240).astype(np.uint8)) for p in (toned, u, v)))

    def _smeared(self, plane: Image.Image, half: int = 1) -> Image.Image:
        """A plane as if painted with a broad brush."""
        if self.strength <= PAINTED:
            return plane
        broad = max(1, round(min(self.size) / UNIT * (1 + 3 * (self.strength - PAINTED)) / half))
        small = plane.reduce(broad) if broad > 1 else plane
        painted = small.filter(ImageFilter.MedianFilter(3 if self.strength < DREAMT else 5))
        painted = painted.resize(plane.size, Image.Resampling.BICUBIC)
        if self.strokes is None or half != 1:
            return painted
        return Image.fromarray(np.asarray(painted).ravel()[self.strokes].reshape(plane.size[::-1]))

    def _lines(self, luma: Levels) -> Levels | float:
        """Dark lines along edges, as if drawn."""
        if self.strength <= PAINTED:
            return 0.0
        across, down = np.zeros_like(luma), np.zeros_like(luma)
        across[:, 1:] = np.abs(luma[:, 1:] - luma[:, :-1])
        down[1:] = np.abs(luma[1:] - luma[:-1])
        return cast(Levels, np.clip((across + down) * 2.2 - 9, 0, 70) * self.strength)

    def _plain(self, luma: Levels) -> Levels:
        """1 where the frame is plain, 0 where it has detail."""
        small = Image.fromarray(luma.astype(np.uint8)).reduce(8)
        around = np.asarray(small.filter(ImageFilter.BoxBlur(3)), np.float32)
        detail = np.abs(np.asarray(small, np.float32) - around)
        plain = Image.fromarray((np.clip(1 - detail / 14, 0.15, 1) * 255).astype(np.uint8))
        soft = plain.filter(ImageFilter.BoxBlur(2)).resize(luma.shape[::-1], Image.Resampling.BILINEAR)
        return cast(Levels, np.asarray(soft, np.float32) / np.float32(255))


def look(
    prompt: str, how_far: float, size: tuple[int, int], model: Image.Image | None = None, *, take: int = 1
) -> Look:
    """The look of a prompt, or of a picture that shows it, with other strokes in each take. ``how_far`` is its
    strength, more than 0 and up to 1."""
    levels = np.arange(256, dtype=np.float32)
    shown = None if model is None else Picture.from_rgb(cover(model, size))
    tints = _palette(prompt) if shown is None else _taken_from(shown)
    contrast = 126 + 110 * np.tanh((levels - 120) / 90)
    steps = 24 - 18 * how_far
    flat = np.floor(levels / 256 * steps + 0.5) / steps * 256
    posterised = contrast + max(0.0, how_far - PAINTED) * 0.8 * (flat - levels)
    tone = levels + (0.25 + 0.6 * how_far) * (posterised - levels)
    painted = how_far > PAINTED
    rng = chance("canvas", prompt, *of_take(take))
    weave = cloud(rng, size, cells=min(size) / 6, octaves=2) - 0.5
    scene = None
    if how_far > DREAMT:
        scene = shown or stage.at_rest(scenery.paint(prompt, size, take=take))
    return Look(
        strength=how_far,
        size=size,
        tone=np.clip(tone, 16, 235).astype(np.float32),
        tints=tints,
        strokes=_strokes(rng, size, how_far) if painted else None,
        grain=(weave * (18 * how_far if painted else 2)).astype(np.float32),
        scene=scene,
    )


def _palette(prompt: str) -> tuple[Levels, Levels]:
    """Chromas from dark to light, from the prompt's light."""
    colours = mood.read(prompt).palette
    found = sorted(colour(c) for c in (colours.near, colours.top, colours.far, colours.middle, colours.horizon))
    at = [c[0] for c in found]
    u, v = (np.interp(np.arange(256), at, [c[i] for c in found]).astype(np.float32) for i in (1, 2))
    return u, v


def _taken_from(picture: Picture) -> tuple[Levels, Levels]:
    """Chromas from dark to light, from a picture."""
    small = np.asarray(picture.y.reduce(2)).ravel()
    count = np.bincount(small, minlength=256).astype(np.float64)
    window = np.exp(-((np.arange(-40, 41) / 16.0) ** 2))
    weight = np.convolve(count, window, "same") + 1e-6
    found = []
    for plane in (picture.u, picture.v):
        total = np.bincount(small, weights=np.asarray(plane, np.float64).ravel() - 128, minlength=256)
        found.append((128 + np.convolve(total, window, "same") / weight).astype(np.float32))
    return found[0], found[1]


def _strokes(rng: np.random.Generator, size: tuple[int, int], how_far: float) -> NDArray[np.int64]:
    """The map of strokes: each pixel's source of paint along short, curved lines."""
    width, height = size
    reach = (how_far - PAINTED) * 0.016 * min(size)
    angle: Floats = cloud(rng, size, cells=9, octaves=3) * (4 * np.pi)
    length: Floats = (cloud(rng, size, cells=70, octaves=2) - 0.5) * 2 * reach
    x: NDArray[Any] = np.clip(np.arange(width)[None, :] + np.cos(angle) * length, 0, width - 1).astype(np.int64)
    y: NDArray[Any] = np.clip(np.arange(height)[:, None] + np.sin(angle) * length, 0, height - 1).astype(np.int64)
    places: NDArray[np.int64] = (y * width + x).ravel()
    return places
