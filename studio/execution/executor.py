"""Carrying out a plan without Prefect: every shot as soon as what it is made from is there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from studio.errors import GenerationFailed
from studio.execution.inputs import Parent
from studio.execution.progress import listener
from studio.execution.retries import FETCH, ORDER, PUBLISH, WAIT, Sleep
from studio.execution.run import Run
from studio.execution.steps import await_end, fetch, order, publish
from studio.planning.plan import Shot
from studio.purchasing.gateway import Placed


@dataclass(frozen=True)
class Made:
    """A shot that was made: its order as it was placed, and its file in the store."""

    placed: Placed
    sha256: str


async def carry_out(run: Run, *, sleep: Sleep = asyncio.sleep) -> dict[str, Made]:
    """Order, await and fetch every shot of a run that has begun, by their ids.

    A shot that fails leaves its siblings running, so that nothing is broken off half-bought; then the first failure, in
    the plan's order, is raised.
    """
    for sha256 in run.to_send:
        # What cannot be sent is said before anything is bought.
        await PUBLISH.calling(partial(publish, run, sha256), sleep=sleep)
    tasks: dict[str, asyncio.Task[Made]] = {}

    async def make(shot: Shot) -> Made:
        parents = {name: await tasks[name] for name in shot.parents}
        given = {name: Parent(made.placed.generation_id, made.sha256) for name, made in parents.items()}
        placed = await _finish(run, shot, given, sleep)
        sha256 = await FETCH.calling(partial(fetch, run, shot, placed.generation_id), sleep=sleep)
        listener.get().shot(shot.id, "ready")
        return Made(placed, sha256)

    for shot in run.plan.shots:  # parents come before their children
        tasks[shot.id] = asyncio.create_task(make(shot), name=f"{shot.id} · make")
    ended = await asyncio.gather(*tasks.values(), return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome
    return {name: task.result() for name, task in tasks.items()}


async def _finish(run: Run, shot: Shot, parents: dict[str, Parent], sleep: Sleep) -> Placed:
    """Order a shot and wait for its end; again where the service itself failed it."""
    failed = 0
    while True:
        placed = await ORDER.calling(partial(order, run, shot, parents), sleep=sleep)
        try:
            await WAIT.calling(partial(await_end, run, shot, placed.generation_id), sleep=sleep)
            return placed
        except GenerationFailed as error:
            failed += 1
            if not run.attempts.again(error, attempt=placed.attempt, failed=failed, pinned=shot.generation is not None):
                raise
            listener.get().shot(shot.id, "ordering again", error.reason)
