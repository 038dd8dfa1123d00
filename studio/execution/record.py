"""The record of a run: what became of each shot, from the run's results and the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from studio.assets.own_clips import OwnPart
from studio.captions.files import files_of
from studio.captions.values import CaptionRecord
from studio.editing.assembly import Assembly
from studio.editing.edit import Edit
from studio.editing.extras import chapters_of
from studio.editing.mixing import captions_of
from studio.editing.values import ColorSeam, FilmTitles
from studio.errors import InDoubt, StillRunning, StudioError
from studio.execution.accounts import clock_notes
from studio.execution.drift import drift_notes
from studio.execution.run import Run
from studio.execution.sent_files import picture_of
from studio.execution.session import Session, caps_of
from studio.ledger import OrderRow, OrderState
from studio.media.clip import Clip
from studio.money import ZERO
from studio.planning.followers import WHY_STALE
from studio.planning.plan import Shot, ShotState
from studio.planning.takes import history_of, lineages_of
from studio.planning.variants import options_of
from studio.providers.shot_request import FrameOf
from studio.remedies import Words
from studio.report.changes import written_of
from studio.report.records import BudgetRecord, FilmRecord, RunRecord, SeamRecord, ShotOutcome, ShotRecord, TakeRecord
from studio.report.take_notes import take_notes
from studio.storage.probe_cache import stored_clip


@dataclass(frozen=True)
class ShotResult:
    """The end of one shot of the run: a clip or still, an error, or not begun because a parent is missing."""

    shot: Shot
    clip: Clip | None = None
    still: Path | None = None
    error: BaseException | None = None
    begun: bool = True
    downloaded_at: datetime | None = None

    @property
    def made(self) -> bool:
        return self.clip is not None or self.still is not None


def made_files(results: Collection[ShotResult]) -> tuple[str, ...]:
    """The SHA-256 of the clips and stills that a run has."""
    stills = (result.still.stem for result in results if result.still is not None)
    return (*(result.clip.sha256 for result in results if result.clip is not None), *stills)


def make_record(
    run: Run,
    results: Mapping[str, ShotResult],
    *,
    edit: Edit | None = None,
    seams: tuple[SeamRecord, ...] = (),
    colors: tuple[ColorSeam, ...] = (),
    film: FilmRecord | None = None,
    notes: tuple[str, ...] = (),
) -> RunRecord:
    """Make the record of a run, from its results and the ledger."""
    ledger, store = run.session.ledger, run.session.film_store
    rows = ledger.orders([s.key for s in run.plan.shots])
    costs = ledger.run_costs(run.id)
    history, lineages = history_of(ledger, run.plan), lineages_of(run.plan)
    booked: set[str] = set()
    shots = []
    for shot in run.plan.shots:
        # Shots with the same key are one purchase: it is counted once.
        first = shot.key not in booked
        booked.add(shot.key)
        cost, refunded = costs.get(shot.key, (ZERO, ZERO)) if first else (ZERO, ZERO)
        result = results.get(shot.id, ShotResult(shot, begun=False))
        record = _shot_record(result, rows.get(shot.key), cost, refunded, counted=first)
        if shot.own is not None and result.clip is not None:
            record = _of_part(run, shot.own, shot.id, record)
        # A stale clip has the lineage that its own order has, not that of the plan.
        lineage = history.lineages.get(shot.key) or lineages.get(shot.key, "")
        shots.append(replace(record, takes=_takes(run, shot, history.like(shot, lineage))))
    return RunRecord(
        title=run.plan.production.title,
        slug=run.production,
        run_id=run.id,
        out=run.out,
        started_at=run.started_at,
        finished_at=datetime.now(UTC),
        service=run.session.service.realm,
        billed=run.session.service.billed,
        shots=tuple(shots),
        cuts=() if edit is None else edit.cuts,
        titles=FilmTitles() if edit is None else edit.titles,
        mix=None if edit is None else edit.mix,
        captions=() if edit is None else _captions(run, edit),
        chapters=() if edit is None else chapters_of(edit),
        seams=seams,
        colors=colors,
        film=film,
        budget=run.budget if run.budget is not None else run.plan.production.budget,
        budgets=_budgets(run),
        production=written_of(run.plan.production),
        version=run.plan.production.version,
        from_draft=tuple(run.plan.production.from_draft),
        version_options=options_of(run.plan.production),
        film_slug=run.plan.production.film_slug,
        project=run.plan.production.budget_name,
        url="" if store is None or film is None or not store.holds(run.out) else store.address(film.path),
        notes=(
            *run.warnings, *run.plan.notes, *(f"shot '{i}': {said}" for i, said in run.odd.items()),
            *clock_notes(run.session), *(drift_notes(colors) or run.drift.values()), *notes,
            *take_notes(run.plan, shots),
        ),
    )  # fmt: skip


def _captions(run: Run, edit: Edit) -> tuple[CaptionRecord, ...]:
    """The captions of each language, with the files that are written for them beside the film."""
    return tuple(
        CaptionRecord(one.language, one.cues, files_of(run.out, one.language)) for one in captions_of(edit) if one.cues
    )


def _budgets(run: Run) -> tuple[BudgetRecord, ...]:
    """The budgets of a run with what counts against each: by the same caps and sums that admit a purchase."""
    session, found = run.session, list[BudgetRecord]()
    for cap in caps_of(session.settings, run.plan, run=run.id, budget=run.budget, beside=run.beside(), batch=run.batch):
        if cap.limit is None or cap.scope == "month":
            continue
        spent = session.ledger.spent(cap.scope, cap.scope_id, realm=session.service.realm, others=cap.others)
        project = cap.scope == "production" and run.plan.budgeting.project
        found.append(BudgetRecord("project" if project else cap.scope, cap.limit, spent))
    return tuple(found)


def _of_part(run: Run, part: OwnPart, shot: str, record: ShotRecord) -> ShotRecord:
    """The record of a finished clip, of the part that the film shows: its length, and its first and last frame."""
    first, last = (
        picture_of(run.session.store, FrameOf(part.file.sha256, number, shot)).path
        for number in (part.start, part.last)
    )
    begins = part.file.time(part.start)
    return replace(record, seconds=part.seconds, begins=begins, first_frame=first, last_frame=last)


def _takes(run: Run, shot: Shot, rows: list[OrderRow]) -> tuple[TakeRecord, ...]:
    """All takes of a shot, where there is more than one."""
    if len(rows) < 2:
        return ()
    return tuple(_take(run.session, shot, row) for row in sorted(rows, key=lambda r: (r.take, r.reserved_at)))


def _take(session: Session, shot: Shot, row: OrderRow) -> TakeRecord:
    record = TakeRecord(
        row.take, row.key, row.generation_id, row.price, used=row.key == shot.key, model=row.model,
        bought_at=row.submitted_at or row.reserved_at,
    )  # fmt: skip
    if row.clip is None or not session.has(row.clip):
        return record
    if shot.is_still:
        return replace(record, still=session.stills.find(row.clip))
    clip = stored_clip(session.store, row.clip)
    return replace(record, clip=clip.path, first_frame=clip.first_frame, last_frame=clip.last_frame, sha256=clip.sha256)


def _shot_record(
    result: ShotResult, row: OrderRow | None, cost: Decimal, refunded: Decimal, *, counted: bool
) -> ShotRecord:
    shot, clip = result.shot, result.clip
    held = row is not None and row.state.held
    earlier = row.price if row is not None and held and counted and cost == ZERO else ZERO
    return ShotRecord(
        id=shot.id,
        scene=shot.scene,
        outcome=_outcome(result, row, cost),
        prompt=shot.prompt or (shot.facts.prompt if shot.facts else ""),
        model=(shot.facts.model if shot.facts else "") or shot.model,
        resolution=shot.tier,
        aspect_ratio=shot.aspect_ratio,
        seconds=clip.duration if clip is not None else Fraction(shot.seconds),
        take=shot.take,
        camera=shot.options.camera,
        parents=shot.made_from,
        order="" if shot.own else shot.key,
        generation_id=row.generation_id if row is not None else shot.generation,
        cost=cost,
        reused=earlier,
        refunded=refunded,
        price_table=row.price_table if row is not None else shot.quote.table,
        attempts=row.attempt if row is not None else 0,
        submitted_at=row.submitted_at if row is not None else None,
        completed_at=row.finished_at if row is not None else None,
        downloaded_at=result.downloaded_at,
        clip=clip.path if clip is not None else None,
        sha256=clip.sha256 if clip is not None else row.clip if row is not None and result.made else None,
        bytes=clip.bytes if clip is not None else 0,
        frames=clip.frames if clip is not None else 0,
        width=clip.width if clip is not None else 0,
        height=clip.height if clip is not None else 0,
        first_frame=clip.first_frame if clip is not None else None,
        last_frame=clip.last_frame if clip is not None else None,
        api=shot.api,
        endpoint=shot.endpoint,
        finishes=shot.finishes,
        still=result.still,
        stale=WHY_STALE[shot.earlier or "take"] if shot.state is ShotState.STALE else "",
        request=shot.request,
        error=_told(result.error),
    )


def _outcome(result: ShotResult, row: OrderRow | None, cost: Decimal) -> ShotOutcome:
    if result.made:
        if result.shot.own:
            return "own clip"
        if result.shot.generation:
            return "pinned"
        return "new" if cost > 0 else "reused"
    if isinstance(result.error, InDoubt) or (row is not None and row.state is OrderState.IN_DOUBT):
        return "in doubt"
    if isinstance(result.error, StillRunning):
        return "running"
    return "failed" if result.begun else "not started"


def _told(error: BaseException | None) -> Words | None:
    if error is None:
        return None
    return error.text if isinstance(error, StudioError) else f"{type(error).__name__}: {error}"


def record_of(run: Run, results: Mapping[str, ShotResult], film: Assembly | None) -> RunRecord:
    """The record of a run, with its film where there is one, and the bookings that stand in its file."""
    if film is None:
        return replace(make_record(run, results), bookings=run.bookings())
    made = make_record(run, results, edit=film.edit, seams=film.seams, colors=film.colors, film=film.film)
    return replace(made, bookings=run.bookings())
