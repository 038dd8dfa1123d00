"""Faults at the HTTP level: a layer around the whole application that affects calls as the plan says.

A connection is ended by its transport, which ``dropping_protocol`` provides with each call: the client finds a closed
socket and no byte of an answer. Without it (a client on an ASGI transport) the client gets a ConnectionResetError.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from luma_sandbox.agents.refusal import traces
from luma_sandbox.faults import KINDS, Fault
from luma_sandbox.faults_answers import Answer, broken_download, declined, instead
from luma_sandbox.faults_fate import Fate, pending
from luma_sandbox.faults_routes import route_of
from luma_sandbox.limits import AGENTS
from luma_sandbox.server_state import ServerState

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

EXTENSION = "studio.transport"
AGENTS_PATHS = "/v1/"  # the prefix of the Luma Agents API's paths
LATE_SECONDS = 65.0  # seconds, more than the SDKs' time-out of 60
ENDLESS_CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # no lingering: the peer gets a reset


class DroppingProtocol(H11Protocol):
    """uvicorn's HTTP protocol, extended to give the application its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[EXTENSION] = transport
            await inner(scope, receive, send)

        self.app = with_transport


class FaultLayer:
    """The application with its faults."""

    def __init__(self, app: App, server: ServerState) -> None:
        self._app = app
        self._server = server
        self._faults = server.faults

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one call, unless a fault prevents it."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        # API clients send a key. A caller without one may be a web page that pretends this is its own host.
        if b"authorization" in headers and (host := headers.get(b"host")):
            self._server.address = f"{scope['scheme']}://{host.decode('latin-1')}"
        route = route_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        content = b""
        if self._faults.wants_content(route):
            receive, content = await _read(receive)
        struck = self._faults.strike(route, content)
        fault = struck.get("call") or struck.get("download")
        fated = pending.set(Fate.of(struck["generation"]) if "generation" in struck else None)
        try:
            if fault is None:
                await self._app(scope, receive, send)
            else:
                await _Struck(self._app, fault, scope, receive, send, self._server).answer()
        finally:
            pending.reset(fated)


class _Struck:
    """One call that a fault strikes."""

    def __init__(
        self, app: App, fault: Fault, scope: Message, receive: Receive, send: Send, server: ServerState
    ) -> None:  # fmt: skip
        self._app = app
        self._fault = fault
        self._scope = scope
        self._server = server
        self._clock = server.clock
        self._agents = scope["path"].startswith(AGENTS_PATHS)
        self._prefixed = server.options.assume["detail_prefix"] == "status" and not self._agents
        self._wire = receive
        self._receive = receive
        self._send = send

    async def answer(self) -> None:
        """Carry out the fault."""
        self._receive, _ = await _read(self._wire)
        if KINDS[self._fault.kind].place == "download":
            await self._break_download()
        elif self._fault.kind == "lost_request":
            await self._drop()
        elif self._fault.kind in ("slow_before", "late_acceptance"):
            if await self._wait() or self._fault.kind == "late_acceptance":
                await self._app(self._scope, self._receive, self._send)
        elif (refusal := self._refusal()) is not None:
            await self._tell(refusal)
        else:
            await self._after()

    def _refusal(self) -> Answer | None:
        """The answer that replaces a prevented call, in the form of its API."""
        if self._agents:
            return declined(self._fault, self._server.limits.creates_a_minute.get(AGENTS))
        return instead(self._fault, prefixed=self._prefixed)

    async def _after(self) -> None:
        """Apply the faults that let the call happen first. A refused call is answered as usual."""
        answer = await self._ask()
        if answer.status >= 400:
            await self._tell(answer)
            return
        match self._fault.kind:
            case "lost_answer":
                await self._drop()
            case "late_answer":
                if await self._wait():
                    await self._tell(answer)
            case "error_after":
                await self._tell(Answer.error(self._fault.status or 500, "Internal Server Error"))
            case "html":
                await self._tell(Answer.page())
            case "half_json":
                await self._tell(answer.with_body(answer.body[: len(answer.body) // 2]))
            case unknown:
                raise RuntimeError(f"no way to do {unknown}")

    async def _break_download(self) -> None:
        answer = await self._ask()
        if answer.status not in (200, 206):
            await self._tell(answer)
        elif self._fault.kind == "endless":
            await self._tell_for_ever(answer)
        elif self._fault.kind == "truncated" and not self._fault.silent:
            await self._send(answer.start())
            await self._send({"type": "http.response.body", "body": answer.half(), "more_body": True})
            await self._drop(flushed=True)
        else:
            chance = random.Random(f"{self._server.faults.seed}/{self._scope['path']}")  # noqa: S311
            await self._tell(broken_download(self._fault, answer, chance, prefixed=self._prefixed))

    async def _ask(self) -> Answer:
        """Get the application's answer."""
        start: Message = {"status": 500, "headers": []}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self._app(self._scope, self._receive, keep)
        return Answer(start["status"], list(start["headers"]), bytes(body))

    async def _tell(self, answer: Answer) -> None:
        # An HTML page comes from a proxy, which sends no request ids.
        if self._agents and (b"content-type", b"application/json") in answer.headers:
            answer = answer.also(traces(self._header(b"x-request-id")))
        await self._send(answer.start())
        await self._send({"type": "http.response.body", "body": answer.body})

    def _header(self, name: bytes) -> str | None:
        value: bytes | None = dict(self._scope["headers"]).get(name)
        return None if value is None else value.decode("latin-1")

    async def _tell_for_ever(self, answer: Answer) -> None:
        gone = asyncio.ensure_future(_gone(self._wire))
        await self._send(answer.without("content-length").start())
        body = answer.body or bytes(1)
        more = (body * (ENDLESS_CHUNK // len(body) + 1))[:ENDLESS_CHUNK]
        try:
            while not gone.done():
                await self._send({"type": "http.response.body", "body": more, "more_body": True})
                await asyncio.sleep(0.005)
        finally:
            gone.cancel()

    async def _wait(self) -> bool:
        """Wait as long as the fault says; True if the client waited too."""
        seconds = LATE_SECONDS if self._fault.seconds is None else self._fault.seconds
        if self._fault.kind == "late_acceptance":
            await self._clock.sleep(seconds)
            return True
        gone = asyncio.ensure_future(_gone(self._wire))
        slept = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((gone, slept), return_when=asyncio.FIRST_COMPLETED)
            return not gone.done()
        finally:
            gone.cancel()
            slept.cancel()

    async def _drop(self, *, flushed: bool = False) -> None:
        """End the connection; bytes written before are sent only if ``flushed``."""
        transport: asyncio.Transport | None = self._scope.get("extensions", {}).get(EXTENSION)
        if transport is None:
            raise ConnectionResetError("the sandbox ended the connection, as a fault says")
        if self._fault.reset:
            connection: socket.socket | None = transport.get_extra_info("socket")
            if connection is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if flushed:
            transport.close()
        else:
            transport.abort()
        await _gone(self._wire)


async def _read(receive: Receive) -> tuple[Receive, bytes]:
    """Read the whole body, and return it with a ``receive`` that delivers it again."""
    body = bytearray()
    left = False
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            left = True
            break
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    told = False

    async def again() -> Message:
        nonlocal told
        if not told and not left:
            told = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}
        return {"type": "http.disconnect"} if left else await receive()

    return again, bytes(body)


async def _gone(receive: Receive) -> None:
    """Return once the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
