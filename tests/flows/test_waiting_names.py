"""The names of task runs that have not begun, as the UI shows them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prefect import tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName, TaskRunFilter

from studio.production import Production
from tests.support.running import Sandbox

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
TITLE = "Waiting for a slot"


async def test_what_waits_for_a_slot_has_its_scene_in_its_name(studio: Path, sandbox: Sandbox) -> None:
    """While a limit of Prefect's holds a step back, its run is named after its scene, not only after the task."""
    from flows.produce import produce

    written = {
        "title": TITLE, "model": "ray-flash-2", "resolution": "540p", "scenes": [{"id": "pier", "prompt": "a pier"}],
    }  # fmt: skip
    async with get_client() as client:
        limit = await client.create_concurrency_limit("held", 0)
        with tags("held"):
            running = asyncio.create_task(produce(production=Production.model_validate(written), out="one"))
        try:
            names: list[str] = []
            while not any("generate" in name for name in names):
                assert not running.done(), running
                names = [
                    task.name
                    for task in await client.read_task_runs(
                        flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[TITLE])),
                        task_run_filter=TaskRunFilter(),
                    )
                ]
        finally:
            await client.delete_concurrency_limit_by_tag("held")
            await running
        assert limit
    assert next(name for name in names if "generate" in name).startswith("pier · generate")
