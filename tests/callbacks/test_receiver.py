"""The receiver over real HTTP: what it answers, what it books, and what it makes of anything else."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn

from studio.callbacks.receiver import MOST_BYTES, Inbox, create_app
from studio.errors import LedgerError
from studio.ledger import Ledger
from studio.ledger.callbacks import Callback, book_callbacks, callbacks_after
from studio.providers.order_trace import ORDER_QUERY
from tests.support.orders import intent

BODY = {
    "id": "g-1",
    "state": "completed",
    "request": {"prompt": "SECRET-PROMPT"},
    "assets": {"video": "https://x/?sig=S"},
}


@asynccontextmanager
async def receiving(inbox: Inbox) -> AsyncIterator[httpx.AsyncClient]:
    """A receiver in a server of this process, and a client of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(inbox), log_level="warning", access_log=False, lifespan="on"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as client:
            try:
                yield client
            finally:
                server.should_exit = True
                await serving


@pytest.fixture
def token(ledger: Ledger) -> str:
    return ledger.reserve(intent(), run="r", caps=[]).order.token


@pytest.fixture
def inbox(ledger: Ledger) -> Inbox:
    return Inbox(partial(book_callbacks, ledger), ledger.token_prefix)


def told(ledger: Ledger) -> list[tuple[str, str]]:
    return [(row.generation_id, row.state) for row in callbacks_after(ledger, 0)]


async def test_a_callback_is_answered_and_booked(ledger: Ledger, inbox: Inbox, token: str) -> None:
    """A callback to any path, with a query of one's own, is answered with 200 and booked."""
    async with receiving(inbox) as client:
        for path in ("/", "/luma/told?x=1"):
            joint = "&" if "?" in path else "?"
            answer = await client.post(f"{path}{joint}{ORDER_QUERY}={token}", json=BODY)
            assert (answer.status_code, answer.content) == (200, b"")
        await inbox.settled()
        health = await client.get("/healthz")
    assert told(ledger) == [("g-1", "completed")]
    assert (health.status_code, health.json()["ok"], health.json()["booked"]) == (200, True, 1)


async def test_nobody_learns_which_tokens_are_known(ledger: Ledger, inbox: Inbox, token: str) -> None:
    """An unknown token, a missing one and another ledger's are answered as a known one, and dropped."""
    async with receiving(inbox) as client:
        for query in ("", f"?{ORDER_QUERY}=", f"?{ORDER_QUERY}=x", f"?{ORDER_QUERY}={token}0", "?%ff=%00", "?\u00e9=1"):
            assert (await client.post(f"/{query}", json=BODY)).status_code == 200
        await inbox.settled()
        counts = (await client.get("/healthz")).json()
    assert told(ledger) == []
    assert (counts["booked"], counts["dropped"]) == (0, 6)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"completed"', b"[" * 100_000, b'{"id": NaN', b"1" * 10_000,
     json.dumps(BODY).encode()[:-1]],
)  # fmt: skip
async def test_a_body_that_is_no_generation(
    inbox: Inbox, token: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A body that is no JSON object is refused with 400, without a word in the log."""
    with caplog.at_level(logging.WARNING):
        async with receiving(inbox) as client:
            assert (await client.post(f"/?{ORDER_QUERY}={token}", content=body)).status_code == 400
    assert caplog.text == ""


@pytest.mark.parametrize(
    "body", [{}, {"id": 1, "state": "completed"}, {"id": "g-1", "state": None}, {"id": ["g-1"], "state": {}}]
)
async def test_a_body_of_another_kind_is_dropped(ledger: Ledger, inbox: Inbox, token: str, body: Any) -> None:
    """An object without an id and a state, both text, is taken and dropped."""
    async with receiving(inbox) as client:
        assert (await client.post(f"/?{ORDER_QUERY}={token}", json=body)).status_code == 200
        await inbox.settled()
    assert told(ledger) == []


async def test_a_body_without_end_is_cut_off(ledger: Ledger, inbox: Inbox, token: str) -> None:
    """More than the most that a callback has is refused with 413 before it is all read."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MOST_BYTES:
            sent += 65536
            yield b" " * 65536

    async with receiving(inbox) as client:
        try:
            answer = await client.post(f"/?{ORDER_QUERY}={token}", content=endless())
            assert answer.status_code == 413
        except httpx.TransportError:
            pass  # it hung up while more was being sent
        assert (await client.post(f"/?{ORDER_QUERY}={token}", json=BODY)).status_code == 200
        await inbox.settled()
    assert sent < 100 * MOST_BYTES
    assert told(ledger) == [("g-1", "completed")]


async def test_other_methods_and_paths(inbox: Inbox) -> None:
    """Nothing else is served: no page, no schema, no other method."""
    async with receiving(inbox) as client:
        for method, path in (("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json"), ("PUT", "/"), ("DELETE", "/x")):
            assert (await client.request(method, path)).status_code in (404, 405)


async def test_the_service_does_not_wait_for_the_ledger(token: str, ledger: Ledger, caplog: Any) -> None:
    """While the ledger cannot be written callbacks are answered all the same; they are booked when it can, and what
    is lost is only a hint. The log names no token and nothing of a body."""
    broken, slept = [True], list[float]()

    def book(batch: Sequence[Callback]) -> int:
        if broken[0]:
            raise LedgerError("the disk is full")
        return book_callbacks(ledger, batch)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            broken[0] = False

    inbox = Inbox(book, ledger.token_prefix, sleep=sleep)
    async with receiving(inbox) as client:
        assert (await client.post(f"/?{ORDER_QUERY}={token}", json=BODY)).status_code == 200
        await inbox.settled()
        assert (await client.get("/healthz")).status_code == 503
        assert (await client.post(f"/?{ORDER_QUERY}={token}", json=BODY)).status_code == 200
        await inbox.settled()
        health = await client.get("/healthz")
    assert (health.status_code, health.json()["unbooked"], health.json()["booked"]) == (200, 1, 1)
    assert told(ledger) == [("g-1", "completed")]
    assert "the disk is full" in caplog.text
    assert not any(secret in caplog.text for secret in (token, "SECRET", "sig"))


@pytest.mark.long
async def test_a_flood_is_dropped_not_kept(ledger: Ledger, token: str) -> None:
    """More callbacks than can be booked are dropped: the memory that they take is bounded."""
    inbox = Inbox(partial(book_callbacks, ledger), ledger.token_prefix)
    for number in range(5000):
        inbox.put(Callback(token, f"g-{number}", "completed"))
    assert inbox.counts["dropped"] == 4000
    work = asyncio.create_task(inbox.work())
    await inbox.settled()
    work.cancel()
    assert len(told(ledger)) == 16
