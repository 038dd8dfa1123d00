"""The Luma Agents API as a whole: its routes under ``/v1``, and how it words an error."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from studio.sandbox.agents import conformance
from studio.sandbox.agents.conformance import PREFIX
from studio.sandbox.agents.refusal import Declined, decline, mark


def include(app: FastAPI, *, lenient: bool) -> None:
    """Add the API to a sandbox. ``lenient`` answers the SDK's own test suite, which asks at the root."""
    app.add_exception_handler(Declined, decline)
    if lenient:
        for prefix in (PREFIX, ""):
            app.include_router(conformance.router, prefix=prefix, dependencies=[Depends(mark)])
