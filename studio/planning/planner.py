"""The planner: it plans a production's scenes, parents first. Pure: it reads no file, clock or network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from studio.assets.own_clips import OwnClip
from studio.money import ZERO, usd
from studio.planning.clips import clips_of
from studio.planning.context import Choice, PlanningContext, Seeds
from studio.planning.existing import Facts
from studio.planning.own_clips import fit_of, notes_on_own_clips
from studio.planning.plan import FPS, Plan, SceneEdit, Shot
from studio.planning.post import finished
from studio.planning.sounds import notes_on_sounds
from studio.production import Production, Scene
from studio.production.field_types import generation_in
from studio.providers.pricing import PriceTable


def draw_plan(
    production: Production,
    *,
    prices: PriceTable,
    images: Seeds,
    realm: str,
    takes: Mapping[str, int] | None = None,
    only: tuple[str, ...] = (),
    held: Callable[[str], bool] = lambda _: False,
    familiar: Callable[[str], bool] = lambda _: False,
    own_clips: Mapping[str, OwnClip] = MappingProxyType({}),
    existing: Mapping[tuple[str, str], Facts] = MappingProxyType({}),
) -> Plan:
    """Every shot in topological order, with its price and the key of its purchase; ``seen_in`` adds the states.

    ``takes`` overrides scenes' takes. ``only`` keeps those scenes in the film, and their sources in the shots. ``held``
    is True for the key of an order that is bought: a scene that is bought in another form, such as longer clips, is
    planned in that form; so is another take of it, which ``familiar`` tells by the family of orders. ``own_clips`` and
    ``existing`` are the finished files and the existing generations that scenes show, as they are. Raises BadInput
    for what no model or price covers.
    """
    walk = _Walk(
        PlanningContext(
            production, prices, images, realm, takes or {}, held, familiar, own_clips=own_clips, existing=existing
        )
    )
    wanted = [s for s in production.scenes if not only or s.id in only]
    for scene in wanted:
        walk.draw(scene)
    for scene in wanted:
        walk.finish(scene)
    cuts = tuple(walk.cut(s) for s in wanted)
    notes = (
        *walk.context.notes,
        *notes_on_own_clips(walk.context),
        *notes_on_sounds(walk.context),
        *other_lengths(walk.context.choices, production),
    )
    return Plan(production, realm, tuple(walk.context.shots.values()), cuts, notes)


def other_lengths(choices: Mapping[str, Choice], production: Production) -> tuple[str, ...]:
    """Notes on the price of the other choice of lengths, over all scenes where it differs."""
    notes = []
    for chosen, other in (("cheapest", "longest"), ("longest", "cheapest")):
        scenes = {s.id for s in production.scenes if production.clips_of(s) == chosen}
        found = [choice for scene, choice in choices.items() if scene in scenes]
        if not found:
            continue
        now, then = sum((c.usd for c in found), ZERO), sum((c.other_usd for c in found), ZERO)
        clips, others = sum(c.clips for c in found), sum(c.other_clips for c in found)
        scenes_have = "1 scene has" if len(found) == 1 else f"{len(found)} scenes have"
        notes.append(
            f"{scenes_have} the {chosen} clips: {clips} for {usd(now)}; "
            f"with `clips: {other}` they would be {others} for {usd(then)}"
        )
    return tuple(notes)


class _Walk:
    def __init__(self, context: PlanningContext) -> None:
        self.context = context
        production = context.production
        self._scenes = {s.id: s for s in production.scenes}
        self._parent = {s.id: production.parent_of(s) for s in production.scenes}
        self._continued = set(self._parent.values())
        self._led_into = {s.lead_into for s in production.scenes}

    def draw(self, scene: Scene) -> None:
        """Plan the scene's shots, after those that it is made from. (The production was checked to have no cycles.)"""
        # An explicit stack: a chain of a thousand scenes must not exhaust Python's.
        waiting = [scene]
        while waiting:
            current = waiting[-1]
            missing = [p for p in self._made_from(current) if p not in self.context.made]
            if missing:
                waiting.extend(self._scenes[p] for p in missing)
                continue
            waiting.pop()
            if current.id not in self.context.made:
                self.context.made[current.id] = shots = clips_of(self.context, current)
                self._note_apis(current, shots)

    def finish(self, scene: Scene) -> None:
        """Plan the finished versions of a scene's clips. A scene that is only a source needs none."""
        self.context.finished[scene.id] = finished(self.context, scene, self.context.made[scene.id])

    def cut(self, scene: Scene) -> SceneEdit:
        """The scene's place in the film, trimmed to the length that the producer wrote."""
        shots, production = self.context.made[scene.id], self.context.production
        names = tuple(s.id for s in self.context.finished[scene.id])
        leads = None if generation_in(scene.lead_into) else scene.lead_into
        whole = SceneEdit(
            scene.id, names, None, continues=self._parent[scene.id], leads=leads, silent=scene.sound == "none"
        )
        if (own := shots[0].own) is not None:
            return replace(whole, part=(own.start, own.frames), fit=fit_of(self.context, scene))
        wanted = max(1, round(production.duration_of(scene) * FPS))
        if scene.generation:
            return whole if scene.duration is None else replace(whole, frames=wanted)
        made = round(sum(s.seconds for s in shots) * FPS)
        if scene.modify is not None and (scene.duration is None or wanted > made):
            return whole  # modified footage keeps its length
        if scene.loop and wanted > made:
            return replace(whole, frames=wanted, repeat=True)
        if wanted == made:
            return whole
        tail_tied = bool(shots[-1].end) or scene.id in self._continued
        head_tied = bool(shots[0].start) or scene.id in self._led_into
        if tail_tied and head_tied:
            lasts, cut_off = f"{made / FPS:g} s", f"{(made - wanted) / FPS:g} s"
            self.context.notes.append(
                f"scene '{scene.id}': its clips last {lasts}, and {cut_off} are cut off at its end, which other scenes "
                f"depend on: that seam will jump; a duration of {made / FPS:g} keeps it"
            )
        return replace(whole, frames=wanted, trim="head" if tail_tied and not head_tied else "tail")

    def _made_from(self, scene: Scene) -> list[str]:
        if scene.generation or scene.clip is not None:
            return []
        names = (self._parent[scene.id], scene.lead_into, scene.modify)
        return [name for name in names if name in self._scenes]

    def _note_apis(self, scene: Scene, shots: tuple[Shot, ...]) -> None:
        """Note where a scene uses a frame of another API's clip, as a picture."""
        for source in (s for shot in shots for s in shot.sources if s.kind in ("first", "last")):
            other = self.context.shots[source.ref]
            if other.api == shots[0].api:
                continue
            self.context.notes.append(
                f"scene '{scene.id}' ({shots[0].model}) takes up the {source.kind} frame of '{other.scene}' "
                f"({other.model}) as a picture: the two come from different APIs"
            )
