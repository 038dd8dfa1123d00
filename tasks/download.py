"""Fetching what a shot made into the store."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from studio.fetching import fetch_made
from studio.plan import Shot
from studio.progress import listener
from studio.run import Run
from tasks.caching import key, when_not_fetched
from tasks.values import Finished, Footage


def _clip_key(context: TaskRunContext, inputs: dict[str, Any]) -> str | None:
    session, shot, finished = inputs["run"].session, inputs["shot"], inputs["finished"]
    row = session.ledger.order(shot.key)
    # A recorded result is worth nothing where its clip is no longer here.
    if row is None or row.clip is None or not session.has(row.clip):
        return None
    return key("download", 2, session.ledger.id, finished.generation_id, row.clip)


@task(
    name="download",
    task_run_name="{shot.id} · download",
    tags=["luma"],
    cache_key_fn=_clip_key,
    result_serializer="json",
    retries=3,
    retry_delay_seconds=[2, 10, 30],
    retry_condition_fn=when_not_fetched,
)
async def download(run: Run, shot: Shot, finished: Finished) -> Footage:
    """Fetch a clip or still, verify it, and keep it by its content. What is here already is not fetched again."""
    session = run.session
    row = await asyncio.to_thread(session.ledger.order, shot.key)
    sha256 = row.clip if row is not None and row.generation_id == finished.generation_id else None
    if sha256 is None or not await asyncio.to_thread(session.has, sha256):
        listener.get().shot(shot.id, "downloading")
        sha256 = await fetch_made(
            session, shot.api, finished.generation_id, still=shot.is_still, name=shot.id, where=f"scene '{shot.scene}'"
        )
        if not shot.generation:
            await asyncio.to_thread(session.ledger.keep_clip, shot.key, sha256)
    return Footage(shot=shot.id, generation_id=finished.generation_id, sha256=sha256)
