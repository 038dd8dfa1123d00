"""Faults on the wire, as real clients over real sockets meet them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import luma_agents
import lumaai
import pytest

from luma_sandbox.clock import HandClock
from luma_sandbox.faults import Plan
from luma_sandbox.server_state import Options
from tests.support.sandbox_in_process import opened
from tests.support.sandbox_process import address, client, start
from tests.support.sandbox_wire import Wire, agents, served

CREATE = "/dream-machine/v1/generations/video"
BODY = {"model": "ray-2", "prompt": "a quiet lake", "resolution": "540p", "duration": "5s"}


@pytest.mark.parametrize(("kind", "charged"), [("lost_answer", 40), ("lost_request", 0)])
async def test_a_lost_answer_is_a_closed_socket(wire: Wire, kind: str, charged: int) -> None:
    """The connection ends without one byte; after a lost answer the create is in the books and charged all the same."""
    await wire.faults({"kind": kind, "nth": 1})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await wire.http.post(CREATE, json=BODY)
    assert (wire.charged, len(wire.server_state.books.creates())) == (charged, charged // 40)
    assert (await wire.http.post(CREATE, json=BODY)).status_code == 201


async def test_a_seeded_storm_is_the_same_every_time(wire: Wire) -> None:
    """With one seed the same creates lose their answers again; the books hold every one, answered or not."""

    async def lost() -> list[int]:
        await wire.faults({"kind": "lost_answer", "on": "create.*", "probability": 0.3}, seed=11)
        gone = []
        for number in range(30):
            try:
                await wire.create(prompt=f"lake number {number}")
            except lumaai.APIConnectionError:
                gone.append(number)
        return gone

    first = await lost()
    assert 3 <= len(first) <= 15
    assert await lost() == first
    assert len(wire.server_state.books.creates()) == 60
    assert (await wire.http.get("/sandbox/faults")).json()["faults"][0]["struck"] == len(first)


async def test_not_one_byte_comes_before_the_end(wire: Wire) -> None:
    """A raw socket that sends a create reads the end of the stream and nothing else."""
    await wire.faults({"kind": "lost_answer"})
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(wire.url).port)
    body = b'{"model": "ray-2", "prompt": "a quiet lake"}'
    head = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    assert await reader.read() == b""
    writer.close()
    assert len(wire.server_state.books.creates()) == 1


async def test_a_connection_can_be_reset(wire: Wire) -> None:
    """With ``reset`` the client gets a reset in place of an end, and the create was accepted."""
    await wire.faults({"kind": "lost_answer", "reset": True})
    with pytest.raises(httpx.ReadError):
        await wire.http.post(CREATE, json=BODY)
    assert wire.charged == 40


async def test_the_sdk_takes_a_lost_answer_for_a_connection_error(wire: Wire) -> None:
    """The real SDK client raises APIConnectionError; left to its own retries it is billed twice."""
    await wire.faults({"kind": "lost_answer", "nth": 1})
    with pytest.raises(lumaai.APIConnectionError):
        await wire.create()
    assert wire.charged == 40
    await wire.faults({"kind": "lost_answer", "nth": 1})
    await wire.luma.with_options(max_retries=2).generations.create(**BODY)
    assert wire.charged == 40 + 2 * 40


@pytest.mark.parametrize(
    ("fault", "status", "charged"),
    [
        ({"kind": "error_after"}, 500, 40),
        ({"kind": "error_after", "status": 504}, 504, 40),
        ({"kind": "error_before"}, 503, 0),
        ({"kind": "error_before", "status": 502}, 502, 0),
        ({"kind": "rate_limited"}, 429, 0),
        ({"kind": "no_credit"}, 402, 0),
        ({"kind": "unauthorized"}, 401, 0),
    ],
)
async def test_errors_before_and_after_acceptance(wire: Wire, fault: dict[str, Any], status: int, charged: int) -> None:
    """Each error has its status and the service's form of detail; what came after acceptance is charged."""
    await wire.faults(fault)
    with pytest.raises(lumaai.APIStatusError) as refused:
        await wire.create()
    assert refused.value.status_code == status
    assert isinstance(refused.value.body, dict)
    assert isinstance(refused.value.body["detail"], str)
    assert wire.charged == charged


