"""Takes of a shot: those that were bought, and clips that are stale because their source has changed.

Two orders have the same lineage if they and their parents ask for the same, whatever the takes are. So a new take of a
parent leaves its children's clips usable, but stale, until fresh ones are asked for. After an edit of the parent they
are made anew, unless the earlier clips are asked for (``followers.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from studio.errors import BadInput
from studio.ledger import Ledger, OrderRow, OrderState
from studio.ledger.budgets import productions_of
from studio.ledger.new_takes import Retake
from studio.money import ZERO, usd
from studio.planning.followers import (
    ALL,
    FRAMES,
    WHY_STALE,
    both_ways,
    changed_scenes,
    notes_on_kept,
    orders_in,
    own_of_order,
    own_of_shot,
)
from studio.planning.joins import from_a_cut, joined_elsewhere
from studio.planning.keys import digest, named
from studio.planning.plan import Plan, Shot, ShotState, seen
from studio.production import Production
from studio.production.slugs import earlier_text
from studio.remedies import Aside, Place, Text, option, text_of


@dataclass(frozen=True)
class History:
    """Every clip and still that was bought for the shots of a plan: by shot, newest first. ``lineages``: by order.

    ``known`` has these orders and all that they were made from, by key.
    """

    made: Mapping[str, tuple[OrderRow, ...]]
    lineages: Mapping[str, str]
    known: Mapping[str, OrderRow] = field(default_factory=dict)

    def like(self, shot: Shot, lineage: str) -> list[OrderRow]:
        """Orders of a shot with that lineage, whatever their takes and their parents' takes."""
        return [row for row in self.made.get(shot.id, ()) if self.lineages.get(row.key) == lineage]


def history_of(ledger: Ledger, plan: Plan, states: Collection[OrderState] = (OrderState.COMPLETED,)) -> History:
    """The orders in the ledger for a plan's shots, with their lineages: completed, or in one of ``states``."""
    ids = {s.id: s.id for s in plan.shots}
    # To earlier versions a scene that is written 001 without quotes was 1.
    earlier = ((_earlier_id(s), s.id) for s in plan.shots)
    ids = {old: new for old, new in earlier if old} | ids
    rows = ledger.made_for(productions_with(ledger, plan), plan.realm, ids, states=states)
    known = {row.key: row for row in rows}
    missing = _parents(rows) - known.keys()
    while missing:
        found = ledger.orders(missing)
        known |= found
        missing = _parents(found.values()) - known.keys()
        if not found:
            break
    made: dict[str, list[OrderRow]] = defaultdict(list)
    for row in rows:
        made[ids[row.shot]].append(row)
    lineages: dict[str, str] = {}
    for row in rows:
        _trace(row, known, lineages)
    return History({shot: tuple(found) for shot, found in made.items()}, lineages, known)


def productions_with(ledger: Ledger, plan: Plan) -> set[str]:
    """The productions whose orders may be takes of a plan's shots: its own, and those that share its budget."""
    films = {plan.production.budget_name, *plan.budgeting.others}
    return {plan.production.slug, *productions_of(ledger, films, plan.realm)}


def _earlier_id(shot: Shot) -> str:
    """The id that a shot had in versions that lost the leading zeros of its scene's id; empty without such zeros."""
    scene = earlier_text(shot.scene)
    return scene + shot.id.removeprefix(shot.scene) if scene and shot.id.startswith(shot.scene) else ""


def lineages_of(plan: Plan) -> dict[str, str]:
    """The lineage of every shot of a plan, by its key."""
    found: dict[str, str] = {}
    for shot in plan.shots:
        if not shot.generation:
            found[shot.key] = _lineage(shot.endpoint, shot.request, found)
    return found


