"""Drift: the colours of a clip that begins on a given frame are a bit off that frame's, as a video model's are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image

from luma_sandbox.picture.noise import chance
from luma_sandbox.picture.planes import BLACK, Picture

# The most of each at an amount of 1.
GAIN = 0.08  # of luma, as a share
LIFT = 8.0  # levels of luma
TINT = 5.0  # levels of each colour difference
HUE = 9.0  # degrees
SATURATION = 0.15  # as a share
LEAST = 0.35  # share of each that a drift has at least


@dataclass(frozen=True)
class Drift:
    """A change of colours: luma by a gain and a lift, colour differences turned, strengthened and moved."""

    gain: float
    lift: float
    hue: float
    saturation: float
    tint: tuple[float, float]

    def over(self, picture: Picture) -> Picture:
        """The picture with its colours changed."""
        levels = [min(255, max(0, round((v - BLACK) * self.gain + BLACK + self.lift))) for v in range(256)]
        u, v = (np.asarray(plane, np.float32) - 128 for plane in (picture.u, picture.v))
        cos, sin = (f(math.radians(self.hue)) * self.saturation for f in (math.cos, math.sin))
        turned = (cos * u - sin * v + self.tint[0], sin * u + cos * v + self.tint[1])
        planes = (Image.fromarray(np.clip(np.rint(t + 128), 0, 255).astype(np.uint8)) for t in turned)
        return Picture(picture.y.point(levels), *planes)


def drift(amount: float, *names: object) -> Drift:
    """A drift by chance, the same for the same names. ``amount``: 1 is what is seen at a glance, 0 is none."""
    some = chance("drift", *names)
    gain, lift, hue, saturation, u, v = (
        amount * float(some.choice((-1, 1))) * (LEAST + (1 - LEAST) * float(some.random())) for _ in range(6)
    )
    return Drift(1 + gain * GAIN, lift * LIFT, hue * HUE, 1 + saturation * SATURATION, (u * TINT, v * TINT))


def of_chain(amount: float, told: Sequence[str]) -> Iterator[Drift]:
    """The drift of each clip of a chain that goes on from another, by their prompts, the oldest first."""
    return (drift(amount, before, prompt) for before, prompt in pairwise(told))
