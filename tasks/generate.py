"""The tasks that order a shot, and wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from prefect import get_run_logger, task
from prefect.context import TaskRunContext

from studio.execution.inputs import Parent
from studio.execution.retries import ORDER, WAIT
from studio.execution.run import Run
from studio.execution.steps import await_end, book_cached, order
from studio.ledger import OrderState
from studio.money import usd
from studio.planning.plan import Shot
from studio.providers.registry import generation_name
from tasks.caching import key, worth
from tasks.values import Finished, Footage, Published, Submitted


def order_key(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    session, shot, attempt = inputs["run"].session, inputs["shot"], inputs["attempt"]
    return key("submit", 1, session.ledger.id, shot.key, attempt)


@task(
    name="submit",
    task_run_name="{shot.id} · submit",
    tags=["luma", "spends"],
    cache_key_fn=order_key,
    result_serializer="json",
    retries=len(ORDER.pauses),
    retry_delay_seconds=list(ORDER.pauses),
    retry_condition_fn=worth(ORDER),
)
async def submit(
    run: Run, shot: Shot, parents: Sequence[Finished | Footage], images: Sequence[Published], attempt: int
) -> Submitted:
    """Order a shot through the gateway. Sends nothing if any process has ordered it before."""
    log = get_run_logger()
    made = {p: Parent(*_made(m)) for p, m in zip(shot.parents, parents, strict=True)}
    placed = await order(run, shot, made, on_wait=lambda why: log.info("waiting: %s", why))
    if not shot.generation:
        how = f"bought for {usd(shot.quote.usd)}" if placed.bought else "ordered before: awaited, not bought again"
        log.info("generation %s, %s", placed.generation_id, how)
    return Submitted(order=placed.order, attempt=placed.attempt, generation_id=placed.generation_id)


def _made(parent: Finished | Footage) -> tuple[str, str | None]:
    """A parent's generation, and its file where it was fetched."""
    return (parent.generation_id, parent.sha256) if isinstance(parent, Footage) else (parent.generation_id, None)


async def booked(run: Run, shot: Shot, submitted: Submitted) -> bool:
    """True if the ledger has the purchase in a task's result; a missing one is adopted.

    False where the service does not have it either: the result is useless, and the shot is ordered again.
    """
    if shot.generation:
        return True
    return await book_cached(run, shot, submitted.generation_id, submitted.attempt)


async def ended_in_the_books(run: Run, shot: Shot) -> bool:
    """True if the ledger knows that a shot's generation has ended; a recorded result alone may be newer than the
    ledger."""
    if shot.generation:
        return True
    row = await asyncio.to_thread(run.session.ledger.order, shot.key)
    return row is not None and row.state is OrderState.COMPLETED


def _generation_key(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    session, submitted = inputs["run"].session, inputs["submitted"]
    return key("wait", 1, session.ledger.id, generation_name(inputs["shot"].api, submitted.generation_id))


@task(
    name="wait",
    task_run_name="{shot.id} · wait",
    tags=["luma"],
    cache_key_fn=_generation_key,
    result_serializer="json",
    retries=len(WAIT.pauses),
    retry_delay_seconds=list(WAIT.pauses),
    retry_condition_fn=worth(WAIT),
)
async def wait(run: Run, shot: Shot, submitted: Submitted) -> Finished:
    """Wait until the generation has ended, and record its end in the ledger."""
    await await_end(run, shot, submitted.generation_id)
    return Finished(order=submitted.order, generation_id=submitted.generation_id)
