"""The planner: it plans a production's scenes, parents first. Pure: it reads no file, clock or network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from studio.assets.own_clips import OwnClip
from studio.money import ZERO, usd
from studio.planning.asset_use import scenes_in_words
from studio.planning.clips import clips_of
from studio.planning.colors import with_colors
from studio.planning.context import Choice, PlanningContext, Seeds
from studio.planning.copies import notes_on_copies
from studio.planning.existing import Facts
from studio.planning.joins import edit_of, notes_on_cuts
from studio.planning.own_clips import notes_on_own_clips
from studio.planning.plan import OF_A_FILE, Plan, SceneEdit, Shot
from studio.planning.post import finished
from studio.planning.seams import notes_on_order
from studio.planning.sound import sounds_in, with_sounds
from studio.planning.sound_edits import NO_SOUNDS, Sounds
from studio.planning.sounds import notes_on_sounds
from studio.planning.ties import ties_of
from studio.planning.titles import darkened, titles_in, with_cards, with_texts
from studio.planning.told import told
from studio.planning.transitions import with_transitions
from studio.production import Production, Scene
from studio.providers.pricing import PriceTable
from studio.providers.shot_request import Source


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
    sounds: Sounds = NO_SOUNDS,
) -> Plan:
    """Every shot in topological order, with its price and the key of its purchase; ``seen_in`` adds the states.

    ``takes`` overrides scenes' takes. ``only`` keeps those scenes in the film, and their sources in the shots. ``held``
    is True for the key of an order that is bought: a scene that is bought in another form, such as longer clips, is
    planned in that form; so is another take of it, which ``familiar`` tells by the family of orders. ``own_clips`` and
    ``existing`` are the finished files and the existing generations that scenes show, as they are. ``sounds`` are the
    voices and the music, of which the production has the lengths by now. Raises BadInput for what no model or price
    covers, and for sounds that do not fit.
    """
    context = PlanningContext(
        production, prices, images, realm, takes or {}, held, familiar, own_clips=own_clips, existing=existing
    )
    walk = _Walk(replace(context, ties=ties_of(production)))
    wanted = [s for s in production.scenes if not only or s.id in only]
    for scene in wanted:
        walk.draw(scene)
    for scene in wanted:
        walk.finish(scene)
    cuts = tuple(walk.cut(s) for s in wanted)
    context = walk.context
    notes = (
        *context.notes,
        *told(production, wanted, context.made),
        *notes_on_order(context.ties, production.scenes, wanted),
        *notes_on_cuts(context, wanted),
        *notes_on_own_clips(context),
        *notes_on_sounds(context),
        *other_lengths(context.choices, production),
    )
    drawn = Plan(production, realm, tuple(context.shots.values()), cuts, notes, cut_at=dict(context.cut_at))
    plan = with_colors(with_transitions(with_cards(drawn), context.ties))
    plan = with_texts(plan) if titles_in(production) else plan
    plan = with_sounds(plan, sounds) if sounds_in(production) else plan
    copies = notes_on_copies(production, plan.cuts, context.shots, darkened=darkened(plan))
    return replace(plan, notes=(*plan.notes, *copies))


def other_lengths(choices: Mapping[str, Choice], production: Production) -> tuple[str, ...]:
    """Notes on the price of the other choice of lengths, over all scenes where it differs."""
    notes = []
    for chosen, other in (("cheapest", "longest"), ("longest", "cheapest")):
        scenes = {s.id for s in production.scenes if production.clips_of(s) == chosen}
        differing = [s.id for s in production.scenes if s.id in choices and s.id in scenes]
        found = [choices[scene] for scene in differing]
        if not found:
            continue
        now, then = sum((c.usd for c in found), ZERO), sum((c.other_usd for c in found), ZERO)
        clips, others = sum(c.clips for c in found), sum(c.other_clips for c in found)
        notes.append(
            f"{scenes_in_words(differing)} {'has' if len(found) == 1 else 'have'} the {chosen} clips: {clips} for "
            f"{usd(now)}; with `clips: {other}` they would be {others} for {usd(then)}"
        )
    return tuple(notes)


class _Walk:
    def __init__(self, context: PlanningContext) -> None:
        self.context = context
        self._scenes, self._parent = context.ties.scenes, context.ties.parent

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
        """The scene's place in the film, with the finished versions of its clips."""
        return edit_of(self.context, scene, tuple(s.id for s in self.context.finished[scene.id]))

    def _made_from(self, scene: Scene) -> list[str]:
        if scene.generation or scene.clip is not None:
            return []
        names = (self._parent[scene.id], scene.lead_into, scene.modify)
        return [name for name in names if name is not None and name in self._scenes]

    def _note_apis(self, scene: Scene, shots: tuple[Shot, ...]) -> None:
        """Note where a scene uses a frame of another API's clip, as a picture."""
        for source in (s for shot in shots for s in shot.sources if s.kind in OF_A_FILE):
            other = self.context.shots[source.ref]
            if other.api == shots[0].api:
                continue
            self.context.notes.append(
                f"scene '{scene.id}' ({shots[0].model}) takes up {_frame(source)} of '{other.scene}' "
                f"({other.model}) as a picture: the two come from different APIs"
            )


def _frame(source: Source) -> str:
    return "the frame of the cut" if source.kind == "cut" else f"the {source.kind} frame"
