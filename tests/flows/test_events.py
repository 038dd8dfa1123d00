"""Announcements as events of a real Prefect server, and what becomes of a run whose events cannot be sent."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from prefect import flow, get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Running

from flows.dead_runs import end_dead_runs
from flows.observed import observed
from studio.storage.running import lives
from tests.support.running import Sandbox, chain

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
PATIENCE = 240


async def events_of(resource: str, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The events with a resource among those that they are about, in order; asked for until they are all there."""
    deadline = time.monotonic() + PATIENCE
    async with get_client() as client:
        while True:
            wanted = {"filter": {"any_resource": {"id": [resource]}, "order": "ASC"}, "limit": 50}
            answer = await client._client.post("/events/filter", json=wanted)
            found: list[dict[str, Any]] = answer.raise_for_status().json()["events"]
            if until(found):
                return found
            assert time.monotonic() < deadline, [event["event"] for event in found]
            await asyncio.sleep(0.2)


def assert_lived(found: list[dict[str, Any]]) -> None:
    """One sign of life at least, and the end as the last."""
    signs = [each["event"] for each in found if each["event"].startswith("studio.run.")]
    assert set(signs[:-1]) == {"studio.run.alive"}
    assert signs[-1] == "studio.run.over"


async def test_a_run_tells_of_itself(studio: Path, sandbox: Sandbox) -> None:
    """A run emits its plan, a cap that it comes near and its film, with film, project, flow run and flow related; money
    is decimal text, and no signed URL is in any of them."""
    from flows.produce import produce

    made = await produce(production=chain(title="Told", slug="told", budget=0.50, project="harbour"), out="one")
    told = ["plan.ready", "cap.near", "film.completed"]
    found = await events_of("studio.film.told", lambda e: {*told} <= {each["event"] for each in e})
    found.sort(key=lambda each: str(each["occurred"]))  # they arrive in any order
    assert [each["event"] for each in found] == told
    plan, cap, film = found
    assert (plan["resource"]["prefect.resource.id"], plan["resource"]["prefect.resource.name"]) == (
        "studio.production.told", "Told",
    )  # fmt: skip
    assert film["resource"]["prefect.resource.id"] == "studio.film.told"
    for each in found:
        related = {r["prefect.resource.role"]: r["prefect.resource.id"] for r in each["related"]}
        assert related["project"] == "studio.project.harbour"
        assert related["flow-run"] == f"prefect.flow-run.{each['payload']['flow_run']}"
        assert {"flow", "flow-run", "project"} <= related.keys()
        assert each["payload"]["flow_run_url"].endswith(f"/runs/flow-run/{each['payload']['flow_run']}")
        assert each["payload"]["billed"] is False
    assert (plan["payload"]["price"], plan["payload"]["shots_new"]) == ("0.42", 3)
    assert (cap["payload"]["cap"], cap["payload"]["spent"], cap["payload"]["percent"]) == ("project", "0.42", 84)
    assert (film["payload"]["path"], film["payload"]["paid"], film["payload"]["seconds"]) == (
        made["film"],
        "0.42",
        15.0,
    )
    assert sandbox.origin not in json.dumps(found)
    run = film["payload"]["flow_run"]
    signs = await events_of(f"prefect.flow-run.{run}", lambda e: any(each["event"] == "studio.run.over" for each in e))
    assert_lived(signs)


async def test_a_run_that_fails_is_over_as_well(studio: Path) -> None:
    """Its signs of life end with its function, so nobody takes it for crashed; its lock is let go of."""

    @flow
    @observed
    async def failing() -> None:
        raise ValueError("no")

    state = await failing(return_state=True)
    run = state.state_details.flow_run_id
    found = await events_of(f"prefect.flow-run.{run}", lambda e: any(each["event"] == "studio.run.over" for each in e))
    assert_lived(found)
    assert [path for path in (studio / ".studio" / "lives").iterdir() if not path.name.startswith(".")] == []


