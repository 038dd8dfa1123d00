"""Deployments served for tests, and the results of their runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ROOT

PATIENCE = 300  # seconds; a server starts in 4 on an idle machine, and in 60 on one with nothing to spare


TINY = {
    "title": "Tiny",
    "model": "ray-flash-2",
    "resolution": "540p",
    "scenes": [
        {"id": "arrival", "prompt": "a woman walks into a coffee shop"},
        {"id": "order", "prompt": "she orders a latte", "continue_from": "arrival"},
    ],
}


STEPS = {f"{scene} · {step}" for scene in ("arrival", "order") for step in ("generate", "download")}


OURS = ("PREFECT_", "STUDIO_", "LUMA")


KEPT = ("STUDIO_FFMPEG", "STUDIO_SANDBOX_RENDERS", "STUDIO_SANDBOX_COARSE")


@contextmanager
def running(command: list[str], *, cwd: Path, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that ends with the block, together with its descendants."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, then kill it and its descendants."""
    started = _family(process.pid)
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    for pid, since in started.items():
        if _processes().get(pid, (0, ""))[1] == since:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait(PATIENCE)


def _processes() -> dict[int, tuple[int, str]]:
    """Parent and start time of every process; empty without ``ps``."""
    if shutil.which("ps") is None:
        return {}
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,lstart="], capture_output=True, text=True, check=True)
    fields = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return {int(pid): (int(parent), since) for pid, parent, since in fields}


def _family(pid: int) -> dict[int, str]:
    """A process and its descendants, with their start times."""
    processes = _processes()
    family = {pid}
    while grown := {p for p, (parent, _) in processes.items() if parent in family} - family:
        family |= grown
    return {p: processes[p][1] for p in family if p in processes}


class AgainWhenBusy(httpx.HTTPTransport):
    """A transport that asks again while the server says that its database is busy (503), as Prefect's client does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while (answer := super().handle_request(request)).status_code == 503 and time.monotonic() < deadline:
            answer.close()
            time.sleep(0.5)
        return answer


class Place:
    """A Prefect server for the test, and a home for ledger, clips and films."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.films, self.elsewhere = folder, folder / "films", folder / "elsewhere"
        self.elsewhere.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {n: v for n, v in os.environ.items() if n in KEPT or not n.startswith(OURS)}
        self.env = kept | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "STUDIO_HOME": str(folder / "home"),
            "STUDIO_FILMS": str(self.films),
            "STUDIO_SANDBOX_LATENCY": "0",
        }
        self.named = self.env | {"PREFECT_API_URL": f"{self.url}/api"}
        self.api = httpx.Client(base_url=f"{self.url}/api", timeout=60, transport=AgainWhenBusy())

    def ask(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self.api.request(method, path, **kwargs)
        assert answer.is_success, answer.text
        return answer.json()

    def prefect(self, *arguments: str) -> str:
        """Run a command of Prefect in the project, as a user would."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=ROOT, env=self.named, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deployment(self, name: str) -> Any:
        flow = "reconcile" if name == "reconcile" else "produce"
        return self.ask("GET", f"/deployments/name/{flow}/{name}")

    def run(
        self, environment: dict[str, str] | None = None, deployment: str = "produce", run_name: str = "",
        **parameters: Any,
    ) -> Any:  # fmt: skip
        """Start a run of a deployment, by default the everyday one, and wait for its end."""
        wanted = {"parameters": parameters, "job_variables": {"env": environment} if environment else {}}
        wanted |= {"name": run_name} if run_name else {}
        run = self.ask("POST", f"/deployments/{self.deployment(deployment)['id']}/create_flow_run", json=wanted)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = self.ask("GET", f"/flow_runs/{run['id']}")
            if run["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                return run
            time.sleep(0.2)
        raise TimeoutError(f"the run did not end: {run['state']}")

    def states(self, run: Any, expected: int) -> dict[str, str]:
        """The names of the states that a run's tasks are in, by task run."""
        deadline = time.monotonic() + PATIENCE
        while True:  # the server hears of them as events, which may come after the flow's end
            wanted = {"flow_runs": {"id": {"any_": [run["id"]]}}}
            tasks = self.ask("POST", "/task_runs/filter", json=wanted)
            ended = {t["name"]: t["state_name"] for t in tasks}
            complete = len(ended) >= expected and {*ended.values()} <= {"Completed", "Cached", "Failed", "NotReady"}
            if complete or time.monotonic() > deadline:
                return ended
            time.sleep(0.2)

    def artifacts(self, run: Any) -> dict[str, Any]:
        """The run's artifacts in the UI, by key."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
        return {a["key"]: a["data"] for a in self.ask("POST", "/artifacts/filter", json=wanted)}

    def edges(self, run: Any) -> dict[str, set[str]]:
        """By task run, the task runs with an edge to it in the UI."""
        nodes = dict(self.ask("GET", f"/flow_runs/{run['id']}/graph-v2")["nodes"])
        return {n["label"]: {nodes[p["id"]]["label"] for p in n["parents"]} for n in nodes.values()}

    def manifests(self) -> list[dict[str, Any]]:
        """The manifests that the runs wrote beside their films, in order."""
        return [json.loads(m.read_text("utf-8")) for m in sorted(self.films.glob("tiny/[0-9]*/manifest.json"))]


def tells(log: Path) -> str:
    return log.read_text("utf-8", "replace") if log.exists() else ""


@contextmanager
def serving(place: Place) -> Iterator[Place]:
    """The Prefect server of a place, started as ``make ui`` starts it, until the block ends."""
    log = place.folder / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start"]
    with running(command, cwd=place.elsewhere, env=place.env, log=log) as server:
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(httpx.HTTPError):
                if place.api.get("/health", timeout=5).is_success:
                    break
            assert server.poll() is None, tells(log)
            assert time.monotonic() < deadline, tells(log)
            time.sleep(0.2)
        yield place
    place.api.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running Prefect server."""
    with serving(Place(tmp_path_factory.mktemp("deployed"))) as place:
        yield place


@pytest.fixture(scope="module")
def deployed(place: Place) -> Iterator[Place]:
    """The deployments on the server, and a worker started from another folder."""
    place.prefect("work-pool", "create", "studio", "--type", "process")
    place.prefect("deploy", "--all")
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "studio"]
    with running(command, cwd=place.elsewhere, env=place.named, log=place.folder / "worker.log"):
        yield place
