"""Automations on a real server: applied as code, each event told once, in words, to a real receiver."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.support.deployed import PATIENCE, TINY, Place, tells
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.long, pytest.mark.timeout(3000)]


def studio(place: Place, *words: str, said: str = "", status: int = 0, **environment: str) -> str:
    """Run ``studio automations`` as a user would, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "studio_cli", "automations", *words], cwd=place.elsewhere, env=place.env | environment,
        capture_output=True, text=True, input=said, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "a-secret-word" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def changes(place: Place, *words: str, **environment: str) -> dict[str, str]:
    """What ``apply`` or ``remove`` did, by the automation."""
    done = json.loads(studio(place, *words, "--json", **environment).partition("no notices")[0])
    return {each["name"].removeprefix("studio: "): each["change"] for each in done["automations"]}


def on_the_server(place: Place) -> dict[str, Any]:
    found = place.ask("POST", "/automations/filter", json={})
    return {each["name"].removeprefix("studio: "): each for each in found if each["name"].startswith("studio: ")}


@pytest.fixture
def cleared(place: Place) -> Place:
    """The server without automations of ours."""
    for each in on_the_server(place).values():
        place.api.delete(f"/automations/{each['id']}").raise_for_status()
    return place


ENDS = {"run without a sign of life", "run that did not begin"}
TOLD = {"run failed", "order in doubt", "cap near", "film ready", "approval wanted"}


def test_applied_as_code(cleared: Place, receiver: Receiver) -> None:
    """Without a block only dead runs are ended, and it says so; applied twice nothing changes; what was edited is
    written again in place, what was switched off stays so; removed, nothing is left."""
    place = cleared
    assert "no notices" in studio(place, "apply", "--dry-run")
    assert on_the_server(place) == {}
    assert changes(place, "apply") == dict.fromkeys(ENDS, "made")
    address = f"{receiver.url}\n"
    assert "studio: film ready: made" in studio(place, "apply", "--webhook", "-", said=address)
    first = on_the_server(place)
    assert first.keys() == ENDS | TOLD
    assert changes(place, "apply", "--webhook", receiver.url) == dict.fromkeys(ENDS | TOLD, "unchanged")

    edited, off = first["film ready"], first["cap near"]
    wrong = edited | {"description": "mine"}
    for name in ("id", "created", "updated"):
        wrong.pop(name)
    place.api.put(f"/automations/{edited['id']}", json=wrong).raise_for_status()
    place.api.patch(f"/automations/{off['id']}", json={"enabled": False}).raise_for_status()
    listed = studio(place, "list")
    assert "differs from what is written" in listed
    assert "switched off" in listed
    assert listed.count("to webhook/studio-notices") == len(TOLD)
    assert "a-secret-word" not in json.dumps(on_the_server(place))
    shorter = {"STUDIO_HEARTBEAT": "20", "STUDIO_CRASHED_AFTER": "100"}
    # Without saying it again: the block is known.
    assert changes(place, "apply", **shorter) == dict.fromkeys(ENDS | TOLD, "unchanged") | {
        "film ready": "changed", "run without a sign of life": "changed",
    }  # fmt: skip
    then = on_the_server(place)
    assert {name: each["id"] for name, each in then.items()} == {name: each["id"] for name, each in first.items()}
    assert (then["film ready"]["description"], then["cap near"]["enabled"]) == (edited["description"], False)
    assert then["run without a sign of life"]["trigger"]["within"] == 100
    assert changes(place, "remove").keys() == ENDS | TOLD | {"block webhook/studio-notices"}
    assert on_the_server(place) == {}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["apply", "--block", "slack-webhook/none"], "the server has no block slack-webhook/none"),
        (["apply", "--block", "films"], "'films' is not TYPE/NAME"),
        (["apply", "--webhook", "hooks.example.com/a-secret-word"], "--webhook: is no http or https address"),
        (["apply", "--webhook", "http://x.example", "--block", "slack-webhook/a"], "say one of them"),
        (["remove", "--block", "slack-webhook/a"], "is for apply alone"),
    ],
)
def test_bad_input(place: Place, words: list[str], says: str) -> None:
    """What cannot be meant is one line, without the address, and changes nothing."""
    before = on_the_server(place)
    assert says in studio(place, *words, status=2)
    assert on_the_server(place) == before


