"""Runs whose process on this machine was killed, and that Prefect still takes for running: they are marked Crashed.

An automation does the same by heartbeat, for every machine, where `studio automations apply` has made it. This needs
none: the next run here, or the hourly reconciliation, sees that the lock of a process is free.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from studio.storage.running import Left, left_behind

log = logging.getLogger(__name__)
#: A run that this server does not know may be another server's; its lock is kept for as long.
KEPT = timedelta(days=30)
SAID = (
    "its process was killed, or its machine went down; what was ordered is kept: the next run awaits it and does not "
    "buy it again"
)


async def end_dead_runs(home: Path) -> tuple[str, ...]:
    """Mark the runs of killed processes as Crashed, and return their names. Trouble with it is a line in the log."""
    try:
        left = await asyncio.to_thread(left_behind, home)
        if not left:
            return ()
        async with get_client() as client:
            return tuple([name for one in left if (name := await _ended(client, one))])
    except (OSError, httpx.HTTPError) as error:
        log.warning("runs whose process was killed could not be marked: %s", type(error).__name__)
        return ()


async def _ended(client: PrefectClient, left: Left) -> str:
    """Settle one: the name of its run, if it was still taken for running."""
    name = ""
    try:
        run = await client.read_flow_run(UUID(left.flow_run))
        # Another state is of another process, or the run has ended.
        if run.state is not None and run.state.type is StateType.RUNNING and str(run.state.id) == left.state:
            await client.set_flow_run_state(run.id, Crashed(message=SAID))
            name = run.name
    except ObjectNotFound:
        if left.path.exists() and time.time() - left.path.stat().st_mtime < KEPT.total_seconds():
            return ""
    except ValueError:
        pass  # the name of no flow run
    await asyncio.to_thread(left.settled)
    return name
