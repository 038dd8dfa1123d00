"""The expected measures of each order: pixels, shape, length; and the check of what was delivered. Pure functions.

Luma documents frame sizes for 16:9 only, so a size is judged by its number of pixels and by its shape: it belongs to
the tier with the nearest number of pixels. That allows every rounding (4:3 at 720p came as 1152×864), but no other
tier, no thumbnail and no other shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import sqrt
from typing import Protocol

from studio.planning.plan import OF_A_SHOT, Plan, Shot
from studio.providers.models import TIER_PIXELS
from studio.providers.registry import video_model
from studio.providers.shot_request import FrameOf, Operation, Source

SECONDS_OFF = Fraction(1, 2)  # seconds by which a clip may be shorter or longer than ordered
SHAPE_OFF = 1.1  # factor by which width to height may differ; neighbours among the ratios differ by 1.3 (stills: 1.12)
PIXELS_OFF = 1.5  # factor by which a number of pixels may differ, where no other tier is nearer
STILL_PIXELS = (500_000, 40_000_000)  # pixels of a still, whose size cannot be ordered: more than a thumbnail
WIDEST = 3.0  # footage of a longer shape is edited in this shape


@dataclass(frozen=True)
class Ordered:
    """The expected measures of a clip or still. A field that is empty or None is unknown, and not checked.

    words:   the order in words, for an error
    pixels:  the smallest and the largest number of pixels
    shapes:  width to height; each of them is accepted
    lengths: seconds; each of them is accepted
    longer:  True if any length above the shortest of ``lengths`` is accepted: it continues a clip of unknown length
    """

    words: str
    pixels: tuple[float, float] | None = None
    shapes: tuple[float, ...] = ()
    lengths: tuple[Fraction, ...] = ()
    longer: bool = False

    @property
    def known(self) -> bool:
        """True if any measure is known."""
        return bool(self.pixels or self.shapes or self.lengths)


class Sized(Protocol):
    """A seed asset: its width and height in pixels."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def odd(ordered: Ordered, width: int, height: int, seconds: Fraction | None = None) -> str | None:
    """The order, the delivery, and how the two differ; None where they agree.

    ``seconds`` is None for a still.
    """
    faults = []
    least, most = ordered.pixels or (0.0, float("inf"))
    if not least <= width * height <= most:
        faults.append("too few pixels" if width * height < least else "too many pixels")
    if ordered.shapes and not any(_factor(width / height, shape) <= SHAPE_OFF for shape in ordered.shapes):
        faults.append("another shape")
    if seconds is not None and ordered.lengths and not _fits(ordered, seconds):
        faults.append("too short" if seconds < min(ordered.lengths) else "too long")
    if not faults:
        return None
    length = "" if seconds is None else f"{float(seconds):.4g} s, "
    return f"ordered: {ordered.words}; came: {length}{width}×{height} ({', '.join(faults)})"


def orders_of(plan: Plan, seeds: Mapping[str, Sized]) -> dict[str, Ordered]:
    """The expected measures of each shot of a plan, by its id. ``seeds``: the seed assets, by SHA-256."""
    found: dict[str, Ordered] = {}
    for shot in plan.shots:  # parents come before their children
        found[shot.id] = _ordered(shot, found, seeds)
    return found


def tier_range(tier: str) -> tuple[float, float] | None:
    """The smallest and the largest number of pixels that are nearer to this tier than to another; None for no tier."""
    if tier not in TIER_PIXELS:
        return None
    own = TIER_PIXELS[tier]
    bounds = [sqrt(own * other) for other in TIER_PIXELS.values() if other != own]
    least = max([own / PIXELS_OFF, *(bound for bound in bounds if bound < own)])
    most = min([own * PIXELS_OFF, *(bound for bound in bounds if bound > own)])
    return least, most


def _ordered(shot: Shot, found: Mapping[str, Ordered], seeds: Mapping[str, Sized]) -> Ordered:
    length = f"{float(shot.seconds):.4g} s"
    whole = Ordered(
        f"{length} at {shot.resolution}, {shot.aspect_ratio}",
        tier_range(shot.resolution), (_ratio(shot.aspect_ratio),), (shot.seconds,),
    )  # fmt: skip
    if shot.own:
        return Ordered("a finished file", shapes=(shot.own.file.width / shot.own.file.height,))
    if shot.generation:
        return Ordered("an existing generation")  # no size or length was ordered
    if shot.is_still:
        return Ordered(f"a still, {shot.aspect_ratio}", STILL_PIXELS, whole.shapes)
    if shot.source is None:
        lengths, longer = _continued(shot, found)
        return replace(whole, shapes=_anchored(shot, found, seeds), lengths=lengths, longer=longer)
    source = _of_source(shot, shot.source, found, seeds)
    most = video_model(shot.model).edit_most
    match shot.operation:
        case Operation.UPSCALE:
            words = f"{length}, enlarged to {shot.resolution}"
            return replace(source, words=words, pixels=whole.pixels)
        case Operation.SOUND:
            return replace(source, words=f"{length} with a sound, else as before")
        case Operation.MODIFY if not most:
            words = f"{length} at {shot.resolution}, in the shape of its source"
            return replace(source, words=words, pixels=whole.pixels, shapes=_edited(shot, source, found, seeds))
        case Operation.REFRAME if not most:
            return replace(source, words=whole.words, pixels=whole.pixels, shapes=whole.shapes)
        case Operation.MODIFY:
            words = f"{length}, as large as its source up to {most}"
            shapes = _edited(shot, source, found, seeds)
            return replace(source, words=words, pixels=_edit_range(shot, source, most), shapes=shapes)
        case _:  # reframe
            words = f"{length} in {shot.aspect_ratio}, as large as its source up to {most}"
            return replace(source, words=words, pixels=_edit_range(shot, source, most), shapes=whole.shapes)


