"""Notes at the end of a run: which take of a scene the film uses, and what keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from studio.planning.plan import Plan, ShotState
from studio.planning.take_list import why_used
from studio.remedies import ChooseTakes, Text, Words, option, text_of
from studio.report.records import ShotRecord

_KEPT = {"file": "the production", "pinned": "the scene's generation"}


def take_notes(plan: Plan, shots: Sequence[ShotRecord]) -> list[Words]:
    """A note for each scene that has several takes, of which none is kept yet; one on all whose take is kept."""
    by_id = {shot.id: shot for shot in shots}
    notes: list[Words] = []
    kept: list[str] = []
    for cut in plan.cuts:
        shot = by_id[cut.shots[-1]]
        takes = sorted({take.take for take in shot.takes})
        if len(takes) < 2:
            continue
        why = why_used(plan, cut.scene)
        there = f"{', '.join(map(str, takes[:-1]))} and {takes[-1]}"
        if why in ("retake", "option", "first"):
            choices = plan.production.choices
            file = choices.file if cut.scene in choices.takes else ""
            notes.append(_open(cut.scene, shot.take, takes, there, file, asked=why != "first"))
        else:
            by = plan.production.choices.file if why == "choice" else _KEPT[why]
            kept.append(f"scene '{cut.scene}' has takes {there} and uses {shot.take}, which {by} says")
    return [*notes, *(["; ".join(kept)] if kept else []), *_kept_once(plan)]


def _kept_once(plan: Plan) -> list[Text]:
    """A note on scenes that kept their clips after an edit because this run was asked to, and will not in the next."""
    scene_of = {s.id: s.scene for s in plan.shots}
    kept, scenes = set(plan.production.choices.keep), dict[str, None]()
    for shot in plan.shots:
        if shot.state is not ShotState.STALE or shot.earlier != "edit" or shot.scene in kept:
            continue
        if any(scene_of[parent] in kept for parent in shot.parents):
            kept.add(shot.scene)  # it was made from that very clip
        else:
            scenes[shot.scene] = None
    if not scenes:
        return []
    told = (
        f"{', '.join(map(repr, scenes))}: kept in this run alone, though what was edited is before them; a later run "
    )
    told += "makes them anew, unless it has "
    return [text_of(told, option("keep", *scenes), ChooseTakes(f"keep {' '.join(scenes)}"))]


def _open(scene: str, take: int, takes: Sequence[int], there: str, file: str, *, asked: bool) -> Text:
    """``file``: the one beside the production that names a take of the scene now; empty: none does."""
    other = take if asked else takes[-1]
    if asked:
        told = f"scene '{scene}' has takes {there}; this film uses {take}, as this run was asked to. To keep it, "
    else:
        told = f"scene '{scene}' has takes {there}; the film uses {take}, since no other is chosen. To use {other}, "
    told += f"write {scene}: {other} in {file}" if file else f"write take: {other} in the scene"
    return text_of(told, ChooseTakes(f"choose {scene}={other}"))
