"""Other ways to a film that cost less, or meet the wished length, each priced by a plan of its own.

An alternative is a production that somebody could write. It is planned with the ledger like any other, and told where
that plan is cheaper, or uses what is bought: no price is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from studio.errors import BadInput, SettingsError
from studio.ledger import Ledger, OrderRow
from studio.planning.length import lengths_that_meet, note_on_length, wished_frames, with_lengths
from studio.planning.overview import overview_of
from studio.planning.plan import Alternative, Plan, Shot, ShotState
from studio.planning.takes import history_of
from studio.production import Production, rules
from studio.production.locations import Places
from studio.providers.models import TIER_PIXELS
from studio.providers.shot_request import Operation

Draw: TypeAlias = Callable[[Production], Plan]
MOST_FOLLOWERS = 40  # scenes that are named in an alternative


def with_alternatives(
    plan: Plan, ledger: Ledger, draw: Draw, *, told: Callable[[Plan], Plan], has: Callable[[str], bool]
) -> Plan:
    """The plan with its alternatives, and the note on its length.

    ``draw`` plans a production without states; ``told`` leaves stale clips in a plan with states, as ``keep_stale``
    does for this run; ``has`` is true if a clip is stored.
    """

    def priced(production: Production) -> Plan | None:
        """A production's plan, with states; None where it breaks a rule."""
        if rules.check(production, Places()):
            return None
        try:
            drawn = draw(production)
        except (BadInput, SettingsError):  # longer than its model can make it, or without a price
            return None
        return told(drawn.seen_in(ledger.orders([shot.key for shot in drawn.shots]), has))

    notes = list[str]()
    wished, film = wished_frames(plan), overview_of(plan)
    if wished is not None and wished != film.frames:
        lengths = lengths_that_meet(plan, film, wished)
        other = priced(with_lengths(plan.production, lengths)) if lengths else None
        if other is not None and overview_of(other).frames != wished:
            lengths, other = {}, None
        notes.append(note_on_length(film, wished, lengths, None if other is None else other.to_pay))
    found = [*_bridges(plan, ledger, priced), *_from_the_enlarged(plan, priced)]
    return replace(plan, notes=(*plan.notes, *notes), alternatives=(*plan.alternatives, *found))


def _bridges(plan: Plan, ledger: Ledger, priced: Callable[[Production], Plan | None]) -> list[Alternative]:
    """A scene in a chain as a bridge to the clips that were bought after it, in place of new ones.

    Where a scene was inserted, the next one goes on from its former parent again. Where a scene was edited, those
    after it are named by their generations, since what they were made from is in the production no longer.
    """
    new = {shot.id: shot for shot in plan.shots if shot.state is ShotState.NEW and not shot.generation}
    parents = {cut.scene: cut.continues for cut in plan.cuts}
    remade = {shot.scene for shot in new.values()}
    heads = [shot for shot in new.values() if _is_head(shot) and parents.get(shot.scene) in remade]
    if not heads:
        return []
    history, by_key = history_of(ledger, plan), {shot.key: shot for shot in plan.shots}
    found: list[Alternative] = []
    done: set[str] = set()
    for head in heads:
        bridge = parents[head.scene]
        row = next((r for r in history.made.get(head.id, ()) if _same_but_parents(r, head)), None)
        if row is None or bridge is None or head.scene in done or bridge in done:
            continue
        before = by_key.get(_order_before(row.request))
        if before is not None and before.scene == bridge:
            continue
        other, words = _inserted(plan, bridge, head.scene, before) if before is not None else (None, "")
        if before is None:
            other, words = _edited(plan, bridge, head.scene, new, history.made)
        drawn = None if other is None else priced(other)
        if drawn is not None and drawn.to_pay < plan.to_pay:
            found.append(Alternative(words, drawn.to_pay, plan.to_pay, overview_of(drawn).frames))
            done |= _followers(plan, head.scene)
    return found


