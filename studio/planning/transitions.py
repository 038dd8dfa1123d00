"""Transitions between the scenes of a planned film, and the frames that they take.

Two scenes overlap in a transition, so the film is shorter than its scenes. A scene that is cut to its length has frames
to spare: as many of them are shown as its transitions take, so that it keeps its length. Nothing is bought for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from studio.errors import BadInput
from studio.media.overlap import Overlap
from studio.planning.asset_use import scenes_in_words
from studio.planning.length import in_seconds
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.ties import Ties
from studio.production.transitions import CUT, Transition


def with_transitions(plan: Plan, ties: Ties) -> Plan:
    """The plan with the transitions that its production asks for, and notes on them.

    Where one scene continues the other, the film's own transition is not used: a scene's own is. Raises BadInput for
    transitions that are longer than their scene.
    """
    asked = _asked(plan)
    if not asked:
        return plan
    overlaps = {scene: Overlap(of.xfade, max(2, round(of.seconds * FPS))) for scene, of in asked.items()}
    cuts = [replace(cut, into=overlaps.get(cut.scene)) for cut in plan.cuts]
    nexts = [after.into for after in cuts[1:]] + [None]
    longer = [_lengthened(plan, cut, after, ties) for cut, after in zip(cuts, nexts, strict=True)]
    for cut, after in zip(longer, nexts, strict=True):
        _check(plan, cut, after, asked)
    kept = sum(frames_of(plan, new) - frames_of(plan, old) for new, old in zip(longer, cuts, strict=True))
    return replace(plan, cuts=tuple(longer), notes=(*plan.notes, *_notes(asked, overlaps, kept)))


def frames_of(plan: Plan, cut: SceneEdit) -> int:
    """The frames of a scene, with those in which it overlaps another."""
    return _made(plan, cut) if cut.frames is None else cut.frames


def _asked(plan: Plan) -> dict[str, Transition]:
    """The transition into each scene that has one."""
    written = {scene.id: scene.transition for scene in plan.production.scenes}
    found = {}
    for before, after in pairwise(plan.cuts):
        own = written[after.scene]
        continued = plan.continues(before, after)
        chosen = own if own is not None else None if continued else plan.production.film.transition
        if chosen is not None and chosen.kind != CUT:
            found[after.scene] = chosen
    return found


def _lengthened(plan: Plan, cut: SceneEdit, after: Overlap | None, ties: Ties) -> SceneEdit:
    """The scene with as many of the frames that are cut off as its transitions take."""
    taken = (cut.into.before if cut.into else 0) + (after.after if after else 0)
    if cut.frames is None or not taken:
        return cut
    depended_on = ties.continued if cut.trim == "tail" else ties.led_into
    if cut.scene in depended_on:
        return cut  # what goes on from it was bought from the very frame at which it is cut
    spare = taken if cut.repeat else min(taken, max(0, _made(plan, cut) - cut.frames))
    return replace(cut, frames=cut.frames + spare)


def _made(plan: Plan, cut: SceneEdit) -> int:
    if cut.part is not None:
        return round(plan.shot(cut.shots[0]).seconds * FPS)
    return round(sum(plan.shot(name).seconds for name in cut.shots) * FPS)


def _check(plan: Plan, cut: SceneEdit, after: Overlap | None, asked: Mapping[str, Transition]) -> None:
    taken, has = (cut.into.frames if cut.into else 0) + (after.frames if after else 0), frames_of(plan, cut)
    if taken < has or not taken:
        return
    guessed = any(plan.shot(name).generation and not plan.shot(name).facts for name in cut.shots)
    if guessed:
        return  # its length is known when its clip is here
    following = next((b.scene for a, b in pairwise(plan.cuts) if a.scene == cut.scene), None)
    names = [name for name, of in ((cut.scene, cut.into), (following, after)) if of and name]
    told = " and ".join(f"{asked[name]} into '{name}'" for name in names)
    raise BadInput(
        f"lasts {in_seconds(has)} s, and its transitions take {in_seconds(taken)} s ({told})",
        where=f"scene '{cut.scene}', field 'transition'",
        hint="make the scene longer, or its transitions shorter; nothing was ordered",
    )


def _notes(asked: Mapping[str, Transition], overlaps: Mapping[str, Overlap], kept: int) -> Iterator[str]:
    by_kind: dict[str, list[str]] = {}
    for scene, of in asked.items():
        by_kind.setdefault(str(of), []).append(scene)
    for told, scenes in by_kind.items():
        yield f"transition into {scenes_in_words(scenes)}: {told} s"
    total = sum(of.frames for of in overlaps.values())
    spared = f"; {in_seconds(kept)} s of that are frames that were to be cut off" if kept else ""
    yield (
        f"scenes overlap for {in_seconds(total)} s in their transitions: the film is {in_seconds(total - kept)} s "
        f"shorter than what is written{spared}"
    )