def keep_stale(
    plan: Plan, ledger: Ledger, *, fresh: Collection[str], has: Callable[[str], bool], keep: Collection[str] = ()
) -> Plan:
    """The plan, with clips that are only stale left in place.

    A clip whose source has another take is left, unless its scene is in ``fresh``; one whose source was edited, or is
    another scene now, is left if its scene is in ``keep``. Each may hold ``all``; a scene's name counts before that.
    ``has``: True if a clip is stored. The notes say what is stale, and what a run pays either way.
    """
    new = [s for s in plan.shots if s.state is ShotState.NEW and not _asked(s, fresh, keep)]
    if not any(s.parents or s.scene in keep for s in new):
        return plan
    history, lineages = history_of(ledger, plan), lineages_of(plan)
    rows = {s.key: s.order for s in plan.shots}

    def row_of(key: str) -> OrderRow | None:
        if key not in rows:
            rows[key] = ledger.order(key)
        return rows[key]

    said = {s.id for s in plan.production.scenes if plan.production.join_of(s) is not None}

    def way(fresh: Collection[str], keep: Collection[str]) -> Plan:
        shots = {s.id: s for s in plan.shots}
        for shot in plan.shots:
            kept = shots[shot.id] = _kept(shot, lineages, shots, history, row_of, has, fresh, keep, said)
            if shot.scene in said and kept.state is ShotState.NEW and history.like(shot, lineages[shot.key]):
                fresh = {*fresh, shot.scene}  # joined in another way than it was: so all of its clips are new
        return replace(plan, shots=tuple(shots.values()))

    found = way(fresh, keep)
    stale = [s for s in found.shots if s.state is ShotState.STALE]
    anew = [
        s for s in found.shots
        if s.state is ShotState.NEW and s.scene not in fresh
        and (s.scene in keep or (ALL in keep and s.parents and s.id in history.made))
    ]  # fmt: skip
    not_kept = notes_on_kept(anew, {s.id: s for s in found.shots}, history.made, history.known, has)
    return replace(found, notes=(*plan.notes, *_notes(stale), *not_kept, *both_ways(found, way, fresh, keep)))


def decided(production: Production, asked: Mapping[str, Sequence[str]]) -> tuple[frozenset[str], frozenset[str]]:
    """The scenes that are to be fresh, and those that keep their clips: by options, and by the choices beside the file.

    ``asked``: the scenes that each option names. Raises BadInput for one that is not there, or that options contradict.
    """
    for name, scenes in asked.items():
        for scene in scenes:
            if scene != ALL or name not in ("renew", "keep"):
                production.scene(scene, where=Place(name))
    for name in ("retake", "take"):
        for scene in asked.get(name, ()):
            _check_has_takes(production, scene, name)
    fresh, keep = frozenset((*asked["retake"], *asked["renew"])), frozenset(asked["keep"])
    for scene in fresh & keep:
        what = option("retake" if scene in asked["retake"] else "renew", scene)
        raise BadInput(text_of(what, " and ", option("keep", scene), " contradict each other"), hint="leave one out")
    return fresh, keep if ALL in fresh else keep.union(production.kept)


def _check_has_takes(production: Production, scene_id: str, name: str) -> None:
    """Raise BadInput for a scene of which no take is ever made: it shows what is there."""
    scene = production.scene(scene_id)
    if scene.generation is None and scene.clip is None:
        return
    field, what = ("generation", "an existing generation") if scene.generation else ("clip", "a finished clip")
    raise BadInput(
        f"scene '{scene_id}' shows {what}: it has no takes", where=Place(name),
        hint=f"leave it out, or write a prompt in place of its {field}:",
    )  # fmt: skip


def _kept(
    shot: Shot, lineages: Mapping[str, str], shots: Mapping[str, Shot], history: History,
    row_of: Callable[[str], OrderRow | None], has: Callable[[str], bool], fresh: Collection[str], keep: Collection[str],
    said: Collection[str],
) -> Shot:  # fmt: skip
    """The shot to use: a fresh one, or the one that was bought before. ``shots``: those that come before it are
    decided. ``said``: scenes for which it is written how they go on from one that is cut: then they are bought so."""
    if shot.generation:
        return shot
    wish, drawn = lineages[shot.key], shot
    again = named(shot, lambda parent: shots[parent].key)
    if again.key != shot.key:
        # Its source is left stale: so is this shot, if it was bought from that source.
        shot = seen(replace(again, state=ShotState.NEW), row_of(again.key), has)
        if shot.state in (ShotState.CACHED, ShotState.PAID):
            edited = any(shots[p].earlier == "edit" for p in shot.parents)
            why = "edit" if edited else _moved(drawn, shot.request)
            return shot if _asked(shot, fresh, keep) else replace(shot, state=ShotState.STALE, earlier=why)
    if shot.state is not ShotState.NEW or not shot.parents or _asked(shot, fresh, keep):
        return shot

    def left(row: OrderRow, why: Literal["take", "cut", "edit"]) -> Shot:
        return replace(
            shot, key=row.key, family=row.family, request=row.request, order=row, state=ShotState.STALE, earlier=why
        )

    usable = [row for row in history.made.get(shot.id, ()) if row.take == shot.take and row.clip and has(row.clip)]
    if shot.scene in said:
        usable = [row for row in usable if from_a_cut(row.request) == from_a_cut(shot.request)]
    for row in usable:
        if history.lineages.get(row.key) == wish:
            return left(row, _moved(shot, row.request))
    ours = own_of_shot(shot, shots)
    for row in usable:
        if own_of_order(row, history.known) == ours:
            shot = replace(shot, changed=changed_scenes(shot, row.request, shots, {**history.lineages, **lineages}))
            return left(row, "edit") if shot.scene in keep or ALL in keep else replace(shot, earlier="edit")
    return shot


