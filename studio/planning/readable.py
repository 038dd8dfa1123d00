"""Captions of a plan that cannot be read in their time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from studio.captions.cues import unreadable
from studio.captions.values import Said, Unreadable
from studio.errors import BadInput
from studio.planning.asset_use import scenes_in_words
from studio.planning.film_items import placed_items
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.sound_edits import CaptionEdit
from studio.production.field_types import shown


def see_readable(plan: Plan) -> Iterator[str]:
    """A note on what is said faster than it can be read as a caption, in any language.

    Raises BadInput for the first caption that is written for a scene and cannot be read in its time.
    """
    sound, placed = plan.sound, placed_items(plan)
    places = {item.scene: at for item, at, _ in placed if isinstance(item, SceneEdit)}
    whole = max((at + length for _, at, length in placed), default=0)
    written = {scene.id for scene in plan.production.scenes if scene.captions}
    for language, captions in {sound.language: sound.captions, **sound.translated}.items():
        said = [_said(places[scene], one, scene) for scene, own in captions.items() for one in own]
        found = unreadable(said, Fraction(FPS), language, film_frames=whole)
        for one in found:
            if one.scene in written and language == sound.language:
                raise _too_fast(one)
        if found:
            scenes = list(dict.fromkeys(one.scene for one in found))
            yield f"{scenes_in_words(scenes)}: more is said than can be read in that time as captions ({language})"


def _said(start: int, caption: CaptionEdit, scene: str) -> Said:
    return Said(caption.text, Fraction(start + caption.start, FPS), Fraction(caption.frames, FPS), scene, caption.timed)


def _too_fast(one: Unreadable) -> BadInput:
    seconds, needs = float(one.seconds), ceil(one.needs * 10) / 10
    letters = f"{float(one.characters):g} characters"
    return BadInput(
        f"{shown(one.text)} has {letters} for {seconds:.1f} s, and needs {needs:g} s to be read",
        where=f"scene '{one.scene}', field 'captions'",
        hint="shorten it, let it stay for longer (seconds), or break it into several; nothing was ordered",
    )
