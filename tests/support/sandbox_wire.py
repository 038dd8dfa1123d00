"""A sandbox behind a real socket, in this process, so that a test can read the wire and the books."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import luma_agents
from lumaai import AsyncLumaAI
from lumaai.types import Generation

from luma_sandbox.__main__ import Server, configured, listen
from luma_sandbox.app import create_app
from luma_sandbox.clock import Clock
from luma_sandbox.faults import Plan
from luma_sandbox.server_state import Options, ServerState
from tests.support.sandbox_in_process import blank

#: Made once: each new one reads all authorities.
PLAIN = httpx.create_ssl_context()


class Wire:
    """One sandbox on a port, its state, and strict clients of it. Nothing is rendered."""

    def __init__(self, server_state: ServerState, url: str) -> None:
        self.server_state = server_state
        self.url = url
        trust = (
            ssl.create_default_context(cafile=server_state.certificate.ca)
            if server_state.certificate is not None
            else PLAIN
        )
        self.http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": "Bearer k"}, trust_env=False, timeout=120, verify=trust
        )
        self.luma = AsyncLumaAI(
            auth_token="k",
            base_url=f"{url}/dream-machine/v1",
            http_client=httpx.AsyncClient(trust_env=False, verify=trust),
            max_retries=0,
            _strict_response_validation=True,
        )

    async def create(self, **wanted: Any) -> Generation:
        """Send a create with what every video needs, unless said otherwise."""
        given = {"model": "ray-2", "prompt": "a quiet lake at dawn", "resolution": "540p", "duration": "5s"} | wanted
        return await self.luma.generations.create(**given)

    async def faults(self, *faults: dict[str, Any], **plan: Any) -> dict[str, Any]:
        """Replace all faults by these, through the endpoint."""
        answer = await self.http.put("/sandbox/faults", json={"faults": faults} | plan)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def ended(self, identity: object) -> Generation:
        """Wait until a generation has completed or failed, and return it."""
        return await self.comes_to(identity, "completed", "failed")

    async def comes_to(self, identity: object, *states: str) -> Generation:
        """Return that generation once it is in one of these states."""
        async with asyncio.timeout(240):
            while (found := await self.luma.generations.get(str(identity))).state not in states:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found

    @property
    def charged(self) -> int:
        """The cents that the books say were charged."""
        return self.server_state.books.account().charged


@asynccontextmanager
async def served(
    home: Path, plan: dict[str, Any] | None = None, *, clock: Clock | None = None, **options: Any
) -> AsyncIterator[Wire]:
    """Serve a sandbox in that home on a free port of loopback, with latency 0 unless said otherwise."""
    given = Options(**{"latency": 0.0, "plan": Plan.model_validate(plan or {})} | options)
    app = create_app(home, given, clock=clock)
    server_state: ServerState = app.state.server
    server_state.render_pool.render = blank  # type: ignore[method-assign]
    socket = listen("127.0.0.1", 0, expose=False)
    up = asyncio.Event()
    server = Server(configured(app), up.set)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    await up.wait()
    scheme = "http" if server_state.certificate is None else "https"
    wire = Wire(server_state, f"{scheme}://127.0.0.1:{socket.getsockname()[1]}")
    try:
        async with wire.http, wire.luma:
            yield wire
    finally:
        server.should_exit = True
        await serving


def agents(wire: Wire) -> luma_agents.AsyncLuma:
    """A strict client of the Agents API."""
    return luma_agents.AsyncLuma(
        auth_token="k",
        base_url=f"{wire.url}/v1",
        http_client=httpx.AsyncClient(trust_env=False),
        max_retries=0,
        _strict_response_validation=True,
    )
