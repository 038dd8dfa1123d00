"""Scenes that follow a changed one: the clips that they have, and what a run pays with them and with fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from studio.ledger import OrderRow
from studio.money import usd
from studio.planning.keys import digest, named
from studio.planning.plan import Plan, Shot, ShotState
from studio.remedies import Aside, Text, option, text_of

ALL = "all"
#: Types in a request for another clip that this one starts from or ends on.
FRAMES = ("generation", "first", "last", "cut")
WHY_STALE = {
    "take": "what it was made from has another take now", "edit": "what it was made from was edited",
    "cut": "what it was made from is cut at another frame now",
}  # fmt: skip
CHANGED = {"take": "has another take", "cut": "is cut at another frame", "edit": "was edited"}
CHANGED_ALL = {
    "has another take": "have another take", "is cut at another frame": "are cut at another frame",
    "was edited": "were edited",
}  # fmt: skip
#: Stands in a request for an order of another scene.
_ANOTHER = "another scene"
MOST_NOTES = 6  # notes on what follows a change; more become one
MOST_NAMED = 4  # scenes that a note names; of more, it tells the number


def orders_in(value: Any) -> Iterable[str]:
    """The keys of the orders that a request is made from."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name == "order" and isinstance(part, str):
                yield part
            else:
                yield from orders_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from orders_in(part)


def is_of_a_file(part: Mapping[str, Any]) -> bool:
    """True for the part of a request that names a frame of a finished file, which another scene shows."""
    return part.get("type") == "frame" and "sha256" in part


def own_of_shot(shot: Shot, shots: Mapping[str, Shot]) -> str:
    """A digest of what a shot asks for by itself, whatever clips of other scenes it is made from. ``shots``: by id."""

    def told(ref: str) -> str:
        return shots[ref].key if shots[ref].scene == shot.scene else _ANOTHER

    return _own(shot.endpoint, named(shot, told).request, lambda key: key)


def own_of_order(row: OrderRow, known: Mapping[str, OrderRow]) -> str:
    """The same digest of an order. ``known``: orders by key."""

    def told(key: str) -> str:
        parent = known.get(key)
        return key if parent is None or parent.scene == row.scene else _ANOTHER

    return _own(row.endpoint, row.request, told)


