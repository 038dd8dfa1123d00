"""Seed assets: made readable for the service."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from studio.assets import SeedImage
from studio.run import Run
from tasks.caching import key
from tasks.values import Published


def _published_key(context: TaskRunContext, inputs: dict[str, Any]) -> str | None:
    # What this process serves itself is gone with it: it is published again in every run.
    session, image = inputs["run"].session, inputs["image"]
    return key("publish", 1, session.ledger.id, image.sha256) if session.publisher.durable else None


@task(
    name="publish asset",
    task_run_name="{image.name} · publish",
    tags=["seed"],
    cache_key_fn=_published_key,
    result_serializer="json",
    retries=2,
    retry_delay_seconds=[1, 5],
)
async def publish_asset(run: Run, image: SeedImage) -> Published:
    """Put an image where the service can read it."""
    session = run.session
    session.urls[image.sha256] = await asyncio.to_thread(session.publisher.publish, image)
    return Published(sha256=image.sha256, name=image.name)
