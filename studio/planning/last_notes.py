"""Notes that are made last, of a plan with states: on the draft that it finishes, and on takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from studio.ledger import Ledger
from studio.money import ZERO, usd
from studio.planning.asset_use import scenes_in_words
from studio.planning.plan import Plan, Shot, ShotState
from studio.planning.take_notes import notes_on_takes
from studio.providers.registry import video_model
from studio.remedies import Aside, Words, option, text_of


def with_last_notes(plan: Plan, ledger: Ledger, has: Callable[[str], bool]) -> Plan:
    """The plan with its notes on drafts and takes. ``has``: True if a clip is stored."""
    notes = (*plan.notes, *notes_on_draft(plan))
    return replace(plan, notes=notes, take_notes=tuple(notes_on_takes(plan, ledger, has)))


def notes_on_draft(plan: Plan) -> Iterator[Words]:
    """Notes on a film that is finished from its draft: scenes of which the draft has no clip, or another one."""
    finished = plan.production.finishes_draft_of
    if finished is None:
        return
    of_scene: dict[str, list[Shot]] = {}
    for shot in plan.shots:
        if shot.is_bought:
            of_scene.setdefault(shot.scene, []).append(shot)
    anew: dict[str, list[str]] = {}
    for scene in (cut.scene for cut in plan.cuts if cut.scene in of_scene and cut.scene not in finished):
        clip = next(shot for shot in of_scene[scene] if not shot.is_still)
        model = video_model(clip.model)
        made = f"clips of {model.name} at {clip.resolution}"
        cannot = f"clips of {model.name} cannot be upscaled" if not model.upscales else ""
        why = cannot or f"its clips would not be larger than the draft's, which are of {' '.join(model.draft)}"
        anew.setdefault(f"{why}: the film has {made} of its own", []).append(scene)
    for told, scenes in anew.items():
        price = _to_pay(shot for scene in scenes for shot in of_scene[scene])
        cost = f"for {usd(price)}" if price else "which are bought already"
        yield f"{scenes_in_words(scenes)}: not finished from the draft, since {told}, {cost}"
    unseen = {
        cut.scene: clips for cut in plan.cuts if cut.scene in finished
        if (clips := [s for s in of_scene.get(cut.scene, ()) if not s.finishes and s.state is ShotState.NEW])
    }  # fmt: skip
    if unseen:
        price = _to_pay(shot for clips in unseen.values() for shot in clips)
        yield text_of(
            f"{scenes_in_words(list(unseen))}: no draft was made yet, as it is written now: this run buys the draft's "
            f"clips, for {usd(price)}, and finishes them before anybody has seen them",
            Aside(". To see them first: ", option("draft")),
        )


def _to_pay(shots: Iterator[Shot]) -> Decimal:
    return sum((shot.to_pay for shot in {shot.key: shot for shot in shots}.values()), ZERO)
