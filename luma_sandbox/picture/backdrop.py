"""A plain backdrop, for things named without a place, and where a prompt asks for a background of one colour."""

from __future__ import annotations

from luma_sandbox.picture.easel import Easel
from luma_sandbox.picture.layer import Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.vocabulary import RGB

NEUTRAL: RGB = (206, 200, 192)
TINGE = {"day": 0.1, "dawn": 0.14, "dusk": 0.2, "storm": 0.3, "night": 0.6, "neon": 0.6}  # of the light
FLOOR = 0.8  # where the backdrop turns into the floor


def plain(easel: Easel) -> list[Layer]:
    """Paint a backdrop of one colour, a little lighter where the light falls."""
    colour = easel.mood.ground
    base = colour or mix(NEUTRAL, easel.mood.palette.middle, TINGE[easel.mood.light])
    stops = (
        (0.0, base),
        (FLOOR - 0.12, mix(base, (255, 255, 255), 0.06)),
        (FLOOR, mix(base, (0, 0, 0), 0.06)),
        (1.0, mix(base, (0, 0, 0), 0.1)),
    )
    return [easel.layer(0.05, None, easel.gradient(stops))]
