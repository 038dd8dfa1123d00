"""A chain at the sandbox, with the command ``callbacks`` in a process of its own: real callbacks over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.library import LumaProvider
from studio.providers.order_trace import ORDER_QUERY
from tests.support.running import LOCAL, Sandbox, booked, chain, charged
from tests.support.sandbox_process import until

pytestmark = pytest.mark.long


class Receiver:
    """The command in a process of its own. ``url``: where it listens; ``said``: its lines so far."""

    def __init__(self, folder: Path, *options: str) -> None:
        line = [sys.executable, "-m", "flows.callbacks", "--port", "0", *options]
        self.process = subprocess.Popen(
            line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        found = re.search(r"http://\S+?:\d+", self.said)
        assert found, self.said + self.process.stdout.read()
        self.url = found[0]

    def post(self, token: str, body: Any) -> int:
        return LOCAL.post(f"{self.url}/luma?{ORDER_QUERY}={token}", json=body).status_code

    def counts(self) -> dict[str, Any]:
        return LOCAL.get(f"{self.url}/healthz").json()

    def stop(self) -> str:
        """End it as a service manager does; everything that it said."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        self.process.wait(timeout=240)
        return self.said


@pytest.fixture
def receiver(workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver, and the settings of runs that use it and the sandbox."""
    sandbox.again(latency=1.0)
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    receiver = Receiver(workplace)
    monkeypatch.setenv("STUDIO_CALLBACK_URL", f"{receiver.url}/luma?for=us")
    yield receiver
    receiver.process.kill()
    receiver.process.communicate()


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(folder / ".studio" / "ledger.db")) as connection:
        return connection.execute(query).fetchall()


async def film() -> int:
    """The chain's film: the number of its shots that were bought."""
    async with LumaProvider() as luma:
        made = await luma.make_film(chain(), out="out")
    return [shot.outcome for shot in made.record.shots].count("new")


@pytest.mark.timeout(600)
async def test_a_chain_with_callbacks(workplace: Path, sandbox: Sandbox, receiver: Receiver) -> None:
    """Every end is booked by the receiver, although callbacks come late and twice; the film is bought once; nothing
    that the receiver prints names a token."""
    for fault in ({"kind": "callback_twice", "nth": 1}, {"kind": "callback_late", "nth": 2}):
        LOCAL.post(f"{sandbox.origin}/sandbox/faults", json=fault).raise_for_status()
    assert await film() == 3
    until(lambda: receiver.counts()["booked"] >= 5)
    told = {(row[0], row[1]) for row in rows(workplace, "select generation_id, state from callbacks")}
    bought = rows(workplace, "select generation_id, state, token from orders")
    assert {(generation, state) for generation, state, _ in bought} <= told
    assert {state for _, state, _ in bought} == {"completed"}
    assert booked(workplace) == charged(sandbox)
    said = receiver.stop()
    assert receiver.process.returncode == 0
    assert "callbacks booked" in said
    assert not any(token in said for _, _, token in bought)
    assert "Traceback" not in said


@pytest.mark.timeout(600)
async def test_spoofed_callbacks_change_nothing(workplace: Path, sandbox: Sandbox, receiver: Receiver) -> None:
    """Somebody who knows every token tells false ends of every order, all the time: states, sums, clips and film are
    what the service made, and nothing is bought twice."""

    def lie() -> int:
        sent = 0
        for token, generation in rows(workplace, "select token, generation_id from orders"):
            for body in (
                {"id": generation or "made-up", "state": "failed", "failure_reason": "Frame moderation failed"},
                {"id": generation or "made-up", "state": "completed", "assets": {"video": "http://127.0.0.1:9/evil"}},
                {"id": "another", "state": "completed"},
            ):
                assert receiver.post(token, body) == 200
                sent += 1
        return sent

    async def lies() -> None:
        while True:
            await asyncio.to_thread(lie)
            await asyncio.sleep(0.05)

    lying = asyncio.create_task(lies())
    try:
        assert await film() == 3
    finally:
        lying.cancel()
        outcome = (await asyncio.gather(lying, return_exceptions=True))[0]
    assert isinstance(outcome, asyncio.CancelledError)
    assert rows(workplace, "select distinct state, attempt, failure from orders") == [("completed", 1, None)]
    assert booked(workplace) == charged(sandbox)
    assert len(sandbox.prompts()) == 3
    assert len(rows(workplace, "select id from callbacks")) <= 3 * 16
    assert "another" not in {row[0] for row in rows(workplace, "select generation_id from entries")}


@pytest.mark.timeout(600)
async def test_a_receiver_that_is_down(
    workplace: Path, sandbox: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a receiver, and with callbacks that never come, the same film is made by polls alone."""
    receiver.stop()
    assert await film() == 3
    assert rows(workplace, "select count(*) from callbacks") == [(0,)]
    assert booked(workplace) == charged(sandbox)


def test_an_address_that_cannot_be_used(workplace: Path) -> None:
    """A port that is taken, and a host that is no address, are one error each, with status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options in (("--port", port), ("--host", "example.com"), ("--host", "203.0.113.7")):
            line = [sys.executable, "-m", "flows.callbacks", *options]
            done = subprocess.run(line, capture_output=True, text=True, timeout=240)
            assert done.returncode == 2, done.stderr
            assert done.stderr.startswith("error: --host")
            assert "Traceback" not in done.stderr


def test_the_command_says_what_to_set(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names where it listens and what is to be set; where a callback address is set, its query is not printed."""
    monkeypatch.delenv("STUDIO_CALLBACK_URL", raising=False)
    receiver = Receiver(workplace)
    said = receiver.stop()
    assert "Set STUDIO_CALLBACK_URL" in said
    assert "0 callbacks booked" in said
    monkeypatch.setenv("STUDIO_CALLBACK_URL", "https://hooks.example/luma?key=SECRET")
    receiver = Receiver(workplace)
    assert json.dumps(receiver.counts())
    said = receiver.stop()
    assert "https://hooks.example/luma" in said
    assert "SECRET" not in said
