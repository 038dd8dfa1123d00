"""Missed runs of a schedule, and two runs of one film at the same time: on a real Prefect server and ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput
from studio.execution.session import open_session
from studio.ledger.claims import claim, let_go
from studio.settings import load_settings
from tests.support.running import Sandbox, chain

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


async def missed(name: str, count: int, **parameters: Any) -> list[Any]:
    """Runs that a server's scheduler made of an hourly schedule, and that nobody started: the oldest first."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.client.schemas.sorting import FlowRunSort

    from flows.produce import produce

    async with get_client() as client:
        flow = await client.create_flow(produce)
        hourly = DeploymentScheduleCreate(
            schedule=CronSchedule(cron="0 * * * *", timezone="Europe/Berlin"), active=True
        )
        made = await client.create_deployment(flow, name, schedules=[hourly], parameters=parameters)
        now = datetime.now(UTC)
        span = {"start_time": (now - timedelta(hours=count + 1)).isoformat(), "end_time": now.isoformat()}
        (await client._client.post(f"/deployments/{made}/schedule", json=span)).raise_for_status()
        only = DeploymentFilter(id=DeploymentFilterId(any_=[made]))
        runs = await client.read_flow_runs(deployment_filter=only, sort=FlowRunSort.EXPECTED_START_TIME_ASC)
    late = [run for run in runs if run.expected_start_time < datetime.now(UTC)]
    assert len(late) >= count
    return late[-count:]


async def started(run: Any) -> Any:
    """The state in which a run ends that a worker starts now."""
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow_async

    from flows.produce import produce

    await run_flow_async(produce, flow_run=run, parameters=run.parameters, return_type="state")
    async with get_client() as client:
        return (await client.read_flow_run(run.id)).state


WRITTEN = {"title": "Timed", "model": "ray-flash-2", "resolution": "540p", "scenes": [{"id": "a", "prompt": "a lamp"}]}


async def test_missed_runs_are_skipped(studio: Path, sandbox: Sandbox) -> None:
    """With skip, a run that begins an hour late ends Completed as "Skipped", says when it was due, and buys nothing."""
    (run,) = await missed("skips", 1, production=WRITTEN, catch_up="skip", late_after=0)
    state = await started(run)
    assert (state.type.value, state.name) == ("COMPLETED", "Skipped")
    assert state.message.startswith("skipped: this run was due at ")
    assert state.message.endswith("; nothing is bought")
    assert sandbox.prompts() == []


async def test_missed_runs_are_made_up_for_once(studio: Path, sandbox: Sandbox) -> None:
    """With once, the first of the missed runs that begins is made, and the others end as "Skipped"."""
    runs = await missed("once", 3, production=WRITTEN, catch_up="once", late_after=0)
    states = [await started(run) for run in runs]
    assert [state.name for state in states] == ["Completed", "Skipped", "Skipped"]
    assert "has begun since then; nothing is bought" in states[1].message
    assert sandbox.prompts() == ["a lamp"]


async def test_missed_runs_are_all_made(studio: Path, sandbox: Sandbox) -> None:
    """By default every run is made, as Prefect starts them; one that is on time is never skipped."""
    late = await missed("all", 2, production=WRITTEN)
    assert [(await started(run)).name for run in late] == ["Completed", "Completed"]
    patient = await missed("patient", 1, production=WRITTEN, catch_up="skip", late_after=525_600)
    assert (await started(patient[0])).name == "Completed"


async def test_a_run_started_by_hand_is_never_late(studio: Path, sandbox: Sandbox) -> None:
    """Whatever a deployment says of late runs, one that a person starts is made."""
    from flows.produce import produce

    made = await produce(production=chain(), catch_up="skip", late_after=0, out="one")
    assert made["film"] is not None


@pytest.mark.parametrize("overlap", ["share", "wait", "refuse"])
async def test_two_runs_of_one_film(studio: Path, sandbox: Sandbox, overlap: str) -> None:
    """While another run makes the film, a run goes on beside it, waits for its end, or is refused before it buys."""
    from flows.produce import produce

    async with open_session(load_settings()) as session:
        assert claim(session.ledger, "film/local/chain", "another", "20261127-other") is None
        work = asyncio.create_task(produce(production=chain(), overlap=overlap, out="one"))
        if overlap == "refuse":
            with pytest.raises(BadInput, match="run 20261127-other has been making this film since"):
                await work
            assert sandbox.prompts() == []
            return
        if overlap == "wait":
            done, _ = await asyncio.wait([work], timeout=3)
            assert not done
            assert sandbox.prompts() == []
            let_go(session.ledger, "film/local/chain", "another")
    assert (await work)["cost_usd"] == "0.42"
