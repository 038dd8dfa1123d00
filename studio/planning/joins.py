"""Cuts of scenes to their lengths, and how other scenes go on from one that is cut.

A scene's clips may last longer than the scene. What is over is cut off at the side that nothing depends on. Where both
sides are tied, its end is cut: then the scene that goes on from it starts from the frame of that cut, as a picture.
What was bought from the end of the clip, as earlier versions did, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, Literal, TypeAlias

from studio.money import usd
from studio.planning.asset_use import scenes_in_words
from studio.planning.context import PlanningContext
from studio.planning.own_clips import fit_of
from studio.planning.plan import FPS, SceneEdit, Shot
from studio.planning.ties import Ties
from studio.production import Scene
from studio.production.field_types import generation_in
from studio.providers.shot_request import Source

#: How a scene goes on from one whose end is cut: from the frame of the cut, or from the end of the clip.
Way: TypeAlias = Literal["frame", "generation"]


def edit_of(context: PlanningContext, scene: Scene, names: tuple[str, ...] | None = None) -> SceneEdit:
    """The scene's place in the film, cut to the length that the producer wrote. ``names``: the shots that the film
    shows; None: those that are generated. The scene must be planned already."""
    edit = _wished(context, scene, names)
    if scene.id not in context.ties.whole or cut_of(edit, context.made[scene.id]) is None:
        return edit
    made = _made(context.made[scene.id])
    return replace(edit, frames=ceil(edit.frames / made) * made if edit.repeat and edit.frames else None)


def _wished(context: PlanningContext, scene: Scene, names: tuple[str, ...] | None) -> SceneEdit:
    shots, production, ties = context.made[scene.id], context.production, context.ties
    leads = None if generation_in(scene.lead_into) else scene.lead_into
    names = tuple(s.id for s in shots) if names is None else names
    whole = SceneEdit(scene.id, names, None, continues=ties.parent[scene.id], leads=leads, silent=scene.sound == "none")
    if (own := shots[0].own) is not None:
        return replace(whole, part=(own.start, own.frames), fit=fit_of(context, scene), file=own.file.name)
    wanted = max(1, round(production.duration_of(scene) * FPS))
    if scene.generation:
        return whole if scene.duration is None else replace(whole, frames=wanted)
    made = _made(shots)
    if scene.modify is not None and (scene.duration is None or wanted > made):
        return whole  # modified footage keeps its length
    if scene.loop and wanted > made:
        return replace(whole, frames=wanted, repeat=True)
    if wanted == made:
        return whole
    tail_tied, head_tied = _tied(ties, scene, shots)
    return replace(whole, frames=wanted, trim="head" if tail_tied and not head_tied else "tail")


def _tied(ties: Ties, scene: Scene, shots: Sequence[Shot]) -> tuple[bool, bool]:
    """True for a scene's end, and for its start, if something depends on it."""
    return bool(shots[-1].end) or scene.id in ties.continued, bool(shots[0].start) or scene.id in ties.led_into


def _made(shots: Sequence[Shot]) -> int:
    return round(sum(s.seconds for s in shots) * FPS)


def cut_of(edit: SceneEdit, shots: Sequence[Shot]) -> tuple[Shot, int] | None:
    """The last shot that the film shows of a scene, and its last frame that is shown, counted from 0; None where the
    scene ends with its last clip."""
    made = [round(s.seconds * FPS) for s in shots]
    if edit.frames is None or edit.trim == "head":
        return None
    left = edit.frames % sum(made) if edit.repeat else edit.frames
    if not 0 < left < sum(made):
        return None
    for shot, frames in zip(shots, made, strict=True):
        if left <= frames:
            return (shot, left - 1) if shot is not shots[-1] or left < frames else None
        left -= frames
    return None


def ways_of(context: PlanningContext, scene: Scene) -> tuple[Way, ...]:
    """The ways in which a scene may go on from its parent, the best first. The first is taken, unless the other one is
    bought already."""
    if cut_source(context, scene) is None:
        return ("generation",)
    asked = context.production.join_of(scene)
    if asked is None:
        return ("frame", "generation")
    return ("generation",) if asked == "generation" else ("frame",)


def cut_source(context: PlanningContext, scene: Scene) -> Source | None:
    """The frame at which the film cuts the scene that this one continues; None where it is not cut at its end."""
    parent = context.ties.parent[scene.id]
    if parent is None:
        return None
    shots = context.made[parent]
    edit = edit_of(context, context.ties.scenes[parent])
    found = cut_of(edit, shots)
    if found is None:
        return None
    shot, frame = found
    context.cut_at[parent] = edit
    # Where the frame is depends on the real lengths of all clips, without footage that they repeat.
    before = (s.start.ref for s in shots if s.start is not None and s.start.kind == "shot")
    others = dict.fromkeys((*before, *(s.id for s in shots)))
    return Source("cut", shot.id, frame, tuple(name for name in others if name != shot.id))


