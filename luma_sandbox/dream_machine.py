"""The routes of the Dream Machine API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from luma_sandbox import edit_rules, finish_rules, image_rules, prices, rules, sizes
from luma_sandbox.amounts import number
from luma_sandbox.bodies import parsed
from luma_sandbox.books import Draft, Generation, NoCredit
from luma_sandbox.clock import iso
from luma_sandbox.refusal import Refusal
from luma_sandbox.server_state import ServerState

API = "dream-machine"
PREFIX = "/dream-machine/v1"
SYNC_SECONDS = 60.0  # the time-out of the SDK's own client
SYNC_LOOK = 0.05
INVALID_KEY = "Invalid API key is provided"


def check_key(authorization: Annotated[str, Header()] = "") -> None:
    """Require an API key; any value will do."""
    scheme, _, key = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(401, INVALID_KEY)


def server_of(request: Request) -> ServerState:
    """The sandbox that received this request."""
    server: ServerState = request.app.state.server
    return server


# Fixed paths come before the routes with an id.
fixed = APIRouter(dependencies=[Depends(check_key)], tags=["Dream Machine"])
router = APIRouter(dependencies=[Depends(check_key)], tags=["Dream Machine"])
TheServer = Annotated[ServerState, Depends(server_of)]


@router.post("/generations/video", status_code=201)
@router.post("/generations", status_code=201)
async def create_video(request: Request, server: TheServer) -> dict[str, Any]:
    """Order a clip. The second path is the one that older clients use."""
    wanted = rules.video(await read_json(request), server.options.assume)
    generation = await asyncio.to_thread(accept_video, server, wanted)
    server.lifecycle.begin(generation)
    return answer(server, request, generation)


@router.post("/generations/image", status_code=201)
async def create_image(request: Request, server: TheServer) -> dict[str, Any]:
    """Order a still. With `sync` the answer waits until it is there, or for `sync_timeout` seconds."""
    draft = image_rules.image(await read_json(request), server.options.assume, API)
    generation = await begin(server, draft)
    if draft.request.get("sync"):
        generation = await _finished(server, generation, float(draft.request.get("sync_timeout", SYNC_SECONDS)))
    return answer(server, request, generation)


@router.post("/generations/image/reframe", status_code=201)
async def reframe_image(request: Request, server: TheServer) -> dict[str, Any]:
    """Order a still in another shape."""
    draft = image_rules.reframe(await read_json(request), server.options.assume, API)
    return answer(server, request, await begin(server, draft))


@router.post("/generations/video/modify", status_code=201)
async def modify_video(request: Request, server: TheServer) -> dict[str, Any]:
    """Order footage in another look."""
    draft = edit_rules.modify(await read_json(request), server.options.assume, API)
    return answer(server, request, await begin(server, draft))


@router.post("/generations/video/reframe", status_code=201)
async def reframe_video(request: Request, server: TheServer) -> dict[str, Any]:
    """Order footage in another shape."""
    draft = edit_rules.reframe(await read_json(request), server.options.assume, API)
    return answer(server, request, await begin(server, draft))


@router.post("/generations/{identity}/upscale")
async def upscale(identity: str, request: Request, server: TheServer) -> dict[str, Any]:
    """Order a finished clip with more pixels: a generation of its own."""
    body = await read_json(request) if await request.body() else {}
    draft = finish_rules.upscale(body, finished_clip(server, identity), server.options.assume)
    return answer(server, request, await begin(server, draft, lambda: check_clip(server, identity)))


@router.post("/generations/{identity}/audio")
async def add_audio(identity: str, request: Request, server: TheServer) -> dict[str, Any]:
    """Order a sound for a finished clip: a generation of its own."""
    body = await read_json(request) if await request.body() else {}
    draft = finish_rules.audio(body, finished_clip(server, identity), server.options.assume)
    return answer(server, request, await begin(server, draft, lambda: check_clip(server, identity)))


@router.get("/generations")
def list_generations(
    request: Request,
    server: TheServer,
    limit: Annotated[int, Query(ge=0)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> dict[str, Any]:
    """List generations, the newest first, unless `list_order` says otherwise."""
    assume = server.options.assume
    shown = min(limit, int(assume.number("list_limit_max")))
    page, total = server.books.page(API, shown, offset, first=assume["list_order"])
    return {
        "generations": [answer(server, request, generation) for generation in page],
        "count": len(page),
        "has_more": offset + len(page) < total,
        "limit": shown,
        "offset": offset,
    }


@fixed.get("/generations/concepts/list")
def list_concepts() -> list[str]:
    """List the keys that `concepts` accepts."""
    return list(rules.CONCEPTS)


@fixed.get("/generations/camera_motion/list")
def list_camera_motions() -> list[str]:
    """List the older camera motions: sentences that are written into the prompt."""
    return list(rules.CAMERA_MOTIONS)


@router.get("/generations/{identity}")
def get_generation(identity: str, request: Request, server: TheServer) -> dict[str, Any]:
    """Return one generation, its asset under a fresh URL."""
    return answer(server, request, find(server, identity))


@router.delete("/generations/{identity}", status_code=204)
def delete_generation(identity: str, server: TheServer) -> Response:
    """Hide a generation. Its cost stays in the books."""
    if not server.books.delete(find(server, identity).id, server.clock.now()):
        raise Refusal(404, "Generation not found")
    return Response(status_code=204)


@fixed.get("/credits")
def get_credits(server: TheServer) -> dict[str, int | float]:
    """Return the account's balance, in US cents."""
    return {"credit_balance": number(server.books.account().balance)}


