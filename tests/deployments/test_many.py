"""Many films at a worker: rows of a table under one budget of several processes, and the delivery of finished films."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.deployed import PATIENCE, TINY, Place

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
FILE = """title: "{{ product }}"
model: ray-flash-2
resolution: 540p
scenes:
  - {id: pour, prompt: "Steam rises over a kettle."}
  - {id: sign, prompt: "A sign says {{ slogan }}."}
"""
TABLE = "row,product,slogan\nde,Kessel,Jetzt\nen,Kettle,Now\n"


def ended(place: Place, **parameters: Any) -> Any:
    """The run of the deployment with these parameters, once it has ended."""
    deployment = place.ask("GET", "/deployments/name/produce-variations/variations")
    run = place.ask("POST", f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": parameters})
    deadline = time.monotonic() + PATIENCE
    while run["state"]["type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
        assert time.monotonic() < deadline, run["state"]
        time.sleep(0.5)
        run = place.ask("GET", f"/flow_runs/{run['id']}")
    return run


def test_rows_at_workers(deployed: Place) -> None:
    """Each row is a run of ``produce/produce``, in a process of its own, that joined the batch of the run which asked
    for it; a shot that both have is bought once, and the budget holds to the cent."""
    (deployed.folder / "kettles.yaml").write_text(FILE)
    (deployed.folder / "kettles.csv").write_text(TABLE)
    given = {
        name: str(deployed.folder / f"kettles.{end}") for name, end in (("production_file", "yaml"), ("table", "csv"))
    }
    run = ended(deployed, **given, where="workers", budget=0.42)
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    wanted = {"flow_runs": {"parent_flow_run_id": {"any_": [run["id"]]}}}
    rows = deployed.ask("POST", "/flow_runs/filter", json=wanted)
    assert sorted(row["name"] for row in rows) == ["Kessel", "Kettle"]
    assert {row["deployment_id"] for row in rows} == {deployed.deployment("produce")["id"]}
    with closing(sqlite3.connect(deployed.folder / "home" / "ledger.db")) as books:
        (spent, bought) = books.execute(
            "select sum(amount), count(*) from entries where run in (select run from batch_runs where batch = ?) "
            "and kind = 'reserved'", (run["id"],)
        ).fetchone()  # fmt: skip
    assert (spent, bought) == (420_000, 3)
    assert all(len(list(deployed.films.glob(f"{slug}/[0-9]*/film.mp4"))) == 1 for slug in ("kessel", "kettle"))
    table = deployed.artifacts(run)["variations-kettles-kettles"]
    assert table.count('"Completed"') == 2

    over = ended(deployed, **{**given, "only": ["de"]}, where="workers", budget=0)
    assert over["state"]["type"] == "COMPLETED"  # all of it is there already
    (deployed.folder / "kettles.csv").write_text(TABLE.replace("Jetzt", "Bald"))
    over = ended(deployed, **given, where="workers", budget=0.13)
    assert over["state"]["type"] == "FAILED"
    assert "these 2 films would cost $0.14; the batch's budget is $0.13" in over["state"]["message"]


def automation(place: Place) -> Any:
    """The automation that deploying made of the trigger."""
    found = place.ask("POST", "/automations/filter", json={})
    return next(one for one in found if one["name"] == "deliver each finished film")


def deliveries(place: Place) -> list[Any]:
    return list(place.ask("POST", "/flow_runs/filter", json={"flows": {"name": {"any_": ["deliver"]}}}))


def complete(place: Place, path: str) -> None:
    """Emit the event that a film is completed, as a run does."""
    event = {
        "event": "film.completed", "occurred": datetime.now(UTC).isoformat(), "id": str(uuid4()),
        "resource": {"prefect.resource.id": "studio.film.tiny"}, "payload": {"path": path, "title": "Tiny"},
    }  # fmt: skip
    place.api.post("/events", json=[event]).raise_for_status()


def test_an_event_starts_a_delivery(deployed: Place) -> None:
    """Deploying leaves the trigger switched off; switched on, the event's path becomes the parameter ``film``, and the
    film and its report are copied."""
    run = deployed.run(production=TINY)
    assert run["state"]["type"] == "COMPLETED"
    (film,) = deployed.films.glob("tiny/[0-9]*/film.mp4")
    made = automation(deployed)
    assert made["enabled"] is False
    complete(deployed, str(film))

    deployment = deployed.ask("GET", "/deployments/name/deliver/finished-films")
    goal = deployed.folder / "delivered"
    url = f"/deployments/{deployment['id']}"
    deployed.api.patch(url, json={"parameters": {"to": str(goal)}}).raise_for_status()
    deployed.api.patch(f"/automations/{made['id']}", json={"enabled": True}).raise_for_status()
    deadline = time.monotonic() + PATIENCE
    while not (runs := deliveries(deployed)):
        assert time.monotonic() < deadline
        complete(deployed, str(film))  # until the server's triggers know that it is on
        time.sleep(2)
    while (ended := deployed.ask("GET", f"/flow_runs/{runs[0]['id']}"))["state"]["type"] != "COMPLETED":
        assert ended["state"]["type"] not in ("FAILED", "CRASHED"), ended["state"]["message"]
        assert time.monotonic() < deadline, ended["state"]
        time.sleep(0.5)
    assert ended["parameters"] == {"to": str(goal), "film": str(film)}
    (folder,) = (goal / "tiny").iterdir()
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "report.html", "tiny.mp4"}
    assert (folder / "tiny.mp4").read_bytes() == film.read_bytes()
