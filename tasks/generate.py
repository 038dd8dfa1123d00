"""The task that orders a shot and waits for its generation, and the one for all shots that were made before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from prefect import get_run_logger, task
from prefect.context import TaskRunContext

from studio.execution.inputs import Parent
from studio.execution.kept import Kept
from studio.execution.retries import GENERATE
from studio.execution.run import Run
from studio.execution.steps import await_end, book_cached, order
from studio.ledger import OrderState
from studio.log_lines import about
from studio.money import usd
from studio.planning.plan import Shot
from tasks.caching import key, worth
from tasks.values import Finished, Footage, Published


class Reusable:
    """Shots that were made before, passed to a task: opaque, so that Prefect does not walk through a thousand."""

    def __init__(self, shots: Sequence[Kept]) -> None:
        self.shots = shots

    def __str__(self) -> str:
        return f"{len(self.shots)} shot{'s' if len(self.shots) > 1 else ''}"


@task(name="reuse", task_run_name="{reusable} · made before", persist_result=False)
async def reuse(reusable: Reusable) -> list[Footage]:
    """The files of the shots that were made before. One task run for all of them: nothing is done for any."""
    for what, own in (("made before, and not paid again", False), ("finished files, used as they are", True)):
        scenes = Counter(made.shot.scene for made in reusable.shots if (made.shot.own is not None) is own)
        told = ", ".join(f"{scene} ({count})" if count > 1 else scene for scene, count in scenes.items())
        if told:
            get_run_logger().info("%s: %s", what, told)
    return [Footage(shot=made.shot.id, generation_id=made.generation_id, sha256=made.sha256) for made in reusable.shots]


def _order_key(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    session, shot, attempt = inputs["run"].session, inputs["shot"], inputs["attempt"]
    return key("generate", 1, session.ledger.id, shot.key, attempt)


@task(
    name="generate",
    task_run_name="{shot.id} · generate",
    cache_key_fn=_order_key,
    result_serializer="json",
    retries=len(GENERATE.pauses),
    retry_delay_seconds=list(GENERATE.pauses),
    retry_condition_fn=worth(GENERATE),
)
async def generate(
    run: Run, shot: Shot, parents: Sequence[Finished | Footage], images: Sequence[Published], attempt: int
) -> Finished:
    """Order a shot through the gateway, and wait until its generation has ended.

    Sends nothing if any process has ordered it before.
    """
    log = get_run_logger()
    made = {p: Parent(*_made(m)) for p, m in zip(shot.parents, parents, strict=True)}
    with about(scene=shot.scene, order=shot.key):
        placed = await order(run, shot, made, on_wait=lambda why: log.info("waiting: %s", why))
        with about(generation=placed.generation_id):
            if not shot.generation:
                bought = f"bought for {usd(shot.quote.usd)}"
                how = bought if placed.bought else "ordered before: awaited, not bought again"
                log.info("generation %s, %s", placed.generation_id, how)
            await await_end(run, shot, placed.generation_id)
    run.awaited.add(shot.id)
    return Finished(order=placed.order, attempt=placed.attempt, generation_id=placed.generation_id)


def _made(parent: Finished | Footage) -> tuple[str, str | None]:
    """A parent's generation, and its file where it was fetched."""
    return (parent.generation_id, parent.sha256) if isinstance(parent, Footage) else (parent.generation_id, None)


async def in_the_books(run: Run, shot: Shot, finished: Finished) -> bool:
    """True if the ledger has the purchase and the end of a generation; a missing purchase is adopted.

    Asked of a recorded result, which may be newer than the ledger. Where it is false, the result is useless, and the
    step is done again.
    """
    if shot.generation or shot.id in run.awaited:
        return True
    if not await book_cached(run, shot, finished.generation_id, finished.attempt):
        return False
    row = await asyncio.to_thread(run.session.ledger.order, shot.key)
    return row is not None and row.state is OrderState.COMPLETED
