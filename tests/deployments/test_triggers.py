"""The trigger of prefect.yaml: an event that a film is completed starts its delivery, on a real server and worker."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.deployed import PATIENCE, TINY, Place

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


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
