"""The sandbox's own routes, which the service does not have: books, assets, attached processes."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from luma_sandbox import animatic, thumbnail
from luma_sandbox.amounts import dollars, number
from luma_sandbox.books import Generation
from luma_sandbox.clock import iso
from luma_sandbox.dream_machine import API, read_json, server_of
from luma_sandbox.errors import BadClip
from luma_sandbox.guard import own_machine
from luma_sandbox.inputs import result
from luma_sandbox.refusal import Refusal
from luma_sandbox.server_state import ServerState

log = logging.getLogger("luma_sandbox")
router = APIRouter(prefix="/sandbox", tags=["Sandbox"])
CONTROL = [Depends(own_machine)]  # not for assets, which any client of the APIs may read
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
NOT_SIGNED = "Request has expired or its signature does not match"
NO_ASSET = "Asset not found"
TheServer = Annotated[ServerState, Depends(server_of)]


@router.get("/books", dependencies=CONTROL)
def books(server: TheServer) -> dict[str, Any]:
    """Every create ever accepted and what became of its money, so that a client can check its own ledger."""
    account = server.books.account()
    return {
        "balance_cents": number(account.balance),
        "credit_cents": account.credit,
        "charged_cents": number(account.charged),
        "refunded_cents": number(account.refunded),
        "charged_usd": dollars(account.charged),
        "refunded_usd": dollars(account.refunded),
        "creates": [
            {
                "id": create.id,
                "created_at": iso(create.created_at),
                "cents": number(create.cents),
                "refunded_cents": number(create.refunded_cents),
                "usd": dollars(create.cents),
                "refunded_usd": dollars(create.refunded_cents),
                "state": create.state,
                "failure_reason": create.failure_reason,
                "note": create.note,
                "deleted": create.deleted_at is not None,
                "request": create.request,
                "animatic": animatic.told(create),
            }
            for create in server.books.creates()
        ],
        "reads": dict(server.reads),
    }


@router.post("/attach", dependencies=CONTROL)
async def attach(request: Request, server: TheServer) -> dict[str, Any]:
    """Keep the server running while that process lives; it ends when the last attached process has died."""
    body = await read_json(request)
    pid = body.get("pid") if isinstance(body, dict) else None
    if not isinstance(pid, int) or isinstance(pid, bool):
        raise Refusal(422, 'Give the process as {"pid": 1234}')
    return {"pid": pid, "attached": await asyncio.to_thread(server.parent_watch.attach, pid)}


@router.api_route("/assets/{identity}/video.mp4", methods=["GET", "HEAD"])
def video(identity: str, request: Request, server: TheServer, expires: str = "", sig: str = "") -> FileResponse:
    """A finished clip, whole or in ranges."""
    finished(server, identity, request, expires, sig)
    return FileResponse(server.home.clip(identity), media_type="video/mp4")


@router.api_route("/assets/{identity}/image.{extension}", methods=["GET", "HEAD"])
def image(
    identity: str, extension: str, request: Request, server: TheServer, expires: str = "", sig: str = ""
) -> FileResponse:
    """A finished still."""
    found = finished(server, identity, request, expires, sig)
    if found.kind != "image" or extension not in MEDIA_TYPES:
        raise Refusal(404, NO_ASSET)
    return FileResponse(result(server.home, found), media_type=MEDIA_TYPES[extension])


@router.api_route("/assets/{identity}/thumb.jpg", methods=["GET", "HEAD"])
def thumb(identity: str, request: Request, server: TheServer, expires: str = "", sig: str = "") -> FileResponse:
    """The first frame of a finished clip."""
    found = finished(server, identity, request, expires, sig)
    place = server.home.thumbnail(identity)
    if found.kind != "video":
        raise Refusal(404, NO_ASSET)
    if not place.exists():
        try:
            thumbnail.keep(server.home.clip(identity), place)
        except BadClip as error:
            log.warning("no thumbnail of generation %s: %s", identity, error)
            raise Refusal(404, NO_ASSET) from error
    return FileResponse(place, media_type="image/jpeg")


@router.api_route("/assets/{identity}/poster.jpg", methods=["GET", "HEAD"])
def poster(identity: str, request: Request, server: TheServer, expires: str = "", sig: str = "") -> FileResponse:
    """The picture that the page shows for a clip."""
    if not server.signer.holds(request.url.path, expires, sig, server.clock.now()):
        raise Refusal(403, NOT_SIGNED)
    place = server.home.poster(identity)
    if not place.exists():
        raise Refusal(404, NO_ASSET)
    return FileResponse(place, media_type="image/jpeg")


def finished(server: ServerState, identity: str, request: Request, expires: str, sig: str) -> Generation:
    """A completed generation whose asset may be read at this address. Raises Refusal."""
    ever = server.books.any(identity)
    plain = ever is not None and ever.api == API and server.options.assume["asset_urls"] == "plain"
    if not plain and not server.signer.holds(request.url.path, expires, sig, server.clock.now()):
        raise Refusal(403, NOT_SIGNED)
    if ever is None or ever.deleted_at is not None or ever.state != "completed":
        raise Refusal(404, NO_ASSET)
    if request.method == "GET":
        server.reads[request.url.path] += 1
    return ever
