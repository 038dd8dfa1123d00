"""The form of a film: the size that most of its clips have. Sizes are measured, never assumed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from studio.errors import Incomplete
from studio.media.clip import Clip
from studio.media.film import FilmSpec
from studio.planning.film_size import film_size
from studio.planning.plan import FPS, Plan


def film_spec(plan: Plan, clips: Mapping[str, Clip]) -> FilmSpec:
    """The film's form, by the clips that it shows; those that others are made from do not count.

    Raises Incomplete where there is no clip at all.
    """
    names = [i for cut in plan.cuts for i in cut.shots if i in clips]
    shown = [clips[i] for i in names] or list(clips.values())
    if not shown:
        raise Incomplete("there is no clip to make a film of", missing=[c.scene for c in plan.cuts])
    finished = any(plan.shot(i).own for i in names)
    width, height = film_size(plan.production, [(clip.width, clip.height) for clip in shown], finished=finished)
    return FilmSpec(width=width, height=height, fps=Fraction(FPS), audio=plan.production.film.audio)
