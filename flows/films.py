"""Films as runs of their own: subflows of the run that asks for them, or runs of the deployment ``produce/produce``.

As subflows they are made in the same process and need no worker. As runs of the deployment, each takes a place at a
worker, beside that of the run that waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound

from flows.logs import one_line
from studio.errors import SettingsError, StudioError
from studio.execution.progress import Listener, listener
from studio.execution.session import films_folder
from studio.ledger import Ledger
from studio.ledger.batches import Batch, batch_of, runs_of
from studio.money import ZERO
from studio.planning.plan import Plan
from studio.production import Production
from studio.settings import Settings
from studio.storage.ownership import FILM

Where = Literal["here", "workers"]
DEPLOYMENT = "produce/produce"
LOOKS = 2.0  # seconds between two looks at a run of the deployment
#: By the name of a film: who listens to its run. The command sets its screen here; in a worker nobody listens.
listeners: ContextVar[Callable[[str], Listener]] = ContextVar("listeners", default=lambda name: Listener())


@dataclass(frozen=True)
class Made:
    """The outcome of one film. ``run`` is its id in the ledger, ``flow_run`` Prefect's; ``paid`` in USD, by the ledger.

    ``exit_status``: 0 for a film, else as the command's. ``error``: one line; empty where there is none.
    """

    state: str
    run: str = ""
    flow_run: UUID | None = None
    film: str | None = None
    paid: Decimal = ZERO
    error: str = ""
    exit_status: int = 0
    cause: BaseException | None = None


async def made_in_a_run(
    name: str, *, where: Where, ledger: Ledger, settings: Settings, batch: str, plan: Plan, options: dict[str, Any],
) -> Made:  # fmt: skip
    """Make a film in a run of its own, and wait for its end. An error of the film is in the result, and not raised.

    ``options`` are parameters of the flow ``produce``; ``batch`` is the id of the batch that the run joins, and
    ``plan`` that of the film.
    """
    production = plan.production
    listener.set(listeners.get()(name))
    ended: State[Any] | None
    if where == "here":
        ended = await _subflow(options)
        flow_run, result = ended.state_details.flow_run_id, await ended.aresult(raise_on_failure=False)
    else:
        run = await _deployed(production.title, options)
        flow_run, ended, result = run.id, run.state, None  # the result of another process is in the ledger
    joined = [r for r in await asyncio.to_thread(runs_of, ledger, batch) if r.production == production.slug]
    costs = await asyncio.to_thread(ledger.run_costs, joined[-1].run) if joined else {}
    paid = sum((spent for spent, _ in costs.values()), ZERO)
    found = Made((ended.name if ended else None) or "Unknown", joined[-1].run if joined else "", flow_run, paid=paid)
    if ended is not None and ended.is_completed():
        told = result.get("film") if isinstance(result, dict) else None
        if told is None and joined and joined[-1].outcome == "film":
            told = str(films_folder(settings, production, found.run) / FILM)
        return replace(found, film=told)
    error = result if isinstance(result, BaseException) else None
    text = str(error) if error is not None else (ended.message if ended else "") or "it ended without a message"
    status = error.exit_status if isinstance(error, StudioError) else 1
    return replace(found, error=one_line(text), exit_status=status, cause=error)


async def _subflow(options: dict[str, Any]) -> State[Any]:
    from flows.produce import produce

    state: State[Any] = await produce(**options, return_state=True)
    return state


async def _deployed(title: str, options: dict[str, Any]) -> FlowRun:
    # Without the fields that are empty: the form's schema, by which the server checks, has no null.
    given = {
        name: value.model_dump(mode="json", exclude_none=True) if isinstance(value, Production) else value
        for name, value in options.items()
    }
    try:
        return await arun_deployment(
            DEPLOYMENT, parameters=given, flow_run_name=title, timeout=None, poll_interval=LOOKS, as_subflow=True
        )
    except ObjectNotFound:
        raise SettingsError(
            f"Prefect's server has no deployment {DEPLOYMENT}, which the workers would run",
            hint="deploy it (prefect --no-prompt deploy --all), or have the films made here",
        ) from None


async def batch_of_this_run(ledger: Ledger) -> Batch | None:
    """The batch that this flow run is of: that of the run which started it, where the ledger knows one."""
    context = FlowRunContext.get()
    parent = context.flow_run.parent_task_run_id if context is not None and context.flow_run is not None else None
    if parent is None:
        return None
    async with get_client() as client:
        run = (await client.read_task_run(parent)).flow_run_id
    return None if run is None else await asyncio.to_thread(batch_of, ledger, str(run))
