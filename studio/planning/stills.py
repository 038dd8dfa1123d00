"""Characters: a still of a scene's character first, then the clip from that still.

A clip that continues another one inherits its character. Faces drift from clip to clip, so after some clips a fresh
still becomes the last frame of a scene: the seam to the scene before stays, and the next one starts from the still.
"""

from __future__ import annotations

from fractions import Fraction

from studio.errors import BadInput
from studio.planning.context import PlanningContext
from studio.planning.plan import Shot
from studio.production import Character, Scene
from studio.providers.registry import still_model
from studio.providers.shot_request import Operation, Source

#: Colour and identity drift by the third or fourth clip of a chain.
DRIFTS_AFTER = 3


def anchored_start(context: PlanningContext, scene: Scene) -> Source | None:
    """A still of the scene's character as its first frame; None without a character."""
    character = context.production.character_of(scene)
    return None if character is None else _still(context, scene, character)


def anchored_end(context: PlanningContext, scene: Scene, *, clips: int) -> Source | None:
    """A still as the last frame of a scene that continues another one, if its character needs a fresh one; else None.

    Counts the clips for the scenes that follow, and adds a note where they are too many and the last frame is taken.
    """
    character = context.production.character_of(scene)
    if character is None:
        return None
    if scene.continue_from is None and context.production.parent_of(scene) is None:
        context.drift[scene.id] = (character.id, clips - 1)  # it starts from a still of its own
        return None
    before, links = context.drift.get(context.production.parent_of(scene) or "", ("", 0))
    inherited = before == character.id
    count = links + clips if inherited else clips
    free = scene.end_image is None and scene.lead_into is None and not scene.loop
    if free and (not inherited or count >= context.production.reanchor):
        context.drift[scene.id] = (character.id, 0)
        return _still(context, scene, character)
    context.drift[scene.id] = (character.id, count)
    if not inherited:
        context.notes.append(
            f"scene '{scene.id}': '{character.id}' is not in the scene that it goes on from, and its last frame is "
            "taken: nothing but the prompt says how they look"
        )
    elif count >= DRIFTS_AFTER:
        context.notes.append(
            f"scene '{scene.id}' ends {count} clips after the last still of '{character.id}': colour and identity "
            "drift by the third or fourth; start it from a still (without continue_from), or lower reanchor"
        )
    return None


def _still(context: PlanningContext, scene: Scene, character: Character) -> Source:
    """The shot that makes a still of a character in a scene, as a source."""
    model = still_model(context.model(scene).still)
    words = [context.production.prompt_of(scene), character.description]
    prompt = " ".join(f"{w.rstrip('.')}." for w in words if w)
    if len(prompt) > model.longest_prompt:
        raise BadInput(
            f"prompt and description of '{character.id}' have {len(prompt)} characters, and {model.name} takes "
            f"{model.longest_prompt}", where=f"scene '{scene.id}', field 'prompt'", hint="shorten one of them",
        )  # fmt: skip
    images = [context.image(context.production.asset(reference)) for reference in character.images]
    references = tuple(source for source in images if source is not None)
    still = Shot(
        id=f"{scene.id}.still", scene=scene.id, model=model.name, resolution="still",
        aspect_ratio=model.ratio_for(context.production.aspect_ratio), seconds=Fraction(0), prompt=prompt,
        start=None, end=None, take=context.take(scene), realm=context.realm,
        quote=context.prices.of(model.api).quote_still(model.name, references=len(references)), request={},
        api=model.api,
        operation=Operation.IMAGE, references=references,
    )  # fmt: skip
    return Source("still", context.add(still).id)
