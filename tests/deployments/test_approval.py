"""Approvals in Prefect: a run is suspended, all is killed while it waits, and the answer goes on where it was."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.deployed import PATIENCE, TINY, Place, running, tells

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
PRICE = Decimal("0.28")


@contextmanager
def prefect_server(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """The Prefect server of the place, once it answers."""
    log = place.folder / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start"]
    with running(command, cwd=place.elsewhere, env=place.env, log=log) as server:
        until(lambda: server.poll() is not None or _answers(place))
        assert server.poll() is None, tells(log)
        yield server


@contextmanager
def worker(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A worker started from another folder."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "studio"]
    with running(command, cwd=place.elsewhere, env=place.named, log=place.folder / "worker.log") as process:
        yield process


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with the deployments, which tests may kill, and start again in the same home."""
    place = Place(tmp_path_factory.mktemp("approval"))
    with prefect_server(place):
        place.prefect("work-pool", "create", "studio", "--type", "process")
        place.prefect("deploy", "--all")
    yield place
    place.api.close()


def _answers(place: Place) -> bool:
    with suppress(httpx.HTTPError):
        return place.api.get("/health", timeout=5).is_success
    return False


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


def start(place: Place, **parameters: Any) -> str:
    deployment = place.deployment("produce")["id"]
    wanted = {"parameters": {"production": TINY, **parameters}}
    return str(place.ask("POST", f"/deployments/{deployment}/create_flow_run", json=wanted)["id"])


def comes_to(place: Place, run: str, *names: str) -> Any:
    """The run, once its state has one of these names."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = place.ask("GET", f"/flow_runs/{run}")
        if found["state"]["name"] in names:
            return found
        assert found["state"]["type"] not in ("FAILED", "CRASHED"), found["state"]
        assert time.monotonic() < deadline, found["state"]
        time.sleep(0.2)


def answer(place: Place, run: str, **given: Any) -> Any:
    return place.ask("POST", f"/flow_runs/{run}/resume", json={"run_input": given})


def asked(place: Place, run: str) -> str:
    """The text that the form shows of the question that is open."""
    keyset = place.ask("GET", f"/flow_runs/{run}")["state"]["state_details"]["run_input_keyset"]
    return str(place.ask("GET", f"/flow_runs/{run}/input/{keyset['description']}"))


def paid(place: Place) -> tuple[Decimal, int]:
    """USD in the ledger, and the number of creates."""
    file = Path(place.env["STUDIO_HOME"], "ledger.db")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        (micros,) = connection.execute("select coalesce(sum(amount), 0) from entries").fetchone()
        (orders,) = connection.execute("select count(*) from entries where kind = 'reserved'").fetchone()
    connection.close()
    return Decimal(micros) / 10**6, orders


def test_all_is_killed_while_it_waits(waiting: Place) -> None:
    """Worker, flow and server are killed with -9 while a run waits; answered afterwards, it goes on in a new process,
    in the same folder, for the approved price. An answer that names no scene is asked for again."""
    place = waiting
    with ExitStack() as stack:
        server = stack.enter_context(prefect_server(place))
        first = stack.enter_context(worker(place))
        run = start(place, approve="plan")
        comes_to(place, run, "Suspended")
        assert "$0.28 will be spent" in asked(place, run)
        assert "a woman walks into a coffee shop" in asked(place, run)
        assert paid(place) == (Decimal(0), 0)
        kill(first)
        kill(server)
    with prefect_server(place), worker(place):
        comes_to(place, run, "Suspended")
        answer(place, run, decision="change", retake=["ordr"], prompts=[], note="", by="")
        until(lambda: "ordr" in _question(place, run))
        assert "did you mean &#x27;order&#x27;" in asked(place, run) or "did you mean 'order'" in asked(place, run)
        assert paid(place) == (Decimal(0), 0)
        refused = answer(place, run, decision="perhaps")
        assert refused["status"] == "REJECT"
        answer(place, run, decision="approve", retake=[], prompts=[], note="fine", by="Ada")
        done = comes_to(place, run, "Completed")
        assert paid(place) == (PRICE, 2)
        assert answer(place, run, decision="approve")["status"] == "ABORT"  # an answer that comes twice

        assert done["name"] == "Tiny"
        assert {"plan-tiny", "film-tiny"} <= place.artifacts(done).keys()
        (manifest,) = place.manifests()
        assert manifest["run"]["id"].endswith(run[:8])


def test_a_draft_is_approved_and_the_final_version_made_in_one_run(waiting: Place) -> None:
    """Draft, approval, final version: one run of Prefect, two films, and what was approved is what was paid."""
    place = waiting
    with prefect_server(place), worker(place):
        before, creates = paid(place)
        run = start(place, approve="draft", production=TINY | {"title": "Dear", "model": "ray-2"})
        comes_to(place, run, "Suspended")
        drafted, _ = paid(place)
        assert "for the final version" in asked(place, run)
        answer(place, run, decision="approve", retake=[], prompts=[], note="", by="")
        comes_to(place, run, "Completed")
        total, ordered = paid(place)
        assert (ordered - creates, drafted - before) == (4 if drafted > before else 2, drafted - before)
        assert total > drafted
        assert len([*place.films.glob("dear/[0-9]*/film.mp4")]) == 2


def test_no(waiting: Place) -> None:
    """A rejected run is Cancelled, with one line; one that nobody answers fails, with one line. Nothing is bought."""
    place = waiting
    with prefect_server(place), worker(place):
        before = paid(place)
        other = TINY | {"title": "No", "scenes": [{"id": "only", "prompt": "a door that stays shut all day"}]}
        run = start(place, approve="plan", production=other)
        comes_to(place, run, "Suspended")
        answer(place, run, decision="reject", retake=[], prompts=[], note="too dear", by="Ada")
        ended = comes_to(place, run, "Cancelled")
        assert ended["state"]["message"] == "No: the plan was rejected by Ada: too dear → nothing was bought"

        late = start(place, approve="plan", production=other, approve_within=0.0003)
        deadline = time.monotonic() + PATIENCE
        while place.ask("GET", f"/flow_runs/{late}")["state"]["type"] != "FAILED":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "Traceback" not in tells(place.folder / "worker.log")
        assert paid(place) == before


def _question(place: Place, run: str) -> str:
    found = place.ask("GET", f"/flow_runs/{run}")
    return asked(place, run) if found["state"]["name"] == "Suspended" else ""
