"""Deployed for real: a Prefect server, a worker in another folder, and what its users see, through its API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from studio.ledger import OrderState, open_ledger
from studio.media.clip import examine
from tests.support.deployed import (
    PATIENCE,
    STEPS,
    TINY,
    Place,
    running,
    tells,
)
from tests.support.orders import intent

FILM = {"film · concatenate", "film · report"}
long = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def first(deployed: Place) -> Any:
    """The first run of the tiny production."""
    return deployed.run(production=TINY)


class TestAWorker:
    """A worker's runs of the deployments."""

    pytestmark = long

    def test_makes_the_film(self, deployed: Place, first: Any) -> None:
        """A run started as from the form ends Completed, with a film of the planned length and nothing left behind."""
        assert first["state"]["type"] == "COMPLETED", first["state"]["message"]
        (film,) = deployed.films.glob("tiny/[0-9]*/film.mp4")
        clip = examine(film)
        assert (clip.width, clip.height, clip.frames) == (960, 540, 240)
        assert (deployed.folder / "home" / "ledger.db").is_file()
        assert list(deployed.elsewhere.iterdir()) == []

    def test_shows_the_run_in_the_ui(self, deployed: Place, first: Any) -> None:
        """Task runs have readable names, arrows follow the story, and costs and summary are there as artifacts."""
        assert deployed.states(first, 8).keys() == STEPS | FILM
        edges = deployed.edges(first)
        assert "arrival · generate" in edges["arrival · download"]
        assert "arrival · generate" in edges["order · generate"]
        assert {"arrival · download", "order · download"} <= edges["film · concatenate"]
        artifacts = deployed.artifacts(first)
        assert artifacts.keys() == {"plan-tiny", "progress-tiny", "film-tiny", "pictures-tiny", "costs-tiny"}
        total = json.loads(artifacts["costs-tiny"])[-1]
        assert (total["scene"], total["new"]) == ("total", "$0.28")
        assert "Nothing was billed" in artifacts["film-tiny"]

    def test_buys_nothing_twice(self, deployed: Place, first: Any) -> None:
        """A second run uses what it has: one task run for all its shots, on which the film hangs, and no cost."""
        run = deployed.run(production=TINY)
        assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
        reused = "2 shots · made before"
        assert deployed.states(run, 3) == dict.fromkeys((reused, "film · concatenate", "film · report"), "Completed")
        assert reused in deployed.edges(run)["film · concatenate"]
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
        before = ledger.spent("production", "tiny", realm="sandbox")
        lost = intent("lost", realm="sandbox", account="sandbox", production="tiny", sent={"prompt": "never arrived"},
                      model=TINY["model"])  # fmt: skip
        ledger.reserve(lost, run="killed", caps=[])
        ledger.doubt(lost.key, 1, "its sender died")
        run = deployed.run({"STUDIO_DOUBT_GRACE": "0"}, deployment="reconcile")
        assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
        assert ledger.order(lost.key).state is OrderState.RELEASED
        # Until it is certain that it was never accepted, every cap goes on counting it.
        assert ledger.spent("production", "tiny", realm="sandbox") == before + lost.price
        ledger.close()
        assert deployed.artifacts(run).keys() == {"reconciliation"}
        assert "1 orders are not on the list, and may be sent again" in deployed.artifacts(run)["reconciliation"]

    def test_keeps_the_schedule_off(self, deployed: Place) -> None:
        """A schedule that buys is off and has a budget, the one that settles is on; neither runs twice at once."""
        stands = deployed.deployment("coffee-shop-mondays")
        assert [s["active"] for s in stands["schedules"]] == [False]
        assert stands["parameters"]["budget"] == 2.5
        assert stands["global_concurrency_limit"]["limit"] == 1
        assert stands["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        settles = deployed.deployment("reconcile")
        assert [(s["active"], s["schedule"]["cron"]) for s in settles["schedules"]] == [(True, "17 * * * *")]
        assert settles["global_concurrency_limit"]["limit"] == 1


@pytest.mark.long
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
    newest = max(place.films.glob("tiny/[0-9]*/film.mp4"))
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
