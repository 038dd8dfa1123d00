"""Two machines without a folder in common, one of which dies at work: every film is made, and no shot bought twice.

Prefect's server and the ledger are on one PostgreSQL, clips and films in S3, the sandbox is the service.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from studio.ledger import OrderRow, OrderState, open_ledger
from studio.media.clip import examine
from tests.conftest import ROOT
from tests.support.bucket import BUCKET, keys
from tests.support.deployed import Place, serving, tells
from tests.support.machines import Machine
from tests.support.running import Sandbox
from tests.support.whole_postgres import whole_postgres

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
PATIENCE = 900.0  # beside other work
LATENCY = 15.0  # of a generation: long enough to be killed in
SHARED = "a harbour at dawn, seen from a hill"
FILMS: list[dict[str, Any]] = [
    {
        "title": f"Film {n}", "model": "ray-flash-2", "resolution": "540p",
        "scenes": [
            {"id": "opening", "prompt": SHARED if n % 3 == 0 else f"a street, hour {n}"},
            {"id": "end", "prompt": f"a window lights up, hour {n}"},
        ],
    }
    for n in range(10)
]  # fmt: skip
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def until(true: Callable[[], Any], told: Callable[[], Any] = lambda: "") -> Any:
    """Call a function until its result is true, and return that."""
    deadline = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < deadline, told()
        time.sleep(0.25)
    return found


def states(place: Place, runs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The states of the runs, by id."""
    found = place.ask("POST", "/flow_runs/filter", json={"flow_runs": {"id": {"any_": list(runs)}}})
    return {run["id"]: run["state"] for run in found}


def made(sandbox: Sandbox, films: list[dict[str, Any]]) -> list[str]:
    """The states at the service of what was bought for these films alone."""
    ours = {scene["prompt"] for film in films for scene in film["scenes"]} - {SHARED}
    return [create["state"] for create in sandbox.books()["creates"] if create["request"]["prompt"] in ours]


def test_one_of_two_machines_is_killed(s3: Any, s3_endpoint: str, tmp_path: Path) -> None:
    """Ten films are ordered, a machine is killed with orders in flight, and its runs are started again: ten films that
    play are in the bucket, the ledger has what the service sold, nothing was sold twice, and each clip fetched once."""
    sandbox = Sandbox(tmp_path / "sandbox", latency=LATENCY)
    sandbox.start()
    began = time.monotonic()
    with whole_postgres("prefect", "ledger") as database:
        ledger_url = f"postgresql://studio@{database}/ledger"
        place = Place(tmp_path)
        for name in ("STUDIO_HOME", "STUDIO_FILMS"):  # each machine has its own
            del place.env[name]
        place.env |= {
            "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://studio@{database}/prefect",
            "STUDIO_LEDGER_URL": ledger_url,
            "STUDIO_CLIPS": f"s3://{BUCKET}/clips",
            "STUDIO_FILMS": f"s3://{BUCKET}/films",
            "STUDIO_HEARTBEAT": "5",
            "STUDIO_CRASHED_AFTER": "30",
            "STUDIO_LOG": "json",
            "LUMAAI_BASE_URL": sandbox.url,
            "PYTHONPATH": str(ROOT),
        }
        place.named = place.env | {"PREFECT_API_URL": f"{place.url}/api"}
        with serving(place):
            print(f"\nserver after {time.monotonic() - began:.0f} s")
            set_up(place)
            print(f"set up after {time.monotonic() - began:.0f} s")
            machines = [Machine(tmp_path / "machines", name, place.named) for name in ("first", "second")]
            try:
                ten_films(place, sandbox, *machines)
            finally:
                for machine in machines:
                    machine.stop()
        orders = the_books_agree(sandbox, ledger_url)
    sandbox.stop()
    films_play(s3, tmp_path)
    the_logs_name_them(machines, orders)
    for machine in machines:
        assert not list(machine.folder.rglob("ledger.db"))
    print(f"\ntook {time.monotonic() - began:.0f} s")


