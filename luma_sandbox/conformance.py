"""What the SDK's own test suite asks for: any id, any body, every route. Nothing is made and nothing is charged.

A strict server would fail a third of that suite: it asks for the generation called ``id``, builds on one that was
never made, loops between two images, and names a concept ``key``.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from luma_sandbox.clock import iso
from luma_sandbox.dream_machine import check_key, house_of
from luma_sandbox.server_state import House

ANY_ID = "123e4567-e89b-12d3-a456-426614174000"

router = APIRouter(dependencies=[Depends(check_key)], tags=["Conformance"])
TheHouse = Annotated[House, Depends(house_of)]


@router.post("/generations", status_code=201)
@router.post("/generations/video", status_code=201)
@router.post("/generations/video/modify", status_code=201)
@router.post("/generations/video/reframe", status_code=201)
@router.post("/generations/image", status_code=201)
@router.post("/generations/image/reframe", status_code=201)
@router.post("/generations/{identity}/upscale")
@router.post("/generations/{identity}/audio")
async def create(request: Request, house: TheHouse) -> dict[str, Any]:
    """Take whatever was sent, and echo it."""
    body = await request.body()
    return _generation(house, await request.json() if body else {})


@router.get("/generations/{identity}")
def get(identity: str, house: TheHouse) -> dict[str, Any]:
    """Some generation, whatever its id."""
    return _generation(house, {"model": "ray-2", "generation_type": "video"}) | {"id": identity}


@router.delete("/generations/{identity}", status_code=204)
def delete(identity: str) -> Response:
    """As if it had been there."""
    return Response(status_code=204)


@router.get("/generations")
def page(house: TheHouse, limit: Annotated[int, Query()] = 100, offset: Annotated[int, Query()] = 0) -> dict[str, Any]:
    """A page with one generation."""
    one = _generation(house, {"model": "ray-2", "generation_type": "video"})
    return {"generations": [one], "count": 1, "has_more": False, "limit": limit, "offset": offset}


def _generation(house: House, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": ANY_ID,
        "generation_type": "image" if "photon" in str(request.get("model")) else "video",
        "state": "queued",
        "failure_reason": None,
        "created_at": iso(house.clock.now()),
        "assets": None,
        "model": request.get("model"),
        "request": request,
    }