def _of_source(shot: Shot, source: Source, found: Mapping[str, Ordered], seeds: Mapping[str, Sized]) -> Ordered:
    """The known measures of the clip that a shot changes: its own expected ones, or those measured of footage."""
    if source.kind in OF_A_SHOT:
        return found[source.ref]
    seed = seeds.get(source.ref) if source.kind == "footage" else None
    if seed is None:
        return Ordered("")
    pixels = seed.width * seed.height
    return Ordered("", (pixels / PIXELS_OFF, pixels * PIXELS_OFF), (seed.width / seed.height,), (shot.seconds,))


def _edit_range(shot: Shot, source: Ordered, largest: str) -> tuple[float, float] | None:
    """From the smaller to the larger of the source and the most that is made of it: no size can be ordered here."""
    own, most = tier_range(shot.resolution), tier_range(largest)
    if source.pixels is None or own is None or most is None:
        return None
    return min(source.pixels[0], own[0]), max(source.pixels[1], most[1])


def _edited(shot: Shot, source: Ordered, found: Mapping[str, Ordered], seeds: Mapping[str, Sized]) -> tuple[float, ...]:
    """The shapes that edited footage may have: its source's, and those of the frames that guide it."""
    if not source.shapes:
        return ()
    own = tuple(min(WIDEST, max(1 / WIDEST, shape)) for shape in source.shapes)
    guides = _shapes_of([s for s in (shot.start, *(s for _, s in shot.guides)) if s is not None], found, seeds)
    return () if guides is None else (*source.shapes, *own, *guides)


def _anchored(shot: Shot, found: Mapping[str, Ordered], seeds: Mapping[str, Sized]) -> tuple[float, ...]:
    """The shapes that a new clip may have: the one ordered, and those of its frames, which win in Ray 3, or the
    model's nearest to them."""
    frames = [s for s in (shot.start, shot.end, *(source for _, source in shot.guides)) if s is not None]
    shapes = _shapes_of(frames, found, seeds)
    if shapes is None:
        return ()
    able = [_ratio(name) for name in video_model(shot.model).aspect_ratios]
    nearest = (min(able, key=lambda ratio: _factor(ratio, shape)) for shape in shapes)
    return (_ratio(shot.aspect_ratio), *shapes, *nearest)


def _shapes_of(
    frames: list[Source], found: Mapping[str, Ordered], seeds: Mapping[str, Sized]
) -> tuple[float, ...] | None:
    """The shapes of the pictures and clips that a clip's frames come from; None where one of them is unknown."""
    shapes: list[float] = []
    for frame in frames:
        if frame.kind in OF_A_SHOT or frame.kind == "frame":
            of_frame = found[FrameOf.of(frame).shot if frame.kind == "frame" else frame.ref].shapes
        else:
            seed = seeds.get(frame.ref)
            of_frame = () if seed is None else (seed.width / seed.height,)
        if not of_frame:
            return None
        shapes += of_frame
    return tuple(dict.fromkeys(shapes))


def _continued(shot: Shot, found: Mapping[str, Ordered]) -> tuple[tuple[Fraction, ...], bool]:
    """The lengths that a new clip may have. A clip that continues another may repeat the other's footage in its
    file."""
    lengths, longer = {shot.seconds}, False
    for frame in (shot.start, shot.end):
        if frame is None or frame.kind not in ("shot", "generation"):
            continue
        parent = found.get(frame.ref) if frame.kind == "shot" else None
        if parent is None or not parent.lengths:
            longer = True
            continue
        longer = longer or parent.longer
        lengths |= {own + of_parent for own in lengths for of_parent in parent.lengths}
    return tuple(sorted(lengths)), longer


def _fits(ordered: Ordered, seconds: Fraction) -> bool:
    if ordered.longer and seconds >= min(ordered.lengths) - SECONDS_OFF:
        return True
    return any(abs(seconds - length) <= SECONDS_OFF for length in ordered.lengths)


def _factor(one: float, other: float) -> float:
    return max(one / other, other / one)


def _ratio(name: str) -> float:
    width, _, height = name.partition(":")
    return int(width) / int(height)
