"""``/sandbox/faults``: the plan of faults, seen and changed while the sandbox runs."""

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
    """The plan, its counters, the latest strikes, and what there is to choose from."""
    return {
        **server.faults.report(),
        "limits": server.limits.as_given(),
        "kinds": {kind.name: kind.about for kind in KINDS.values()},
        "routes": [*ROUTES, CALLBACK],
    }


@router.put("/faults")
async def put_faults(request: Request, server: TheServer) -> dict[str, Any]:
    """Begin anew with this plan, in the form of a fault file."""
    plan = _plan(await read_json(request))
    await asyncio.to_thread(server.limit, plan.limits)
    server.faults.replace(plan)
    return await get_faults(server)


@router.post("/faults")
async def post_faults(request: Request, server: TheServer) -> dict[str, Any]:
    """Add one fault, or a list of them. What is there goes on counting."""
    given = await read_json(request)
    try:
        faults = [Fault.model_validate(one) for one in (given if isinstance(given, list) else [given])]
    except ValidationError as error:
        raise Refusal(422, said(error)) from error
    server.faults.add(*faults)
    return await get_faults(server)


@router.delete("/faults")
async def delete_faults(server: TheServer) -> dict[str, Any]:
    """No more faults, and the limits that the sandbox was started with. Credit stays as it is."""
    server.faults.replace(Plan())
    server.limits = server.options.limits
    return await get_faults(server)


@router.get("/callbacks")
async def get_callbacks(server: TheServer) -> list[dict[str, Any]]:
    """What became of the latest callbacks."""
    return server.callbacks.report()


def _plan(given: Any) -> Plan:
    try:
        return Plan.model_validate(plan_of(given))
    except ValidationError as error:
        raise Refusal(422, said(error)) from error
