"""The takes of a production's scenes: all that were bought, which one the film uses, and the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from studio.ledger import Ledger, OrderRow, OrderState
from studio.money import ZERO
from studio.planning.followers import FRAMES, is_of_a_file, orders_in
from studio.planning.keys import digest
from studio.planning.plan import Plan, Shot, ShotState
from studio.planning.takes import History, history_of

#: The reason why the film uses a take: a new one was asked for, an option names it, the scene is pinned to a
#: generation, it was chosen beside the file, the file names it, or nothing does: the first.
Why = Literal["retake", "option", "pinned", "choice", "file", "first"]
BOUGHT = (OrderState.COMPLETED, OrderState.SUBMITTED, OrderState.IN_DOUBT, OrderState.GONE, OrderState.FAILED)
STATES = {
    OrderState.SUBMITTED: "in flight", OrderState.IN_DOUBT: "in doubt", OrderState.GONE: "gone",
    OrderState.FAILED: "failed",
}  # fmt: skip
#: States of a shot that is paid for and can be used.
OWNED = (ShotState.CACHED, ShotState.PAID, ShotState.IN_FLIGHT, ShotState.STALE, ShotState.PINNED)


@dataclass(frozen=True)
class SceneTake:
    """One take of a scene, with every clip and still that it was made of. ``price`` in USD, of all of them.

    state:   ``ready``, ``paid`` (not fetched), ``in flight``, ``in doubt``, ``gone``, ``failed``, ``incomplete``
    same:    True if it was made of the scene as it is written now; only then its number names it
    why:     the reason why the film uses it; None where it does not
    stale:   True if the film uses it though its source has changed
    at:      the time at which its last clip was ordered
    """

    scene: str
    take: int
    state: str
    same: bool
    why: Why | None
    stale: bool
    price: Decimal
    at: datetime
    generation_id: str | None
    model: str
    prompt: str
    orders: tuple[str, ...]

    @property
    def used(self) -> bool:
        return self.why is not None


def why_used(plan: Plan, scene_id: str) -> Why:
    """The reason why a plan uses the take of a scene that it does."""
    production = plan.production
    scene = production.scene(scene_id)
    if plan.retaking is not None and scene_id in plan.retaking.takes:
        return "retake"
    if scene_id in plan.asked:
        return "option"
    if scene.generation:
        return "pinned"
    stage = production.stage_of(scene_id)
    if production.choices.take(scene_id, stage) is not None:
        return "choice"
    return "file" if scene.says_take(stage) else "first"


def list_takes(plan: Plan, ledger: Ledger, has: Callable[[str], bool]) -> tuple[SceneTake, ...]:
    """Every take of a plan's scenes, in the order of the film, the oldest first. ``has``: True if a clip is stored."""
    history = history_of(ledger, plan, BOUGHT)
    return tuple(take for cut in plan.cuts for take in _of_scene(plan, cut.scene, cut.shots, history, has))


def _of_scene(
    plan: Plan, scene: str, final: tuple[str, ...], history: History, has: Callable[[str], bool]
) -> Iterator[SceneTake]:
    shots = {s.id: s for s in plan.shots}
    last, rows = shots[final[-1]], _rows(history, shots[final[-1]])
    ours = _own_of_shot(last, shots) if not last.generation else ""
    told: set[str] = set()
    found = []
    for row in rows:
        same = _own_of_order(row, history.known) == ours
        parts = [row, *_within(row, history.known)]
        for other in (shots[name] for name in final[:-1]):
            like = [r for r in _rows(history, other) if r.take == row.take and r.key not in {p.key for p in parts}]
            if not any(p.shot == other.id for p in parts) and like:
                parts += [like[-1], *_within(like[-1], history.known)]
        told |= {part.key for part in parts}
        used = row.key == last.key or bool(last.generation and row.generation_id == last.generation)
        why = why_used(plan, scene) if used else None
        stale = used and any(s.state is ShotState.STALE for s in plan.shots if s.scene == scene)
        found.append(_take(scene, parts, same=same, why=why, stale=stale, has=has))
    left: dict[int, list[OrderRow]] = {}
    for shot in (s for s in plan.shots if s.scene == scene and s.id != last.id):
        for row in _rows(history, shot):
            if row.key not in told:
                left.setdefault(row.take, []).append(row)
    for parts in left.values():
        found.append(_take(scene, parts, same=False, why=None, stale=False, has=has, state="incomplete"))
    yield from sorted(found, key=lambda take: take.at)


