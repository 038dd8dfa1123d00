"""The sandbox's own routes, which the service does not have: books, assets, attached processes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from studio.sandbox.clock import iso
from studio.sandbox.dream_machine import house_of, read_json
from studio.sandbox.guard import own_machine
from studio.sandbox.house import House
from studio.sandbox.inputs import result
from studio.sandbox.refusal import Refusal

router = APIRouter(prefix="/sandbox", tags=["Sandbox"])
CONTROL = [Depends(own_machine)]  # not for assets: those are signed, and for any client of the APIs
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
TheHouse = Annotated[House, Depends(house_of)]


@router.get("/books", dependencies=CONTROL)
def books(house: TheHouse) -> dict[str, Any]:
    """Every create ever accepted and what became of its money, so that anyone can hold their own books against it."""
    account = house.books.account()
    return {
        "balance_cents": account.balance,
        "credit_cents": account.credit,
        "charged_cents": account.charged,
        "refunded_cents": account.refunded,
        "creates": [
            {
                "id": create.id,
                "created_at": iso(create.created_at),
                "cents": create.cents,
                "refunded_cents": create.refunded_cents,
                "state": create.state,
                "failure_reason": create.failure_reason,
                "note": create.note,
                "deleted": create.deleted_at is not None,
                "request": create.request,
            }
            for create in house.books.creates()
        ],
    }


@router.post("/attach", dependencies=CONTROL)
async def attach(request: Request, house: TheHouse) -> dict[str, Any]:
    """Live as long as that process; once the last attached one has died, the server ends."""
    body = await read_json(request)
    pid = body.get("pid") if isinstance(body, dict) else None
    if not isinstance(pid, int) or isinstance(pid, bool):
        raise Refusal(422, 'Give the process as {"pid": 1234}')
    return {"pid": pid, "attached": await asyncio.to_thread(house.companions.attach, pid)}


@router.api_route("/assets/{identity}/video.mp4", methods=["GET", "HEAD"])
def video(identity: str, request: Request, house: TheHouse, expires: str = "", sig: str = "") -> FileResponse:
    """A finished clip, whole or in ranges, for whoever holds a valid signature."""
    if not house.signer.holds(request.url.path, expires, sig, house.clock.now()):
        raise Refusal(403, "Request has expired or its signature does not match")
    found = house.books.get(identity)
    if found is None or found.state != "completed":
        raise Refusal(404, "Asset not found")
    return FileResponse(house.home.clip(identity), media_type="video/mp4")


@router.api_route("/assets/{identity}/image.{extension}", methods=["GET", "HEAD"])
def image(
    identity: str, extension: str, request: Request, house: TheHouse, expires: str = "", sig: str = ""
) -> FileResponse:
    """A finished still for whoever holds a valid signature."""
    if not house.signer.holds(request.url.path, expires, sig, house.clock.now()):
        raise Refusal(403, "Request has expired or its signature does not match")
    found = house.books.get(identity)
    if found is None or found.state != "completed" or found.kind != "image":
        raise Refusal(404, "Asset not found")
    return FileResponse(result(house.home, found), media_type=MEDIA_TYPES[extension])


@router.api_route("/assets/{identity}/poster.jpg", methods=["GET", "HEAD"])
def poster(identity: str, request: Request, house: TheHouse, expires: str = "", sig: str = "") -> FileResponse:
    """The picture that stands for a clip on the page."""
    if not house.signer.holds(request.url.path, expires, sig, house.clock.now()):
        raise Refusal(403, "Request has expired or its signature does not match")
    place = house.home.poster(identity)
    if not place.exists():
        raise Refusal(404, "Asset not found")
    return FileResponse(place, media_type="image/jpeg")
