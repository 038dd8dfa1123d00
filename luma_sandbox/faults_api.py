"""``/sandbox/faults``: the plan of faults, seen and changed while the sandbox runs."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from luma_sandbox.dream_machine import house_of, read_json
from luma_sandbox.faults import KINDS, Fault, Plan
from luma_sandbox.faults_file import plan_of, said
from luma_sandbox.faults_routes import CALLBACK, ROUTES
from luma_sandbox.guard import own_machine
from luma_sandbox.refusal import Refusal
from luma_sandbox.server_state import House

router = APIRouter(prefix="/sandbox", tags=["Sandbox"], dependencies=[Depends(own_machine)])
TheHouse = Annotated[House, Depends(house_of)]


@router.get("/faults")
async def get_faults(house: TheHouse) -> dict[str, Any]:
    """The plan, its counters, the latest strikes, and what there is to choose from."""
    return {
        **house.faults.report(),
        "limits": house.limits.as_given(),
        "kinds": {kind.name: kind.about for kind in KINDS.values()},
        "routes": [*ROUTES, CALLBACK],
    }


@router.put("/faults")
async def put_faults(request: Request, house: TheHouse) -> dict[str, Any]:
    """Begin anew with this plan, in the form of a fault file."""
    plan = _plan(await read_json(request))
    await asyncio.to_thread(house.limit, plan.limits)
    house.faults.replace(plan)
    return await get_faults(house)


@router.post("/faults")
async def post_faults(request: Request, house: TheHouse) -> dict[str, Any]:
    """Add one fault, or a list of them. What is there goes on counting."""
    given = await read_json(request)
    try:
        faults = [Fault.model_validate(one) for one in (given if isinstance(given, list) else [given])]
    except ValidationError as error:
        raise Refusal(422, said(error)) from error
    house.faults.add(*faults)
    return await get_faults(house)


@router.delete("/faults")
async def delete_faults(house: TheHouse) -> dict[str, Any]:
    """No more faults, and the limits that the sandbox was started with. Credit stays as it is."""
    house.faults.replace(Plan())
    house.limits = house.options.limits
    return await get_faults(house)


@router.get("/callbacks")
async def get_callbacks(house: TheHouse) -> list[dict[str, Any]]:
    """What became of the latest callbacks."""
    return house.callbacks.report()


def _plan(given: Any) -> Plan:
    try:
        return Plan.model_validate(plan_of(given))
    except ValidationError as error:
        raise Refusal(422, said(error)) from error
