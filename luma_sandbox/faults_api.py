"""``/sandbox/faults``: routes to see and change the plan of faults while the sandbox runs."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from luma_sandbox.dream_machine import read_json, server_of
from luma_sandbox.faults import KINDS, Fault, Plan
from luma_sandbox.faults_file import plan_of, said
from luma_sandbox.faults_routes import CALLBACK, ROUTES
from luma_sandbox.guard import own_machine
from luma_sandbox.refusal import Refusal
from luma_sandbox.server_state import ServerState

router = APIRouter(prefix="/sandbox", tags=["Sandbox"], dependencies=[Depends(own_machine)])
TheServer = Annotated[ServerState, Depends(server_of)]


@router.get("/faults")
async def get_faults(server: TheServer) -> dict[str, Any]:
    """Return the plan, its counters, the latest strikes, and the available kinds and routes."""
    return {
        **server.faults.report(),
        "limits": server.limits.as_given(),
        "kinds": {kind.name: kind.about for kind in KINDS.values()},
        "routes": [*ROUTES, CALLBACK],
    }


@router.put("/faults")
async def put_faults(request: Request, server: TheServer) -> dict[str, Any]:
    """Replace the plan, given in the form of a fault file."""
    plan = _plan(await read_json(request))
    await asyncio.to_thread(server.limit, plan.limits)
    server.faults.replace(plan)
    return await get_faults(server)


@router.post("/faults")
async def post_faults(request: Request, server: TheServer) -> dict[str, Any]:
    """Add one fault, or a list of them. The others' counters continue."""
    given = await read_json(request)
    try:
        faults = [Fault.model_validate(one) for one in (given if isinstance(given, list) else [given])]
    except ValidationError as error:
        raise Refusal(422, said(error)) from error
    server.faults.add(*faults)
    return await get_faults(server)


@router.delete("/faults")
async def delete_faults(server: TheServer) -> dict[str, Any]:
    """Remove all faults, and restore the limits that the sandbox was started with. Credit is not changed."""
    server.faults.replace(Plan())
    server.limits = server.options.limits
    return await get_faults(server)


@router.get("/callbacks")
async def get_callbacks(server: TheServer) -> list[dict[str, Any]]:
    """Return the results of the latest callbacks."""
    return server.callbacks.report()


def _plan(given: Any) -> Plan:
    try:
        return Plan.model_validate(plan_of(given))
    except ValidationError as error:
        raise Refusal(422, said(error)) from error