def test_a_block_of_another_kind(cleared: Place) -> None:
    """A block that sends nothing is refused; one that does gets subject and body."""
    make = (
        "from prefect.blocks.system import Secret; Secret(value='x').save('films');"
        "from prefect.blocks.notifications import CustomWebhookNotificationBlock as B;"
        "B(name='n', url='http://127.0.0.1:9/', json_data={'text': '{{subject}}'}).save('films')"
    )
    subprocess.run([sys.executable, "-c", make], env=cleared.named, check=True, timeout=PATIENCE)
    assert "block secret/films sends nothing" in studio(cleared, "apply", "--block", "secret/films", status=2)
    studio(cleared, "apply", "--block", "custom-webhook/films")
    (action,) = on_the_server(cleared)["film ready"]["actions"]
    assert action["type"] == "send-notification"
    assert "to custom-webhook/films" in studio(cleared, "list")


def test_without_a_server(place: Place) -> None:
    """A server that does not answer is one line that says what starts one."""
    said = studio(place, "list", status=2, PREFECT_SERVER_API_PORT="9")
    assert "Prefect's server at 127.0.0.1:9 cannot be reached" in said
    assert "make ui" in said


EVENTS = """
from decimal import Decimal
from datetime import datetime, UTC
from prefect import flow
from flows.events import announcing
from flows.observed import observed
from studio.execution.announcements import *
about = Subject('The "Harbour" <1>', "harbour", "harbour", "", "r1", False)
@flow(name="produce")
@observed
async def produce():
    announce(ApprovalWanted(about, which="draft", price=Decimal("2.50"), until=datetime(2026, 11, 28, 9, tzinfo=UTC)))
    announce(OrderInDoubt(about, order="f" * 64, scene="arrival", amount=Decimal("0.71")))
    raise ValueError("it is broken")
import asyncio
asyncio.run(produce(return_state=True))
"""


def test_each_event_is_told_once(cleared: Place, deployed: Place, receiver: Receiver) -> None:
    """Film, cap, approval, doubt and failure: exactly one call each, with title, amount and the link to the run."""
    studio(deployed, "apply", "--webhook", receiver.url)
    run = deployed.run(production=TINY | {"budget": 0.3})
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    done = subprocess.run(
        [sys.executable, "-c", EVENTS], cwd=deployed.elsewhere, env=deployed.named | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wanted = {"film.completed", "cap.near", "approval.wanted", "order.in-doubt", "prefect.flow-run.Failed"}
    receiver.until(lambda: {call["event"] for call in receiver.calls} == wanted)
    # Once more, as the last: whatever would come twice has come by then.
    second = deployed.run(production=TINY | {"budget": 0.3})
    receiver.until(lambda: len(receiver.of("film.completed")) == 2)
    assert sorted(call["event"] for call in receiver.calls) == sorted([*wanted, "film.completed"])
    assert {*receiver.kinds} == {"application/json; charset=utf-8"}

    film = receiver.of("film.completed")[0]
    assert film["subject"] == "Film ready: Tiny"
    assert "10.0 seconds, $0.28 spent by this run (nothing is billed)." in film["text"]
    assert film["url"] == f"{deployed.url}/runs/flow-run/{run['id']}"
    assert film["url"] in film["text"]
    assert film["data"]["path"].endswith("film.mp4")
    assert receiver.of("film.completed")[1]["data"]["flow_run"] == second["id"]
    (cap,) = receiver.of("cap.near")
    assert cap["subject"] == "93 % of the production's cap: Tiny"
    assert "has used $0.28 of $0.30" in cap["text"]
    (approval,) = receiver.of("approval.wanted")
    assert approval["subject"] == 'Approval wanted (draft): The "Harbour" <1>, $2.50'
    assert "until 2026-11-28T09:00:00+00:00" in approval["text"]
    (doubt,) = receiver.of("order.in-doubt")
    assert doubt["subject"].endswith("scene arrival, $0.71")
    (failed,) = receiver.of("prefect.flow-run.Failed")
    assert failed["subject"].startswith("Run failed: ")
    assert "it is broken" in failed["text"]
    assert "/runs/flow-run/" in failed["url"]
    assert failed["data"]["state"] == "Failed"
    assert "a-secret-word" not in tells(deployed.folder / "server.log")
