"""Models as data: abilities, limits, and the choice of clip lengths by them. Each service lists its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations_with_replacement
from math import ceil

RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")


@dataclass(frozen=True)
class VideoModel:
    """One video model. All lengths in whole seconds, shortest first.

    name:            its name in productions, prices and orders
    api:             the id of the provider that sells it
    pool:            the models that share the account's limits
    lengths:         lengths of a new clip
    resolutions:     tiers of a new clip, smallest first
    wire:            its name in a request
    draft:           model and resolution of its cheapest preview
    still:           the still model of the same provider, for a first frame; empty: it has none
    aspect_ratios:   the shapes that it makes
    continued:       lengths of a clip that continues a generation, by its id
    one_by_id:       a generation by its id takes no other frame beside it: then both are given as pictures
    loop_lengths:    lengths of a clip that loops; none: it makes no loops
    hdr_lengths:     lengths of a clip in high dynamic range, which neither loops nor continues a generation
    hdr_resolutions: tiers that it also makes in high dynamic range; none: it makes no HDR
    edit_hdr:        tiers at which it modifies footage in high dynamic range
    edit_seconds:    the longest source of a modify
    reframe_seconds: the longest source of a reframe
    guides:          most guide frames that it takes, each at a frame of its own (images only, at any length)
    longest_prompt:  characters
    controls:        it takes controls of an edit: what is kept of the footage's motion and form
    not_reframed:    pairs of tier and shape that it does not reframe to
    placed:          the position of a reframed picture in the new frame can be chosen
    concepts:        the camera is given by key; else by a phrase in the prompt
    upscales:        its finished clips can be made larger
    sound:           a sound can be added to its finished clips
    edit_most:       the largest tier of an edited or reframed clip, which else keeps its source's size; empty: such a
                     clip has the resolution that is asked for
    edits_by_id:     footage that it made itself is named by its generation; else it is given as a file
    framed:          a new clip has the shape of its first picture, in place of the one asked for
    """

    name: str
    api: str
    pool: str
    lengths: tuple[int, ...]
    resolutions: tuple[str, ...]
    wire: str
    draft: tuple[str, str]
    still: str
    aspect_ratios: tuple[str, ...] = RATIOS
    continued: tuple[int, ...] = (5, 9)
    one_by_id: bool = False
    loop_lengths: tuple[int, ...] = (5, 9)
    hdr_lengths: tuple[int, ...] = ()
    hdr_resolutions: tuple[str, ...] = ()
    edit_hdr: tuple[str, ...] = ()
    edit_seconds: int = 10
    reframe_seconds: int = 10
    guides: int = 0
    longest_prompt: int = 5000
    controls: bool = False
    not_reframed: tuple[tuple[str, str], ...] = ()
    placed: bool = False
    concepts: bool = True
    upscales: bool = True
    sound: bool = True
    edit_most: str = ""
    edits_by_id: bool = False
    framed: bool = False

    @property
    def loops(self) -> bool:
        return bool(self.loop_lengths)

    @property
    def hdr(self) -> bool:
        return bool(self.hdr_resolutions)


@dataclass(frozen=True)
class StillModel:
    """One model for stills. ``references``: most images that may guide a still; ``wire``: its name in a request.

    ``api``: the id of the provider that sells it; ``pool``: the models that share the account's limits.
    """

    name: str
    api: str
    pool: str
    references: int
    aspect_ratios: tuple[str, ...]
    formats: tuple[str, ...]
    longest_prompt: int

    @property
    def wire(self) -> str:
        return self.name

    def ratio_for(self, aspect_ratio: str) -> str:
        """The nearest shape to ``aspect_ratio`` (such as 16:9) that it makes."""
        if aspect_ratio in self.aspect_ratios:
            return aspect_ratio
        wanted = _ratio(aspect_ratio)
        return min(self.aspect_ratios, key=lambda name: max(_ratio(name) / wanted, wanted / _ratio(name)))


#: Pixels of the tiers at 16:9; other shapes have about the same area.
TIER_PIXELS = {
    "360p": 640 * 360, "540p": 960 * 540, "720p": 1280 * 720, "1080p": 1920 * 1080, "4k": 3840 * 2160
}  # fmt: skip
#: Factor by which a size of a tier may exceed that: 4:3 at 720p came as 1152×864, which is 1.08 times as much.
ROOM = 1.1


def clip_lengths(
    model: VideoModel,
    wanted: Fraction,
    price: Callable[[int], Decimal],
    *,
    lengths: tuple[int, ...] | None = None,
    longest: bool = False,
) -> tuple[int, ...]:
    """The cheapest clips that together last at least ``wanted`` seconds; of equal price the fewest, longest first.

    ``price`` gives USD for one clip of so many seconds. ``lengths``: those to choose from, by default all of the
    model's. ``longest``: the fewest clips, and among those the cheapest.
    """
    choice = lengths or model.lengths
    most = max(1, ceil(wanted / choice[0]))
    fewest = max(1, ceil(wanted / choice[-1]))
    options = (
        combination
        for count in range(fewest, most + 1)
        for combination in combinations_with_replacement(sorted(choice, reverse=True), count)
        if sum(combination) >= wanted
    )
    return min(options, key=lambda clips: rank(clips, sum(map(price, clips), Decimal(0)), longest=longest))


def rank(clips: tuple[int, ...], usd: Decimal, *, longest: bool) -> tuple[Decimal, Decimal, int]:
    """The sort key of a choice of clips, the best first: the cheapest, or with ``longest`` the fewest."""
    first, second = (Decimal(len(clips)), usd) if longest else (usd, Decimal(len(clips)))
    return first, second, sum(clips)


def tier_of(width: int, height: int) -> str:
    """The smallest tier from 540p on that holds a picture of that size, with a little room for odd shapes."""
    able = [tier for tier, pixels in TIER_PIXELS.items() if tier != "360p" and width * height <= pixels * ROOM]
    return able[0] if able else "4k"


def smaller(tier: str, other: str) -> str:
    """The tier with fewer pixels."""
    return min(tier, other, key=TIER_PIXELS.__getitem__)


def _ratio(name: str) -> Fraction:
    width, _, height = name.partition(":")
    return Fraction(int(width), int(height))
