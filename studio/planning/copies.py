"""Finished clips that a film will encode again: told in the plan, before anything is bought, with what mends it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import isqrt

from studio.media.form import Candidate, Wanted, cannot_be_joined
from studio.media.unchanged import FinishedClip, encoded_again
from studio.planning.film_size import Size, film_size
from studio.planning.plan import FPS, SceneEdit, Shot
from studio.production import Production
from studio.providers.models import TIER_PIXELS

EXACT = (Fraction(16, 9), Fraction(9, 16))  # shapes whose sizes are known by their tier; those of others are measured


def notes_on_copies(
    production: Production, cuts: Sequence[SceneEdit], shots: Mapping[str, Shot], *, darkened: Collection[str] = ()
) -> list[str]:
    """A note on the finished clips of a film that cannot stay as they are, one for all with the same reasons.

    ``darkened``: scenes that the film's fades lie over.

    In a film that is enlarged or reframed every finished clip is fitted, which is told of each already.
    """
    shown = [shots[name] for cut in cuts for name in cut.shots]
    if production.upscale or (production.reframe and production.reframe != production.aspect_ratio):
        return []
    clips = {
        n: FinishedClip(cut.scene, cut.file, candidate)
        for n, cut in enumerate(cuts)
        if (candidate := _candidate(cut, shots, cut.scene in darkened)) is not None
    }
    sizes = [size for shot in shown if (size := _size(shot)) is not None]
    if not clips:
        return []
    width, height = film_size(production, sizes, finished=True)
    if len(sizes) < len(shown):  # then the film's size is known only when all clips are here
        clips = {n: c for n, c in clips.items() if (c.clip.width, c.clip.height) == (width, height)}
    wanted = Wanted(width, height, Fraction(FPS))
    if len(clips) == len(cuts) and cannot_be_joined([(c.name, c.clip) for c in clips.values()], wanted) is None:
        return []
    return encoded_again(clips, wanted)


def _candidate(cut: SceneEdit, shots: Mapping[str, Shot], darkened: bool) -> Candidate | None:
    """A scene's finished clip; None where it has none, or one whose form is not known."""
    own = shots[cut.shots[0]].own
    form = own.file.form if own is not None else None
    if own is None or form is None:
        return None
    file = own.file
    return Candidate(
        form, file.width, file.height, file.fps, own.frames, own.frames == file.frames, file.irregular,
        covered=darkened or cut.lower_third is not None,
    )  # fmt: skip


def _size(shot: Shot) -> Size | None:
    """The size of a clip in pixels; None where it is known only when the clip is here."""
    if shot.own is not None:
        return shot.own.file.width, shot.own.file.height
    if shot.facts is not None and shot.facts.width:
        return shot.facts.width, shot.facts.height
    shape = Fraction(*map(int, shot.aspect_ratio.split(":")))
    if shot.generation or shape not in EXACT or shot.resolution not in TIER_PIXELS:
        return None
    pixels = TIER_PIXELS[shot.resolution]
    return isqrt(int(pixels * shape)), isqrt(int(pixels / shape))
