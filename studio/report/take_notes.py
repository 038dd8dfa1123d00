"""Notes at the end of a run: which take of a scene the film uses, and what keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from studio.planning.plan import Plan, ShotState
from studio.planning.take_notes import on_several
from studio.planning.variants import options_of
from studio.remedies import ChooseTakes, Text, Words, option, text_of
from studio.report.records import ShotRecord


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
        on_several(plan, cut.scene, shot.take, takes, notes, kept)
    return [*notes, *(["; ".join(kept)] if kept else []), *_kept_once(plan)]


def _kept_once(plan: Plan) -> list[Text]:
    """A note on scenes that kept their clips after an edit because this run was asked to, and will not in the next."""
    scene_of = {s.id: s.scene for s in plan.shots}
    kept, scenes = set(plan.production.kept), dict[str, None]()
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
    remember = ChooseTakes(f"keep {' '.join(scenes)}", options_of(plan.production))
    return [text_of(told, option("keep", *scenes), remember)]
