"""A flow as it is observed from outside: its events, its signs of life, and the end of runs that were killed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import get_run_logger
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext

from flows.dead_runs import end_dead_runs
from flows.events import announcing
from flows.heartbeat import signs_of_life
from studio.settings import load_settings
from studio.storage.running import AtWork, lives
from studio.wording import Surface, asked_from

P = ParamSpec("P")
R = TypeVar("R")


def observed(work: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """The function of a flow, below ``@flow``: its announcements become events, it shows that it is alive, and runs
    that were killed here before are marked Crashed."""

    @functools.wraps(work)
    async def told(*args: P.args, **options: P.kwargs) -> R:
        context = FlowRunContext.get()
        if context is None or context.flow_run is None:
            return await work(*args, **options)  # called without Prefect
        with asked_from(Surface.FORM):
            settings = load_settings()
        home = settings.home.absolute()
        for name in await end_dead_runs(home):
            get_run_logger().warning("the run '%s' was killed before: it is marked Crashed", name)
        lock = await asyncio.to_thread(_entered, home, context.flow_run)
        with announcing(), _until_the_end(lock), signs_of_life(context.flow_run, settings.heartbeat):
            return await work(*args, **options)

    return told


def _entered(home: Path, run: FlowRun) -> AtWork | None:
    """The lock by which it is known that the process lives; None where the home cannot be written, which the run itself
    reports."""
    if run.state is None:
        return None
    try:
        return lives(home, str(run.id), str(run.state.id))
    except OSError:
        return None


@contextmanager
def _until_the_end(lock: AtWork | None) -> Iterator[None]:
    try:
        yield
    finally:
        if lock is not None:
            lock.end()
