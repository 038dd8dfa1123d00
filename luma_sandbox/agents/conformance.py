"""Routes for the luma-agents SDK's own test suite: any id, any body. Nothing is made and nothing is charged.

A strict server would refuse parts of the suite: a reference with all four sources at once, a loop with
guide frames, a file of the type ``x``, a cursor called ``cursor``.

The suite also wants its base URL to have no path, and at the root ``/generations`` belongs to Dream Machine. There the
two APIs are told apart by the client's name, which each SDK sends: ``Luma/Python``, ``AsyncLuma/Python``.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from luma_sandbox.agents.refusal import check_key
from luma_sandbox.clock import iso
from luma_sandbox.dream_machine import server_of
from luma_sandbox.server_state import ServerState

ANY_ID = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"

PREFIX = "/v1"
CLIENTS = (b"Luma/", b"AsyncLuma/")


class Told(APIRoute):
    """A route that at the root answers only this API's own clients."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route does, but only for this API's clients."""
        if not self.path.startswith(PREFIX) and not dict(scope.get("headers", ())).get(b"user-agent", b"").startswith(
            CLIENTS
        ):
            return Match.NONE, {}
        return super().matches(scope)


router = APIRouter(dependencies=[Depends(check_key)], tags=["Conformance"], route_class=Told)
TheServer = Annotated[ServerState, Depends(server_of)]


@router.post("/generations", status_code=201)
async def create(request: Request, server: TheServer) -> dict[str, Any]:
    """Accept any body."""
    asked = await request.json()
    return _generation(server) | {"model": asked.get("model", "uni-1"), "type": asked.get("type", "image")}


@router.get("/generations/{identity}")
def get(identity: str, server: TheServer) -> dict[str, Any]:
    """Return some generation, for any id."""
    return _generation(server) | {"id": identity}


@router.post("/files", status_code=201)
async def create_file(request: Request, server: TheServer) -> dict[str, Any]:
    """Return a file that waits for its bytes."""
    upload = {"method": "PUT", "url": str(request.url), "headers": {}, "expires_at": iso(server.clock.now() + 3600)}
    return {"id": ANY_ID, "state": "pending", "file": _file(server), "upload": upload}


@router.get("/files")
def page(server: TheServer) -> dict[str, Any]:
    """Return a page with one file."""
    return {"data": [_file(server)], "has_more": False, "next_cursor": None}


@router.get("/files/{identity}")
@router.post("/files/{identity}/complete")
def get_file(identity: str, server: TheServer) -> dict[str, Any]:
    """Return some file, for any id."""
    return _file(server) | {"id": identity}


@router.delete("/files/{identity}", status_code=204)
def delete_file(identity: str) -> Response:
    """Confirm the deletion of any file."""
    return Response(status_code=204)


def _generation(server: ServerState) -> dict[str, Any]:
    return {
        "id": ANY_ID,
        "type": "image",
        "model": "uni-1",
        "state": "queued",
        "created_at": iso(server.clock.now()),
        "output": [],
        "failure_reason": None,
        "failure_code": None,
    }


def _file(server: ServerState) -> dict[str, Any]:
    return {
        "id": ANY_ID,
        "created_at": iso(server.clock.now()),
        "mime_type": "image/png",
        "purpose": "input",
        "size_bytes": 1,
        "state": "pending",
        "deleted_at": None,
        "expires_at": None,
        "failure_reason": None,
        "filename": None,
        "user_id": None,
    }
