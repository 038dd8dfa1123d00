"""Carrying out a plan without Prefect: every shot as soon as what it is made from is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from studio.buying import await_end, fetch, order, publish
from studio.errors import BadClip, DownloadError, Moderated, NotSent, Refused, ServiceError, ServiceFailed
from studio.inputs import Parent
from studio.orders import Placed
from studio.plan import Shot
from studio.progress import listener
from studio.run import Run

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

# Seconds between tries, as the flow's tasks have them.
NOT_SENT, UNREACHABLE, NOT_FETCHED = (1.0, 5.0, 20.0), (5.0, 30.0), (2.0, 10.0, 30.0)


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
        await publish(run, sha256)  # what cannot be sent is said before anything is bought
    tasks: dict[str, asyncio.Task[Made]] = {}

    async def make(shot: Shot) -> Made:
        parents = {name: await tasks[name] for name in shot.parents}
        given = {name: Parent(made.placed.generation_id, made.sha256) for name, made in parents.items()}
        placed = await _finish(run, shot, given, sleep)
        sha256 = await _persist(
            lambda: fetch(run, shot, placed.generation_id), (DownloadError, BadClip, ServiceError), NOT_FETCHED, sleep
        )
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
    settings = run.session.settings
    left = settings.create_attempts + settings.retry_moderation
    while True:
        placed = await _persist(lambda: order(run, shot, parents), (NotSent,), NOT_SENT, sleep)
        generation_id = placed.generation_id
        try:
            await _persist(lambda: await_end(run, shot, generation_id), (ServiceError,), UNREACHABLE, sleep)  # noqa: B023
            return placed
        except (ServiceFailed, Moderated) as error:
            left -= 1
            final = isinstance(error, Moderated) and placed.attempt > settings.retry_moderation
            if final or left == 0 or shot.generation:
                raise
            listener.get().shot(shot.id, "ordering again", error.reason)


async def _persist(
    call: Callable[[], Awaitable[T]], errors: tuple[type[Exception], ...], pauses: tuple[float, ...], sleep: Sleep
) -> T:
    """Call again, with a pause, after one of ``errors``; what the service refuses is final."""
    for pause in pauses:
        try:
            return await call()
        except Refused:
            raise
        except errors:
            await sleep(pause)
    return await call()