def _from_the_enlarged(plan: Plan, priced: Callable[[Production], Plan | None]) -> list[Alternative]:
    """Reframing the enlarged clips, where clips are reframed first and that is dearer, or the enlarged ones are bought
    already, as for the film in its own shape: then no clip is enlarged twice."""
    reframed = {shot.id for shot in plan.shots if shot.operation is Operation.REFRAME}
    again = [s for s in plan.shots if s.operation is Operation.UPSCALE and s.finishes in reframed]
    if plan.production.reframe_from == "enlarged" or not any(s.state is ShotState.NEW for s in again):
        return []
    other = priced(plan.production.model_copy(update={"reframe_from": "enlarged"}))
    if other is None:
        return []
    bought = all(s.state is not ShotState.NEW for s in other.shots if s.operation is Operation.UPSCALE)
    if other.to_pay >= plan.to_pay and not bought:
        return []
    sizes = sorted({s.resolution for s in other.shots if s.operation is Operation.REFRAME}, key=TIER_PIXELS.__getitem__)
    there = ", which are bought already" if bought else ""
    what = (
        f"`reframe_from: enlarged` reframes the enlarged clips{there}, instead of enlarging reframed ones: at "
        f"{' and '.join(sizes)}"
    )
    return [Alternative(what, other.to_pay, plan.to_pay, overview_of(other).frames)]


def _inserted(plan: Plan, bridge: str, after: str, before: Shot) -> tuple[Production, str]:
    other = _changed(plan.production, {bridge: {"lead_into": after}, after: {"continue_from": before.scene}})
    return other, (
        f"'{bridge}' as a bridge, so that '{after}' and what follows stay: write `lead_into: {after}` into "
        f"'{bridge}', and `continue_from: {before.scene}` into '{after}'"
    )


def _edited(
    plan: Plan, bridge: str, after: str, new: Mapping[str, Shot], made: Mapping[str, tuple[OrderRow, ...]]
) -> tuple[Production | None, str]:
    """The production with the scenes after an edited one as they are; None where one of them is several clips."""
    pinned: dict[str, str] = {}
    after_it = _followers(plan, after)
    for scene in (cut.scene for cut in plan.cuts if cut.scene in after_it):
        clips = [s for s in plan.shots if s.scene == scene and not s.is_still and not s.finishes]
        rows = [next((r for r in made.get(s.id, ()) if _same_but_parents(r, s)), None) for s in clips]
        if len(rows) != 1 or rows[0] is None or rows[0].generation_id is None or clips[0].id not in new:
            return None, ""
        pinned[scene] = rows[0].generation_id
    if len(pinned) > MOST_FOLLOWERS:
        return None, ""
    changes: dict[str, dict[str, Any]] = {
        name: {"generation": generation, "continue_from": None} for name, generation in pinned.items()
    }
    other = _changed(plan.production, {**changes, bridge: {"lead_into": after}})
    ids = ", ".join(f"`generation: {generation}` into '{name}'" for name, generation in pinned.items())
    return other, (
        f"'{bridge}' as a bridge to the clips that follow, as they are: write `lead_into: {after}` into "
        f"'{bridge}', and {ids}"
    )


def _changed(production: Production, changes: Mapping[str, Mapping[str, Any]]) -> Production:
    scenes = tuple(s.model_copy(update=dict(changes.get(s.id, {}))) for s in production.scenes)
    return production.model_copy(update={"scenes": scenes})


def _followers(plan: Plan, scene: str) -> set[str]:
    """A scene of the film and all that go on from it, directly or through others."""
    found = {scene}
    while more := {cut.scene for cut in plan.cuts if cut.continues in found} - found:
        found |= more
    return found


def _is_head(shot: Shot) -> bool:
    """True for a scene's first clip that goes on from another scene."""
    return shot.start is not None and shot.start.kind in ("shot", "last", "cut") and not shot.finishes


def _same_but_parents(row: OrderRow, shot: Shot) -> bool:
    """True for an order that asks for the same as a shot, but for the clips that it is made from."""
    bought = row.endpoint == shot.endpoint and row.state.held
    return bought and _without_parents(row.request) == _without_parents(shot.request)


def _without_parents(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "order" in value:
            return "a clip"
        return {name: _without_parents(part) for name, part in value.items()}
    return [_without_parents(part) for part in value] if isinstance(value, list | tuple) else value


def _order_before(request: Mapping[str, Any]) -> str:
    first = request.get("keyframes", {}).get("frame0", {})
    return str(first.get("order", "")) if isinstance(first, Mapping) else ""
