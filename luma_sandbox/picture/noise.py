"""Reproducible randomness: seeded generators, clouds of noise, and lines like hills."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]


def chance(*names: object) -> np.random.Generator:
    """A random generator seeded by the names alone."""
    digest = hashlib.sha256("\x00".join(map(str, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def of_take(take: int) -> tuple[str, ...]:
    """The extra names for a random generator that make each take different; none for the first."""
    return () if take == 1 else (f"take {take}",)


def cloud(
    rng: np.random.Generator,
    size: tuple[int, int],
    *,
    cells: float,
    stretch: float = 1.0,
    octaves: int = 5,
    roughness: float = 0.5,
    periodic: bool = False,
) -> Floats:
    """Soft noise from 0 to 1. ``cells`` are counted along the height, ``stretch`` widens them."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for _ in range(octaves):
        rows = max(2, round(cells))
        columns = max(2, round(cells * width / height / stretch))
        grid = rng.random((rows + 1, columns + 1), np.float32)
        if periodic:
            grid[-1], grid[:, -1] = grid[0], grid[:, 0]
        total += weight * np.asarray(_enlarge(grid, size))
        weight *= roughness
        cells *= 2
        if rows > height or columns > width:
            break
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def line(rng: np.random.Generator, points: int, *, bumps: float, roughness: float = 0.5, octaves: int = 7) -> Floats:
    """A line of heights from 0 to 1, like hills against the sky."""
    at = np.linspace(0, 1, points, dtype=np.float32)
    total = np.zeros(points, np.float32)
    weight = 1.0
    for _ in range(octaves):
        knots = max(3, round(bumps) + 2)
        heights = rng.random(knots, np.float32)
        place = at * (knots - 1)
        index = np.minimum(place.astype(np.int64), knots - 2)
        share = place - index
        share = share * share * (3 - 2 * share)
        total += weight * (heights[index] * (1 - share) + heights[index + 1] * share)
        weight *= roughness
        bumps *= 2.1
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def _enlarge(grid: Floats, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(grid).resize(
        size, Image.Resampling.BICUBIC, box=(0.5, 0.5, grid.shape[1] - 0.5, grid.shape[0] - 0.5)
    )
