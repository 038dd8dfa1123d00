"""Takes of a shot: those that were bought, and clips that are stale because their source has a new take.

Two orders have the same lineage if they and their parents ask for the same, whatever the takes are. So a new take of a
parent leaves its children's clips usable, but stale, until fresh ones are asked for; an edit of the parent does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.ledger import Ledger, OrderRow, OrderState
from studio.ledger.budgets import productions_of
from studio.ledger.new_takes import Retake
from studio.money import ZERO, usd
from studio.planning.keys import digest, named
from studio.planning.plan import Plan, Shot, ShotState, seen
from studio.production.slugs import earlier_text
from studio.remedies import Aside, Text, option, text_of

ALL = "all"
FRAMES = ("generation", "first", "last")  # types in a request for another clip that this one starts from or ends on


@dataclass(frozen=True)
class History:
    """Every clip and still that was bought for the shots of a plan: by shot, newest first. ``lineages``: by order."""

    made: Mapping[str, tuple[OrderRow, ...]]
    lineages: Mapping[str, str]

    def like(self, shot: Shot, lineage: str) -> list[OrderRow]:
        """Orders of a shot with that lineage, whatever their takes and their parents' takes."""
        return [row for row in self.made.get(shot.id, ()) if self.lineages.get(row.key) == lineage]


def history_of(ledger: Ledger, plan: Plan) -> History:
    """The orders in the ledger for a plan's shots, with their lineages."""
    ids = {s.id: s.id for s in plan.shots}
    # To earlier versions a scene that is written 001 without quotes was 1.
    earlier = ((_earlier_id(s), s.id) for s in plan.shots)
    ids = {old: new for old, new in earlier if old} | ids
    films = {plan.production.budget_name, *plan.budgeting.others}
    productions = {plan.production.slug, *productions_of(ledger, films, plan.realm)}
    rows = ledger.made_for(productions, plan.realm, ids)
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
    return History({shot: tuple(found) for shot, found in made.items()}, lineages)


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


def keep_stale(plan: Plan, ledger: Ledger, *, fresh: Collection[str], has: Callable[[str], bool]) -> Plan:
    """The plan, with clips that are only stale left in place. ``fresh``: the scenes that are to be new (or ``all``).

    ``has``: True if a clip is stored. Each scene that is left stale is noted, with the price of a fresh one.
    """
    wanted = any(s.state is ShotState.NEW and s.parents and not _asked(s, fresh) for s in plan.shots)
    if not wanted:
        return plan
    history, lineages = history_of(ledger, plan), lineages_of(plan)
    keys = {s.id: s.key for s in plan.shots}
    shots, stale = [], []
    for shot in plan.shots:
        kept = _kept(shot, lineages, keys, history, ledger, has, fresh)
        if kept.key != shot.key:
            keys[shot.id] = kept.key
        if kept.state is ShotState.STALE:
            stale.append(shot)
        shots.append(kept)
    return replace(plan, shots=tuple(shots), notes=(*plan.notes, *_notes(stale)))


def _kept(
    shot: Shot, lineages: Mapping[str, str], keys: Mapping[str, str], history: History, ledger: Ledger,
    has: Callable[[str], bool], fresh: Collection[str],
) -> Shot:  # fmt: skip
    """The shot to use: a fresh one, or the one that was bought before."""
    if shot.generation:
        return shot
    wish = lineages[shot.key]
    again = named(shot, keys.__getitem__)
    if again.key != shot.key:
        # Its source is left stale: so is this shot, if it was bought from that source.
        shot = seen(replace(again, state=ShotState.NEW), ledger.order(again.key), has)
        if shot.state in (ShotState.CACHED, ShotState.PAID):
            return shot if _asked(shot, fresh) else replace(shot, state=ShotState.STALE)
    if shot.state is not ShotState.NEW or not shot.parents or _asked(shot, fresh):
        return shot
    for row in history.like(shot, wish):
        if row.take == shot.take and row.clip is not None and has(row.clip):
            return replace(shot, key=row.key, family=row.family, request=row.request, order=row, state=ShotState.STALE)
    return shot


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


def _asked(shot: Shot, fresh: Collection[str]) -> bool:
    return ALL in fresh or shot.scene in fresh


def _notes(stale: list[Shot]) -> list[Text]:
    by_scene: dict[str, list[Shot]] = defaultdict(list)
    for shot in stale:
        by_scene[shot.scene].append(shot)
    return [
        text_of(
            f"scene '{scene}' is stale: what it was made from has another take now. Its clip is used as it is; a fresh "
            f"one costs {usd(sum((s.quote.usd for s in shots), ZERO))}",
            Aside(": ", option("renew", scene)),
        )
        for scene, shots in by_scene.items()
    ]


def _parents(rows: Iterable[OrderRow]) -> set[str]:
    return {order for row in rows for order in _orders_in(row.request)}


def _orders_in(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name == "order" and isinstance(part, str):
                yield part
            else:
                yield from _orders_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _orders_in(part)


def _trace(row: OrderRow, known: Mapping[str, OrderRow], lineages: dict[str, str]) -> None:
    """Find the lineages of an order and of all that it was made from. (Not by recursion: chains are long.)"""
    waiting = [row]
    while waiting:
        current = waiting[-1]
        parents = [known[key] for key in _orders_in(current.request) if key in known and key not in lineages]
        if parents:
            waiting.extend(parents)
            continue
        waiting.pop()
        lineages[current.key] = _lineage(current.endpoint, current.request, lineages)


def _lineage(endpoint: str, request: Mapping[str, Any], lineages: Mapping[str, str]) -> str:
    def named_by_lineage(value: Any) -> Any:
        if isinstance(value, Mapping):
            if "order" in value and value.get("type") in FRAMES:
                # A clip that continues another has one lineage, whether it is given its generation or its frame.
                value = {**value, "type": "generation"}
            return {
                name: lineages.get(part, part) if name == "order" and isinstance(part, str) else named_by_lineage(part)
                for name, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [named_by_lineage(part) for part in value]
        return value

    return digest({"endpoint": endpoint, "request": named_by_lineage(request)})
