"""Assembly of the Luma Agents API: its routes under ``/v1``, and the form of its errors."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from luma_sandbox.agents import archive, conformance, files, generations
from luma_sandbox.agents.conformance import PREFIX
from luma_sandbox.agents.refusal import Declined, decline, mark
from luma_sandbox.agents.state import AgentsState
from luma_sandbox.server_state import ServerState


def include(app: FastAPI, server: ServerState) -> None:
    """Add the API to a sandbox. In conformance mode it answers its SDK's own test suite, also at the root."""
    app.state.agents = AgentsState(server)
    app.add_exception_handler(Declined, decline)
    marked = [Depends(mark)]
    if server.options.conformance:
        for prefix in (PREFIX, ""):
            app.include_router(conformance.router, prefix=prefix, dependencies=marked)
    app.include_router(files.uploads)
    app.include_router(archive.router)
    for router in (generations.router, files.router):
        app.include_router(router, prefix=PREFIX, dependencies=marked)


def close(app: FastAPI) -> None:
    """Close its files table."""
    agents: AgentsState = app.state.agents
    agents.close()
