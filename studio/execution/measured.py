"""The price of a shot that is made from another shot's clip, by the clip's measures instead of the plan's estimates.

A change or a finish of a clip is billed by that clip. The plan knows only what was ordered. An existing generation was
not ordered by it at all, and the clip of a continuation may include its parent's footage.
"""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from studio.errors import OddClip
from studio.media.clip import Clip
from studio.money import usd
from studio.planning.plan import FPS, Plan, Shot
from studio.providers.models import tier_of
from studio.providers.pricing import PriceTable, Quote, Range
from studio.providers.registry import video_model
from studio.providers.shot_request import Operation
from studio.remedies import option, text_of

BY_ITS_SOURCE = (Operation.MODIFY, Operation.REFRAME, Operation.UPSCALE, Operation.SOUND)
# Frames by which a clip may be longer than planned without a word: services and containers count the last ones
# differently.
LAP = 2


def source_of(plan: Plan, shot: Shot) -> Shot | None:
    """The shot whose clip ``shot`` is billed by; None where it is billed by no clip, or by footage of the producer."""
    if shot.source is None or shot.operation not in BY_ITS_SOURCE or shot.source.kind == "footage":
        return None
    if shot.source.kind == "generation":
        return next((s for s in plan.shots if s.generation == shot.source.ref), None)
    return plan.shot(shot.source.ref)


def quote_of(prices: PriceTable, shot: Shot, clip: Clip) -> Quote:
    """The price of a shot that is made from this clip. Raises SettingsError where the table has none."""
    frames = ceil(clip.duration * FPS)
    prices = prices.of(shot.api)
    match shot.operation:
        case Operation.UPSCALE:
            return prices.quote_upscale(shot.resolution, frames)
        case Operation.SOUND:
            return prices.quote_audio(frames)
    # A model that takes no resolution for its edits is billed by its source's size.
    tier = tier_of(clip.width, clip.height) if video_model(shot.model).edit_most else shot.resolution
    if shot.operation is Operation.REFRAME:
        return prices.quote_reframe(shot.model, tier, frames)
    dynamic: Range = "exr" if shot.options.exr else "hdr" if shot.options.hdr else "sdr"
    return prices.quote_edit(shot.model, tier, frames, dynamic=dynamic)


def price_of(prices: PriceTable, shot: Shot, source: Shot, clip: Clip, *, allowed: bool) -> Decimal:
    """The actual price of a shot in USD, by the measures of its source.

    Raises OddClip if it is more than planned, unless that is ``allowed``; then it counts against every cap.
    """
    real = quote_of(prices, shot, clip).usd
    planned = max(1, ceil(shot.seconds * FPS))
    if allowed or real <= shot.quote.usd * (1 + Decimal(LAP) / planned) + prices.of(shot.api).round_to:
        return real
    amend = f"write into scene '{source.scene}' the duration and resolution that it has" if source.generation else ""
    raise OddClip(
        f"was not ordered: '{source.id}', which it is made from, lasts {float(clip.duration):.4g} s at "
        f"{clip.width}×{clip.height}, so that it costs {usd(real)}, and the plan said {usd(shot.quote.usd)}",
        where=f"shot '{shot.id}'",
        hint=text_of(
            f"{amend + ', or buy' if amend else 'buy'} it at that price, within every cap, by ", option("allow_odd")
        ),
    )
