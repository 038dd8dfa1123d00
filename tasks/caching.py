"""Cache keys and retry rules of the tasks.

A key is readable: step, version, and the digests of everything that decides the result. It includes the ledger's id, so
that a result store that outlives a ledger (or serves two) never answers for purchases that this ledger does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import Task

from studio.execution.retries import Retry

KeyFunction = Callable[[TaskRunContext, dict[str, Any]], str | None]
RetryRule = Callable[[Task[..., Any], TaskRun, State[Any]], Coroutine[Any, Any, bool]]


def key(step: str, version: int, *parts: object) -> str:
    """The key ``luma/<step>/v<version>/<parts>``: raise the version when the meaning of a step's result changes."""
    return "/".join(["luma", step, f"v{version}", *(str(part) for part in parts)])


def worth(retry: Retry) -> RetryRule:
    """A retry condition by the rule of a step. (It is async, because Prefect retries everything on a sync one.)"""

    async def rule(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
        try:
            await state.aresult()
        except Exception as error:  # noqa: BLE001 - the state carries whatever the task raised
            return retry.worth(error)
        return False

    return rule
