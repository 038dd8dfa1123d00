"""Buying a shot, and waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from prefect import get_run_logger, task
from prefect.context import TaskRunContext

from studio.errors import GenerationFailed
from studio.inputs import Parent, inputs_of
from studio.ledger import OrderState, kind_of, utc_now
from studio.money import usd
from studio.orders import generation_failed
from studio.plan import Shot
from studio.progress import listener
from studio.requests import wire_request
from studio.run import Run
from tasks.caching import key, when_not_sent, when_unreachable
from tasks.values import Finished, Footage, Published, Submitted


def _order_key(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    session, shot, attempt = inputs["run"].session, inputs["shot"], inputs["attempt"]
    return key("submit", 1, session.ledger.id, shot.key, attempt)


@task(
    name="submit",
    task_run_name="{shot.id} · submit",
    tags=["luma", "spends"],
    cache_key_fn=_order_key,
    result_serializer="json",
    # Only what certainly was not sent is tried again; everything else is the ledger's to decide.
    retries=3,
    retry_delay_seconds=[1, 5, 20],
    retry_condition_fn=when_not_sent,
)
async def submit(
    run: Run, shot: Shot, parents: Sequence[Finished | Footage], images: Sequence[Published], attempt: int
) -> Submitted:
    """Order a shot through the one door to spending. Ordered before, by whomever: nothing is sent."""
    if shot.generation:
        return Submitted(order=shot.key, attempt=0, generation_id=shot.generation)
    hears, log = listener.get(), get_run_logger()

    def on_wait(why: str) -> None:
        hears.shot(shot.id, "waiting", why)
        log.info("waiting: %s", why)

    session = run.session
    row = await asyncio.to_thread(session.ledger.order, shot.key)
    if row is not None and row.generation_id is not None and row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):
        # It stands: what it was made from need not be asked for again.
        return Submitted(order=row.key, attempt=row.attempt, generation_id=row.generation_id)
    made = {p: Parent(*_made(m)) for p, m in zip(shot.parents, parents, strict=True)}
    sent = await inputs_of(session, run.plan, shot, seeds=run.seeds, parents=made)
    account = session.service.access(shot.api).account
    hears.shot(shot.id, "ordering")
    placed = await run.door(shot).place(shot.intent(run.production, account), wire_request(shot, sent), on_wait=on_wait)
    how = f"bought for {usd(shot.quote.usd)}" if placed.bought else "ordered before: awaited, not bought again"
    log.info("generation %s, %s", placed.generation_id, how)
    return Submitted(order=placed.order, attempt=placed.attempt, generation_id=placed.generation_id)


def _made(parent: Finished | Footage) -> tuple[str, str | None]:
    """A parent's generation, and its file where it was fetched."""
    return (parent.generation_id, parent.sha256) if isinstance(parent, Footage) else (parent.generation_id, None)


def _generation_key(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    session, submitted = inputs["run"].session, inputs["submitted"]
    return key("wait", 1, session.ledger.id, submitted.generation_id)


@task(
    name="wait",
    task_run_name="{shot.id} · wait",
    tags=["luma"],
    cache_key_fn=_generation_key,
    result_serializer="json",
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=when_unreachable,
)
async def wait(run: Run, shot: Shot, submitted: Submitted) -> Finished:
    """Wait until the generation has ended, and write into the books how."""
    session, generation_id = run.session, submitted.generation_id
    ledger = session.ledger
    finished = Finished(order=submitted.order, generation_id=generation_id)
    row = await asyncio.to_thread(ledger.order, shot.key)
    if row is not None and row.state is OrderState.COMPLETED and row.generation_id == generation_id:
        return finished
    hears = listener.get()
    ordered = row.submitted_at if row is not None and row.submitted_at is not None else utc_now()
    generation = await session.watcher_of(shot.api).wait(
        generation_id,
        timeout=session.settings.wait_timeout,
        kind=kind_of(shot.request),
        age=max(0.0, (utc_now() - ordered).total_seconds()),
        on_state=lambda state: hears.shot(shot.id, state),
    )
    if generation.state == "failed":
        if not shot.generation:
            await asyncio.to_thread(ledger.failed, shot.key, generation_id, generation.failure_reason or "")
        error: GenerationFailed = generation_failed(generation.failure_reason, scene=shot.scene)
        raise error
    if not shot.generation:
        await asyncio.to_thread(ledger.completed, shot.key, generation_id)
    return finished
