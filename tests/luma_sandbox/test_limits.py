"""The limits of one account, and the sandbox's speed and safety under load."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import lumaai
import pytest

from luma_sandbox import reader, render_pool
from luma_sandbox.__main__ import listen
from luma_sandbox.errors import SettingsError
from luma_sandbox.limits import Limits
from luma_sandbox.render_pool import RenderPool
from luma_sandbox.server_state import Options
from tests.support.sandbox_in_process import opened
from tests.support.sandbox_wire import served

# A worker that answers like the real one, and keeps its orders until the file named in its command is there.
WORKER = """
import json, pathlib, sys, time
for line in sys.stdin:
    while not pathlib.Path(sys.argv[1]).exists():
        time.sleep(0.01)
    pathlib.Path(json.loads(line)["out"]).write_bytes(b"clip")
    print(json.dumps({"ok": True, "sha256": "0" * 64}), flush=True)
"""


async def test_creates_a_minute(tmp_path: Path) -> None:
    """One create too many within a minute is a 429 that says when there is room; it is neither kept nor charged."""
    async with opened(tmp_path, Options(limits=Limits.build().with_({"creates_a_minute": 3}))) as sandbox:
        for _ in range(3):
            await sandbox.create()
            sandbox.clock.advance(10)
        with pytest.raises(lumaai.RateLimitError) as refused:
            await sandbox.create()
        assert refused.value.response.headers["retry-after"] == "30"
        assert sandbox.server_state.books.account().charged == 120
        sandbox.clock.advance(30)
        await sandbox.create()
        with pytest.raises(lumaai.RateLimitError):
            await sandbox.create()


async def test_generations_at_once(tmp_path: Path) -> None:
    """One generation too many is a 429; when one has ended there is room again."""
    async with opened(tmp_path, Options(limits=Limits.none().with_({"at_once": {"ray": 2}}))) as sandbox:
        sandbox.server_state.render_pool.render = _nothing  # type: ignore[method-assign]
        made = [await sandbox.create(), await sandbox.create()]
        with pytest.raises(lumaai.RateLimitError, match="2 generations at once"):
            await sandbox.create()
        await sandbox.finish(*made)
        await sandbox.create()


async def test_refusals_do_not_count(tmp_path: Path) -> None:
    """A create that breaks a rule is refused for that rule, and takes no room."""
    async with opened(tmp_path, Options(limits=Limits.none().with_({"creates_a_minute": 1}))) as sandbox:
        with pytest.raises(lumaai.BadRequestError):
            await sandbox.create(prompt="ab")
        await sandbox.create()


def test_the_build_tier() -> None:
    """Ray has 10 at once and 20 creates a minute, Photon 40 and 80 (fact); the Agents API has Ray's (a guess)."""
    build = Limits.build()
    assert (build.at_once, build.creates_a_minute) == (
        {"ray": 10, "photon": 40, "agents": 10},
        {"ray": 20, "photon": 80, "agents": 20},
    )
    with pytest.raises(SettingsError, match="no limit is called"):
        build.with_({"generations": 1})


async def test_limits_from_a_plan(tmp_path: Path) -> None:
    """A plan brings limits and credit, another plan changes them, and DELETE gives back what the options said."""
    plan: dict[str, Any] = {"limits": {"creates_a_minute": 1, "credit": 90}}
    async with served(tmp_path, plan) as wire:
        await wire.create()
        with pytest.raises(lumaai.RateLimitError):
            await wire.create()
        await wire.faults(limits={"creates_a_minute": {"ray": 2}})
        await wire.create()
        with pytest.raises(lumaai.RateLimitError):
            await wire.create()
        assert (await wire.http.delete("/sandbox/faults")).json()["limits"] == {"creates_a_minute": {}, "at_once": {}}
        with pytest.raises(lumaai.APIStatusError) as poor:
            await wire.create()
        assert poor.value.status_code == 402
        assert (await wire.luma.credits.get()).credit_balance == 10


async def test_a_hundred_generations_do_not_starve_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred at once are rendered by two workers: the API answers while both are at work, and all complete."""
    real, started = asyncio.create_subprocess_exec, []

    async def start(*command: str, **how: Any) -> asyncio.subprocess.Process:
        started.append(command)
        return await real(sys.executable, "-S", "-c", WORKER, str(tmp_path / "go on"), **how)

    monkeypatch.setattr(render_pool.asyncio, "create_subprocess_exec", start)
    async with served(tmp_path, workers=2) as wire:
        wire.server_state.render_pool.render = RenderPool.render.__get__(wire.server_state.render_pool)  # type: ignore[method-assign]
        await asyncio.gather(*(wire.create(prompt=f"lake number {number}") for number in range(100)))
        async with asyncio.timeout(240):
            while len(started) < 2:  # noqa: ASYNC110  # the darkroom sets no event
                await asyncio.sleep(0.01)
        for _ in range(20):  # nothing goes on but the API
            assert (await wire.luma.ping.check()).message == "pong"
        assert len(wire.server_state.books.unfinished()) == 100
        (tmp_path / "go on").touch()
        async with asyncio.timeout(240):
            while wire.server_state.books.unfinished():
                await wire.luma.ping.check()
        assert {create.state for create in wire.server_state.books.creates()} == {"completed"}
    assert len(started) == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
def test_only_loopback_unless_told_otherwise(host: str) -> None:
    """An address that others can reach is refused before anything is bound; a name is not an address."""
    with pytest.raises(SettingsError, match="--expose"):
        listen(host, 0, expose=False)
    with pytest.raises(SettingsError, match="is not an address"):
        listen("example.org", 0, expose=False)


def test_loopback_is_the_default() -> None:
    """``localhost`` and 127.0.0.1 bind loopback."""
    for host in ("localhost", "127.0.0.1"):
        with listen(host, 0, expose=False) as bound:
            assert bound.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"Content-Type: image/png\r\n\r\n" + b"x" * 3000, "larger than"),
        (b"Content-Type: image/png\r\n\r\nx", "is not an image"),
        (b"Content-Type: image/png\r\n\r\nslow", "took longer"),
        (b"", "not this machine"),
    ],
)
async def test_images_are_read_within_caps(answer: bytes, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file too large, no image, too slow, or redirected to another machine is given up."""
    monkeypatch.setattr(reader, "MAX_BYTES", 2000)
    monkeypatch.setattr(reader, "MAX_SECONDS", 0.3 if answer.endswith(b"slow") else 60)
    elsewhere = b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/far.png\r\nContent-Length: 0\r\n\r\n"

    async def give(come: asyncio.StreamReader, go: asyncio.StreamWriter) -> None:
        await come.readuntil(b"\r\n\r\n")
        go.write(b"HTTP/1.1 200 OK\r\n" + answer if answer else elsewhere)
        await go.drain()
        if answer.endswith(b"slow"):
            await come.read()
        go.close()

    server = await asyncio.start_server(give, "127.0.0.1", 0)
    async with server:
        with pytest.raises(reader.Unreadable, match=says):
            await reader.Reader().image(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png")


async def _nothing(score: Any) -> str:
    Path(score["out"]).write_bytes(b"")
    return "0" * 64
