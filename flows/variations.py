"""Variations: one production with placeholders and a table; each row becomes a film, in a run of its own.

Run it as ``studio variations FILE TABLE``, as ``python -m flows.variations``, or from the Prefect UI.
"""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

if __name__ == "__main__":
    # Before the imports: prices and errors do not wait for Prefect to load.
    from studio_cli.ending import entry

    entry("studio_cli.variations")

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from flows.films import Made, Where, made_in_a_run
from flows.form import Budget, in_the_form
from flows.logs import tell_in_lines, unbilled
from flows.loopback import past_proxies
from flows.names import made_up
from flows.observed import observed
from flows.timing import LATE_AFTER, CatchUp, skipped
from studio.cleaning import printable
from studio.consoles import replace_unshowable
from studio.errors import BadInput, RowsFailed
from studio.execution.batches import BatchPlan, RowPlan, check_batch, plan_batch
from studio.execution.session import Session, open_session
from studio.ledger.batches import Batch, begin_batch
from studio.money import ZERO, plain, usd
from studio.production.field_types import counted
from studio.production.variations import Variation, load_variations
from studio.remedies import AGAIN, Place, text_of
from studio.report.links import links_of
from studio.settings import Settings, choose_service, load_settings
from studio.wording import Surface, asked_from

past_proxies()  # a worker's run, too, uses Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()

FORM = {
    "production_file": "Production: file",
    "table": "Production: table",
    "budget": "Budget: US dollars, of all films together",
    "plan_only": "Approval: plan only",
    "only": "Rows: only",
    "draft": "Version: draft",
    "from_draft": "Version: from draft",
    "allow_missing": "Film: allow missing",
    "at_once": "Films: at once",
    "where": "Films: where",
    "catch_up": "Schedule: catch up",
    "late_after": "Schedule: late after, in minutes",
}


def _run_name() -> str:
    given = flow_run.parameters
    stems = [printable(Path(str(given.get(name) or "")).stem) for name in ("production_file", "table")]
    name = flow_run.name or ""
    return " × ".join(filter(None, stems)) or "variations" if not name or made_up(name) else name


@flow(name="produce-variations", flow_run_name=_run_name, validate_parameters=True)
@in_the_form(FORM)
@observed
async def produce_variations(
    production_file: str = "",
    table: str = "",
    budget: Budget = None,
    only: list[str] = [],  # noqa: B006 - Prefect's form shows a list for it
    plan_only: bool = False,
    draft: bool = False,
    from_draft: bool = False,
    allow_missing: bool = False,
    at_once: Annotated[int, Field(ge=1, le=20)] = 2,
    where: Where = "here",
    catch_up: CatchUp = "all",
    late_after: Annotated[int, Field(ge=0, le=525_600)] = LATE_AFTER,
) -> dict[str, Any] | State[Any]:
    """Make a film of each row of a table. Shots that were bought before, or that rows share, are bought once.

    Args:
        production_file: A production (.yaml or .json) with placeholders such as {{ product }}, on the machine that runs
            this.
        table: A table (.csv, or a YAML list of mappings) with a column for each placeholder, and a row for each film. A
            column "row" names the rows.
        budget: US dollars that all films together may spend at most. A billed run that nobody confirms needs one, here
            or in the production, where it counts for all films of this production.
        only: Names (or numbers) of the rows to make. Empty: all.
        plan_only: Show what each film would cost, and buy nothing.
        draft: All films at the cheapest tier.
        from_draft: Finish the drafts: their clips are upscaled instead of made anew.
        allow_missing: Make a film even if scenes fail, with a slate in each gap.
        at_once: How many films are made at the same time, at most.
        where: here: in this run's process. workers: each film as a run of the deployment produce/produce, which takes a
            place at a worker beside this run's own.
        catch_up: What a run of a schedule does that begins late, such as after a downtime. all: it is made; once: one
            run for all that were missed; skip: it ends at once.
        late_after: Minutes behind its time from which a run of a schedule is late.
    """
    with asked_from(Surface.FORM):
        if (late := await skipped(catch_up, late_after)) is not None:
            return late
        settings = load_settings()
        service = choose_service(settings)
        unbilled.set(not service.billed)
        for name, given in (("production_file", production_file), ("table", table)):
            if not given.strip():
                raise BadInput("no file is named", where=Place(name), hint="name a file on the machine that runs this")
        rows = await asyncio.to_thread(load_variations, production_file.strip(), table.strip(), only)
        async with open_session(settings) as session:
            planned = await plan_batch(session, rows, draft=draft, from_draft=from_draft, start=not plan_only)
            key = _key(production_file, table)
            await _tell_plan(key, planned)
            if plan_only:
                return _told_plan(planned)
            batch = Batch(str(flow_run.id), budget)
            check_batch(session, planned, batch)
            await asyncio.to_thread(begin_batch, session.ledger, batch, service.realm)
            options = {"draft": draft, "from_draft": from_draft, "allow_missing": allow_missing}
            made = await _make(session, batch, rows, planned.rows, options, at_once=at_once, where=where)
        return await _end(key, planned, made, settings)


