"""Runs whose worker and process are killed by -9: Crashed by heartbeat, so that the next scheduled one goes ahead."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import ROOT
from tests.support.deployed import PATIENCE, TINY, Place, running, tells
from tests.support.running import Sandbox, wait_for_ids

pytestmark = [pytest.mark.long, pytest.mark.timeout(3000)]
LONG = 1200  # seconds; beside other work a server with SQLite may take minutes for a worker's run
SHORT = {"STUDIO_HEARTBEAT": "5", "STUDIO_CRASHED_AFTER": "30"}
ONCE = "coffee-shop-mondays"  # one run at a time; a second one is cancelled


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox whose generations take minutes, until it is told otherwise."""
    sandbox = Sandbox(tmp_path / "sandbox", latency=600)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def offered(place: Place) -> Place:
    """The deployments on the server, and no worker yet."""
    place.prefect("work-pool", "create", "studio", "--type", "process")
    place.prefect("deploy", "--all")
    return place


@contextmanager
def worker(place: Place, name: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "studio", "--name", name]
    with running(command, cwd=place.elsewhere, env=place.named | environment, log=place.folder / f"{name}.log") as it:
        yield it


def automations(place: Place, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "studio_cli", "automations", "apply"], cwd=place.elsewhere,
        env=place.named | environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def started(place: Place, service: str, deployment: str = ONCE) -> Any:
    """A run of the deployment that is scheduled for now, as its schedule would make it."""
    wanted = {
        "parameters": {"production": TINY, "production_file": "", "budget": 1},
        "job_variables": {"env": {"LUMAAI_BASE_URL": service}},
        "state": {"type": "SCHEDULED"},
    }
    return place.ask("POST", f"/deployments/{place.deployment(deployment)['id']}/create_flow_run", json=wanted)


def state_of(place: Place, run: Any) -> dict[str, Any]:
    found: dict[str, Any] = place.ask("GET", f"/flow_runs/{run['id']}")["state"]
    return found


def until(place: Place, run: Any, *names: str, seconds: float = LONG) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (state := state_of(place, run))["name"] not in names:
        assert time.monotonic() < deadline, state
        time.sleep(0.5)
    return state


def process_of(run: Any) -> psutil.Process:
    """The process that executes a flow run: the youngest one whose environment names it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("PREFECT__FLOW_RUN_ID") == run["id"] and process.status() != "zombie":
                found.append(process)
    assert found
    return max(found, key=lambda process: process.create_time())


def put_to_sleep(process: psutil.Process, ledger: Path) -> None:
    """Suspend a process at a moment at which it is not writing into a ledger: SQLite's lock would sleep with it."""
    while True:
        process.suspend()
        try:
            with closing(sqlite3.connect(ledger, timeout=1)) as books:
                books.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.resume()
        else:
            return


