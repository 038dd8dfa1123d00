"""What the Luma Agents API would charge, in whole US cents. What is a guess is named in ``assumptions.py``."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from studio.sandbox.assumptions import Assumptions

BLOCK = 5  # seconds: a clip is billed in blocks of them; 10 s are two

# US dollars for a block, standard range. 360p is a guess (`agents_price_360p`).
BLOCK_DOLLARS = {"540p": Decimal("0.15"), "720p": Decimal("0.30"), "1080p": Decimal("1.20")}

# US dollars for an image: from text, and with its first input; each further input adds EXTRA_INPUT.
IMAGE_DOLLARS = {
    "uni-1": (Decimal("0.0404"), Decimal("0.0434")),
    "uni-1-max": (Decimal("0.1000"), Decimal("0.1030")),
}
EXTRA_INPUT = Decimal("0.0030")


def image(model: str, references: int, *, edit: bool) -> int:
    """A still with so many references; an edit's source is an input too."""
    plain, with_input = IMAGE_DOLLARS[model]
    inputs = references + edit
    return _cents(plain if not inputs else with_input + EXTRA_INPUT * (inputs - 1))


def video(resolution: str, seconds: float, assume: Assumptions, *, hdr: bool = False, edit: bool = False) -> int:
    """A clip of that length, or an edit or a reframe of one."""
    draft = Decimal(str(assume.number("agents_price_360p")))
    dollars = BLOCK_DOLLARS.get(resolution, draft) * max(1, math.ceil(seconds / BLOCK - 0.01))
    if hdr:
        dollars *= Decimal(str(assume.number("agents_hdr_factor")))
    if edit:
        dollars *= Decimal(str(assume.number("agents_edit_factor")))
    return _cents(dollars)


def _cents(dollars: Decimal) -> int:
    return int((dollars * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
