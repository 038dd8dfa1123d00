"""Cache keys and retry rules of the tasks.

A key is written out: step, version, and the digests of what decides the result. It holds the ledger's own id too, so
that a result store that outlives a ledger (or serves two) never answers for purchases that these books do not know.
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
    """``luma/<step>/v<version>/<parts>``: raise the version when the meaning of a step's result changes."""
    return "/".join(["luma", step, f"v{version}", *(str(part) for part in parts)])


def worth(retry: Retry) -> RetryRule:
    """Retry only what the rule of a step says is worth it. (Async: Prefect retries everything on a sync rule.)"""

    async def rule(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
        try:
            await state.aresult()
        except Exception as error:  # noqa: BLE001 - the state carries whatever the task raised
            return retry.worth(error)
        return False

    return rule