@fixed.get("/ping")
def ping() -> dict[str, str]:
    """Answer that the server is up."""
    return {"message": "pong"}


async def read_json(request: Request) -> Any:
    """The parsed body. Raises Refusal if it is not JSON."""
    try:
        return parsed(await request.body())
    except json.JSONDecodeError as error:
        raise _not_json([error.pos], error.msg) from error
    except (ValueError, RecursionError) as error:
        raise _not_json([], "not a value of JSON") from error


def _not_json(at: list[int], why: str) -> Refusal:
    told = {
        "type": "json_invalid",
        "loc": ["body", *at],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": why},
    }
    return Refusal(422, [told])


def find(server: ServerState, identity: str) -> Generation:
    """A generation that was not deleted. Raises Refusal."""
    found = server.books.get(identity)
    if found is None or found.api != API:
        raise Refusal(404, "Generation not found")
    return found


def finished_clip(server: ServerState, identity: str) -> Generation:
    """A completed video that may be edited further. Raises Refusal."""
    found = find(server, identity)
    status = int(server.options.assume["unfinished_parent"])
    if found.kind != "video":
        raise Refusal(status, f"Generation {identity} is not a video")
    if found.state != "completed":
        raise Refusal(status, f"Generation {identity} is {found.state}, not completed")
    return found


def check_clip(server: ServerState, identity: str) -> None:
    """Raise Refusal if a generation is no longer a completed video."""
    finished_clip(server, identity)


def accept_video(server: ServerState, wanted: rules.VideoRequest) -> Generation:
    """Book and charge a video, or refuse it without a charge."""
    width, height = sizes.of(wanted.resolution, wanted.aspect_ratio)
    order_form = {
        "prompt": wanted.prompt,
        "model": wanted.model,
        "resolution": wanted.resolution,
        "width": width,
        "height": height,
        "frames": sizes.frames(wanted.seconds),
        "concepts": list(wanted.concepts),
        "loop": wanted.loop,
        "extension": server.options.assume["extension"],
        "frame0": wanted.start.model_dump(exclude_none=True) if wanted.start else None,
        "frame1": wanted.end.model_dump(exclude_none=True) if wanted.end else None,
    }
    draft = Draft(
        api=API,
        kind="video",
        model=wanted.model,
        request=wanted.echo,
        order_form=order_form,
        cents=prices.video(wanted.model, wanted.resolution, wanted.seconds, _rate(server, wanted.model)),
    )

    def check_parents() -> None:
        for name, identity in wanted.parents:
            check_parent(server, name, identity)

    return accept(server, draft, check_parents)


def _rate(server: ServerState, model: str) -> float | None:
    """US dollars per million pixels of a model outside Luma's price lists; None for a listed one."""
    return server.options.assume.number("ray_1_6_rate") if model == "ray-1-6" else None


async def begin(server: ServerState, draft: Draft, check: Callable[[], None] = lambda: None) -> Generation:
    """Accept an order, and start its life cycle."""
    generation = await asyncio.to_thread(accept, server, draft, check)
    server.lifecycle.begin(generation)
    return generation


def accept(server: ServerState, draft: Draft, check: Callable[[], None] = lambda: None) -> Generation:
    """Book and charge a create, or refuse it without a charge. Every create passes through here."""
    try:
        return server.books.accept(draft, server.clock.now(), check)
    except NoCredit:
        raise Refusal(402, server.options.assume["no_credit_text"]) from None


async def _finished(server: ServerState, generation: Generation, seconds: float) -> Generation:
    """The generation once it has ended, or its state after this many seconds."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        found = await asyncio.to_thread(server.books.any, generation.id)
        if found is not None and found.state in ("completed", "failed"):
            return found
        await asyncio.sleep(SYNC_LOOK)
    return server.books.any(generation.id) or generation


def check_parent(server: ServerState, name: str, identity: str) -> None:
    """Raise Refusal unless the parent is a completed video."""
    status = int(server.options.assume["unfinished_parent"])
    parent = server.books.get(identity)
    if parent is None or parent.api != API:
        raise Refusal(status, f"Generation {identity} in keyframes.{name} was not found")
    if parent.state != "completed":
        raise Refusal(status, f"Generation {identity} in keyframes.{name} is {parent.state}, not completed")
    if parent.kind != "video":
        raise Refusal(status, f"Generation {identity} in keyframes.{name} is not a video")


def asset_name(generation: Generation) -> str:
    """The last part of an asset's URL."""
    return f"image.{generation.order_form['format']}" if generation.kind == "image" else "video.mp4"


def answer(server: ServerState, request: Request, generation: Generation) -> dict[str, Any]:
    """A generation in the service's form."""
    return {
        "id": generation.id,
        "generation_type": generation.kind,
        "state": generation.state,
        "failure_reason": generation.failure_reason,
        "created_at": iso(generation.created_at, "microseconds"),
        "assets": _assets(server, request, generation) if generation.state == "completed" else None,
        "model": generation.model,
        "request": generation.request,
    }


def _assets(server: ServerState, request: Request, generation: Generation) -> dict[str, str | None]:
    """URLs of a completed generation's files; a clip's image is its first frame."""
    base = (server.options.public_url or str(request.base_url)).rstrip("/")

    def url(name: str) -> str:
        path = f"/sandbox/assets/{generation.id}/{name}"
        signed = server.options.assume["asset_urls"] == "signed"
        return server.signer.url(base, path, server.clock.now()) if signed else f"{base}{path}"

    if generation.kind == "image":
        return {"image": url(asset_name(generation))}
    return {"video": url(asset_name(generation)), "image": url("thumb.jpg"), "progress_video": None}