def _rows(history: History, shot: Shot) -> list[OrderRow]:
    """The orders of a shot, the oldest first; that of the plan also where it was bought for another production."""
    rows = list(history.made.get(shot.id, ()))
    if shot.order is not None and shot.order.state in BOUGHT and shot.order.key not in {r.key for r in rows}:
        rows.append(shot.order)
    return sorted(rows, key=lambda row: row.reserved_at)


def _within(row: OrderRow, known: Mapping[str, OrderRow]) -> list[OrderRow]:
    """The orders of the same scene that an order was made from."""
    found: dict[str, OrderRow] = {}
    waiting = [row]
    while waiting:
        for key in orders_in(waiting.pop().request):
            parent = known.get(key)
            if parent is not None and parent.scene == row.scene and key not in found:
                found[key] = parent
                waiting.append(parent)
    return list(found.values())


def _take(
    scene: str, parts: list[OrderRow], *, same: bool, why: Why | None, stale: bool, has: Callable[[str], bool],
    state: str = "",
) -> SceneTake:  # fmt: skip
    row = parts[0]
    fetched = row.clip is not None and has(row.clip)
    paid = sum((p.price for p in {p.key: p for p in parts}.values() if p.state.held), ZERO)
    return SceneTake(
        scene=scene, take=row.take, state=state or STATES.get(row.state) or ("ready" if fetched else "paid"), same=same,
        why=why, stale=stale, price=paid, at=row.submitted_at or row.reserved_at, generation_id=row.generation_id,
        model=row.model, prompt=_prompt(parts), orders=tuple(dict.fromkeys(p.key for p in parts)),
    )  # fmt: skip


def _prompt(parts: list[OrderRow]) -> str:
    """The words of a take: a step that finishes a clip has none of its own."""
    said = (p.request.get("prompt") for p in parts)
    return next((str(prompt) for prompt in said if prompt), "")


def _own_of_order(row: OrderRow, known: Mapping[str, OrderRow]) -> str:
    """A digest of what a take asks for, whatever its number, and whatever clips of other scenes it is made from."""

    def told(key: str, kind: str) -> str:
        parent = known.get(key)
        if parent is None:
            return ""
        return _own_of_order(parent, known) if kind == "still" or parent.scene == row.scene else ""

    return _own(row.endpoint, row.request, told)


def _own_of_shot(shot: Shot, shots: Mapping[str, Shot]) -> str:
    by_key = {s.key: s for s in shots.values()} | {shots[ref].key: shots[ref] for ref in shot.parents}

    def told(key: str, kind: str) -> str:
        parent = by_key.get(key)
        if parent is None:
            return ""  # a stale clip's own source, of another scene
        return _own_of_shot(parent, shots) if kind == "still" or parent.scene == shot.scene else ""

    return _own(shot.endpoint, shot.request, told)


def _own(endpoint: str, request: Mapping[str, Any], told: Callable[[str, str], str]) -> str:
    def without(value: Any) -> Any:
        if isinstance(value, Mapping):
            if is_of_a_file(value):
                return {"type": "generation", "order": ""}
            if isinstance(order := value.get("order"), str):
                kind = str(value.get("type"))
                return {**value, "type": "generation" if kind in FRAMES else kind, "order": told(order, kind)}
            return {name: without(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [without(part) for part in value]
        return value

    return digest({"endpoint": endpoint, "request": without(request)})
