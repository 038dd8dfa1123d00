"""The prices of the Luma Agents API, in US cents: Luma's pricing guide as of July to October 2026, cell by cell.

The guide is "subject to change ahead of general availability". Its gaps are listed in ``assumptions.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from luma_sandbox.assumptions import Assumptions

Range = Literal["SDR", "HDR", "HDR+EXR"]
Table = Mapping[Range, Mapping[str, tuple[int, ...]]]

FPS = 24
BLOCK = 5  # seconds
BLOCKS = 2  # the columns of the guide: up to 5 s, up to 10 s
# Frames by which a source may exceed a block or second without a charge: containers count the last frame differently.
LAP = 1

# US cents of a new clip of 5 s and of 10 s. There is no HDR at 360p, at 540p or of 10 s.
CLIPS: Table = {
    "SDR": {"360p": (6, 18), "540p": (15, 45), "720p": (30, 90), "1080p": (120, 360)},
    "HDR": {"720p": (60,), "1080p": (240,)},
    "HDR+EXR": {"720p": (90,), "1080p": (360,)},
}
# US cents of an extension, which is one block. 360p is a guess (`agents_extend_360p`).
EXTENSIONS = {"540p": 15, "720p": 30, "1080p": 120}
# US cents of an edit of a source of up to 5 s and of up to 10 s. What is longer is a guess (`agents_long_edit_price`).
EDITS: Table = {
    "SDR": {"360p": (54, 108), "540p": (72, 144), "720p": (108, 216), "1080p": (216, 432)},
    "HDR": {"360p": (108, 216), "540p": (144, 288), "720p": (216, 432), "1080p": (432, 864)},
    "HDR+EXR": {"360p": (162, 324), "540p": (216, 432), "720p": (324, 648), "1080p": (648, 1296)},
}
# US cents of a reframe for each second of its source.
REFRAMES = {"360p": 3, "540p": 6, "720p": 12, "1080p": 36}

# US dollars for an image: from text, and with its first input; each further input adds EXTRA_INPUT.
IMAGE_DOLLARS = {
    "uni-1": (Decimal("0.0404"), Decimal("0.0434")),
    "uni-1-max": (Decimal("0.1000"), Decimal("0.1030")),
}
EXTRA_INPUT = Decimal("0.0030")


def image(model: str, references: int, *, edit: bool) -> Decimal:
    """The price of a still with this many references, to a fraction of a cent; an edit's source is an input too."""
    plain, with_input = IMAGE_DOLLARS[model]
    inputs = references + edit
    return 100 * (plain if not inputs else with_input + EXTRA_INPUT * (inputs - 1))


def light(*, hdr: bool, exr: bool) -> Range:
    """The dynamic range of a clip."""
    return "SDR" if not hdr else "HDR+EXR" if exr else "HDR"


def clip(resolution: str, seconds: int, wide: Range) -> int:
    """The price of a new clip of 5 or 10 seconds."""
    return CLIPS[wide][resolution][seconds // BLOCK - 1]


def extension(resolution: str, assume: Assumptions) -> int:
    """The price of five seconds before or after a prior clip."""
    if resolution in EXTENSIONS:
        return EXTENSIONS[resolution]
    return _cents(Decimal(str(assume.number("agents_extend_360p"))))


def edit(resolution: str, frames: int, wide: Range, assume: Assumptions) -> int:
    """The price of an edit of a source with this many frames at 24 a second."""
    columns = EDITS[wide][resolution]
    blocks = _begun(frames - LAP, BLOCK * FPS)
    if blocks <= BLOCKS:
        return columns[blocks - 1]
    match assume["agents_long_edit_price"]:
        case "threefold":
            return columns[-1] * 3
        case "blocks":
            return columns[-1] * blocks // BLOCKS
        case _:
            return columns[-1]


def reframe(resolution: str, frames: int, assume: Assumptions) -> int:
    """The price of a reframe of a source with this many frames at 24 a second."""
    cents = REFRAMES[resolution]
    if assume["agents_reframe_seconds"] == "begun":
        return cents * _begun(frames - LAP, FPS)
    return max(1, _cents(Decimal(cents * frames) / FPS / 100))


def _begun(length: int, step: int) -> int:
    """The length divided by the step, rounded up, and at least one."""
    return max(1, -(-length // step))


def _cents(dollars: Decimal) -> int:
    return int((dollars * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
