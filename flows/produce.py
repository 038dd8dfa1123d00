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
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, get_args

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled
from pydantic import Field, WithJsonSchema

from flows import plans, progress
from flows.approval import ask_by, asker
from flows.films import batch_of_this_run
from flows.form import Budget, Written, in_the_form
from flows.form_fields import PRODUCE
from flows.logs import one_line, tell_in_lines, unbilled
from flows.loopback import past_proxies
from flows.names import run_name
from flows.observed import observed
from flows.shooting import End, PrefectSteps
from flows.timing import LATE_AFTER, CatchUp, Overlap, alone, skipped
from studio.consoles import replace_unshowable
from studio.delivery.making import undelivered
from studio.disk import disk_errors
from studio.editing.assembly import Assembly
from studio.errors import NotApproved, NotDelivered, SettingsError
from studio.execution.announcements import announce, film_completed
from studio.execution.approvals import Gate
from studio.execution.executor import Execution, execute, publish_assets
from studio.execution.exr_archives import archives_of
from studio.execution.outcome import failure_of, film_is_due
from studio.execution.progress import listener
from studio.execution.record import made_files, record_of
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.execution.stages import Asked, Stages
from studio.execution.storing import store_run
from studio.planning.plan import parse_takes
from studio.production import AspectRatio, Production, chosen_production
from studio.production.paths import local_path
from studio.remedies import Place
from studio.report.links import links_of
from studio.report.plan_json import plan_json
from studio.report.records import RunRecord
from studio.report.run_json import run_summary
from studio.settings import Settings, choose_service, load_settings
from studio.wording import Surface, asked_from
from studio.workers import share_heap
from tasks.concatenate import concatenate_film
from tasks.deliver import deliver_film
from tasks.report import Told, write_report
from tasks.start_retry import begun

share_heap()
past_proxies()  # a worker's run, too, uses Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()

Minutes = Annotated[int, Field(ge=0, le=525_600)]
# An unknown name ends a run in one line (``derived``); the form offers only these.
Shape = Annotated[str, WithJsonSchema({"type": "string", "enum": ["", *get_args(AspectRatio)]})]


Approve = Annotated[str, WithJsonSchema({"type": "string", "enum": ["", *Gate]})]


def _run_name() -> str:
    return run_name(flow_run.name or "", flow_run.parameters)


@flow(name="produce", flow_run_name=_run_name, validate_parameters=True)
@in_the_form(PRODUCE)
@observed
async def produce(
    production_file: str = "",
    production: Annotated[Production | Mapping[str, Any] | None, Written()] = None,
    budget: Budget = None,
    draft: bool = False,
    from_draft: bool = False,
    reframe: Shape = "",
    language: str = "",
    only: list[str] = [],  # noqa: B006 - Prefect's form shows a list for it, and nobody changes it
    retake: list[str] = [],  # noqa: B006
    renew: list[str] = [],  # noqa: B006
    keep: list[str] = [],  # noqa: B006
    takes: list[str] = [],  # noqa: B006
    allow_missing: bool = False,
    apart: bool = False,
    allow_odd: bool = False,
    plan_only: bool = False,
    approve: Approve = "",
    approve_within: Annotated[float, Field(gt=0, le=24 * 365)] = 72,
    out: str = "",
    catch_up: CatchUp = "all",
    late_after: Minutes = LATE_AFTER,
    overlap: Overlap = "share",
) -> dict[str, Any] | State[Any]:
    """Make the film of a production. Shots that were bought before are never bought again.

    Args:
        production_file: A production (.yaml or .json) on the machine that runs this. Not together with one that is
            written here: a run with both is refused, whatever they say. With neither it is the bundled example, in the
            sandbox alone; a billed run without a production is refused.
        production: A production that is written here, in place of a file. Not together with a file: a run with both is
            refused.
        budget: US dollars that this run may spend at most. A billed run that nobody confirms needs one, here or in the
            production.
        draft: The whole film at the cheapest tier. Not together with from_draft.
        from_draft: Finish the draft: its clips are upscaled to the resolution asked for, instead of made anew. Not
            together with draft.
        reframe: The whole film in another shape, such as 9:16: every clip is reframed.
        language: The film in another language of the production's table of texts, such as de: the clips are the same.
        only: Ids of the scenes to make; what they continue from is made as well.
        retake: Ids of scenes to buy once more, as a new take.
        renew: Ids of scenes that are stale, to buy anew; all: every stale one. Not the same scene as in keep.
        keep: Ids of scenes that keep the clips that they have, though what they follow was edited; all: every one. Not
            the same scene as in renew or retake.
        takes: Which take to use, each as SCENE=N.
        allow_missing: Make the film even if scenes fail, with a slate in each gap.
        apart: A budget of its own, although most shots were bought for a film of another title.
        allow_odd: Use clips of another size or length than was ordered; without it, their scenes count as failed.
        plan_only: Only the plan with its price, as an artifact: nothing is bought, and no budget is needed.
        approve: Wait for a person's approval. plan: before anything is bought; draft: with the film made as a draft,
            before the final version is bought; final: with the film made, before it is the latest. Not a cent beyond
            the approved price is spent.
        approve_within: Hours after which a run that waits for an approval fails.
        out: Folder for the film. Empty: films/SLUG/RUN.
        catch_up: What a run of a schedule does that begins late, such as after a downtime. all: it is made; once: one
            run for all that were missed; skip: it ends at once.
        late_after: Minutes behind its time from which a run of a schedule is late.
        overlap: What happens while another run makes the same film. share: both go on, and each shot is bought once;
            wait: this one waits for its end; refuse: this one ends at once.
    """
    listener.get().began()
    with asked_from(Surface.FORM):
        if (late := await skipped(catch_up, late_after)) is not None:
            return late
        settings = load_settings()
        billed = choose_service(settings).billed and not plan_only  # a plan spends nothing
        unbilled.set(not billed)
        gate = _gate(approve)
        asked = Asked(
            chosen_production(production_file, production, billed=billed), budget, draft, from_draft, reframe, language,
            tuple(only), tuple(retake), tuple(renew), tuple(keep), parse_takes(takes), apart, allow_odd,
            local_path(out).absolute() if out else None, gate,
        )  # fmt: skip
        ask = ask_by(gate, approve_within)
        async with open_session(settings) as session, alone(session, asked.slug, overlap, _run_id()):
            stages = Stages(
                session, asked, _run_id(), make=partial(_made, allow_missing=allow_missing), ask=ask,
                told=partial(plans.show, session), batch=await batch_of_this_run(session.ledger),
            )  # fmt: skip
            if plan_only:
                return plan_json(await stages.plan())
            try:
                record = await stages.film()
            except NotApproved as rejected:
                if asker.get() is not None:
                    raise
                return Cancelled(message=one_line(str(rejected)))
            if (completed := film_completed(record, link=_link(settings, record))) is not None:
                announce(completed)
            if (lacking := _undelivered(record)) is not None:
                raise lacking
            return run_summary(record)