def _own(endpoint: str, request: Mapping[str, Any], told: Callable[[str], str]) -> str:
    def without(value: Any) -> Any:
        if isinstance(value, Mapping):
            if is_of_a_file(value):
                return {"type": "generation", "order": _ANOTHER}
            if isinstance(order := value.get("order"), str):
                kind = str(value.get("type"))
                kept = order if kind == "still" else told(order)
                rest = {name: part for name, part in value.items() if name != "frame"}
                return {**rest, "type": "generation" if kind in FRAMES else kind, "order": kept}
            return {name: without(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [without(part) for part in value]
        return value

    return digest({"endpoint": endpoint, "request": without(request)})


def changed_scenes(
    shot: Shot, request: Mapping[str, Any], shots: Mapping[str, Shot], lineages: Mapping[str, str]
) -> tuple[str, ...]:
    """The scenes that a shot starts from or ends on, and that are others than in an earlier request for it."""

    def told(request: Mapping[str, Any], name: str) -> Any:
        part = request.get("keyframes", {}).get(name, {})
        return lineages.get(part["order"], part["order"]) if "order" in part else part

    changed: dict[str, None] = {}
    for name, source in (("frame0", shot.start), ("frame1", shot.end)):
        before = replace(shot, start=source, end=None, source=None, references=(), guides=()).made_from
        if before and told(shot.request, name) != told(request, name):
            changed |= {shots[ref].scene: None for ref in before if shots[ref].scene != shot.scene}
    return tuple(changed)


def notes_on_kept(
    anew: Iterable[Shot], shots: Mapping[str, Shot], made: Mapping[str, tuple[OrderRow, ...]],
    known: Mapping[str, OrderRow], has: Callable[[str], bool],
) -> list[Text]:  # fmt: skip
    """A note for each reason why shots that were to be kept are made anew: ``anew``, of ``shots``. ``made``: completed
    orders, by shot; ``known``: orders by key."""
    reasons: dict[str, dict[str, None]] = {}
    for shot in anew:
        rows, ours = made.get(shot.id, ()), own_of_shot(shot, shots)
        alike = [row for row in rows if own_of_order(row, known) == ours]
        if not rows:
            why = "nothing was bought for {} yet"
        elif not alike:
            why = "{} {} edited, too, and only what follows an edit can be kept"
        elif not (taken := [row for row in alike if row.take == shot.take]):
            why = "another take of {} is asked for than was bought"
        elif any(row.clip and has(row.clip) for row in taken):
            why = "{} {} bought joined to the scene before in another way"
        else:
            why = "the clip that was bought for {} is not here"
        reasons.setdefault(why, {})[shot.scene] = None
    return [
        text_of(
            why.format(_listed(scenes), "was" if len(scenes) == 1 else "were"),
            f": {'it is' if len(scenes) == 1 else 'they are'} made anew, and not kept",
        )
        for why, scenes in reasons.items()
    ]


def both_ways(
    plan: Plan, way: Callable[[Collection[str], Collection[str]], Plan], fresh: Collection[str], keep: Collection[str]
) -> list[Text]:
    """A note for each change: the scenes that follow it, and what this run pays if they are kept, and if made anew.

    ``way`` plans with other scenes made anew and kept.
    """
    groups = _groups(plan)
    if len(groups) > MOST_NOTES:
        everyone = frozenset(root for roots in groups for root in roots)
        groups = {everyone: [scene for scenes in groups.values() for scene in scenes]}
    notes = []
    by_name = {s.scene: s for s in plan.shots if s.earlier}
    for roots, scenes in groups.items():
        shots = [s for s in plan.shots if s.scene in scenes and s.earlier]
        stale = all(s.state is ShotState.STALE for s in shots)
        if stale and len(scenes) == 1:
            continue  # its own note says it
        others = (set(fresh) | set(scenes), set(keep) - set(scenes)) if stale else (fresh, {*keep, *scenes})
        other = way(*others).to_pay
        values = (ALL,) if len(groups) == 1 else tuple(scenes)
        one = len(scenes) == 1
        follow = f"{_listed(scenes)}, which {'follows' if one else 'follow'} it,"
        changed = CHANGED[next((by_name[s].earlier for s in scenes if by_name[s].earlier != "edit"), "edit")]
        if len(roots) > 1:
            follow, changed = (
                follow.replace(" it,", " them,"),
                changed.replace("has", "have").replace("was", "were").replace("is", "are"),
            )
        what = f"{'scene' if len(roots) == 1 else 'scenes'} {_listed(sorted(roots))} {changed}: {follow}"
        if stale:
            told = (
                f"keep the clips that they have, and this run pays {usd(plan.to_pay)}; made anew it pays {usd(other)}"
            )
            notes.append(text_of(f"{what} {told}", Aside(": ", option("renew", *values))))
        else:
            told = f"{'is' if one else 'are'} made anew, and this run pays {usd(plan.to_pay)}; with the clips that "
            told += f"{'it has' if one else 'they have'} it pays {usd(other)}"
            notes.append(text_of(f"{what} {told}", Aside(": ", option("keep", *values))))
    return notes


def _groups(plan: Plan) -> dict[frozenset[str], list[str]]:
    """The scenes that have an earlier clip, in the plan's order, by the changed scenes that they follow."""
    by_id = {s.id: s for s in plan.shots}
    follows = dict.fromkeys(s.scene for s in plan.shots if s.earlier)
    parents: dict[str, set[str]] = {}
    for shot in plan.shots:
        parents.setdefault(shot.scene, set()).update(
            by_id[p].scene for p in shot.parents if by_id[p].scene != shot.scene
        )
    changed: dict[str, set[str]] = {}
    for shot in plan.shots:
        changed.setdefault(shot.scene, set()).update(shot.changed)
    groups: dict[frozenset[str], list[str]] = {}
    roots: dict[str, frozenset[str]] = {}
    for scene in follows:  # parents come before children
        direct = changed.get(scene) or parents.get(scene, set())
        roots[scene] = frozenset(
            root for parent in direct for root in (roots.get(parent, frozenset()) if parent in follows else {parent})
        )
        groups.setdefault(roots[scene], []).append(scene)
    return groups


def _listed(scenes: Collection[str]) -> str:
    names = [f"'{scene}'" for scene in scenes]
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
