"""Notes on sounds that a film leaves out: of finished files, and of footage that is modified."""

from __future__ import annotations

from studio.assets import SeedFootage, source_key
from studio.planning.context import PlanningContext
from studio.planning.plan import Shot
from studio.production import Scene
from studio.production.sounds import words_of
from studio.providers.shot_request import Operation


def notes_on_sounds(context: PlanningContext) -> tuple[str, ...]:
    """A note for each scene whose clip or footage has a sound that is not heard: what is dropped, and why."""
    notes = []
    for scene in context.production.scenes:
        shots = context.made.get(scene.id, ())
        heard = _sound_of(context, scene, shots) if shots else ""
        if not heard:
            continue
        place = f"scene '{scene.id}': the sound of {heard}"
        if scene.sound == "none":
            notes.append(f"{place} is dropped (sound: none)")
        elif words_of(scene.sound):
            notes.append(f"{place} is dropped: the sound that is made takes its place")
        elif context.production.film.audio == "none":
            notes.append(f"{place} is dropped: the film has none (audio: none)")
    return tuple(notes)


def _sound_of(context: PlanningContext, scene: Scene, shots: tuple[Shot, ...]) -> str:
    """The sound that a scene would have without a word on it, in words: of its file, or of its footage; empty where it
    has none, or none that is known before it is made."""
    if shots[0].own is not None:
        file = shots[0].own.file
        return f"{file.name} ({file.audio})" if file.audio else ""
    if shots[0].operation is not Operation.MODIFY:
        return ""
    asset = context.production.footage_of(scene)
    if asset is not None:
        seed = context.seeds[source_key(asset)]
        return f"its footage ({seed.audio})" if isinstance(seed, SeedFootage) and seed.audio else ""
    other = next((s for s in context.production.scenes if s.id == scene.modify), None)
    made = () if other is None else context.made.get(other.id, ())
    return _sound_of(context, other, made) if other is not None and made else ""
