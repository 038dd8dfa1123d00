"""Silhouettes of trees and lighthouses that belong to a place."""

from __future__ import annotations

import math

import numpy as np

from luma_sandbox.picture.easel import Brush, Point


def pine(brush: Brush, x: float, y: float, height: float, rng: np.random.Generator) -> None:
    """A conifer: ragged tiers around a trunk."""
    points: list[Point] = [(0.0, 1.0)]
    tiers = 7
    for side in (1, -1):
        edge: list[Point] = []
        for tier in range(tiers):
            reach = 0.04 + 0.2 * (tier + 1) / tiers
            low = 1.0 - 0.9 * (tier + 1) / tiers
            edge += [(side * reach * float(rng.uniform(0.85, 1.15)), low), (side * reach * 0.5, low + 0.025)]
        points += edge if side == 1 else edge[::-1]
    brush.shape(x, y, points, height)
    brush.shape(x, y, [(-0.018, 0.14), (0.018, 0.14), (0.022, -0.03), (-0.022, -0.03)], height)


def tree(brush: Brush, x: float, y: float, height: float, rng: np.random.Generator) -> None:
    """A broad tree: a forked trunk under a crown of many discs."""
    brush.shape(x, y, [(-0.045, -0.02), (-0.022, 0.2), (-0.02, 0.5), (0.02, 0.5), (0.024, 0.2), (0.05, -0.02)], height)
    for side in (-1, 1):
        brush.shape(x, y, [(0.0, 0.3), (side * 0.2, 0.62), (side * 0.17, 0.64), (side * -0.012, 0.36)], height)
    for _ in range(230):
        angle, reach = float(rng.uniform(0, 2 * math.pi)), float(rng.random()) ** 0.5
        cx, cy = 0.36 * reach * math.cos(angle), 0.7 + 0.27 * reach * math.sin(angle)
        radius = float(rng.uniform(0.018, 0.06))
        brush.oval(x, y, cx, cy, radius * 1.15, radius, height)


def lighthouse(brush: Brush, x: float, y: float, scale: float) -> None:
    """A lighthouse; its light is at 1.06 of its height."""
    brush.shape(x, y, [(-0.12, 0.0), (-0.075, 0.92), (0.075, 0.92), (0.12, 0.0)], scale)
    brush.shape(x, y, [(-0.11, 0.92), (-0.11, 0.95), (0.11, 0.95), (0.11, 0.92)], scale)
    brush.shape(x, y, [(-0.06, 0.95), (-0.055, 1.07), (0.055, 1.07), (0.06, 0.95)], scale)
    brush.shape(x, y, [(-0.075, 1.07), (0.0, 1.16), (0.075, 1.07)], scale)
