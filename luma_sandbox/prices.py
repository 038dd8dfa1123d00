"""The service's prices in whole US cents: width × height × 24 × seconds × rate per million pixels."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from luma_sandbox import sizes

FPS = 24

# US dollars per million pixels.
VIDEO_RATES = {"ray-2": Decimal("0.0064"), "ray-flash-2": Decimal("0.0022")}
EDIT_RATES = {"ray-2": Decimal("0.01582"), "ray-flash-2": Decimal("0.00544")}
IMAGE_RATES = {"photon-1": Decimal("0.0073"), "photon-flash-1": Decimal("0.0019")}

# The size at which a tier is billed, whatever the aspect ratio (assumption `billed_pixels`).
TIER_PIXELS = {"540p": 960 * 540, "720p": 1280 * 720, "1080p": 1920 * 1080, "4k": 3840 * 2160}

MILLION = Decimal(1_000_000)
CENT = Decimal(1)


def cents(pixels: int, rate: Decimal) -> int:
    """The price of a number of pixels, rounded half up to the cent."""
    dollars = Decimal(pixels) * rate / MILLION
    return int((dollars * 100).quantize(CENT, rounding=ROUND_HALF_UP))


def video(model: str, resolution: str, seconds: int, rate: float | None = None) -> int:
    """The price of a new clip, at its model's rate or at the given one."""
    dollars = VIDEO_RATES[model] if rate is None else Decimal(str(rate))
    return cents(TIER_PIXELS[resolution] * FPS * seconds, dollars)


def image(model: str, pixels: int, least: int) -> int:
    """The price of a still; at least ``least`` cents, the smallest unit of the books."""
    return max(least, cents(pixels, IMAGE_RATES[model]))


def edit(model: str, resolution: str, frames: int) -> int:
    """The price of a modified or reframed clip of this many frames."""
    return _at_least_one(cents(TIER_PIXELS[resolution] * frames, EDIT_RATES[model]))


def upscale(resolution: str, frames: int, rate: float) -> int:
    """The price of an upscale of this many frames, at a rate in dollars per million pixels."""
    price = cents(TIER_PIXELS[resolution] * frames, Decimal(str(rate)))
    return _at_least_one(price) if rate else price


def audio(frames: int, a_second: float) -> int:
    """The price of a sound for this many frames, at a price in cents for each second."""
    price = int((Decimal(str(a_second)) * frames / FPS).quantize(CENT, rounding=ROUND_HALF_UP))
    return _at_least_one(price) if a_second else price


def _at_least_one(price: int) -> int:
    """Round a price above zero up to one cent, the smallest unit of the books."""
    return max(1, price)


def settled(form: Mapping[str, Any], inputs: Mapping[str, Any]) -> int | None:
    """The price of an edit once its source is known; None if it does not change: only ``priced_by`` moves it."""
    source = inputs.get("source")
    if form.get("priced_by") not in ("source", "capped") or source is None:
        return None
    at_most = form["at_most"] if form["priced_by"] == "capped" else "4k"
    tier = sizes.tier_of((source["width"], source["height"]), at_most)
    return edit(form["model"], tier, source["frames"])
