"""Callbacks: what is posted, how often, where to, and what happens when nobody takes them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lumaai.types import Generation

from luma_sandbox import callbacks
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.clock import HandClock
from tests.support.sandbox_wire import Wire, served


class Listener:
    """A server of raw sockets that takes callbacks; it answers with the given statuses, then with 200."""

    def __init__(self, *statuses: int, hang: bool = False) -> None:
        self.statuses = list(statuses)
        self.hang = hang
        self.heads: list[str] = []
        self.got: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.url = ""

    @property
    def states(self) -> list[str]:
        """The states that were told, in order."""
        return [one["state"] for one in self.got]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One callback."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-len"))
        self.times.append(time.monotonic())
        self.heads.append(head)
        self.got.append(json.loads(await reader.readexactly(length)))
        if self.hang:
            await reader.read()
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(listener: Listener) -> AsyncIterator[Listener]:
    """Serve the listener on a free port."""
    server = await asyncio.start_server(listener.take, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told?token=secret"
    try:
        yield listener
    finally:
        server.close()


async def made(wire: Wire, url: str) -> Generation:
    """A generation with that callback, once it ended and everything was told."""
    ended = await wire.ended((await wire.create(callback_url=url)).id)
    await wire.server_state.lifecycle.at_rest()
    await wire.server_state.callbacks.settled()
    return ended


async def test_dreaming_and_completed_are_told(wire: Wire) -> None:
    """Each state is posted once, as the Generation that a get would give, with an asset that can be fetched."""
    async with listening(Listener()) as listener:
        done = await made(wire, listener.url)
    assert listener.states == ["dreaming", "completed"]
    assert listener.heads[0].startswith("POST /told?token=secret HTTP/1.1")
    assert "application/json" in listener.heads[0]
    told = Generation.model_validate(listener.got[1])
    assert (told.id, told.state, told.request) == (done.id, "completed", done.request)
    assert told.assets is not None
    assert str(told.assets.video).startswith(wire.url)
    assert (await wire.http.get(str(told.assets.video))).status_code == 200


async def test_a_name_of_this_machine_will_do(wire: Wire) -> None:
    """``localhost`` is reached whichever of its addresses the listener is on, and finds its own name in the call."""
    async with listening(Listener()) as listener:
        await made(wire, listener.url.replace("127.0.0.1", "localhost"))
    assert listener.states == ["dreaming", "completed"]
    assert "host: localhost:" in listener.heads[0].lower()


async def test_a_failure_is_told(wire: Wire) -> None:
    """The last callback of a failed generation carries its reason."""
    await wire.faults({"kind": "fails", "reason": "Prompt processing failed"})
    async with listening(Listener()) as listener:
        await made(wire, listener.url)
    assert listener.states == ["dreaming", "failed"]
    assert listener.got[1]["failure_reason"] == "Prompt processing failed"


@pytest.mark.parametrize(("assumed", "told"), [("200", 4), ("2xx", 1)])
async def test_only_200_ends_a_callback(tmp_path: Path, assumed: str, told: int) -> None:
    """A 201, 202 or 204 does not end a callback, unless the assumption says so."""
    assume = Assumptions({"callback_success": assumed})
    async with served(tmp_path / "home", assume=assume) as wire, listening(Listener(201, 202, 204)) as listener:
        await made(wire, listener.url)
        noted = (await wire.http.get("/sandbox/callbacks")).json()
    assert listener.states == ["dreaming"] * told + ["completed"]
    assert (noted[0]["attempts"], noted[0]["outcome"]) == (told, "delivered")


async def test_three_retries_100_ms_apart(wire: Wire) -> None:
    """A callback not answered with 200 is posted three more times, 100 ms apart, and no more."""
    async with listening(Listener(500, 404, 302, 503)) as listener:
        await made(wire, listener.url)
    assert listener.states == ["dreaming"] * 4 + ["completed"]
    pauses = [b - a for a, b in zip(listener.times[:3], listener.times[1:4], strict=True)]
    assert all(pause >= 0.09 for pause in pauses)
    assert callbacks.PAUSE == 0.1
    noted = (await wire.http.get("/sandbox/callbacks")).json()
    assert [(one["state"], one["attempts"], one["outcome"]) for one in noted] == [
        ("dreaming", 4, "answered 503"),
        ("completed", 1, "delivered"),
    ]
    assert "secret" not in json.dumps(noted)


async def test_the_first_good_answer_ends_it(wire: Wire) -> None:
    """After a retry that was taken nothing is repeated."""
    async with listening(Listener(500)) as listener:
        await made(wire, listener.url)
    assert listener.states == ["dreaming", "dreaming", "completed"]


@pytest.mark.long
async def test_a_callback_never_holds_up_the_life_cycle(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a listener that never answers the generation completes at once; each try ends at its time-out."""
    assert callbacks.TIMEOUT == 5.0
    monkeypatch.setattr(callbacks, "TIMEOUT", 0.6)
    async with listening(Listener(hang=True)) as listener:
        created = await wire.create(callback_url=listener.url)
        assert (await wire.ended(created.id)).state == "completed"
        assert len(listener.states) < 8  # it ended while callbacks were still being tried
        await wire.server_state.callbacks.settled()
    told = wire.server_state.callbacks.report()
    assert [(one["state"], one["attempts"]) for one in told] == [("dreaming", 4), ("completed", 4)]
    assert {one["outcome"] for one in told} == {"no answer within 0.6 s"}
    assert set(listener.states) == {"dreaming", "completed"}


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/told", "http://10.0.0.1:80/", "http://no-such-host.invalid/", "http://0.0.0.0:9/"]
)
async def test_callbacks_stay_on_this_machine(wire: Wire, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback that points elsewhere is accepted with its create, noted, and never sent."""

    async def never(*_: object) -> None:
        raise AssertionError("it was sent")

    monkeypatch.setattr(callbacks, "_post_to", never)
    created = await wire.http.post("/generations", json={"model": "ray-2", "prompt": "a lake", "callback_url": url})
    await wire.ended(created.json()["id"])
    await wire.server_state.lifecycle.at_rest()
    await wire.server_state.callbacks.settled()
    noted = wire.server_state.callbacks.report()
    assert [one["attempts"] for one in noted] == [0, 0]
    assert all("not sent" in one["outcome"] for one in noted)


async def test_duplicate_callbacks(wire: Wire) -> None:
    """A fault delivers one again, as often as it says."""
    await wire.faults({"kind": "callback_twice", "nth": 1}, {"kind": "callback_twice", "nth": 2, "copies": 3})
    async with listening(Listener()) as listener:
        await made(wire, listener.url)
    assert listener.states == ["dreaming"] * 2 + ["completed"] * 3


async def test_callbacks_out_of_order(wire: Wire) -> None:
    """A fault keeps one back until after the next: the end is told before the dreaming."""
    await wire.faults({"kind": "callback_late"})
    async with listening(Listener()) as listener:
        await made(wire, listener.url)
    assert listener.states == ["completed", "dreaming"]


async def test_lost_callbacks(wire: Wire) -> None:
    """A fault swallows one, and the next one comes."""
    await wire.faults({"kind": "callback_lost", "nth": 1})
    async with listening(Listener()) as listener:
        await made(wire, listener.url)
    assert listener.states == ["completed"]


async def test_after_a_restart_only_later_states_are_told(tmp_path: Path) -> None:
    """A state told before the stop is not told again; a later one is told."""
    clock = HandClock()
    async with listening(Listener()) as listener:
        async with served(tmp_path, clock=clock, latency=100.0) as first:
            created = await first.create(callback_url=listener.url)
            clock.advance(50)
            async with asyncio.timeout(240):
                while listener.states != ["dreaming"]:  # noqa: ASYNC110  # the listener sets no event
                    await asyncio.sleep(0.01)
        async with served(tmp_path, clock=clock) as second:
            await second.ended(created.id)
            await second.server_state.lifecycle.at_rest()
            await second.server_state.callbacks.settled()
    assert listener.states == ["dreaming", "completed"]
