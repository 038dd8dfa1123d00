"""Runs of a deployment as people see them in Prefect: their names, their graph, their log, what they are told to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.deployed import PATIENCE, STEPS, TINY, Place, tells
from tests.support.running import Sandbox

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
REFUSAL = {"kind": "fails", "containing": "coffee shop", "reason": "Frame moderation failed"}


def logged(place: Place, run: Any) -> list[str]:
    """The run's log in the UI, once its last line is there."""
    wanted = {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "sort": "TIMESTAMP_ASC", "limit": 200}
    deadline = time.monotonic() + PATIENCE
    while True:
        lines = [line["message"] for line in place.ask("POST", "/logs/filter", json=wanted)]
        if any("Finished in state Failed" in line for line in lines):
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.2)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose moderation refuses the first scene of the tiny production."""
    sandbox = Sandbox(tmp_path_factory.mktemp("refusing"))
    sandbox.start()
    httpx.post(f"{sandbox.origin}/sandbox/faults", json=[REFUSAL], trust_env=False).raise_for_status()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def refused(deployed: Place, refusing: Sandbox) -> Any:
    """A run with a name of its own, of which moderation refuses the first scene, so that the second is not begun."""
    return deployed.run({"LUMAAI_BASE_URL": refusing.url}, run_name="Friday cut", production=TINY)


def test_names(deployed: Place, refused: Any) -> None:
    """A name that was given stays, and a run without one has its production's title."""
    assert refused["name"] == "Friday cut"
    assert deployed.run(draft=True, from_draft=True, production=TINY)["name"] == "Tiny"


def test_a_refusal_says_what_helps(refused: Any) -> None:
    """It speaks of the prompt, since the scene has no image, and of the form's field: no flag, no command, no rerun."""
    said = refused["state"]["message"]
    assert "change its prompt; or" in said
    assert "'arrival' in the field 'retake'" in said
    assert "once that is put right, only what is missing is paid for" in said
    assert not [word for word in ("--", "command", "again", "image") if word in said]


def test_what_was_not_begun_has_its_name(deployed: Place, refused: Any) -> None:
    """In the graph every step is named after its scene, begun or not, and hangs on what it waited for."""
    states = deployed.states(refused, len(STEPS) + 1)
    assert states.keys() == STEPS | {"film · report"}
    assert states["arrival · generate"] == "Failed"
    assert {states[f"order · {step}"] for step in ("generate", "download")} == {"NotReady"}
    edges = deployed.edges(refused)
    assert "arrival · generate" in edges["order · generate"]
    assert "order · generate" in edges["order · download"]


def test_the_log_is_made_of_lines(deployed: Place, refused: Any) -> None:
    """Neither the UI's log nor the worker's has a traceback; every line that names money says what is billed."""
    contradicting = deployed.run(draft=True, from_draft=True, production=TINY)
    assert contradicting["state"]["type"] == "FAILED"
    ours = [*logged(deployed, refused), *logged(deployed, contradicting)]
    expected = "BadInput: the field 'draft' and the field 'from_draft' contradict each other → a final is made from"
    assert [line for line in ours if line.startswith(expected)]
    assert [line for line in ours if "Moderated: scene 'arrival': the service refused" in line]
    paid = [line for line in ours if "$" in line]
    assert paid
    assert all("nothing is billed" in line for line in paid)
    assert not [line for line in ours if "Traceback" in line or "\n" in line]
    assert "Traceback" not in tells(deployed.folder / "worker.log")


@pytest.mark.parametrize(
    "parameters",
    [
        {"reframe": "9:17"},
        {"production": TINY | {"scenes": []}},
        {"production": TINY | {"scenes": [{"id": "a", "prompt": "x"}]}},
    ],
    ids=str,
)
def test_the_form_refuses_what_it_can(deployed: Place, parameters: dict[str, Any]) -> None:
    """A production that cannot become a film is refused before there is a run."""
    url = f"/deployments/{deployed.deployment('produce')['id']}/create_flow_run"
    answer = deployed.api.post(url, json={"parameters": parameters})
    assert answer.status_code in (409, 422), answer.text
    assert "Validation failed for field" in answer.text