async def test_429_with_and_without_retry_after(wire: Wire) -> None:
    """The header is there only where the fault says so."""
    await wire.faults({"kind": "rate_limited", "nth": 1, "retry_after": 7}, {"kind": "rate_limited", "nth": 2})
    answers = [await wire.http.post(CREATE, json=BODY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert [answer.headers.get("retry-after") for answer in answers] == ["7", None, None]


async def test_both_429s_of_the_agents_api(wire: Wire) -> None:
    """The plan gives either, as the API words it: creates a minute with X-RateLimit-Limit, jobs at once without."""
    await wire.faults(
        {"kind": "rate_limited", "nth": 1, "retry_after": 7},
        {"kind": "rate_limited", "nth": 2, "a_minute": 30},
        {"kind": "rate_limited", "nth": 3, "at_once": True, "retry_after": 3},
        {"kind": "no_credit", "nth": 4},
        {"kind": "unauthorized", "nth": 5},
        {"kind": "error_before", "nth": 6},
        {"kind": "html", "nth": 7},
    )
    asked = {"prompt": "a lake"}
    answers = [await wire.http.post("/v1/generations", json=asked, headers={"X-Request-Id": "mine"}) for _ in range(8)]
    seen = [(a.status_code, a.headers.get("retry-after"), a.headers.get("x-ratelimit-limit")) for a in answers]
    assert seen[:3] == [(429, "7", "60"), (429, None, "30"), (429, "3", None)]
    assert [a.status_code for a in answers[3:]] == [402, 401, 503, 200, 201]
    assert [a.json()["detail"] for a in answers[:5]] == [
        "Rate limit exceeded", "Rate limit exceeded", "Too many concurrent jobs", "Insufficient balance",
        "Invalid or missing API key",
    ]  # fmt: skip
    assert [a.headers.get("x-request-id") for a in answers] == ["mine"] * 6 + [None, "mine"]
    await wire.faults({"kind": "rate_limited", "at_once": True})
    refused = await wire.http.post(CREATE, json=BODY)
    assert (refused.status_code, refused.json()["detail"]) == (429, "429: Concurrency limit exceeded")
    assert "x-request-id" not in refused.headers


@pytest.mark.parametrize(("kind", "charged"), [("late_answer", 40), ("slow_before", 0), ("late_acceptance", 40)])
async def test_an_answer_beyond_the_clients_time_out(tmp_path: Path, kind: str, charged: int) -> None:
    """The client gives up; by then, or a little later, the create was accepted or it never is, by kind."""
    clock = HandClock()
    async with served(tmp_path, clock=clock) as wire, asyncio.timeout(240):
        await wire.faults({"kind": kind, "seconds": 65, "nth": 1})
        with pytest.raises(lumaai.APITimeoutError):
            await wire.luma.with_options(timeout=httpx.Timeout(20, read=0.3)).generations.create(**BODY)
        while kind == "late_answer" and wire.charged == 0:  # noqa: ASYNC110  # the server sets no event
            await asyncio.sleep(0.01)
        assert wire.charged == (40 if kind == "late_answer" else 0)
        await wire.create()  # by the end of this one the server knows that the first client has left
        while wire.charged < charged + 40:
            clock.advance(65)
            await asyncio.sleep(0.01)
        clock.advance(65)
        await wire.create()
        assert wire.charged == charged + 2 * 40


@pytest.mark.parametrize("kind", ["late_answer", "slow_before", "late_acceptance"])
async def test_a_patient_client_gets_its_late_answer(wire: Wire, kind: str) -> None:
    """A patient client gets its answer, and pays once."""
    await wire.faults({"kind": kind, "seconds": 0.2})
    began = time.monotonic()
    assert (await wire.create()).state
    assert time.monotonic() - began >= 0.2
    assert wire.charged == 40


@pytest.mark.parametrize(("accepted", "charged"), [(False, 0), (True, 40)])
async def test_html_with_200(wire: Wire, accepted: bool, charged: int) -> None:
    """A page for people comes with 200; whether the create was accepted is the fault's to say."""
    await wire.faults({"kind": "html", "accepted": accepted})
    answer = await wire.http.post(CREATE, json=BODY)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert wire.charged == charged
    with pytest.raises(lumaai.APIResponseValidationError):
        await wire.create()


async def test_half_a_json(wire: Wire) -> None:
    """The answer says 201 and ends in the middle of its JSON; the create was accepted."""
    await wire.faults({"kind": "half_json"})
    answer = await wire.http.post(CREATE, json=BODY)
    assert answer.status_code == 201
    assert answer.text.startswith('{"id":')
    with pytest.raises(ValueError):
        answer.json()
    assert wire.charged == 40


async def test_what_is_refused_is_refused_as_ever(wire: Wire) -> None:
    """A fault after acceptance leaves alone what was not accepted."""
    await wire.faults({"kind": "lost_answer"})
    with pytest.raises(lumaai.BadRequestError, match="too short"):
        await wire.create(prompt="ab")


async def test_other_routes_are_struck_by_name(wire: Wire) -> None:
    """A fault on ``get`` strikes the polls and nothing else; ``*`` strikes every route but the sandbox's own."""
    made = await wire.create()
    await wire.faults({"kind": "error_before", "on": "get", "nth": 1})
    await wire.luma.credits.get()
    with pytest.raises(lumaai.InternalServerError):
        await wire.luma.generations.get(str(made.id))
    await wire.luma.generations.get(str(made.id))
    await wire.faults({"kind": "lost_answer", "on": "*"})
    for call in (wire.luma.ping.check, wire.luma.credits.get, wire.luma.generations.list):
        with pytest.raises(lumaai.APIConnectionError):
            await call()
    assert (await wire.http.get("/sandbox/books")).status_code == 200


async def test_without_a_socket_a_drop_is_an_error(tmp_path: Path) -> None:
    """Through an ASGI transport the client gets a connection error as well, and the create was accepted."""
    plan = Plan.model_validate({"faults": [{"kind": "lost_answer", "nth": 1}]})
    async with opened(tmp_path, Options(plan=plan)) as sandbox:
        with pytest.raises(lumaai.APIConnectionError):
            await sandbox.create()
        assert len(sandbox.server_state.books.creates()) == 1
        await sandbox.create()


async def test_the_page_shows_the_faults(wire: Wire) -> None:
    """Whoever looks at the page sees what is to go wrong, and how often it did."""
    assert "Faults at work" not in (await wire.http.get("/")).text
    await wire.faults({"kind": "fails", "on": "create.video"})
    await wire.ended((await wire.create()).id)
    text = (await wire.http.get("/")).text
    assert "Faults at work here (1)" in text
    assert "<td>fails</td><td>create.video</td><td>1</td><td>1</td>" in text


async def test_the_agents_api_loses_answers_too(wire: Wire) -> None:
    """Its real client gets a connection error for a create that was accepted and charged; ``create.*`` means both."""
    await wire.faults({"kind": "lost_answer", "on": "create.*"})
    async with agents(wire) as luma:
        with pytest.raises(luma_agents.APIConnectionError):
            await luma.generations.create(prompt="a quiet lake", model="ray-3.2", type="video")
    assert len(wire.server_state.books.creates()) == 1
    assert wire.charged > 0


async def test_the_endpoint(wire: Wire) -> None:
    """PUT begins anew, POST adds and leaves the counters, GET tells them, DELETE clears all."""
    await wire.faults({"kind": "error_before", "nth": [1, 3]}, seed=5)
    for _ in range(3):
        await wire.http.post(CREATE, json=BODY)
    added = await wire.http.post("/sandbox/faults", json={"kind": "stuck", "on": "create.image"})
    told = added.json()
    assert told["seed"] == 5
    assert [(fault["kind"], fault["calls"], fault["struck"]) for fault in told["faults"]] == [
        ("error_before", 3, 2),
        ("stuck", 0, 0),
    ]
    assert [(strike["route"], strike["call"]) for strike in told["strikes"]] == [
        ("create.video", 1),
        ("create.video", 3),
    ]
    assert (await wire.http.delete("/sandbox/faults")).json()["faults"] == []
    assert (await wire.http.get("/sandbox/faults")).json()["strikes"] == []


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        ({"faults": [{"kind": "gremlin"}]}, "no fault is called 'gremlin'"),
        ({"faults": [{"kind": "stuck", "on": "download"}]}, "cannot strike 'download'"),
        ({"faults": [{"kind": "stuck", "status": 503}]}, "has no 'status'"),
        ({"faults": [{"kind": "fails", "reason": " "}]}, "failure_reason is a text"),
        ({"faults": [{"kind": "late", "nth": 0}]}, "nth counts from 1"),
        ({"faults": [{"kind": "late", "probability": 2}]}, "faults.0.probability"),
        ({"limits": {"creates": 1}}, "no limit is called 'creates'"),
        ({"limits": {"credit": -1}}, "credit is a number"),
        ({"limits": {"at_once": {"sora": 1}}}, "no family of models"),
    ],
)
async def test_a_wrong_plan_is_refused_and_the_old_one_stays(wire: Wire, plan: dict[str, Any], text: str) -> None:
    """The answer names what is wrong, and nothing has changed."""
    await wire.faults({"kind": "stuck", "nth": 9})
    refused = await wire.http.put("/sandbox/faults", json=plan)
    assert refused.status_code == 422
    assert text in refused.json()["detail"]
    assert [fault["kind"] for fault in (await wire.http.get("/sandbox/faults")).json()["faults"]] == ["stuck"]


@pytest.mark.long
def test_the_command_takes_a_file(tmp_path: Path) -> None:
    """``--faults FILE`` strikes the command's own process; a wrong file ends it with status 2 and no traceback."""
    plan = tmp_path / "faults.yaml"
    plan.write_text("faults: [{kind: lost_answer, nth: 1}]\nlimits: {creates_a_minute: 1}")
    server = start(tmp_path / "home", "--faults", str(plan), "--tier", "build")
    try:
        luma = client(address(tmp_path / "home", server))
        with pytest.raises(lumaai.APIConnectionError):
            luma.generations.create(**BODY)
        assert luma.generations.list().count == 1
        with pytest.raises(lumaai.RateLimitError):
            luma.generations.create(**BODY)
    finally:
        server.kill()
        server.communicate()
    plan.write_text("faults: [{kind: gremlin}]")
    wrong = start(tmp_path / "other", "--faults", str(plan))
    output, _ = wrong.communicate(timeout=240)
    assert wrong.returncode == 2
    assert "gremlin" in output
    assert "Traceback" not in output