def set_up(place: Place) -> None:
    """Run the command of the service ``setup`` of deployments/compose.yaml."""
    command = YAML(typ="safe").load(ROOT / "deployments" / "compose.yaml")["services"]["setup"]["command"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=ROOT, env=place.named | {"PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def ten_films(place: Place, sandbox: Sandbox, first: Machine, second: Machine) -> None:
    """Submit the films, kill the first machine at work, and start its runs again once they are Crashed."""
    first.start(runs=3)
    second.start(runs=3)
    path = f"/deployments/{place.deployment('produce')['id']}/create_flow_run"
    asked = [place.ask("POST", path, json={"parameters": {"production": film, "budget": 1}}) for film in FILMS]
    runs = {run["id"]: film for run, film in zip(asked, FILMS, strict=True)}

    def at_work() -> set[str]:
        """The first machine's runs, once all of them have begun and at least two orders of theirs are in flight."""
        its = first.runs()
        begun = its and {states(place, runs)[run]["type"] for run in its} == {"RUNNING"}
        bought = made(sandbox, [runs[run] for run in its]) if begun else []
        return its if len(bought) >= 2 and "completed" not in bought else set()

    def logs() -> str:
        return tells(first.log) + tells(second.log)

    begun = time.monotonic()
    killed = until(at_work, logs)
    first.kill()
    in_flight = made(sandbox, [runs[run] for run in killed])
    assert len(in_flight) >= 2
    assert "completed" not in in_flight
    took = time.monotonic() - begun
    print(f"killed {took:.0f} s later, with {len(killed)} runs and {len(in_flight)} orders in flight")
    until(lambda: {states(place, runs)[run]["type"] for run in killed} == {"CRASHED"}, logs)
    for run in killed:  # as `prefect flow-run retry` does
        place.ask("POST", f"/flow_runs/{run}/set_state", json={"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}})

    def ended() -> dict[str, Any]:
        now = states(place, runs)
        return now if all(state["type"] in ENDED for state in now.values()) else {}

    last = until(ended, logs)
    assert {state["type"] for state in last.values()} == {"COMPLETED"}, (
        [state["message"] for state in last.values() if state["type"] != "COMPLETED"], logs()
    )  # fmt: skip


def the_books_agree(sandbox: Sandbox, ledger_url: str) -> list[OrderRow]:
    """Check that the ledger has each order that the service sold, once, and that each clip was fetched once."""
    books = sandbox.books()
    prompts = Counter(create["request"]["prompt"] for create in books["creates"])
    assert prompts == {scene["prompt"]: 1 for film in FILMS for scene in film["scenes"]}
    ledger = open_ledger(ledger_url)
    orders = ledger.open_orders(*OrderState)
    ledger.close()
    assert {order.state for order in orders} == {OrderState.COMPLETED}
    assert {order.generation_id for order in orders} == {create["id"] for create in books["creates"]}
    assert f"{sum(order.price for order in orders):.2f}" == books["charged_usd"]
    fetched = {path: count for path, count in books["reads"].items() if path.endswith("video.mp4")}
    assert len(fetched) == len(orders)
    assert set(fetched.values()) == {1}
    return orders


def the_logs_name_them(machines: list[Machine], orders: list[OrderRow]) -> None:
    """Check that the log lines of runs are JSON, and name each order with its scene and generation."""
    lines = [line for machine in machines for line in tells(machine.log).splitlines() if line.startswith("{")]
    told = [json.loads(line) for line in lines]
    named = {(line["scene"], line["order"], line["generation"]) for line in told if "generation" in line}
    assert named == {(order.scene, order.key, order.generation_id) for order in orders}
    assert {line["run"] for line in told if "scene" in line} == {film["title"] for film in FILMS}


def films_play(s3: Any, folder: Path) -> None:
    """The bucket has the ten films, each whole."""
    there = [key for key in keys(s3) if key.endswith("/film.mp4")]
    assert {key.split("/")[1] for key in there} == {f"film-{n}" for n in range(10)}
    for key in there:
        s3.download_file(BUCKET, key, str(folder / "film.mp4"))
        film = examine(folder / "film.mp4")
        assert (film.width, film.height, film.frames) == (960, 540, 240), key