def _moved(shot: Shot, request: Mapping[str, Any]) -> Literal["take", "cut"]:
    """The reason why a clip that was bought by that request is stale, of the reasons other than an edit."""
    return "cut" if joined_elsewhere(shot, request) else "take"


def next_take(latest: Sequence[OrderRow], asked: Sequence[Retake], *, command: str, run: str) -> tuple[int, list[int]]:
    """The number of the take to make, and the ids of earlier requests that moderation refused for good.

    ``latest``: the order of the highest take of each of the scene's shots; ``asked``: all requests for new takes of
    this scene, the latest first. An earlier request is resumed if the same command made it and got no film, if another
    command made it and no film has its take, or if its flow run is retried (``run`` is the same).
    """
    moderated = {row.take for row in latest if row.moderated}
    refused = [r.id for r in asked if r.ended_at is None and r.take in moderated]
    for request in asked:
        if request.run == run and run and request.outcome == "film":
            return request.take, refused
    filmed = {r.take for r in asked if r.ended_at is not None}
    still_open = [r for r in asked if r.ended_at is None and r.take not in moderated]
    for request in (r for r in still_open if r.command == command):
        return request.take, refused
    for request in (r for r in still_open if r.take not in filmed):
        return request.take, refused
    if not latest:
        return max((r.take for r in asked), default=0) + 1, refused
    highest = max(latest, key=lambda row: row.take)
    # An order from before requests were recorded: begun, and its clip never fetched.
    begun = highest.clip is None and not highest.moderated and highest.state is not OrderState.GONE
    if (begun and highest.take not in {r.take for r in asked}) or (run and highest.run == run):
        return highest.take, refused
    return max(highest.take, *(r.take for r in asked), 0) + 1, refused


def _asked(shot: Shot, fresh: Collection[str], keep: Collection[str]) -> bool:
    """True if a scene is to be fresh: its name counts before ``all``."""
    return shot.scene in fresh or (ALL in fresh and shot.scene not in keep)


def _notes(stale: list[Shot]) -> list[Text]:
    by_scene: dict[str, list[Shot]] = defaultdict(list)
    for shot in stale:
        by_scene[shot.scene].append(shot)
    return [
        text_of(
            f"scene '{scene}' is stale: {WHY_STALE[shots[0].earlier]}. Its clip is used as it is; a fresh "
            f"one costs {usd(sum((s.quote.usd for s in shots), ZERO))}",
            Aside(": ", option("renew", scene)),
        )
        for scene, shots in by_scene.items()
    ]


def _parents(rows: Iterable[OrderRow]) -> set[str]:
    return {order for row in rows for order in orders_in(row.request)}


def _trace(row: OrderRow, known: Mapping[str, OrderRow], lineages: dict[str, str]) -> None:
    """Find the lineages of an order and of all that it was made from. (Not by recursion: chains are long.)"""
    waiting = [row]
    while waiting:
        current = waiting[-1]
        parents = [known[key] for key in orders_in(current.request) if key in known and key not in lineages]
        if parents:
            waiting.extend(parents)
            continue
        waiting.pop()
        lineages[current.key] = _lineage(current.endpoint, current.request, lineages)


def _lineage(endpoint: str, request: Mapping[str, Any], lineages: Mapping[str, str]) -> str:
    def named_by_lineage(value: Any) -> Any:
        if isinstance(value, Mapping):
            if "order" in value and value.get("type") in FRAMES:
                # A clip that continues another has one lineage, whether it is given its generation or a frame of it.
                value = {name: part for name, part in value.items() if name != "frame"} | {"type": "generation"}
            return {
                name: lineages.get(part, part) if name == "order" and isinstance(part, str) else named_by_lineage(part)
                for name, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [named_by_lineage(part) for part in value]
        return value

    return digest({"endpoint": endpoint, "request": named_by_lineage(request)})
