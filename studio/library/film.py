"""A whole film from Python: the steps of the flow, run without Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from studio.delivery.making import undelivered
from studio.disk import disk_errors
from studio.execution.deliveries import make_deliveries
from studio.execution.executor import PlainSteps, execute, publish_assets
from studio.execution.exr_archives import archives_of
from studio.execution.film import make_film, shelve
from studio.execution.outcome import failure_of, film_is_due
from studio.execution.record import made_files, record_of
from studio.execution.run import Run
from studio.execution.session import Session, films_folder
from studio.execution.storing import store_run
from studio.production import Production, load_production, parse_production
from studio.report import write_all
from studio.report.records import RunRecord


@dataclass(frozen=True)
class Film:
    """A finished film.

    path:      the film; its report, costs and timeline are beside it
    cost:      USD that this call paid
    record:    every shot of it, with its costs and takes, its seams and its scenes
    """

    path: Path
    cost: Decimal
    record: RunRecord


async def make(
    session: Session, production: str | Path | Mapping[str, Any] | Production, *, run: str, budget: Decimal | None,
    beside: Callable[[], tuple[str, ...]], out: Path | None, allow_missing: bool, allow_odd: bool,
) -> Film:  # fmt: skip
    """The film of a production, as ``VideoProvider.make_film`` says.

    ``beside`` gives the runs that share ``budget`` (USD) with this one, ``run``.
    """
    written = _written(production)
    plan, seeds = await session.plan(written, run=run, start=True)
    folder = films_folder(session.settings, plan.production, run) if out is None else out.absolute()
    work = Run(
        session, plan, seeds, run_id=run, out=folder, budget=budget, started_at=datetime.now(UTC), allow_odd=allow_odd,
        beside=beside,
    )  # fmt: skip
    with closing(work):
        record = await carry_out(work, allow_missing=allow_missing)
    if record.film is None:
        raise RuntimeError("a run without failure has its film")
    await shelve(work, record.cuts)
    if (lacking := undelivered(record.deliveries, record.film.path)) is not None:
        raise lacking
    return Film(record.film.path, sum((shot.cost for shot in record.shots), Decimal(0)), record)


async def carry_out(work: Run, *, allow_missing: bool) -> RunRecord:
    """Make the film of a run, and everything beside it, without Prefect. Raises the failure of its scenes."""
    await work.begin()
    steps = PlainSteps()
    made = await execute(work, steps, await publish_assets(work, steps))
    film = None
    if film_is_due(work, made.results, allow_missing=allow_missing):
        footage = {shot: str(await steps.sha256(end)) for shot, end in made.footage.items()}
        with disk_errors("the film", work.out, work.session.home):
            film = await make_film(work, footage)
    with work.filing():
        record = record_of(work, made.results, film)
        await asyncio.to_thread(write_all, record, record.out, work.session.kept)
    if film is not None and (delivered := await make_deliveries(work, film.film)):
        record = replace(record, deliveries=delivered)
        await asyncio.to_thread(write_all, record, record.out, work.session.kept)
    failure = failure_of(made.results, film=film is not None, allow_missing=allow_missing)
    if failure is None:
        await archives_of(work, [r.shot for r in made.results.values() if r.clip is not None])
    await store_run(work, made_files(made.results.values()), failed=failure is not None)
    work.end({name for name, result in made.results.items() if result.made}, film=film is not None)
    if failure is not None:
        raise failure
    return record


def _written(production: str | Path | Mapping[str, Any] | Production) -> Production:
    if isinstance(production, Production):
        return production
    return (
        load_production(Path(production)) if isinstance(production, str | Path) else parse_production(dict(production))
    )
