"""Notes on scenes of which there are several takes: the one that the film uses, and what keeps it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from studio.ledger import Ledger
from studio.planning.plan import Plan, ShotState
from studio.planning.take_list import Why, list_takes, why_used
from studio.planning.takes import productions_with
from studio.planning.variants import options_of
from studio.production.scene import TAKES
from studio.remedies import ChooseTakes, Text, Words, text_of

_KEPT = {"file": "the production", "pinned": "the scene's generation"}
_USABLE = ("ready", "paid", "in flight", "in doubt")
_ASKED: tuple[Why, ...] = ("retake", "option")


def notes_on_takes(plan: Plan, ledger: Ledger, has: Callable[[str], bool]) -> list[Words]:
    """A note for each scene of a plan that has several takes, before the run. ``has``: True if a clip is stored."""
    by_id = {shot.id: shot for shot in plan.shots}
    again = ledger.retaken(productions_with(ledger, plan), plan.realm)
    if not any(shot.take > 1 or shot.id in again for shot in plan.shots):
        return []
    there: dict[str, set[int]] = {}
    pinned: dict[str, int] = {}
    for take in list_takes(plan, ledger, has):
        if take.same and take.state in _USABLE:
            there.setdefault(take.scene, set()).add(take.take)
        if take.used and plan.production.scene(take.scene).generation:
            pinned[take.scene] = take.take
    notes, kept = list[Words](), list[str]()
    for cut in plan.cuts:
        shot, numbers = by_id[cut.shots[-1]], sorted(there.get(cut.scene, ()))
        used = pinned.get(cut.scene) if plan.origin(shot.id).generation else shot.take
        if not numbers or used is None:
            continue
        if shot.state is ShotState.NEW and used not in numbers:
            notes.append(_bought_now(plan, cut.scene, used, numbers))
        elif len({*numbers, used}) > 1:
            on_several(plan, cut.scene, used, sorted({*numbers, used}), notes, kept)
    return [*notes, *(["; ".join(kept)] if kept else [])]


def on_several(
    plan: Plan, scene: str, used: int, takes: Sequence[int], notes: list[Words], kept: list[str]
) -> None:  # fmt: skip
    """Add to ``notes`` a note on a scene whose take nothing keeps yet; to ``kept`` a clause on one whose take is."""
    why, there = why_used(plan, scene), _listed(takes)
    if why not in (*_ASKED, "first"):
        kept.append(f"scene '{scene}' has {there} and uses {used}, which {_by(plan, why)} says")
    elif why in _ASKED:
        told = f"scene '{scene}' has {there}; this film uses {used}, as this run was asked to. To keep it, "
        notes.append(_to_choose(plan, scene, used, told))
    else:
        other = next(take for take in reversed(takes) if take != used)
        told = f"scene '{scene}' has {there}; the film uses {used}, since no other is chosen. To use {other}, "
        notes.append(_to_choose(plan, scene, other, told))


def _bought_now(plan: Plan, scene: str, used: int, takes: Sequence[int]) -> Words:
    """The note on a scene whose film uses a take that is bought by the run."""
    why = why_used(plan, scene)
    told = f"scene '{scene}' has {_listed(takes)}; this run buys take {used}, and its film uses that"
    if why in _ASKED:
        return _to_choose(plan, scene, used, f"{told}. For later runs, ")
    return f"{told}, {'since no other is chosen' if why == 'first' else f'which {_by(plan, why)} says'}"


def _to_choose(plan: Plan, scene: str, take: int, told: str) -> Text:
    """The beginning of a note, with what keeps a take: in the file beside the production, if that names one now."""
    production = plan.production
    stage = production.stage_of(scene)
    where = f"{TAKES[stage]}: {take} in the scene"
    if production.choices.take(scene, stage) is not None:
        where = f"{scene}: {take} below takes of {stage} in {production.choices.file}"
    return text_of(f"{told}write {where}", ChooseTakes(f"choose {scene}={take}", options_of(production)))


def _by(plan: Plan, why: Why) -> str:
    return plan.production.choices.file if why == "choice" else _KEPT[why]


def _listed(takes: Sequence[int]) -> str:
    if len(takes) == 1:
        return f"take {takes[0]}"
    return f"takes {', '.join(map(str, takes[:-1]))} and {takes[-1]}"
