"""The routes of /generations: create and get. There is no list."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from luma_sandbox.agents import rules
from luma_sandbox.agents.media import API, Found
from luma_sandbox.agents.order import Order
from luma_sandbox.agents.refusal import NO_BALANCE, RATE_LIMIT, RATE_LIMITED, TOO_MANY_JOBS, Declined, check_key
from luma_sandbox.agents.shapes import Create
from luma_sandbox.agents.state import AgentsState, agents_of, json_body
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.books import Draft, Generation, NoCredit
from luma_sandbox.clock import iso
from luma_sandbox.inputs import result
from luma_sandbox.lifecycle import JOB_FAILED, UNREADABLE_INPUT
from luma_sandbox.limits import AGENTS, AT_ONCE, TooMany

STATES = {"dreaming": "processing"}
# Codes for the failures of the sandbox's own life cycle; faults give codes themselves.
CODES = {UNREADABLE_INPUT: "corrupt_input", JOB_FAILED: "generation_failed"}
REASONS = {
    "content_moderated": "The prompt or an input image violated the content guidelines",
    "generation_failed": "The model could not generate an output",
    "budget_exhausted": "The account ran out of funds during the generation",
    "output_not_found": "The generated output could not be retrieved",
    "image_too_large": "An input image exceeded the size limit",
    "unsupported_format": "An input media file was in an unsupported format",
    "corrupt_input": "An input media file could not be decoded",
    "invalid_request": "The request was found to be invalid during processing",
    "rate_limited": "The generation was rate limited by an upstream service",
}

router = APIRouter(dependencies=[Depends(check_key)], tags=["Luma Agents"])
TheAgents = Annotated[AgentsState, Depends(agents_of)]


@router.post("/generations", status_code=201)
async def create(request: Request, response: Response, agents: TheAgents) -> dict[str, Any]:
    """Order an image or a clip. The answer states how many creates a minute are allowed, if they are limited."""
    server = agents.server
    asked = rules.create(await json_body(request), server.options.assume)
    found: dict[str, Found] = {}
    for field, media in rules.references(asked):
        clips = field == "source" and asked.type in ("video_edit", "video_reframe")
        found[field] = await agents.ingest.read(field, media, server.clock.now(), clips=clips)
    generation = await asyncio.to_thread(_accept, agents, asked, found)
    server.lifecycle.begin(generation)
    if (a_minute := server.limits.creates_a_minute.get(AGENTS)) is not None:
        response.headers[RATE_LIMIT] = str(a_minute)
    return answer(agents, request, generation)


@router.get("/generations/{identity}")
def get(identity: str, request: Request, agents: TheAgents) -> dict[str, Any]:
    """Return one generation, its outputs under fresh URLs."""
    found = agents.server.books.get(identity)
    if found is None or found.api != API:
        raise Declined(404, "Generation not found")
    return answer(agents, request, found)


def _accept(agents: AgentsState, asked: Create, found: Mapping[str, Found]) -> Generation:
    """Book and charge a create, or decline it without a charge."""
    server = agents.server
    order = Order(asked, found, server.options.assume)
    draft = Draft(
        api=API,
        kind="image" if asked.type in rules.IMAGE_KINDS else "video",
        model=asked.model,
        request=_echo(asked.model_dump(exclude_none=True)),
        order_form=order.form(),
        cents=order.cents(),
    )
    try:
        return server.books.accept(draft, server.clock.now())
    except NoCredit:
        raise Declined(402, NO_BALANCE) from None
    except TooMany as error:
        raise _too_many(error, server.options.assume) from None


def _too_many(error: TooMany, assume: Assumptions) -> Declined:
    """The 429 of the limit that was hit: the two differ in their text, and one of them has a header."""
    if error.limit == AT_ONCE:
        return Declined(429, TOO_MANY_JOBS, math.ceil(assume.number("agents_concurrency_wait")))
    return Declined(429, RATE_LIMITED, math.ceil(error.retry_after or 0), {RATE_LIMIT: str(error.most)})


def _echo(value: Any) -> Any:
    """The request as kept in the books, without inline bytes."""
    if isinstance(value, dict):
        return {
            name: f"({len(inner)} letters of base64)" if name == "data" and isinstance(inner, str) else _echo(inner)
            for name, inner in value.items()
        }
    return [_echo(inner) for inner in value] if isinstance(value, list) else value


def answer(agents: AgentsState, request: Request, generation: Generation) -> dict[str, Any]:
    """A generation in the service's form."""
    failed = generation.state == "failed"
    code = CODES.get(generation.failure_reason or "", generation.failure_reason) if failed else None
    if failed and code not in REASONS:
        code = "generation_failed"
    return {
        "id": generation.id,
        "type": generation.request["type"],
        "model": generation.model,
        "state": STATES.get(generation.state, generation.state),
        "created_at": iso(generation.created_at),
        "output": _outputs(agents, request, generation) if generation.state == "completed" else [],
        "failure_code": code,
        "failure_reason": REASONS[code] if code else None,
    }


def _outputs(agents: AgentsState, request: Request, generation: Generation) -> list[dict[str, str]]:
    """The outputs with URLs signed for an hour. The EXR archive, if requested, follows the clip."""

    def signed(name: str) -> str:
        path = f"/sandbox/assets/{generation.id}/{name}"
        base = agents.server.options.public_url or str(request.base_url)
        return agents.server.signer.url(base, path, agents.server.clock.now())

    if generation.kind == "image":
        suffix = result(agents.server.home, generation).suffix
        return [{"type": "image", "url": signed(f"image{suffix}")}]
    outputs = [{"type": "video", "url": signed("video.mp4")}]
    if generation.order_form.get("exr"):
        outputs.append({"type": "exr", "url": signed("frames.zip")})
    return outputs
