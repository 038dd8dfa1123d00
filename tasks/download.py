"""The task that fetches a shot's file into its store."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from studio.execution.retries import FETCH
from studio.execution.run import Run
from studio.execution.steps import fetch, oddity
from studio.planning.plan import Shot
from tasks.caching import key, worth
from tasks.values import Finished, Footage


def _clip_key(context: TaskRunContext, inputs: dict[str, Any]) -> str | None:
    session, shot, finished = inputs["run"].session, inputs["shot"], inputs["finished"]
    row = session.ledger.order(shot.key)
    # A recorded result is useless if its clip is no longer here.
    if row is None or row.clip is None or not session.has(row.clip):
        return None
    if oddity(inputs["run"], shot, row.clip) is not None:
        return None  # each run decides itself whether it may be used
    return key("download", 2, session.ledger.id, finished.generation_id, row.clip)


@task(
    name="download",
    task_run_name="{shot.id} · download",
    cache_key_fn=_clip_key,
    result_serializer="json",
    retries=len(FETCH.pauses),
    retry_delay_seconds=list(FETCH.pauses),
    retry_condition_fn=worth(FETCH),
)
async def download(run: Run, shot: Shot, finished: Finished) -> Footage:
    """Fetch a clip or still, verify it, and store it by its content. One that is here already is not fetched again."""
    sha256 = await fetch(run, shot, finished.generation_id)
    return Footage(shot=shot.id, generation_id=finished.generation_id, sha256=sha256)
