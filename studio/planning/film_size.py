"""The size of a film: that which most of its clips have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from studio.production import Production

SAME_SHAPE = Fraction(2, 100)  # share by which shapes may differ and be equal: sizes are whole, even numbers
Size = tuple[int, int]


def film_size(production: Production, shown: Sequence[Size], *, finished: bool) -> Size:
    """The width and height of a film in pixels, by the sizes of the clips that it shows; the larger of equals.

    ``finished``: some are finished files of the producer's, which may have any shape. Then the sizes that count are
    those of the shape that the production asks for; where no clip has it, and the film is reframed, it is made in
    that shape, as high or wide as most clips.
    """
    width, height = _most_common(shown)
    if finished:
        wanted = production.reframe or production.aspect_ratio
        across, down = map(int, wanted.split(":"))
        fitting = [size for size in shown if _alike(size, Fraction(across, down))]
        if fitting:
            width, height = _most_common(fitting)
        elif production.reframe and production.reframe != production.aspect_ratio:
            short = min(width, height)
            width, height = _even(short * across, min(across, down)), _even(short * down, min(across, down))
    return width, height


def _most_common(sizes: Sequence[Size]) -> Size:
    counts = Counter(sizes)
    return max(counts, key=lambda size: (counts[size], size[0] * size[1]))


def _alike(size: Size, shape: Fraction) -> bool:
    return abs(Fraction(*size) / shape - 1) < SAME_SHAPE


def _even(pixels: int, parts: int) -> int:
    return round(Fraction(pixels, 2 * parts)) * 2
