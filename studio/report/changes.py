"""The differences between a production and the last film that was made of it, and what a run would pay for them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from studio.money import ZERO
from studio.planning.followers import WHY_STALE
from studio.planning.plan import Plan, Shot, ShotState
from studio.planning.variants import finished_draft
from studio.production import Production

#: ``remade``: nothing in the scene changed, but it is made anew for the reason that is told; ``missing``: it is written
#: as it was, and the last film does not show it.
Kind = Literal["added", "removed", "renamed", "moved", "edited", "take", "stale", "remade", "missing"]


@dataclass(frozen=True)
class FieldChange:
    """A field with its value in the last film and now; None: it was, or is, not written."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class SceneChange:
    """A change in a scene, of one kind. ``told``: in words, where fields do not say it."""

    scene: str
    kind: Kind
    fields: tuple[FieldChange, ...] = ()
    told: str = ""


@dataclass(frozen=True)
class Changes:
    """All differences. ``to_pay``: USD by scene, for each that a run would pay for."""

    film: tuple[FieldChange, ...]
    scenes: tuple[SceneChange, ...]
    to_pay: Mapping[str, Decimal]


def written_of(production: Production) -> dict[str, Any]:
    """The production as written, its URLs without their queries, which may be signatures. A scene that is finished
    from its draft's clip has the fields that the producer wrote, not those of the draft."""
    before = production.from_draft
    scenes = tuple(s.model_copy(update=before[s.id]) if s.id in before else s for s in production.scenes)
    production = production.model_copy(update={"scenes": scenes})
    written: dict[str, Any] = _without_secrets(production.model_dump(mode="json", exclude_defaults=True))
    return written


def changes_since(manifest: Mapping[str, Any], plan: Plan) -> Changes:
    """The differences between the film that a manifest describes, and a plan."""
    before, now = manifest["production"], written_of(plan.production)
    new, finished = _by_id(now["scenes"]), finished_in(manifest)
    old = _by_id(before["scenes"])
    if "from_draft" not in manifest:
        old = _as_written(old, new, plan)
    shown = _shown(manifest)
    names = _renamed(plan, old, new, shown)
    found: list[SceneChange] = []
    changed: set[str] = set()
    film = _fields(before, now, without=("scenes", "slug"))
    moved = _moved([names.get(scene, scene) for scene in old], list(new))
    last = {cut.scene: plan.shot(cut.shots[-1]) for cut in plan.cuts}
    for scene in old:
        if scene not in new and scene not in names:
            found.append(SceneChange(scene, "removed"))
    for place, scene in enumerate(new, 1):
        former = next((was for was, name in names.items() if name == scene), scene)
        told: list[SceneChange] = []
        if former not in old:
            told.append(SceneChange(scene, "added"))
        elif scene in last and former not in shown:
            told.append(SceneChange(scene, "missing", told="the last film does not show it"))
        if former != scene:
            told.append(SceneChange(scene, "renamed", told=f"from '{former}'"))
        if scene in moved:
            told.append(SceneChange(scene, "moved", told=f"from place {list(old).index(former) + 1} to {place}"))
        if former in old:
            fields = _fields(old[former], new[scene], without=("id", "take", "draft_take", "final_take"))
            told += [SceneChange(scene, "edited", fields)] if fields else []
        if scene in last and former in shown and former in old:
            way = _way(former in finished, scene in plan.production.from_draft)
            told += _of_clip(plan, last[scene], shown[former], changed, edited=bool(fields), film=bool(film), way=way)
        if told:
            found += told
            changed.add(scene)
    return Changes(film, tuple(found), _to_pay(plan))


def _of_clip(
    plan: Plan, shot: Shot, was: Mapping[str, Any], changed: set[str], *, edited: bool, film: bool, way: str
) -> list[SceneChange]:  # fmt: skip
    """The news of a scene's clip: its take, that it is stale, or that it is made anew although it was not
    edited."""
    found = []
    take = was.get("take")
    if way and shot.key != was.get("order"):
        return [SceneChange(shot.scene, "remade", told=way)]  # its take is of other clips
    if isinstance(take, int) and take != shot.take and not shot.generation:
        found.append(SceneChange(shot.scene, "take", (FieldChange("take", take, shot.take),)))
    if any(s.state is ShotState.STALE for s in plan.shots if s.scene == shot.scene):
        found.append(SceneChange(shot.scene, "stale", told=WHY_STALE[shot.earlier or "take"]))
    elif shot.key != was.get("order") and not (edited or found):
        scenes = {s.id: s.scene for s in plan.shots}
        follows = {scenes[p] for s in plan.shots if s.scene == shot.scene for p in s.parents} - {shot.scene}
        parents = [scene for scene in dict.fromkeys(s.scene for s in plan.shots) if scene in follows & changed]
        if _without_orders(shot.request) == _without_orders(was.get("request")):
            kept = "the last film kept an earlier clip of it" if was.get("stale") else "what it is made from changed"
            why = f"follows {' and '.join(map(repr, parents))}" if parents else kept
        else:
            why = "the film's options changed" if film else "a file or a description that it uses changed"
        found.append(SceneChange(shot.scene, "remade", told=why))
    return found


