"""How long the clips are of which a scene is made."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import ceil

from studio.models import VideoModel, clip_lengths


def chain_lengths(
    model: VideoModel, wanted: Fraction, price: Callable[[int], Decimal], *, framed: bool, ends: bool
) -> tuple[int, ...]:
    """The cheapest chain of clips that lasts at least ``wanted`` seconds; of equal price the fewest, longest first.

    ``framed``: the first clip begins with a given frame; ``ends``: the last one ends on one. All but the first
    continue another clip, which some models do at fewer lengths. ``price`` gives USD for one clip of so many seconds.
    """
    if model.framed_lengths == model.lengths:
        return clip_lengths(model, wanted, price)
    tied = model.framed_lengths
    options = [clip_lengths(model, wanted, price, lengths=tied)]
    if not framed:
        for first in model.lengths:
            if first >= wanted and not ends:
                options.append((first,))
            elif first < wanted:
                options.append((first, *clip_lengths(model, wanted - first, price, lengths=tied)))
    return min(options, key=lambda lengths: (sum(map(price, lengths)), len(lengths), sum(lengths)))


def whole_clip(lengths: tuple[int, ...], wanted: Fraction) -> int:
    """The one clip that lasts long enough, or that fills the time without a rest when it is played again, or the
    longest."""
    enough = [n for n in lengths if n >= wanted] or [n for n in lengths if (wanted / n).denominator == 1]
    return enough[0] if enough else lengths[-1]


def frames_of(seconds: Fraction, fps: int) -> int:
    """Whole frames of a clip; a frame that is only begun is one."""
    return ceil(seconds * fps)
