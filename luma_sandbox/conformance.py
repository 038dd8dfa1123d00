"""Routes for the lumaai SDK's own test suite: any id, any body, every route. Nothing is made and nothing is charged.

A strict server would fail a third of that suite: it asks for the generation called ``id``, continues one that was
never made, loops between two images, and names a concept ``key``.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from luma_sandbox.clock import iso
from luma_sandbox.dream_machine import check_key, server_of
from luma_sandbox.server_state import ServerState

ANY_ID = "123e4567-e89b-12d3-a456-426614174000"

router = APIRouter(dependencies=[Depends(check_key)], tags=["Conformance"])
TheServer = Annotated[ServerState, Depends(server_of)]


@router.post("/generations", status_code=201)
@router.post("/generations/video", status_code=201)
@router.post("/generations/video/modify", status_code=201)
@router.post("/generations/video/reframe", status_code=201)
@router.post("/generations/image", status_code=201)
@router.post("/generations/image/reframe", status_code=201)
@router.post("/generations/{identity}/upscale")
@router.post("/generations/{identity}/audio")
async def create(request: Request, server: TheServer) -> dict[str, Any]:
    """Accept any body, and echo it."""
    body = await request.body()
    return _generation(server, await request.json() if body else {})


@router.get("/generations/{identity}")
def get(identity: str, server: TheServer) -> dict[str, Any]:
    """Return some generation, for any id."""
    return _generation(server, {"model": "ray-2", "generation_type": "video"}) | {"id": identity}


@router.delete("/generations/{identity}", status_code=204)
def delete(identity: str) -> Response:
    """Confirm any deletion."""
    return Response(status_code=204)


@router.get("/generations")
def page(
    server: TheServer, limit: Annotated[int, Query()] = 100, offset: Annotated[int, Query()] = 0
) -> dict[str, Any]:
    """Return a page with one generation."""
    one = _generation(server, {"model": "ray-2", "generation_type": "video"})
    return {"generations": [one], "count": 1, "has_more": False, "limit": limit, "offset": offset}


def _generation(server: ServerState, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": ANY_ID,
        "generation_type": "image" if "photon" in str(request.get("model")) else "video",
        "state": "queued",
        "failure_reason": None,
        "created_at": iso(server.clock.now()),
        "assets": None,
        "model": request.get("model"),
        "request": request,
    }
