"""The lengths of the clips that make up a scene."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import TypeAlias

from studio.money import ZERO
from studio.providers.models import VideoModel, clip_lengths, rank

#: The price of one clip in USD, by its seconds and by whether it continues a generation by its id.
Price: TypeAlias = Callable[[int, bool], Decimal]


def chain_lengths(
    model: VideoModel, wanted: Fraction, price: Price, *, by_id: bool, ends: bool, longest: bool = False
) -> tuple[int, ...]:
    """The cheapest chain of clips that lasts at least ``wanted`` seconds, or with ``longest`` the one of fewest clips.

    ``by_id``: the first clip continues a generation; ``ends``: the last one ends on a given frame. All but the first
    continue another clip by its id, which some models allow at fewer lengths, and not beside another frame.
    """
    if model.continued == model.lengths:
        return clip_lengths(model, wanted, lambda n: price(n, False), longest=longest)
    at_end = model.lengths if ends and model.one_by_id else model.continued
    at_start = model.continued if by_id else model.lengths
    alone = model.lengths if ends and model.one_by_id else at_start

    def usd(clips: tuple[int, ...]) -> Decimal:
        return sum((price(n, continues(model, k, len(clips), by_id, ends)) for k, n in enumerate(clips)), ZERO)

    def options() -> Iterable[tuple[int, ...]]:
        yield from ((n,) for n in alone if n >= wanted)
        for first in at_start:
            for last in at_end:
                rest = wanted - first - last
                middle = clip_lengths(
                    model, rest, lambda n: price(n, True), lengths=model.continued, longest=longest
                ) if rest > 0 else ()  # fmt: skip
                yield (first, *middle, last)

    return min(options(), key=lambda clips: rank(clips, usd(clips), longest=longest))


def continues(model: VideoModel, number: int, clips: int, by_id: bool, ends: bool) -> bool:
    """True if clip ``number`` (from 0) of a chain continues a generation by its id."""
    beside_a_frame = ends and number == clips - 1 and model.one_by_id
    return (number > 0 or by_id) and not beside_a_frame


def whole_clip(lengths: tuple[int, ...], wanted: Fraction) -> int:
    """The length of one clip: the shortest that is enough, else one whose repeats fill the time, else the longest."""
    enough = [n for n in lengths if n >= wanted] or [n for n in lengths if (wanted / n).denominator == 1]
    return enough[0] if enough else lengths[-1]


def frames_of(seconds: Fraction, fps: int) -> int:
    """The number of frames of a clip, rounded up."""
    return ceil(seconds * fps)
