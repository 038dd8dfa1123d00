"""Deployed for real: a Prefect server, a worker in another folder, and what its users see, through its API."""

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

from studio.ledger import OrderState, open_ledger
from studio.media.clip import examine
from tests.conftest import ROOT
from tests.purchasing.test_gateway import intent

PATIENCE = 180  # seconds; a server starts in 4 on an idle machine, and in 60 on one with nothing to spare
TINY = {
    "title": "Tiny",
    "model": "ray-flash-2",
    "resolution": "540p",
    "scenes": [
        {"id": "arrival", "prompt": "a woman walks into a coffee shop"},
        {"id": "order", "prompt": "she orders a latte", "continue_from": "arrival"},
    ],
}
STEPS = {f"{scene} · {step}" for scene in ("arrival", "order") for step in ("submit", "wait", "download")}
FILM = {"film · concatenate", "film · report"}
OURS = ("PREFECT_", "STUDIO_", "LUMA")
KEPT = ("STUDIO_FFMPEG", "STUDIO_SANDBOX_RENDERS", "STUDIO_SANDBOX_COARSE")
slow = [pytest.mark.slow, pytest.mark.timeout(900)]


@contextmanager
def running(command: list[str], *, cwd: Path, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block, and with it everything that it started."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then make it and its descendants end."""
    started = _family(process.pid)
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    for pid, since in started.items():
        if _processes().get(pid, (0, ""))[1] == since:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait(20)


def _processes() -> dict[int, tuple[int, str]]:
    """Parent and start time of every process; nothing where there is no ``ps``."""
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


class Place:
    """A Prefect server of the test's own, and a home for ledger, clips and films."""

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
        self.api = httpx.Client(base_url=f"{self.url}/api", timeout=60, trust_env=False)

    def ask(self, method: str, path: str, **kwargs: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        answer = self.api.request(method, path, **kwargs)
        while answer.status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.5)  # its database is busy: it says so, and means later
            answer = self.api.request(method, path, **kwargs)
        assert answer.is_success, answer.text
        return answer.json()

    def prefect(self, *arguments: str) -> str:
        """Run a command of Prefect's in the project, as a user would."""
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
        """Start a run of a deployment, by default of the one for everyday use, and wait for its end."""
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
        deadline = time.monotonic() + 30
        while True:  # the server hears of them as events, which may come after the flow's end
            wanted = {"flow_runs": {"id": {"any_": [run["id"]]}}}
            tasks = self.ask("POST", "/task_runs/filter", json=wanted)
            ended = {t["name"]: t["state_name"] for t in tasks}
            complete = len(ended) >= expected and {*ended.values()} <= {"Completed", "Cached", "Failed", "NotReady"}
            if complete or time.monotonic() > deadline:
                return ended
            time.sleep(0.2)

    def artifacts(self, run: Any) -> dict[str, Any]:
        """What the run put into the UI, by key."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
        return {a["key"]: a["data"] for a in self.ask("POST", "/artifacts/filter", json=wanted)}

    def edges(self, run: Any) -> dict[str, set[str]]:
        """By task run, the task runs that the UI draws an arrow from."""
        nodes = dict(self.ask("GET", f"/flow_runs/{run['id']}/graph-v2")["nodes"])
        return {n["label"]: {nodes[p["id"]]["label"] for p in n["parents"]} for n in nodes.values()}

    def manifests(self) -> list[dict[str, Any]]:
        """What the runs wrote beside their films, in their order."""
        return [json.loads(m.read_text("utf-8")) for m in sorted(self.films.glob("tiny/*/manifest.json"))]


def tells(log: Path) -> str:
    return log.read_text("utf-8", "replace") if log.exists() else ""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A Prefect server that is up, started as ``make ui`` starts it."""
    place = Place(tmp_path_factory.mktemp("deployed"))
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
def deployed(place: Place) -> Iterator[Place]:
    """The deployments on the server, and a worker that was started from another folder."""
    place.prefect("work-pool", "create", "studio", "--type", "process")
    place.prefect("deploy", "--all")
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "studio"]
    with running(command, cwd=place.elsewhere, env=place.named, log=place.folder / "worker.log"):
        yield place


