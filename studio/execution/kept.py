"""The shots of a plan that were made before: their orders are complete, their files stored, whole, and as ordered.

A rerun uses them at once: nothing is asked of the service for them, and Prefect has one task run for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from studio.errors import BadClip
from studio.execution.run import Run
from studio.execution.steps import oddity
from studio.ledger import OrderRow, OrderState
from studio.media.clip import Clip
from studio.planning.plan import Shot
from studio.storage.probe_cache import stored_clip
from studio.workers import WORKERS


@dataclass(frozen=True)
class Kept:
    """A shot that was made before: its order, and its clip or still.

    A finished file of the producer's has no order and no generation. ``odd`` says how the file differs from its order;
    empty where it does not.
    """

    shot: Shot
    order: OrderRow | None
    generation_id: str
    sha256: str
    clip: Clip | None = None
    still: Path | None = None
    odd: str = ""


def kept_shots(run: Run) -> Mapping[str, Kept]:
    """The shots of a run's plan that need neither the service nor a download, by their ids.

    Left out is any whose file is missing, damaged, or not as ordered where that is not allowed: the steps of that shot
    then fetch it again, or say what is wrong.
    """
    rows = run.session.ledger.orders([shot.key for shot in run.plan.shots if not shot.generation and not shot.own])
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="kept") as pool:
        found = list(pool.map(lambda shot: _kept(run, shot, rows.get(shot.key)), run.plan.shots))
    return {kept.shot.id: kept for kept in found if kept is not None}


def _kept(run: Run, shot: Shot, row: OrderRow | None) -> Kept | None:
    if shot.own:
        sha256 = shot.own.file.sha256
        return Kept(shot, None, "", sha256, clip=stored_clip(run.session.store, sha256))
    if shot.generation or row is None or row.state is not OrderState.COMPLETED:
        return None
    if row.generation_id is None or row.clip is None or not run.session.has(row.clip):
        return None
    made = Kept(shot, row, row.generation_id, row.clip)
    try:
        said = oddity(run, shot, row.clip)
        if said is not None and not run.allow_odd:
            return None
        made = replace(made, odd=said or "")
        if not shot.is_still:
            return replace(made, clip=stored_clip(run.session.store, row.clip))
    except BadClip:
        return None
    still = run.session.stills.find(row.clip)
    return None if still is None else replace(made, still=still)