async def _made(run: Run, *, allow_missing: bool) -> RunRecord:
    """Make the film of a run, and everything beside it. Returns its record; raises the failure of its scenes."""
    await run.begin()
    steps = PrefectSteps()
    async with progress.shown(run):
        made = await execute(run, steps, await publish_assets(run, steps))
        film = await _film_of(run, made) if film_is_due(run, made.results, allow_missing=allow_missing) else None
        record = await _write_down(run, made, film)

    failure = failure_of(made.results, film=film is not None, allow_missing=allow_missing)
    if failure is None:
        await archives_of(run, [r.shot for r in made.results.values() if r.clip is not None])
    stored = await store_run(run, made_files(made.results.values()), failed=failure is not None)
    if stored:
        get_run_logger().info("in the store of films: %s", stored)
    # Last of all, since a requested take stays open until its film and all files of it are written.
    run.end({name for name, result in made.results.items() if result.made}, film=film is not None)
    if failure is not None:
        raise failure
    return record


async def _film_of(run: Run, made: Execution[End]) -> Assembly:
    with disk_errors("the film", run.out, run.session.home):
        film: Assembly = await begun(concatenate_film, run, list(made.footage.values()))
    return film


async def _write_down(run: Run, made: Execution[End], film: Assembly | None) -> RunRecord:
    made_of = [film] if film else list(made.footage.values())
    with run.filing():
        record = await asyncio.to_thread(record_of, run, made.results, film)
        await _report(run, record, made_of)
    try:
        if film is not None and run.plan.production.film.deliveries:
            # With the report written: whatever becomes of a delivery, the film and its account are there.
            record = replace(record, deliveries=await begun(deliver_film, run, film))
            await _report(run, record, made_of)
    finally:
        listener.get().ended(record)
    log = get_run_logger()
    log.info("%s", run_summary(record)["film"] or "no film: scenes are missing")
    return record


async def _report(run: Run, record: RunRecord, made_of: Sequence[Any]) -> None:
    await begun(write_report, Told(record, links_of(run.session.settings), run.session.kept), made_of)


def _link(settings: Settings, record: RunRecord) -> str:
    """The address at which a browser opens the run's film; empty where it is not served."""
    return (links_of(settings).of(record.film.path) if record.film else None) or ""


def _undelivered(record: RunRecord) -> NotDelivered | None:
    return None if record.film is None else undelivered(record.deliveries, record.film.path)


def _gate(name: str) -> Gate | None:
    try:
        return Gate(name) if name else None
    except ValueError:
        raise SettingsError(f"{name!r} is none", where=Place("approve"), hint=f"one of {', '.join(Gate)}") from None


def _run_id() -> str:
    started = flow_run.scheduled_start_time or datetime.now(UTC)
    return f"{started:%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"
