"""Notes of a plan on what is added to prompts, on what is not, and on loops that are cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from studio.planning.plan import FPS, Shot
from studio.production import Production, Scene
from studio.production.field_types import shown
from studio.production.prompts import camera_in_words

MOST_NAMED = 8


def told(production: Production, scenes: Sequence[Scene], made: Mapping[str, tuple[Shot, ...]]) -> tuple[str, ...]:
    """Notes on the scenes of a plan. ``made``: their clips, by scene."""
    new = [scene for scene in scenes if scene.prompt and not scene.generation]
    return (*_camera(new), *_style(new, made), *_words_of_characters(production, new), *_loops(production, new, made))


def _camera(scenes: Sequence[Scene]) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for scene in scenes:
        for words in camera_in_words(scene):
            said.setdefault(words, []).append(scene.id)
    for words, ids in said.items():
        yield f"{_named(ids)}: the camera's {shown(words)} is no concept, and is told in the prompt"


def _style(scenes: Sequence[Scene], made: Mapping[str, tuple[Shot, ...]]) -> Iterator[str]:
    """The style that most scenes have, with one prompt as it is sent, and the scenes without any."""
    styles: dict[str, list[Scene]] = {}
    for scene in scenes:
        if scene.style and made.get(scene.id):
            styles.setdefault(scene.style, []).append(scene)
    for of in styles.values():
        sent = made[of[0].id][0].prompt
        yield f"the style is added to the prompts of {_named([s.id for s in of])}; '{of[0].id}' is asked for as: {sent}"
    without = [scene.id for scene in scenes if not scene.style]
    if styles and without:
        yield f"{_named(without)}: no style is added"


def _words_of_characters(production: Production, scenes: Sequence[Scene]) -> Iterator[str]:
    for character in production.characters:
        if not character.description:
            continue
        going_on = [
            s.id for s in scenes if s.character == character.id and (s.continue_from or production.parent_of(s))
        ]
        if going_on:
            one = len(going_on) == 1
            yield (
                f"{_named(going_on)} continue{'s' * one} other clips with '{character.id}': the description is in the "
                "prompts of stills alone, and does not go along; what a clip must be told of them, its prompt says"
            )


def _loops(production: Production, scenes: Sequence[Scene], made: Mapping[str, tuple[Shot, ...]]) -> Iterator[str]:
    for scene in scenes:
        clips = made.get(scene.id, ())
        seconds, whole = production.duration_of(scene), sum(clip.seconds for clip in clips)
        if scene.loop and clips and round(seconds * FPS) < round(whole * FPS):
            yield (
                f"scene '{scene.id}': its loop is bought whole, {float(whole):g} s, and cut to {float(seconds):g} s: "
                f"what the film shows no longer ends as it begins; a duration of {float(whole):g} keeps the loop"
            )


def _named(ids: Sequence[str]) -> str:
    """Scenes by their ids, the first of many."""
    some = ", ".join(f"'{scene_id}'" for scene_id in ids[:MOST_NAMED])
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return f"scene {some}" if len(ids) == 1 else f"scenes {some}{more}"
