"""The form of a film: the size that most of its clips have. Sizes are measured, never assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from studio.errors import Incomplete
from studio.media.clip import Clip
from studio.media.film import FilmSpec
from studio.planning.plan import FPS, Plan

SAME_SHAPE = Fraction(2, 100)  # share by which shapes may differ and be equal: sizes are whole, even numbers


def film_spec(plan: Plan, clips: Mapping[str, Clip]) -> FilmSpec:
    """The film's form: the size that most of the shown clips have; those that others are made from do not count.

    Finished files of the producer's may have any shape: where they are shown, the sizes that count are those of the
    shape that the production asks for; where no clip has it, the film is made in it, as high or wide as most files.
    Raises Incomplete where there is no clip at all.
    """
    names = [i for cut in plan.cuts for i in cut.shots if i in clips]
    shown = [clips[i] for i in names] or list(clips.values())
    if not shown:
        raise Incomplete("there is no clip to make a film of", missing=[c.scene for c in plan.cuts])
    production = plan.production
    width, height = _most_common(shown)
    if any(plan.shot(i).own for i in names):
        wanted = production.reframe or production.aspect_ratio
        across, down = map(int, wanted.split(":"))
        fitting = [clip for clip in shown if _alike(clip, Fraction(across, down))]
        if fitting:
            width, height = _most_common(fitting)
        elif production.reframe and production.reframe != production.aspect_ratio:
            short = min(width, height)
            width, height = _even(short * across, min(across, down)), _even(short * down, min(across, down))
    return FilmSpec(width=width, height=height, fps=Fraction(FPS), audio=production.film.audio)


def _most_common(clips: Sequence[Clip]) -> tuple[int, int]:
    sizes = Counter((clip.width, clip.height) for clip in clips)
    return max(sizes, key=lambda size: (sizes[size], size[0] * size[1]))


def _alike(clip: Clip, shape: Fraction) -> bool:
    return abs(Fraction(clip.width, clip.height) / shape - 1) < SAME_SHAPE


def _even(pixels: int, parts: int) -> int:
    return round(Fraction(pixels, 2 * parts)) * 2