@pytest.fixture(scope="module")
def first(deployed: Place) -> Any:
    """The first run of the tiny production."""
    return deployed.run(production=TINY)


class TestAWorker:
    """What a worker makes of the deployments."""

    pytestmark = slow

    def test_makes_the_film(self, deployed: Place, first: Any) -> None:
        """A run started as from the form ends Completed, with a film of the planned length and nothing left behind."""
        assert first["state"]["type"] == "COMPLETED", first["state"]["message"]
        (film,) = deployed.films.glob("tiny/*/film.mp4")
        clip = examine(film)
        assert (clip.width, clip.height, clip.frames) == (960, 540, 240)
        assert (deployed.folder / "home" / "ledger.db").is_file()
        assert list(deployed.elsewhere.iterdir()) == []

    def test_shows_the_run_in_the_ui(self, deployed: Place, first: Any) -> None:
        """Task runs have readable names, arrows follow the story, and costs and summary are there as artifacts."""
        assert deployed.states(first, 8).keys() == STEPS | FILM
        edges = deployed.edges(first)
        assert "arrival · submit" in edges["arrival · wait"]
        assert "arrival · wait" in edges["order · submit"]
        assert {"arrival · download", "order · download"} <= edges["film · concatenate"]
        artifacts = deployed.artifacts(first)
        assert artifacts.keys() == {"costs-tiny", "film-tiny"}
        total = json.loads(artifacts["costs-tiny"])[-1]
        assert (total["scene"], total["new"]) == ("total", "$0.28")
        assert "Nothing was billed" in artifacts["film-tiny"]

    def test_buys_nothing_twice(self, deployed: Place, first: Any) -> None:
        """A second run answers from what it has: orders and waits are cached, and it costs nothing."""
        run = deployed.run(production=TINY)
        assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
        states = deployed.states(run, 8)
        for task in ("arrival · submit", "arrival · wait", "order · submit", "order · wait"):
            assert states[task] == "Cached"
        total = json.loads(deployed.artifacts(run)["costs-tiny"])[-1]
        assert (total["new"], total["reused"]) == ("$0.00", "$0.28")
        before, after = deployed.manifests()
        ids = [[shot["generation_id"] for shot in manifest["shots"]] for manifest in (before, after)]
        assert ids[0] == ids[1]

    def test_tells_what_is_wrong_with_a_production(self, deployed: Place) -> None:
        """A production with a mistake ends Failed, with the mistake, its place and the nearest right value."""
        bad = deployed.folder / "bad.json"
        scenes = [TINY["scenes"][0], {**TINY["scenes"][1], "continue_from": "arival"}]
        bad.write_text(json.dumps({**TINY, "title": "Bad", "scenes": scenes}), "utf-8")
        run = deployed.run(production_file=str(bad))
        assert run["state"]["type"] == "FAILED"
        assert "scene 'order', field 'continue_from': there is no scene 'arival'" in run["state"]["message"]
        assert "did you mean 'arrival'?" in run["state"]["message"]
        assert not (deployed.films / "bad").exists()

    def test_buys_nothing_that_nobody_agreed_to(self, deployed: Place) -> None:
        """With a key, and without a budget, a run that nobody confirms ends Failed before anything is sent."""
        # Port 9 of this machine answers nobody: were anything sent, the run would tell of that instead.
        service = {"LUMAAI_API_KEY": "no-key", "LUMAAI_BASE_URL": "http://127.0.0.1:9/dream-machine/v1"}
        run = deployed.run(service, production=TINY)
        assert run["state"]["type"] == "FAILED"
        assert "would be billed $0.28, nobody was asked, and there is no budget" in run["state"]["message"]

    @pytest.mark.parametrize("given", [{}, {"production_file": "", "production": None, "budget": 50}])
    def test_buys_nothing_that_nobody_named(self, deployed: Place, given: dict[str, Any]) -> None:
        """With a key, a run of an empty form ends Failed before anything is sent, with a budget too."""
        service = {"LUMAAI_API_KEY": "no-key", "LUMAAI_BASE_URL": "http://127.0.0.1:9/dream-machine/v1"}
        run = deployed.run(service, **given)
        assert run["state"]["type"] == "FAILED"
        assert "no production is given, and this run would be billed" in run["state"]["message"]

    @pytest.mark.parametrize("deployment", ["produce", "coffee-shop-mondays"])
    def test_makes_neither_of_two_productions(self, deployed: Place, deployment: str) -> None:
        """A file and a written production, also where the file is the deployment's own, end Failed with both named."""
        given = {"production": TINY} | ({"production_file": "mine.yaml"} if deployment == "produce" else {})
        run = deployed.run(deployment=deployment, **given)
        assert run["state"]["type"] == "FAILED"
        named = given.get("production_file", "productions/coffee-shop.yaml")
        assert f"the file {named}, and the written one 'Tiny'" in run["state"]["message"]

    def test_reconciles(self, deployed: Place, first: Any) -> None:
        """It gives up a create that never arrived, buys nothing, and tells of it in the UI."""
        ledger = open_ledger(f"sqlite:///{deployed.folder / 'home' / 'ledger.db'}")
        before = ledger.spent("production", "tiny", seller="sandbox")
        lost = intent("lost", seller="sandbox", account="sandbox", production="tiny", sent={"prompt": "never arrived"},
                      model=TINY["model"])  # fmt: skip
        ledger.reserve(lost, run="killed", caps=[])
        ledger.doubt(lost.key, 1, "its sender died")
        run = deployed.run({"STUDIO_DOUBT_GRACE": "0"}, deployment="reconcile")
        assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
        assert ledger.order(lost.key).state is OrderState.RELEASED
        # Until it is certain that it was never accepted, every cap goes on counting it.
        assert ledger.spent("production", "tiny", seller="sandbox") == before + lost.price
        ledger.close()
        assert deployed.artifacts(run).keys() == {"reconciliation"}
        assert "1 orders are not on the list, and may be sent again" in deployed.artifacts(run)["reconciliation"]

    def test_keeps_the_schedule_off(self, deployed: Place) -> None:
        """What buys stands at the server switched off, with a budget; what settles, on. Neither runs twice at once."""
        stands = deployed.deployment("coffee-shop-mondays")
        assert [s["active"] for s in stands["schedules"]] == [False]
        assert stands["parameters"]["budget"] == 2.5
        assert stands["global_concurrency_limit"]["limit"] == 1
        assert stands["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        settles = deployed.deployment("reconcile")
        assert [(s["active"], s["schedule"]["cron"]) for s in settles["schedules"]] == [(True, "17 * * * *")]
        assert settles["global_concurrency_limit"]["limit"] == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_process_serves_them_all(place: Place) -> None:
    """``make serve``, told of no server, finds the one of ``make ui``, takes the deployments over and runs them."""
    log = place.folder / "serve.log"
    command = [sys.executable, "-m", "deployments.serve"]
    with running(command, cwd=place.elsewhere, env=place.env, log=log) as serving:
        deadline = time.monotonic() + PATIENCE
        while "produce/coffee-shop-mondays" not in tells(log):
            assert serving.poll() is None, tells(log)
            assert time.monotonic() < deadline, tells(log)
            time.sleep(0.2)
        assert f"Prefect UI: {place.url}/deployments" in tells(log)
        assert place.deployment("produce")["work_pool_name"] is None
        assert [s["active"] for s in place.deployment("coffee-shop-mondays")["schedules"]] == [False]
        assert place.deployment("reconcile")["work_pool_name"] is None
        run = place.run(production=TINY)
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    newest = max(place.films.glob("tiny/*/film.mp4"))
    assert newest.parent.name.endswith(run["id"][:8])
    assert examine(newest).frames == 240
    assert list(place.elsewhere.iterdir()) == []


def test_serving_says_what_it_needs(workplace: Path) -> None:
    """Without a server, ``make serve`` says so and names the command that starts one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        env = {n: v for n, v in os.environ.items() if n != "PREFECT_API_URL"}
        env["PREFECT_SERVER_API_PORT"] = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "deployments.serve"], cwd=workplace, env=env, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "start one with: make ui" in done.stderr
