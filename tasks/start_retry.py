"""Retries of starting a task while Prefect's server is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError

from studio.errors import PrefectBusy
from studio.remedies import AGAIN, text_of

TRIES = 5
PAUSE = 2.0  # seconds; each further pause is longer by as many


async def begun(
    task: Callable[..., Any], *args: Any, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, **options: Any
) -> Any:
    """The result of a task, or its state. A task that Prefect's busy server does not let begin is begun again.

    For each tag of a task Prefect asks its server whether it may begin. A server that many runs share may answer 503
    for longer than Prefect's client tries; the task's own retries do not cover that, since it has not begun. Raises
    PrefectBusy.
    """
    upstream = [part for arg in args for part in _parts(arg) if isinstance(part, State)]
    if not all(state.is_completed() for state in upstream):
        # It will not begin. Its inputs are awaited here and not passed, so that Prefect can name it before it fails.
        args, options = tuple(_without_states(arg) for arg in args), {**options, "wait_for": upstream}
    for number in range(1, TRIES + 1):
        try:
            return await task(*args, **options)
        except ConcurrencySlotAcquisitionError as error:
            if number == TRIES:
                raise PrefectBusy(
                    f"Prefect's server let no task begin ({error})",
                    hint=text_of(
                        "what was ordered is kept: ", AGAIN, ", and it is awaited, not bought again; "
                        "many runs at once want a Prefect server on PostgreSQL",
                    ),
                ) from error  # fmt: skip
            await sleep(PAUSE * number)
    raise AssertionError


def _parts(value: Any) -> Sequence[Any]:
    return value if type(value) in (list, tuple) else (value,)  # Prefect's own wrappers are tuples, too


def _without_states(value: Any) -> Any:
    if type(value) in (list, tuple):
        return [part for part in value if not isinstance(part, State)]
    return None if isinstance(value, State) else value