def finished_in(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The scenes of a film that were finished from the draft's clips; none where an earlier program does not say."""
    named = manifest.get("from_draft")
    return frozenset(map(str, named)) if isinstance(named, list) else frozenset()


def _way(was: bool, now: bool) -> str:
    """The words for a clip that is made in another way: finished from the draft, or made anew."""
    if was == now:
        return ""
    return "the last film finished the draft's clip" if was else "now the draft's clip is finished"


def _as_written(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], plan: Plan
) -> dict[str, Mapping[str, Any]]:  # fmt: skip
    """The scenes of an earlier program's film as they were written: it noted those that it finished from the draft with
    the draft's fields."""
    finished, found = finished_draft(plan.production), dict(old)
    for scene in finished.scenes:
        drafted = finished.from_draft.get(scene.id, {})
        was = old.get(scene.id, {})
        if drafted and scene.id in new and all(was.get(name) == getattr(scene, name) for name in drafted):
            kept = {name: value for name, value in was.items() if name not in drafted}
            found[scene.id] = kept | {name: new[scene.id][name] for name in drafted if name in new[scene.id]}
    return found


def _without_orders(request: Any) -> Any:
    """A request without the orders that it is made from: what a shot asks for by itself."""
    if isinstance(request, Mapping):
        return {name: _without_orders(part) for name, part in request.items() if name != "order"}
    if isinstance(request, list | tuple):
        return [_without_orders(part) for part in request]
    return request


def _shown(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By scene of a film: the shot whose clip ends it. A slate in place of a scene shows nothing of it."""
    shots = {shot["id"]: shot for shot in manifest.get("shots", ()) if isinstance(shot, Mapping) and "id" in shot}
    cuts = [cut for cut in manifest.get("cuts", ()) if isinstance(cut, Mapping) and not cut.get("slate")]
    ends = {str(cut.get("scene")): (cut.get("shots") or [""])[-1] for cut in cuts}
    return {scene: shots[end] for scene, end in ends.items() if end in shots}


def _renamed(
    plan: Plan, old: Mapping[str, Any], new: Mapping[str, Any], shown: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:  # fmt: skip
    """Scenes with another id and the same clip: the new id, by the old one."""
    gone = {shown[scene].get("order"): scene for scene in old if scene not in new and scene in shown}
    ends = {cut.scene: plan.shot(cut.shots[-1]).key for cut in plan.cuts if cut.scene not in old}
    return {gone.pop(key): scene for scene, key in ends.items() if key in gone}


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The fewest scenes whose move makes one order of the other."""
    places = {scene: place for place, scene in enumerate(old)}
    common = [scene for scene in new if scene in places]
    tails: list[int] = []
    ends: list[str] = []
    before: dict[str, str | None] = {}
    for scene in common:
        at = bisect_left(tails, places[scene])
        before[scene] = ends[at - 1] if at else None
        tails[at:], ends[at:] = [places[scene], *tails[at + 1 :]], [scene, *ends[at + 1 :]]
    stays: set[str] = set()
    scene_: str | None = ends[-1] if ends else None
    while scene_ is not None:
        stays.add(scene_)
        scene_ = before[scene_]
    return set(common) - stays


def _fields(old: Mapping[str, Any], new: Mapping[str, Any], *, without: Sequence[str]) -> tuple[FieldChange, ...]:
    """The fields that differ; of lists of things with ids, and of groups of fields, the inner ones."""
    found: list[FieldChange] = []
    for name in dict.fromkeys((*old, *new)):
        if name in without:
            continue
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        inner_was, inner_now = _inner(was), _inner(now)
        if inner_was is None or inner_now is None:
            found.append(FieldChange(str(name), was, now))
            continue
        inner = _fields(inner_was, inner_now, without=())
        found += [FieldChange(f"{name}.{change.name}", change.old, change.new) for change in inner]
    return tuple(found)


def _inner(value: Any) -> Mapping[str, Any] | None:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "id" in item for item in value):
        return {str(item["id"]): {k: v for k, v in item.items() if k != "id"} for item in value}
    return None


def _to_pay(plan: Plan) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    booked: set[str] = set()
    for shot in plan.shots:
        if shot.to_pay and shot.key not in booked:
            booked.add(shot.key)
            found[shot.scene] = found.get(shot.scene, ZERO) + shot.to_pay
    return found


def _by_id(scenes: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(scene.get("id")): scene for scene in scenes}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return value.partition("?")[0]
    return value
