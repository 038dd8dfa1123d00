"""The sandbox as a web application."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from luma_sandbox import admin_routes, conformance, dream_machine, faults_api, page
from luma_sandbox.agents import api as agents
from luma_sandbox.books import Generation
from luma_sandbox.browsers import Browsers
from luma_sandbox.clock import Clock
from luma_sandbox.faults_wire import FaultLayer
from luma_sandbox.limits import TooMany
from luma_sandbox.refusal import Refusal
from luma_sandbox.server_state import Options, ServerState


def create_app(home: Path, options: Options | None = None, *, clock: Clock | None = None) -> FastAPI:
    """Create a sandbox that lives in ``home``. Unfinished work is resumed when the application starts.

    An ASGI transport runs no lifespan: wrap the client in ``async with running(app)``.
    """
    server = ServerState(home, options or Options(), clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running(app):
            yield

    app = FastAPI(title="Luma sandbox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.server = server
    app.add_exception_handler(Refusal, _refuse)
    app.add_middleware(FaultLayer, server=server)
    app.add_middleware(Browsers)  # outside the faults, so that a page sees their answers too
    server.callbacks.body = lambda generation: _seen(server, generation)
    app.include_router(admin_routes.router)
    app.include_router(faults_api.router)
    app.include_router(page.router)
    agents.include(app, server)
    # Each with and without the base path. The first match answers, so the fixed lists come before the routes with an
    # id.
    apis = [dream_machine.fixed, *([conformance.router] if server.options.conformance else []), dream_machine.router]
    for prefix in (dream_machine.PREFIX, ""):
        for api in apis:
            app.include_router(api, prefix=prefix)
    return app


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[ServerState]:
    """Run the sandbox's life cycles within the block."""
    server: ServerState = app.state.server
    server.lifecycle.resume()
    try:
        yield server
    finally:
        await server.close()
        agents.close(app)


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refusal):
        raise error
    server: ServerState = request.app.state.server
    detail = error.detail
    if isinstance(detail, str) and server.options.assume["detail_prefix"] == "status":
        detail = f"{error.status}: {detail}"
    headers = None
    if isinstance(error, TooMany) and error.retry_after is not None and server.options.assume["retry_after"] == "sent":
        headers = {"Retry-After": str(math.ceil(error.retry_after))}
    return JSONResponse({"detail": detail}, error.status, headers)


def _seen(server: ServerState, generation: Generation) -> dict[str, Any]:
    """A generation as a callback shows it, with asset URLs at the address of the latest client."""
    url = urlsplit(server.address)
    host = (b"host", url.netloc.encode())
    called = {"type": "http", "scheme": url.scheme, "path": "/", "query_string": b"", "headers": [host]}
    return dream_machine.answer(server, Request(called), generation)
