"""The task that fetches a shot's file into its store."""

from __future__ import annotations

from prefect import task

from studio.execution.retries import FETCH
from studio.execution.run import Run
from studio.execution.steps import fetch
from studio.log_lines import about
from studio.planning.plan import Shot
from tasks.caching import worth
from tasks.values import Finished, Footage


@task(
    name="download",
    task_run_name="{shot.id} · download",
    persist_result=False,
    retries=len(FETCH.pauses),
    retry_delay_seconds=list(FETCH.pauses),
    retry_condition_fn=worth(FETCH),
)
async def download(run: Run, shot: Shot, finished: Finished) -> Footage:
    """Fetch a clip or still, verify it, and store it by its content. One that is here already is not fetched again."""
    with about(scene=shot.scene, order=shot.key, generation=finished.generation_id):
        sha256 = await fetch(run, shot, finished.generation_id)
    return Footage(shot=shot.id, generation_id=finished.generation_id, sha256=sha256)
