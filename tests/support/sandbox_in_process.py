"""A sandbox in a temporary home, with a clock that tests advance, and real lumaai clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from lumaai import AsyncLumaAI
from lumaai.types import Generation

from luma_sandbox.app import create_app, running
from luma_sandbox.clock import HandClock
from luma_sandbox.server_state import Options, ServerState

BASE = "http://127.0.0.1:8787"
API = f"{BASE}/dream-machine/v1"


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn off the render cache and coarse rendering, and use the default assumptions.

    For tests of whether equal requests make equal bytes.
    """
    monkeypatch.delenv("STUDIO_SANDBOX_RENDERS", raising=False)
    monkeypatch.delenv("STUDIO_SANDBOX_COARSE", raising=False)
    monkeypatch.delenv("STUDIO_SANDBOX_ASSUME", raising=False)


class Sandbox:
    """One running sandbox and a strict SDK client of it."""

    def __init__(self, app: FastAPI, server_state: ServerState, clock: HandClock) -> None:
        self.app = app
        self.server_state = server_state
        self.clock = clock
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE)
        self.luma = AsyncLumaAI(
            auth_token="any-key", base_url=API, http_client=self.http, max_retries=0, _strict_response_validation=True
        )

    async def create(self, **wanted: Any) -> Generation:
        """Send a create with what every video needs, unless said otherwise."""
        given = {"model": "ray-2", "prompt": "a quiet lake at dawn", "resolution": "540p", "duration": "5s"} | wanted
        return await self.luma.generations.create(**given)

    async def finish(self, *generations: Generation) -> list[Generation]:
        """Advance the clock, and wait for the renderer."""
        await self.settle(lambda: self.clock.advance(1))
        return [await self.luma.generations.get(str(generation.id)) for generation in generations]

    async def settle(self, tick: Callable[[], None]) -> None:
        """Advance the clock until nothing is unfinished."""
        while self.server_state.books.unfinished():
            tick()
            await asyncio.sleep(0.02)

    async def download(self, generation: Generation, to: Path) -> Path:
        """Download a generation's clip to a file."""
        assert generation.assets is not None
        answer = await self.http.get(str(generation.assets.video))
        answer.raise_for_status()
        to.write_bytes(answer.content)
        return to


@asynccontextmanager
async def opened(home: Path, options: Options | None = None) -> AsyncIterator[Sandbox]:
    """A running sandbox in that home."""
    clock = HandClock()
    app = create_app(home, options, clock=clock)
    async with running(app) as server_state:
        sandbox = Sandbox(app, server_state, clock)
        async with sandbox.http:
            yield sandbox


@pytest.fixture
async def unrendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A sandbox whose render pool makes an empty file at once, for tests that do not look at clips."""
    async with opened(tmp_path / "home") as opened_sandbox:
        opened_sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        yield opened_sandbox


async def blank(score: Any) -> str:
    """Render nothing: bytes that are no clip."""
    Path(score["out"]).write_bytes(bytes(range(256)) * 40)
    Path(score["poster"]).write_bytes(b"\xff\xd8")
    return "0" * 64
