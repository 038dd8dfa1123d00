"""The task that publishes a seed asset for the service."""

from __future__ import annotations

from prefect import task

from studio.execution.retries import PUBLISH
from studio.execution.run import Run
from studio.execution.steps import publish
from studio.planning.context import Seed
from tasks.caching import worth
from tasks.values import Published


@task(
    name="publish asset",
    task_run_name="{asset.name} · publish",
    tags=["seed"],
    # Never cached: a URL may be signed and is never stored, so each run asks for a new one.
    persist_result=False,
    retries=len(PUBLISH.pauses),
    retry_delay_seconds=list(PUBLISH.pauses),
    retry_condition_fn=worth(PUBLISH),
)
async def publish_asset(run: Run, asset: Seed) -> Published:
    """Publish a picture or footage for each API that reads it."""
    await publish(run, asset.sha256)
    return Published(sha256=asset.sha256, name=asset.name)