TELLS = """
import sys, time
from studio.execution.announcements import ApprovalWanted, Subject
from flows.events import announce
from flows.heartbeat import signs_of_life
from prefect.client.schemas.objects import FlowRun
from decimal import Decimal
from uuid import uuid4
began = time.monotonic()
with signs_of_life(FlowRun(id=uuid4(), flow_id=uuid4(), name="one"), 30):
    announce(ApprovalWanted(Subject("A Film", "a-film", "a-film"), which="plan", price=Decimal("1")))
print("went on after", time.monotonic() - began < 60)
"""


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api", "http://127.0.0.1:9"], ids=["nobody there", "no api"])
def test_a_server_that_is_gone_stops_nobody(workplace: Path, root: Path, address: str) -> None:
    """Events that cannot be sent raise nothing; the process ends with success as soon as Prefect has given up."""
    env = os.environ | {"PREFECT_API_URL": address, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", TELLS], cwd=workplace, env=env, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "went on after True" in done.stdout


LIVES = """
import sys, time
from pathlib import Path
from studio.storage.running import lives
lock = lives(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
print("entered", flush=True)
time.sleep(600)
"""


async def running_run(home: Path) -> tuple[UUID, str]:
    """A flow run that Prefect takes for running, and the id of that state."""

    @flow(name="produce")
    def some() -> None: ...

    async with get_client() as client:
        run = await client.create_flow_run(some, name="killed")
        await client.set_flow_run_state(run.id, Running())
        state = (await client.read_flow_run(run.id)).state
        assert state is not None
        return run.id, str(state.id)


def killed(home: Path, root: Path, run: UUID, state: str) -> None:
    """Enter a process of a run in the home, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIVES, str(home), str(run), state], stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"entered\n"
    process.kill()
    process.wait()
    process.stdout.close()


async def state_of(run: UUID) -> StateType:
    async with get_client() as client:
        state = (await client.read_flow_run(run)).state
        assert state is not None
        return state.type


async def test_a_killed_run_is_marked_crashed(workplace: Path, root: Path, prefect_server: None) -> None:
    """The run of a killed process is marked Crashed by the next one, once, and its lock is forgotten."""
    run, state = await running_run(workplace)
    killed(workplace, root, run, state)
    assert await end_dead_runs(workplace) == ("killed",)
    assert await state_of(run) is StateType.CRASHED
    assert await end_dead_runs(workplace) == ()


async def test_a_run_that_lives_is_left_alone(workplace: Path, root: Path, prefect_server: None) -> None:
    """Its process lives; or another process has taken the run up since, in another state."""
    living, state = await running_run(workplace)
    lock = lives(workplace, str(living), state)
    again, _ = await running_run(workplace)
    killed(workplace, root, again, "01a21d7b-3866-7c0d-9e88-5130852b125a")
    assert await end_dead_runs(workplace) == ()
    assert [await state_of(run) for run in (living, again)] == [StateType.RUNNING] * 2
    lock.end()


async def test_a_run_of_another_server_is_kept(workplace: Path, root: Path, prefect_server: None) -> None:
    """A run that this server does not know may be another one's: its lock stays, and is no error."""
    killed(workplace, root, UUID(int=7), "a-state")
    assert await end_dead_runs(workplace) == ()
    assert [path for path in (workplace / "lives").iterdir() if not path.name.startswith(".")]


async def test_the_lock_is_of_the_run_as_the_server_has_it(studio: Path) -> None:
    """The lock of a run's process names its flow run, and the state in which the server has it while it works."""
    seen: list[tuple[str, str]] = []

    @flow
    @observed
    async def works() -> None:
        (lock,) = [path for path in (studio / ".studio" / "lives").iterdir() if not path.name.startswith(".")]
        run, state, *_ = unquote(lock.name).split(" ")
        async with get_client() as client:
            there = (await client.read_flow_run(UUID(run))).state
        assert there is not None
        assert there.type is StateType.RUNNING
        seen.append((state, str(there.id)))

    await works()
    ((told, there),) = seen
    assert told == there


async def test_the_next_run_here_tells_of_it(studio: Path, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A run of this project marks what was killed before it, and says so in its log."""

    @flow
    @observed
    async def another() -> None: ...

    run, state = await running_run(studio)
    killed(studio / ".studio", root, run, state)
    await another()
    assert await state_of(run) is StateType.CRASHED
    assert "the run 'killed' was killed before: it is marked Crashed" in caplog.text