async def _make(
    session: Session, batch: Batch, rows: Sequence[Variation], planned: Sequence[RowPlan], options: dict[str, Any], *,
    at_once: int, where: Where,
) -> list[Made]:  # fmt: skip
    """Make the films, some at once, in the table's order; returns what became of each."""
    places, log = asyncio.Semaphore(at_once), get_run_logger()

    async def one(variation: Variation, row: RowPlan) -> Made:
        async with places:
            log.info("row %s: %s begins, %s to pay", row.name, row.production.title, usd(row.to_pay))
            made = await made_in_a_run(
                row.name, where=where, ledger=session.ledger, settings=session.settings, batch=batch.id, plan=row.plan,
                options={"production": variation.production, **options},
            )  # fmt: skip
            log.info("row %s: %s", row.name, made.error or f"{made.state}, {usd(made.paid)} paid")
            return made

    return list(await asyncio.gather(*(one(*pair) for pair in zip(rows, planned, strict=True))))


async def _tell_plan(key: str, planned: BatchPlan) -> None:
    total = f"{'at most ' if planned.at_most else ''}{usd(planned.to_pay)} to pay of {usd(planned.total)} in all"
    await acreate_table_artifact(
        key=f"{key}-plan", table=planned.as_rows(), description=f"{counted(len(planned.rows), 'film')}: {total}"
    )
    for row in planned.rows:
        get_run_logger().info("row %s: %s, %s to pay", row.name, row.production.title, usd(row.to_pay))
    get_run_logger().info("%s: %s", counted(len(planned.rows), "film"), total)


def _told_plan(planned: BatchPlan) -> dict[str, Any]:
    return {"to_pay_usd": plain(planned.to_pay), "total_usd": plain(planned.total), "rows": planned.as_rows()}


async def _end(key: str, planned: BatchPlan, made: Sequence[Made], settings: Settings) -> dict[str, Any]:
    """Write the summary: an artifact, and the result. Raises RowsFailed where a film was not made."""
    rows = [_summary(row, one) for row, one in zip(planned.rows, made, strict=True)]
    paid = sum((one.paid for one in made), ZERO)
    failed = [row for row, one in zip(planned.rows, made, strict=True) if one.error]
    told = f"{len(made) - len(failed)} of {counted(len(made), 'film')} made, {usd(paid)} paid"
    links = links_of(settings)
    shown = [row | {"film": _linked(row["film"], links.of(row["film"]) if row["film"] else None)} for row in rows]
    await acreate_table_artifact(key=key, table=shown, description=told)
    get_run_logger().info("%s", told)
    if failed:
        names = ", ".join(f"'{row.name}'" for row in failed[:8]) + (" …" if len(failed) > 8 else "")
        first = next(one for one in made if one.error)
        raise RowsFailed(
            f"{counted(len(failed), 'row')} of {len(made)} failed ({names}): {first.error}",
            rows=rows,
            exit_status=max(one.exit_status for one in made),
            hint=text_of("what was made is kept, and paid for once: ", AGAIN),
        )
    return {"paid_usd": plain(paid), "rows": rows}


def _summary(row: RowPlan, made: Made) -> dict[str, Any]:
    return {
        "row": row.name, "title": row.production.title, "state": made.state, "film": made.film,
        "paid_usd": plain(made.paid), "run": made.run, "error": made.error,
    }  # fmt: skip


def _linked(film: str | None, link: str | None) -> str:
    return f"[film]({link})" if link else film or ""


def _key(production_file: str, table: str) -> str:
    """A key of artifacts, the same for each run of a production with a table."""
    stems = "-".join(Path(name.strip()).stem for name in (production_file, table))
    return f"variations-{re.sub(r'[^a-z0-9]+', '-', stems.lower()).strip('-') or 'table'}"