def from_a_cut(request: Mapping[str, Any]) -> bool:
    """True if a canonical request begins with the frame at which a scene is cut."""
    return first_frame_of(request).get("type") == "cut"


def joined_elsewhere(shot: Shot, bought: Mapping[str, Any]) -> bool:
    """True if a shot was bought from the same clip as it would be now, and from another frame of it."""
    now, then = first_frame_of(shot.request), first_frame_of(bought)
    return now != then and now.get("order") == then.get("order") is not None and "cut" in (now["type"], then["type"])


def first_frame_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first frame that a canonical request asks for; empty where it asks for none."""
    found = request.get("keyframes", {}).get("frame0", {})
    return found if isinstance(found, Mapping) else {}


def notes_on_cuts(context: PlanningContext, wanted: Sequence[Scene]) -> list[str]:
    """Notes on scenes of the film that are cut where another one goes on from them, and on what they lead to."""
    joined, notes, over = context.joined, list[str](), dict[str, int]()
    for scene in wanted:
        shots = context.made[scene.id]
        found = cut_of(edit_of(context, scene), shots)
        if found is None:
            continue
        shot, frame = found
        after = shots[shots.index(shot) + 1 :]
        over[scene.id] = sum(round(s.seconds * FPS) for s in (shot, *after)) - frame - 1
        if _tied(context.ties, scene, shots)[1] and shots[-1].end is not None:
            notes.append(_unreached(scene, shots, over[scene.id]))
    parent = context.ties.parent
    if shown := {name: before for name in joined.frame if (before := parent[name]) in over and before is not None}:
        notes.append(_from_the_cut(context, shown, over))
    for name, price in joined.anew.items():
        if (before := parent[name]) in over and before is not None:
            notes.append(
                f"scene '{name}' was bought from the end of '{before}', {seconds(over[before])} after the film cuts "
                f"it: that seam jumps. It stays so at no cost; `join: whole` in '{name}' shows all of '{before}', and "
                f"`join: frame` buys '{name}' anew from the frame of the cut for {usd(price)}"
            )
    for name in joined.asked:
        if (before := parent[name]) in over and before is not None:
            notes.append(
                f"scene '{name}' goes on from the end of '{before}', {seconds(over[before])} after the film cuts it: "
                "that seam will jump; `join: frame` or `join: whole` keeps it"
            )
    return notes


def _from_the_cut(context: PlanningContext, parents: Mapping[str, str], over: Mapping[str, int]) -> str:
    """The note on scenes that go on from the frame of a cut. ``parents``: the scene that each goes on from; ``over``:
    frames that are cut off."""
    longer = seconds(sum(over[name] for name in set(parents.values())))
    if len(parents) > 1:
        before = "the frames at which the scenes before them are cut, as pictures"
        whole = f"; with `join: whole` in them nothing is cut there, and the film is {longer} longer"
        return f"{scenes_in_words(list(parents))} go on from {before}{whole}"
    ((name, parent),) = parents.items()
    lasts = seconds(_made(context.made[parent]))
    return (
        f"scene '{name}' goes on from the frame at which '{parent}' is cut, {longer} before the end of its {lasts} of "
        f"clips, as a picture; with `join: whole` in '{name}' the film shows all of '{parent}', and is {longer} longer"
    )


def _unreached(scene: Scene, shots: Sequence[Shot], over: int) -> str:
    """The note on a scene whose end is cut off before it reaches the frame that it ends on."""
    end = shots[-1].end
    goal = "its end picture"
    if scene.lead_into is not None:
        goal = f"'{scene.lead_into}', which it leads into"
    elif end is not None and end.kind == "still":
        goal = f"the fresh still of '{scene.character}'"
    made = _made(shots)
    remedy = f"a duration of {made / FPS:g} keeps it"
    if scene.lead_into is not None:
        remedy += ", and so does `join: whole`"
    return (
        f"scene '{scene.id}': its clips last {seconds(made)}, and {seconds(over)} are cut off at its end, before it "
        f"reaches {goal}: that seam will jump; {remedy}"
    )


def seconds(frames: int) -> str:
    """Format a number of frames as seconds: ``2 s``, ``0.04 s``."""
    return f"{round(frames / FPS, 2):g} s"
