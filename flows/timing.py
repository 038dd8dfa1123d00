"""Checks of scheduled runs that came late, after a downtime, and of two runs of one production at the same time.

Prefect creates the runs of a schedule in advance and, when a worker is there again, starts every one that is due by
then, however late. What to do about those is decided here, when a run begins and before it buys anything.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.states import Completed

from studio.errors import BadInput, StudioError
from studio.execution.session import Session
from studio.ledger.claims import RENEWED, claim, let_go, renew
from studio.remedies import option, text_of

#: What becomes of a run that is late: it is made all the same; once for all that were missed; or not at all.
CatchUp = Literal["all", "once", "skip"]
#: What becomes of a run while another one of the same film is at work: they share its shots, it waits, or is refused.
Overlap = Literal["share", "wait", "refuse"]
LATE_AFTER = 60  # minutes
LOOKS = 2.0  # seconds between two looks at a film that another run makes
SKIPPED = "Skipped"


async def skipped(
    catch_up: CatchUp, late_after: int, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> State[Any] | None:
    """The state in which a run of a schedule ends at once, because it is late; None for one that is to go on.

    ``late_after``: minutes behind its time from which a run is late. A run that somebody started by hand never is.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    if catch_up == "all" or run is None or not run.auto_scheduled or run.expected_start_time is None:
        return None
    late = now() - run.expected_start_time
    if late < timedelta(minutes=late_after):
        return None
    why = ""
    if catch_up == "once":
        other = await _covered(run)
        if other is None:
            return None
        why = f", and run '{other.name}' has begun since then"
    due = f"{run.expected_start_time:%Y-%m-%d %H:%M} UTC"
    told = f"skipped: this run was due at {due}, {_span(late)} ago{why}; nothing is bought"
    get_run_logger().info("%s", told)
    return Completed(name=SKIPPED, message=told)


async def _covered(run: FlowRun) -> FlowRun | None:
    """A run of the same deployment that began before this one did, and after this one's time: it has read the
    production as this one would."""
    if run.deployment_id is None or run.expected_start_time is None:
        return None
    states = [StateType.RUNNING, StateType.COMPLETED]
    async with get_client() as client:
        mine = await client.read_flow_run(run.id)
        others = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[run.deployment_id]),
                start_time=FlowRunFilterStartTime(after_=run.expected_start_time),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
            )
        )
    began = mine.start_time or datetime.now(UTC)
    for other in others:
        if other.id == run.id or other.start_time is None or (other.state and other.state.name == SKIPPED):
            continue
        # Of several that begin together, the first one goes on.
        if (other.start_time, str(other.id)) < (began, str(run.id)):
            return other
    return None


@asynccontextmanager
async def alone(
    session: Session, film: str, overlap: Overlap, run: str, *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[None]:  # fmt: skip
    """A block in which a film (its slug) is made, known to every run with the same ledger, on whatever machine.

    Where another run makes it: ``share`` goes on beside it (a shot is bought once all the same), ``wait`` waits until
    it has ended, ``refuse`` raises BadInput.
    """
    ledger, owner = session.ledger, uuid.uuid4().hex
    name = f"film/{session.service.realm}/{film}"
    told = False
    while (held := await asyncio.to_thread(claim, ledger, name, owner, run)) is not None:
        if overlap == "share":
            break
        if overlap == "refuse":
            raise BadInput(
                f"run {held.told} has been making this film since {held.since:%H:%M} UTC",
                where=film,
                hint=text_of("nothing was bought; wait for its end, or choose another ", option("overlap")),
            )
        if not told:
            get_run_logger().info("run %s makes this film; this one waits for its end", held.told)
            told = True
        await sleep(LOOKS)
    renewing = asyncio.create_task(keep_moving(session, name, owner)) if held is None else None
    try:
        yield
    finally:
        if renewing is not None:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            with suppress(StudioError):  # it lapses by itself
                await asyncio.to_thread(let_go, ledger, name, owner)


async def keep_moving(session: Session, name: str, owner: str) -> None:
    """Move on a claim until this is cancelled."""
    while True:
        await asyncio.sleep(RENEWED.total_seconds())
        with suppress(StudioError):  # tried again in a minute; the claim lasts for several
            await asyncio.to_thread(renew, session.ledger, name, owner)


def _span(late: timedelta) -> str:
    minutes = int(late.total_seconds()) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