def kill(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker and all that it started, at once and without a word."""
    family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
    for process in family:
        process.suspend()  # the worker must not see its run's process die
    for process in family:
        process.kill()
    worker.wait(60)


def killed_at_work(place: Place, slow: Sandbox, **environment: str) -> Any:
    """A run that was killed, with its worker, while its first shot was being made."""
    with worker(place, "first", **environment) as first:
        run = started(place, slow.url)
        until(place, run, "Running")
        wait_for_ids_in(place, slow)
        kill(first)
    assert state_of(place, run)["name"] == "Running"
    return run


def wait_for_ids_in(place: Place, slow: Sandbox) -> None:
    deadline = time.monotonic() + LONG
    while not slow.prompts():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def next_one_goes_ahead(place: Place, slow: Sandbox, bought: int) -> None:
    """The next scheduled run of the deployment begins, takes up what was ordered, and buys only what is missing."""
    with worker(place, "second", STUDIO_DOUBT_GRACE="0"):
        slow.again(latency=0)
        run = started(place, slow.url)
        state = until(place, run, "Completed", "Failed", "Crashed", "Cancelled")
    assert state["name"] == "Completed", state["message"] + tells(place.folder / "second.log")
    prompts = slow.prompts()
    assert len(prompts) == len(set(prompts)) == bought


def test_a_killed_run_is_crashed_by_heartbeat(offered: Place, slow: Sandbox, tmp_path: Path) -> None:
    """Worker and process are killed; the run is Crashed after the time that is set, and its slot is free: the next one
    of a deployment that runs once at a time completes, and each shot was bought once."""
    place = offered
    place.named |= {"STUDIO_HOME": str(tmp_path / "home"), "STUDIO_FILMS": str(tmp_path / "films")}
    automations(place, **SHORT)
    run = killed_at_work(place, slow, **SHORT)
    state = until(place, run, "Crashed")
    assert state["message"].startswith("no sign of life for 30 s")
    next_one_goes_ahead(place, slow, bought=2)


def test_within_three_minutes_by_default(offered: Place, slow: Sandbox, tmp_path: Path) -> None:
    """With the settings as they are: killed by -9, Crashed within 180 seconds, and the next one goes ahead."""
    place = offered
    place.named |= {"STUDIO_HOME": str(tmp_path / "home"), "STUDIO_FILMS": str(tmp_path / "films")}
    automations(place)
    run = killed_at_work(place, slow)
    began = time.monotonic()
    until(place, run, "Crashed")
    took = time.monotonic() - began
    print(f"\nCrashed {took:.0f} s after the kill")
    assert took < 180
    next_one_goes_ahead(place, slow, bought=2)


WAITING = """
import asyncio
from prefect import flow
from prefect.flow_runs import suspend_flow_run
from flows.observed import observed

@flow(name="produce")
@observed
async def produce(wait: bool = False):
    if wait:
        await suspend_flow_run(timeout=3600)
    await asyncio.sleep(50)

if __name__ == "__main__":
    produce.serve(name="waiting", pause_on_shutdown=False)
"""


def test_a_run_that_waits_or_works_is_left_alone(place: Place, tmp_path: Path) -> None:
    """A run that suspended itself, as for an approval, stays so for longer than the time that is set; one that works
    for longer completes."""
    automations(place, **SHORT)
    (tmp_path / "waiting.py").write_text(WAITING, "utf-8")
    env = place.named | SHORT | {"PYTHONPATH": str(ROOT), "STUDIO_HOME": str(tmp_path / "home")}
    with running([sys.executable, "waiting.py"], cwd=tmp_path, env=env, log=tmp_path / "waiting.log") as serving:
        deadline = time.monotonic() + PATIENCE
        while "waiting" not in [each["name"] for each in place.ask("POST", "/deployments/filter", json={})]:
            assert serving.poll() is None, tells(tmp_path / "waiting.log")
            assert time.monotonic() < deadline
            time.sleep(0.5)
        path = f"/deployments/{place.deployment('waiting')['id']}/create_flow_run"
        waits = place.ask("POST", path, json={"parameters": {"wait": True}})
        until(place, waits, "Suspended")
        works = place.ask("POST", path, json={"parameters": {"wait": False}})
        until(place, works, "Completed", "Failed", "Crashed")
    assert [state_of(place, run)["name"] for run in (waits, works)] == ["Suspended", "Completed"]


def test_a_machine_that_wakes_up_spends_nothing_twice(offered: Place, tmp_path: Path) -> None:
    """A run whose machine slept is Crashed meanwhile, and another one makes the film; awake again, it ends by itself,
    and no shot was bought twice."""
    place = offered
    place.named |= {"STUDIO_HOME": str(tmp_path / "home"), "STUDIO_FILMS": str(tmp_path / "films")}
    automations(place, **SHORT)
    slow = Sandbox(tmp_path / "sandbox", latency=60)
    slow.start()
    with worker(place, "sleeper", **SHORT):
        run = started(place, slow.url, deployment="produce")
        until(place, run, "Running")
        wait_for_ids_in(place, slow)
        asleep = process_of(run)
        put_to_sleep(asleep, tmp_path / "home" / "ledger.db")
        until(place, run, "Crashed")
        other = started(place, slow.url, deployment="produce")
        ended = until(place, other, "Completed", "Failed", "Crashed")
        assert ended["name"] == "Completed", ended["message"]
        bought = len(slow.prompts())
        asleep.resume()
        with suppress(psutil.NoSuchProcess):
            asleep.wait(LONG)
    assert len(slow.prompts()) == bought == 2
    state = state_of(place, run)
    print(f"\nawake again, the run ended {state['name']}")
    assert state["name"] in ("Crashed", "Completed")
    slow.stop()


def test_a_script_that_was_killed(place: Place, tmp_path: Path) -> None:
    """``python -m flows.produce``, killed by -9, is Crashed as soon as the next run here begins; nothing is bought
    twice."""
    sandbox = Sandbox(tmp_path / "sandbox", latency=600)
    sandbox.start()
    env = place.named | {
        "STUDIO_HOME": str(tmp_path / ".studio"), "STUDIO_FILMS": str(tmp_path / "films"), "PYTHONPATH": str(ROOT),
        "LUMAAI_BASE_URL": sandbox.url,
    }  # fmt: skip
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps(TINY), "utf-8")
    command = [sys.executable, "-m", "flows.produce", str(file)]
    log = tmp_path / "script.log"
    with running(command, cwd=tmp_path, env=env, log=log) as script:
        wait_for_ids_in(place, sandbox)
        wait_for_ids(tmp_path, 1)
        os.kill(script.pid, signal.SIGKILL)
        script.wait(60)
    (run,) = place.ask("POST", "/flow_runs/filter", json={"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}})
    sandbox.again(latency=0)
    env["LUMAAI_BASE_URL"] = sandbox.url
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=540,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    state = state_of(place, run)
    assert (state["name"], "was killed" in state["message"]) == ("Crashed", True)
    assert len(sandbox.prompts()) == 2
    sandbox.stop()
