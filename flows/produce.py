"""The main flow: a written production becomes a film.

Run it as ``python -m flows.produce``, from the Prefect UI, or on a schedule (see ``prefect.yaml``).
"""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

if __name__ == "__main__":
    # Before the imports: prices and errors need not wait for Prefect to load, nor its settings be read before ours.
    from studio_cli.ending import entry

    entry("studio_cli.produce")

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, get_args

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.utilities.annotations import quote
from pydantic import Field, WithJsonSchema

from flows.logs import tell_in_lines, unbilled
from flows.loopback import past_proxies
from flows.names import run_name
from flows.shooting import Shooting, problem, shoot
from studio.consoles import replace_unshowable
from studio.disk import disk_errors
from studio.errors import (
    BadInput,
    GenerationFailed,
    GenerationGone,
    Incomplete,
    InDoubt,
    OddClip,
    OutOfCredit,
    OverBudget,
    Refused,
    ServiceFailed,
    StudioError,
    Unauthorized,
)
from studio.execution.exr_archives import archives_of
from studio.execution.progress import listener
from studio.execution.run import Run, make_record
from studio.execution.session import films_folder, open_session
from studio.planning import derived
from studio.planning.plan import parse_takes
from studio.production import AspectRatio, Production, chosen_production
from studio.production.paths import local_path
from studio.remedies import Surface, again, asked_from
from studio.report.records import RunRecord
from studio.report.run_json import run_summary
from studio.settings import choose_service, load_settings
from tasks.concatenate import Assembly, concatenate_film
from tasks.publish import publish_asset
from tasks.report import Told, write_report
from tasks.start_retry import begun

past_proxies()  # a worker's run, too, asks Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()

Dollars = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2), WithJsonSchema({"type": "number", "minimum": 0})
]


# A name that is none of these ends a run in one line (``derived``); the form offers no other.
Shape = Annotated[str, WithJsonSchema({"type": "string", "enum": ["", *get_args(AspectRatio)]})]
# Of these the same order again brings the same, but for these few of them: something has to be changed first.
FINAL = (BadInput, GenerationFailed, GenerationGone, OddClip, Refused)
NOT_FINAL = (OutOfCredit, ServiceFailed, Unauthorized)


def _run_name() -> str:
    return run_name(flow_run.name or "", flow_run.parameters)


@flow(name="produce", flow_run_name=_run_name, validate_parameters=True)
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
        takes: Which take to use, each as SCENE=N.
        allow_missing: Make the film even if scenes fail, with a slate in each gap.
        apart: A budget of its own, although most shots were bought for a film of another title.
        allow_odd: Use clips of another size or length than was ordered; without it, their scenes count as failed.
        out: Folder for the film. Empty: films/SLUG/RUN.
    """
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
                run=run_id,
                apart=apart,
            )
            listener.get().planned(plan)
            folder = local_path(out).absolute() if out else films_folder(settings, plan.production, run_id)
            run = Run(
                session, plan, seeds, run_id=run_id, out=folder, budget=budget, started_at=datetime.now(UTC),
                allow_odd=allow_odd,
            )  # fmt: skip
            await run.begin()

            published = await _publish(run)
            shooting = await shoot(run, published)
            film = await _film_of(run, shooting, allow_missing=allow_missing)
            record = await _write_down(run, shooting, film)

            failure = _failure(shooting, film, allow_missing=allow_missing)
            if failure is None:
                await archives_of(run, [r.shot for r in shooting.results.values() if r.clip is not None])
            # Last of all: a new take that was asked for is one until its film is there, with all that belongs to it.
            run.end({name for name, result in shooting.results.items() if result.made}, film=film is not None)
            if failure is not None:
                raise failure
            return run_summary(record)


async def _publish(run: Run) -> dict[str, State[Any]]:
    """Put the seed assets that are still to be sent where the service can read them; their states, by sha256.

    Raises what went wrong with the first that cannot be: nothing was bought yet.
    """
    published = {}
    for sha256 in run.to_send:
        state = await begun(publish_asset, run, quote(run.seeds[sha256]), return_state=True)
        error = await problem(state)
        if error is not None:
            raise error
        published[sha256] = state
    return published


async def _film_of(run: Run, shooting: Shooting, *, allow_missing: bool) -> Assembly | None:
    """The film, if every scene has its clips, or gaps are allowed and there is at least one clip."""
    complete = all(shot in shooting.footage for cut in run.plan.cuts for shot in cut.shots)
    if not shooting.footage or not (complete or allow_missing):
        return None
    with disk_errors("the film", run.out, run.session.home):
        assembly: Assembly = await begun(concatenate_film, run, list(shooting.footage.values()))
    return assembly


async def _write_down(run: Run, shooting: Shooting, film: Assembly | None) -> RunRecord:
    parts = {"scenes": film.scenes, "seams": film.seams, "film": film.film} if film else {}
    record = make_record(run, shooting.results, **parts)
    await begun(write_report, Told(record), [film] if film else list(shooting.footage.values()))
    listener.get().ended(record)
    log = get_run_logger()
    log.info("%s", run_summary(record)["film"] or "no film: scenes are missing")
    return record


def _failure(shooting: Shooting, film: Assembly | None, *, allow_missing: bool) -> StudioError | None:
    """The error that the run ends with: an order in doubt or a cap outweighs a scene that failed."""
    failed = {i: r.error for i, r in shooting.results.items() if r.error is not None}
    for kind in (InDoubt, OverBudget):
        for error in failed.values():
            if isinstance(error, kind):
                return error
    missing = tuple(dict.fromkeys(r.shot.scene for r in shooting.results.values() if not r.made))
    if not missing or (allow_missing and film is not None):
        return None
    reasons = "\n".join(dict.fromkeys(str(error) for error in failed.values()))
    final = all(isinstance(error, FINAL) and not isinstance(error, NOT_FINAL) for error in failed.values())
    return Incomplete(
        f"without a clip: {', '.join(missing)}\n{reasons}",
        missing=missing,
        hint="what was made is kept: "
        + ("once that is put right, " if final else f"{again()}, and ")
        + "only what is missing is paid for",
    )


def _run_id() -> str:
    started = flow_run.scheduled_start_time or datetime.now(UTC)
    return f"{started:%Y%m%d-%H%M%S}-{str(flow_run.id)[:8]}"
