"""Differences between colours as people see them: CIEDE2000, on arrays of many colours at once.

Implemented after Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula" (2005), whose published pairs the tests
hold it against. A difference of 1 is just noticeable side by side; 3 and more are seen at a glance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: R, G, B of BT.709 and sRGB to X, Y, Z, relative to their white (D65).
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
_25_7 = 25.0**7


def lab(rgb: Floats) -> Floats:
    """CIELAB of colours (…, 3), which are R'G'B' from 0 to 1 as a screen gets them; what lies outside is clipped."""
    shown = np.clip(rgb, 0, 1)
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    xyz = linear @ (_XYZ / _XYZ.sum(axis=1, keepdims=True)).T
    f = np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e(one: Floats, other: Floats) -> Floats:
    """CIEDE2000 of each pair of colours (…, 3) in CIELAB."""
    l1, a1, b1 = one[..., 0], one[..., 1], one[..., 2]
    l2, a2, b2 = other[..., 0], other[..., 1], other[..., 2]
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    grey = 1 + 0.5 * (1 - np.sqrt(c7 / (c7 + _25_7)))
    c1, c2 = np.hypot(grey * a1, b1), np.hypot(grey * a2, b2)
    h1, h2 = _hue(grey * a1, b1), _hue(grey * a2, b2)
    colourless = c1 * c2 == 0
    turn = h2 - h1
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn))
    turn = np.where(colourless, 0, turn)
    lightness, chroma = l2 - l1, c2 - c1
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    l_mean, c_mean, h_sum = (l1 + l2) / 2, (c1 + c2) / 2, h1 + h2
    across = np.where(h_sum < 360, h_sum + 360, h_sum - 360) / 2
    h_mean = np.where(colourless, h_sum, np.where(np.abs(h1 - h2) > 180, across, h_sum / 2))
    t = (
        1 - 0.17 * _cos(h_mean - 30) + 0.24 * _cos(2 * h_mean) + 0.32 * _cos(3 * h_mean + 6)
        - 0.20 * _cos(4 * h_mean - 63)
    )  # fmt: skip
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / np.sqrt(20 + (l_mean - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    c7 = c_mean**7
    rotation = -2 * np.sqrt(c7 / (c7 + _25_7)) * np.sin(np.radians(60 * np.exp(-(((h_mean - 275) / 25) ** 2))))
    l_part, c_part, h_part = lightness / s_l, chroma / s_c, hue / s_h
    return np.asarray(np.sqrt(l_part**2 + c_part**2 + h_part**2 + rotation * c_part * h_part), np.float64)


def apart(one: Floats, other: Floats) -> float:
    """The mean difference of two pictures of one size, of R'G'B' from 0 to 1."""
    return float(delta_e(lab(one), lab(other)).mean())


def _hue(a: Floats, b: Floats) -> Floats:
    """The angle of a colour in degrees, from 0 to 360; 0 for grey."""
    return np.asarray(np.degrees(np.arctan2(b, a)) % 360, np.float64)


def _cos(degrees: Floats) -> Floats:
    return np.asarray(np.cos(np.radians(degrees)), np.float64)
