"""The main flow: a written production becomes a film.

Run it as ``python -m flows.produce``, from the Prefect UI, or on a schedule (see ``prefect.yaml``).
"""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

if __name__ == "__main__":
    # Before the imports: prices and errors do not wait for Prefect to load, and Prefect reads its settings after ours
    # are set.
    from studio_cli.ending import entry

    entry("studio_cli.produce")

import asyncio
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, get_args

from prefect import flow, get_run_logger
from prefect.runtime import flow_run
from pydantic import Field, WithJsonSchema

from flows.logs import tell_in_lines, unbilled
from flows.loopback import past_proxies
from flows.names import run_name
from flows.observed import observed
from flows.shooting import End, PrefectSteps
from studio.consoles import replace_unshowable
from studio.disk import disk_errors
from studio.editing.assembly import Assembly
from studio.execution.announcements import announce, film_completed, plan_ready
from studio.execution.executor import Execution, execute, publish_assets
from studio.execution.exr_archives import archives_of
from studio.execution.film import shelve
from studio.execution.outcome import failure_of, film_is_due
from studio.execution.progress import listener
from studio.execution.record import record_of
from studio.execution.run import Run
from studio.execution.session import films_folder, open_session
from studio.planning import derived
from studio.planning.plan import parse_takes
from studio.production import AspectRatio, Production, chosen_production
from studio.production.paths import local_path
from studio.report.records import RunRecord
from studio.report.run_json import run_summary
from studio.settings import choose_service, load_settings
from studio.wording import Surface, asked_from
from tasks.concatenate import concatenate_film
from tasks.report import Told, write_report
from tasks.start_retry import begun

past_proxies()  # a worker's run, too, uses Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()

Dollars = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2), WithJsonSchema({"type": "number", "minimum": 0})
]


# An unknown name ends a run in one line (``derived``); the form offers only these.
Shape = Annotated[str, WithJsonSchema({"type": "string", "enum": ["", *get_args(AspectRatio)]})]


def _run_name() -> str:
    return run_name(flow_run.name or "", flow_run.parameters)


@flow(name="produce", flow_run_name=_run_name, validate_parameters=True)
@observed
async def produce(
    production_file: str = "",
    production: Production | None = None,
    budget: Dollars | None = None,
    draft: bool = False,
    from_draft: bool = False,
    reframe: Shape = "",
    only: list[str] = [],  # noqa: B006 - Prefect's form shows a list for it, and nobody changes it
    retake: list[str] = [],  # noqa: B006
    renew: list[str] = [],  # noqa: B006
    keep: list[str] = [],  # noqa: B006
    takes: list[str] = [],  # noqa: B006
    allow_missing: bool = False,
    apart: bool = False,
    allow_odd: bool = False,
    out: str = "",
) -> dict[str, Any]:
    """Make the film of a production. Shots that were bought before are never bought again.

    Args:
        production_file: A production (.yaml or .json) on the machine that runs this. Empty, with no production written
            below either: the bundled example, in the sandbox alone; a billed run without a production is refused.
        production: A production written here, in place of a file. With both, the run is refused.
        budget: US dollars that this run may spend at most. A billed run that nobody confirms needs one, here or in the
            production.
        draft: The whole film at the cheapest tier.
        from_draft: Finish the draft: its clips are upscaled to the resolution asked for, instead of made anew.
        reframe: The whole film in another shape, such as 9:16: every clip is reframed.
        only: Ids of the scenes to make; what they continue from is made as well.
        retake: Ids of scenes to buy once more, as a new take.
        renew: Ids of scenes that are stale, to buy anew; all: every stale one.
        keep: Ids of scenes that keep the clips that they have, though what they follow was edited; all: every one.
        takes: Which take to use, each as SCENE=N.
        allow_missing: Make the film even if scenes fail, with a slate in each gap.
        apart: A budget of its own, although most shots were bought for a film of another title.
        allow_odd: Use clips of another size or length than was ordered; without it, their scenes count as failed.
        out: Folder for the film. Empty: films/SLUG/RUN.
    """
    listener.get().began()
    with asked_from(Surface.FORM):
        settings = load_settings()
        billed = choose_service(settings).billed
        unbilled.set(not billed)
        given = chosen_production(production_file, production, billed=billed)
        written = derived(given, draft=draft, from_draft=from_draft, reframe=reframe)
        async with open_session(settings) as session:
            run_id = _run_id()
            plan, seeds = await session.plan(
                written,
                takes=parse_takes(takes),
                only=tuple(only),
                retake=tuple(retake),
                renew=tuple(renew),
                keep=tuple(keep),
                run=run_id,
                apart=apart,
            )
            listener.get().planned(plan)
            folder = local_path(out).absolute() if out else films_folder(settings, plan.production, run_id)
            run = Run(
                session, plan, seeds, run_id=run_id, out=folder, budget=budget, started_at=datetime.now(UTC),
                allow_odd=allow_odd,
            )  # fmt: skip
            announce(plan_ready(plan, run=run_id, billed=billed))
            with closing(run):
                return await _made(run, allow_missing=allow_missing)


async def _made(run: Run, *, allow_missing: bool) -> dict[str, Any]:
    """Make the film of a run, and everything beside it. Returns its summary; raises the failure of its scenes."""
    await run.begin()
    steps = PrefectSteps()
    made = await execute(run, steps, await publish_assets(run, steps))
    film = await _film_of(run, made) if film_is_due(run, made.results, allow_missing=allow_missing) else None
    record = await _write_down(run, made, film)

    failure = failure_of(made.results, film=film is not None, allow_missing=allow_missing)
    if failure is None:
        await archives_of(run, [r.shot for r in made.results.values() if r.clip is not None])
    # Last of all, since a requested take stays open until its film and all files of it are written.
    run.end({name for name, result in made.results.items() if result.made}, film=film is not None)
    if failure is not None:
        raise failure
    shelve(run, record.cuts)
    if (completed := film_completed(record)) is not None:
        announce(completed)
    return run_summary(record)


async def _film_of(run: Run, made: Execution[End]) -> Assembly:
    with disk_errors("the film", run.out, run.session.home):
        film: Assembly = await begun(concatenate_film, run, list(made.footage.values()))
    return film


async def _write_down(run: Run, made: Execution[End], film: Assembly | None) -> RunRecord:
    with run.filing():
        record = await asyncio.to_thread(record_of, run, made.results, film)
        await begun(write_report, Told(record, run.session.kept), [film] if film else list(made.footage.values()))
    listener.get().ended(record)
    log = get_run_logger()
    log.info("%s", run_summary(record)["film"] or "no film: scenes are missing")
    return record


def _run_id() -> str:
    started = flow_run.scheduled_start_time or datetime.now(UTC)
    return f"{started:%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"
