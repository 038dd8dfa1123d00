"""The receiver of callbacks, as a FastAPI application: it books what fits an order, and believes nothing.

A callback is answered with 200 as soon as it can be read, whatever it says: the service gives 5 seconds, sends again
what is not answered with 200, and has a failure named "Error processing callback". An unknown token is answered
alike, so that nobody learns which tokens are known. What came is booked by a task of its own, several at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from studio.errors import LedgerError
from studio.ledger.callbacks import Callback, plausible
from studio.providers.order_trace import order_token

log = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024  # a generation with a prompt of 5000 characters, escaped, is 30 kB
SECONDS = 10.0  # in which a body has to come
QUEUED = 1000
BATCH = 200
TRIES = (1.0, 3.0, 10.0)  # pauses before a ledger that cannot be written is tried again
HANG_UP = {"connection": "close"}  # or the rest of the body would still be read

Book = Callable[[Sequence[Callback]], int]


class Inbox:
    """Callbacks on their way to the ledger. ``counts``: those received, by what became of them."""

    def __init__(self, book: Book, prefix: str, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._book, self._prefix, self._sleep = book, prefix, sleep
        self._queue: asyncio.Queue[Callback] = asyncio.Queue(QUEUED)
        self.counts: Counter[str] = Counter(booked=0, dropped=0, unreadable=0, unbooked=0)
        self.booking = True  # False while the ledger cannot be written

    def put(self, callback: Callback) -> None:
        """Take a callback if its form is that of this ledger's. Too many at once are dropped: each is only a hint."""
        if plausible(callback, self._prefix):
            with suppress(asyncio.QueueFull):
                self._queue.put_nowait(callback)
                return
        self.counts["dropped"] += 1

    async def work(self) -> None:
        """Book what comes, for ever."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            stored = await self._booked(batch)
            self.counts["booked"] += stored or 0
            self.counts["dropped" if stored is not None else "unbooked"] += len(batch) - (stored or 0)
            for _ in batch:
                self._queue.task_done()

    async def settled(self) -> None:
        """Wait until all that came is booked or dropped."""
        await self._queue.join()

    async def _booked(self, batch: Sequence[Callback]) -> int | None:
        for pause in (*TRIES, None):
            try:
                stored = await asyncio.to_thread(self._book, batch)
            except LedgerError as error:
                self.booking = False
                log.warning("callbacks cannot be booked: %s", error.message)
                if pause is not None:
                    await self._sleep(pause)
            else:
                self.booking = True
                return stored
        return None


def create_app(inbox: Inbox) -> FastAPI:
    """The application: POST to any path takes a callback, GET ``/healthz`` tells how it goes."""

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        work = asyncio.create_task(inbox.work(), name="book callbacks")
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                await inbox.settled()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    app = FastAPI(title="Studio Producer: callbacks", lifespan=working, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """200 while the ledger takes what comes, else 503; the number of callbacks by what became of them."""
        return JSONResponse({"ok": inbox.booking, **inbox.counts}, 200 if inbox.booking else 503)

    @app.post("/{path:path}")
    async def take(request: Request) -> Response:
        """Take a callback."""
        try:
            async with asyncio.timeout(SECONDS):
                body = await _read(request)
        except (TimeoutError, ClientDisconnect):
            inbox.counts["unreadable"] += 1
            return Response(status_code=408, headers=HANG_UP)
        told = _parsed(body) if body is not None else None
        if told is None:
            inbox.counts["unreadable"] += 1
            return Response(status_code=400) if body is not None else Response(status_code=413, headers=HANG_UP)
        token = order_token(f"?{request.scope['query_string'].decode('latin-1')}")
        inbox.put(Callback(token or "", _text(told, "id"), _text(told, "state")))
        return Response(status_code=200)

    return app


async def _read(request: Request) -> bytes | None:
    """The body of a request; None where it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a body; None where it is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None
    return told if isinstance(told, dict) else None


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
