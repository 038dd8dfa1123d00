"""The contract with the two installed SDKs, so that a change of either fails here, and not at a purchase.

A new choice fails too: it is to be examined, and then added here and to
``studio/providers/luma/models.py``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

import httpx
import luma_agents
import luma_agents.types as agents_types
import lumaai
import lumaai.types as dream_types
import pytest
from luma_agents.types.generation_output import GenerationOutput
from lumaai.types import generation as echo
from lumaai.types.generations import (
    ImageCreateParams,
    ImageReframeParams,
    VideoCreateParams,
    VideoModifyParams,
    VideoReframeParams,
)

from studio.failures import CODES
from studio.production import Strength
from studio.providers.luma import spec
from studio.providers.luma.agents import Agents
from studio.providers.luma.dream_machine import DreamMachine
from studio.providers.luma.models import MODELS, STILL_MODELS

Client = lumaai.AsyncLumaAI | luma_agents.AsyncLuma
SDKS: dict[str, Any] = {"lumaai": lumaai, "luma_agents": luma_agents}
DREAM = [m for m in MODELS.values() if m.api == "dream-machine"]
RAY_3 = MODELS["ray-3"]


def client(sdk: str, answer: Callable[[httpx.Request], httpx.Response] | None = None, **options: Any) -> Client:
    """A client of that SDK on a transport with this answer."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer or (lambda _: httpx.Response(200, json={}))))
    make = lumaai.AsyncLumaAI if sdk == "lumaai" else luma_agents.AsyncLuma
    return make(auth_token="k", base_url="https://api.example/x", http_client=http, **options)


def parameters(method: Any) -> tuple[set[str], set[str]]:
    """The required parameters of a method, and its others."""
    own = {"extra_headers", "extra_query", "extra_body", "timeout"}
    found = {p.name: p.default is p.empty for p in inspect.signature(method).parameters.values() if p.name not in own}
    return {name for name, needed in found.items() if needed}, {name for name, needed in found.items() if not needed}


def choices(found: Any) -> set[Any]:
    """Every literal in a type."""
    if get_origin(found) is Literal:
        return set(get_args(found))
    return {choice for part in get_args(found) for choice in choices(part)}


def hints(params: Any) -> dict[str, Any]:
    """The fields of a request's TypedDict."""
    return get_type_hints(params)


def kind(model: Any, field: str) -> Any:
    """The type of an answer's field."""
    return model.model_fields[field].annotation


GRID = {
    "grid_position_x", "grid_position_y", "x_start", "x_end", "y_start", "y_end", "resized_width", "resized_height",
}  # fmt: skip
LUMAAI = client("lumaai")
AGENTS = client("luma_agents")
METHODS: dict[str, tuple[Any, set[str], set[str]]] = {
    "video": (
        LUMAAI.generations.video.create, {"model"},
        {"aspect_ratio", "callback_url", "concepts", "duration", "generation_type", "keyframes", "loop", "prompt",
         "resolution"},
    ),
    "modify": (
        LUMAAI.generations.video.modify, {"generation_type", "media", "mode", "model"},
        {"callback_url", "first_frame", "prompt"},
    ),
    "reframe": (
        LUMAAI.generations.video.reframe, {"aspect_ratio", "generation_type", "media", "model"},
        {"callback_url", "first_frame", "prompt", *GRID},
    ),
    "image": (
        LUMAAI.generations.image.create, {"model"},
        {"aspect_ratio", "callback_url", "character_ref", "format", "generation_type", "image_ref", "modify_image_ref",
         "prompt", "style_ref", "sync", "sync_timeout"},
    ),
    "image_reframe": (
        LUMAAI.generations.image.reframe, {"aspect_ratio", "generation_type", "media", "model"},
        {"callback_url", "format", "prompt", *GRID},
    ),
    "upscale": (LUMAAI.generations.upscale, {"id"}, {"callback_url", "generation_type", "resolution"}),
    "audio": (
        LUMAAI.generations.audio, {"id"}, {"callback_url", "generation_type", "negative_prompt", "prompt"},
    ),
    "get": (LUMAAI.generations.get, {"id"}, set()),
    "list": (LUMAAI.generations.list, set(), {"limit", "offset"}),
    "delete": (LUMAAI.generations.delete, {"id"}, set()),
    "concepts": (LUMAAI.generations.concepts.list, set(), set()),
    "credits": (LUMAAI.credits.get, set(), set()),
    "ping": (LUMAAI.ping.check, set(), set()),
    "agents create": (
        AGENTS.generations.create, {"prompt"},
        {"aspect_ratio", "image_ref", "layering", "model", "output_format", "source", "style", "type", "user_id",
         "video", "web_search"},
    ),
    "agents get": (AGENTS.generations.get, {"generation_id"}, set()),
    "file create": (
        AGENTS.files.create, {"mime_type", "size_bytes"}, {"expires_at", "filename", "purpose", "user_id"},
    ),
    "file complete": (AGENTS.files.complete, {"file_id"}, set()),
    "file get": (AGENTS.files.get, {"file_id"}, set()),
    "file list": (AGENTS.files.list, set(), {"cursor", "limit", "purpose", "state"}),
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_what_each_method_takes(name: str) -> None:
    """Each method that we call takes these parameters, and requires exactly those marked."""
    method, needed, optional = METHODS[name]
    assert parameters(method) == (needed, optional)


def test_neither_sdk_lists_what_it_did_not() -> None:
    """The second API has no list, delete or balance; once it has a list, orders in doubt can be settled by it."""
    assert not {"list", "delete"} & set(dir(AGENTS.generations))
    assert not hasattr(AGENTS, "credits")
    assert not DreamMachine.endpoints & {"get", "list"}


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        (hints(VideoCreateParams)["model"], {m.wire for m in DREAM}),
        (hints(VideoModifyParams)["model"], {m.wire for m in DREAM}),
        (hints(VideoReframeParams)["model"], {m.wire for m in DREAM}),
        (hints(VideoCreateParams)["resolution"], {tier for m in DREAM for tier in m.resolutions}),
        (hints(dream_types.GenerationUpscaleParams)["resolution"], {tier for m in DREAM for tier in m.resolutions}),
        (hints(VideoCreateParams)["duration"], {f"{n}s" for m in DREAM for n in m.lengths}),
        (hints(VideoCreateParams)["aspect_ratio"], set(MODELS["ray-2"].aspect_ratios)),
        (hints(VideoReframeParams)["aspect_ratio"], set(MODELS["ray-flash-2"].aspect_ratios)),
        (hints(VideoCreateParams)["generation_type"], {"video"}),
        (hints(VideoModifyParams)["generation_type"], {"modify_video"}),
        (hints(VideoReframeParams)["generation_type"], {"reframe_video"}),
        (hints(ImageReframeParams)["generation_type"], {"reframe_image"}),
        (hints(VideoModifyParams)["mode"], set(get_args(Strength))),
        (hints(ImageCreateParams)["model"], {n for n, m in STILL_MODELS.items() if m.api == "dream-machine"}),
        (hints(ImageCreateParams)["aspect_ratio"], set(STILL_MODELS["photon-1"].aspect_ratios)),
        (hints(ImageCreateParams)["format"], set(STILL_MODELS["photon-1"].formats)),
        (agents_types.Model, {RAY_3.wire, *(n for n, m in STILL_MODELS.items() if m.api == "agents")}),
        (agents_types.VideoResolution, set(RAY_3.resolutions)),
        (agents_types.VideoDuration, {f"{n}s" for n in RAY_3.lengths}),
        (agents_types.VideoEditStrength, set(get_args(Strength))),
        (hints(agents_types.GenerationCreateParams)["type"], {*Agents.endpoints, "layering"}),
        (hints(agents_types.GenerationCreateParams)["output_format"], set(STILL_MODELS["uni-1"].formats)),
        (
            hints(agents_types.GenerationCreateParams)["aspect_ratio"],
            {*RAY_3.aspect_ratios, *STILL_MODELS["uni-1"].aspect_ratios},
        ),
        (agents_types.GenerationFailureCode, set(CODES)),
        (agents_types.FileState, {"pending", "ready", "failed", "deleted"}),
        (agents_types.FilePurpose, {"input", "reference"}),
    ],
)
def test_the_choices_are_those_that_we_know(found: Any, ours: set[str]) -> None:
    """Models, tiers, lengths, shapes, strengths, codes and states are exactly those of our tables."""
    assert choices(found) == ours


def test_states() -> None:
    """The two services' names for a generation's states are those that we read."""
    assert choices(kind(dream_types.Generation, "state")) == {"queued", "dreaming", "completed", "failed"}
    assert choices(kind(agents_types.Generation, "state")) == {"queued", "processing", "completed", "failed"}


@pytest.mark.parametrize(
    ("shape", "fields"),
    [
        (
            agents_types.VideoOptionsParam,
            {"duration", "edit", "end_frame", "exr_export", "hdr", "keyframe_indexes", "keyframes", "loop",
             "resolution", "source_position", "start_frame"},
        ),
        (agents_types.VideoEditOptionsParam,
         {"auto_controls", "controls", "keyframe_indexes", "keyframes", "strength"}),
        (agents_types.ImageRefParam, {"data", "file_id", "generation_id", "media_type", "url"}),
        (agents_types.SourcePositionParam, {"x_norm", "y_norm", "w_norm", "h_norm"}),
        (hints(VideoCreateParams)["keyframes"], {"frame0", "frame1"}),
        (hints(VideoModifyParams)["media"], {"url"}),
        (hints(VideoModifyParams)["first_frame"], {"url"}),
        (hints(ImageCreateParams)["modify_image_ref"], {"url", "weight"}),
    ],
)  # fmt: skip
def test_the_parts_of_a_request(shape: Any, fields: set[str]) -> None:
    """The parts of a request have exactly these fields."""
    assert set(hints(shape)) == fields


@pytest.mark.parametrize(
    ("model", "read"),
    [
        (dream_types.Generation,
         {"id", "state", "created_at", "model", "assets", "failure_reason", "request", "generation_type"}),
        (echo.Assets, {"video", "image"}),
        (dream_types.GenerationListResponse, {"generations", "has_more"}),
        (dream_types.CreditGetResponse, {"credit_balance"}),
        (agents_types.Generation,
         {"id", "state", "created_at", "model", "type", "output", "failure_code", "failure_reason"}),
        (GenerationOutput, {"type", "url"}),
        (agents_types.CreateFileResponse, {"id", "upload"}),
        (agents_types.PresignedUpload, {"url", "headers"}),
        (agents_types.File, {"id", "state", "failure_reason"}),
    ],
)  # fmt: skip
def test_the_fields_that_we_read(model: Any, read: set[str]) -> None:
    """Every field that a provider reads is one of the SDK's."""
    assert read <= set(model.model_fields)


def test_the_echoed_request_is_told_apart() -> None:
    """An echo is of one of these types, by generation_type and model, and has the fields that identify an order."""
    by_type = {
        next(iter(choices(kind(part, "generation_type")))): set(part.model_fields) for part in get_args(echo.Request)
    }
    assert by_type.keys() == {
        "video", "image", "upscale_video", "add_audio", "reframe_image", "reframe_video", "modify_video",
    }  # fmt: skip
    for name, endpoint in (
        ("video", "video"), ("image", "image"), ("upscale_video", "upscale"), ("add_audio", "audio"),
        ("reframe_image", "image_reframe"), ("reframe_video", "reframe"), ("modify_video", "modify"),
    ):  # fmt: skip
        _, needed, optional = METHODS[endpoint]
        assert by_type[name] == (needed | optional) - {"id"}


@pytest.mark.parametrize("sdk", SDKS)
def test_how_a_client_is_made(sdk: str) -> None:
    """Key, URL, time-out, retries and connection are given to the client; by itself it tries three times."""
    made = client(sdk)
    needed, optional = parameters(type(made).__init__)
    assert needed == {"self"}
    assert {"auth_token", "base_url", "max_retries", "http_client"} <= optional
    assert made.max_retries == 2
    assert made.with_options(max_retries=0).max_retries == 0
    assert made.max_retries == 2


def test_where_the_services_are() -> None:
    """Our URLs are those that the SDKs use themselves."""
    assert str(lumaai.AsyncLumaAI(auth_token="k").base_url).rstrip("/") == spec.DREAM_MACHINE.base_url
    assert str(luma_agents.AsyncLuma(auth_token="k").base_url).rstrip("/") == spec.AGENTS.base_url


Create = Callable[[Any], Awaitable[Any]]
CREATES: dict[str, tuple[str, Create]] = {
    "video": ("lumaai", lambda c: c.generations.video.with_raw_response.create(model="ray-2")),
    "modify": (
        "lumaai",
        lambda c: c.generations.video.with_raw_response.modify(
            generation_type="modify_video", media={"url": "x"}, mode="flex_1", model="ray-2"
        ),
    ),
    "reframe": (
        "lumaai",
        lambda c: c.generations.video.with_raw_response.reframe(
            generation_type="reframe_video", media={"url": "x"}, aspect_ratio="1:1", model="ray-2"
        ),
    ),
    "image": ("lumaai", lambda c: c.generations.image.with_raw_response.create(model="photon-1")),
    "image_reframe": (
        "lumaai",
        lambda c: c.generations.image.with_raw_response.reframe(
            generation_type="reframe_image", media={"url": "x"}, aspect_ratio="1:1", model="photon-1"
        ),
    ),
    "upscale": ("lumaai", lambda c: c.generations.with_raw_response.upscale("g")),
    "audio": ("lumaai", lambda c: c.generations.with_raw_response.audio("g")),
    "agents": ("luma_agents", lambda c: c.generations.with_raw_response.create(prompt="x", type="video")),
}


def counted(outcome: httpx.Response | type[httpx.TransportError]) -> tuple[list[str], Callable[..., httpx.Response]]:
    """A transport with one constant outcome, and the methods of the requests that it got."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        if isinstance(outcome, httpx.Response):
            return httpx.Response(outcome.status_code, content=outcome.content, headers=outcome.headers)
        raise outcome("broken", request=request)

    return seen, answer


def test_every_create_is_counted_here() -> None:
    """The table above has every endpoint that can bill."""
    assert CREATES.keys() == DreamMachine.endpoints | {"agents"}


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize(
    "outcome",
    [
        httpx.Response(408), httpx.Response(409), httpx.Response(429, headers={"retry-after": "1"}),
        httpx.Response(500, headers={"x-should-retry": "true"}), httpx.Response(503), httpx.ReadTimeout,
        httpx.ConnectTimeout, httpx.ReadError,
    ],
    ids=lambda outcome: outcome.__name__ if isinstance(outcome, type) else str(outcome.status_code),
)  # fmt: skip
async def test_without_retries_a_create_goes_out_once(
    name: str, outcome: httpx.Response | type[httpx.TransportError]
) -> None:
    """With the retries off a POST is sent exactly once, whatever its outcome, even if the answer asks for a retry."""
    sdk, create = CREATES[name]
    seen, answer = counted(outcome)
    with pytest.raises((lumaai.LumaAIError, luma_agents.LumaError)):
        await create(client(sdk, answer).with_options(max_retries=0))
    assert seen == ["POST"]


@pytest.mark.parametrize("name", ["video", "agents"])
async def test_with_retries_a_create_goes_out_three_times(name: str) -> None:
    """By default each SDK sends a paid request three times, without a sign of it, so the retries must be off."""
    sdk, create = CREATES[name]
    headers: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        return httpx.Response(500, headers={"retry-after-ms": "0.01"})

    with pytest.raises((lumaai.LumaAIError, luma_agents.LumaError)):
        await create(client(sdk, answer))
    assert len(headers) == 3
    assert not any("idempotency" in header.lower() for sent in headers for header in sent)


@pytest.mark.parametrize("name", CREATES)
async def test_a_raw_answer_is_whatever_came(name: str) -> None:
    """A raw answer gives status, headers and bytes as received, even if the SDK expects others."""
    sdk, create = CREATES[name]
    page = httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"})
    raw = await create(client(sdk, counted(page)[1]))
    assert (raw.http_response.status_code, raw.http_response.content) == (200, b"<html>")


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"), (401, "AuthenticationError"), (402, "APIStatusError"), (403, "PermissionDeniedError"),
        (404, "NotFoundError"), (408, "APIStatusError"), (409, "ConflictError"), (413, "APIStatusError"),
        (422, "UnprocessableEntityError"), (429, "RateLimitError"), (500, "InternalServerError"),
        (502, "InternalServerError"),
    ],
)  # fmt: skip
async def test_the_error_of_each_status(sdk: str, status: int, name: str) -> None:
    """Each status has its class, with status, parsed body and headers; all under the SDK's one base."""
    create = CREATES["video" if sdk == "lumaai" else "agents"][1]
    answer = httpx.Response(status, json={"detail": "no"}, headers={"retry-after": "3"})
    with pytest.raises(SDKS[sdk].APIStatusError) as error:
        await create(client(sdk, counted(answer)[1], max_retries=0))
    assert type(error.value).__name__ == name
    assert (error.value.status_code, error.value.body) == (status, {"detail": "no"})
    assert error.value.response.headers["retry-after"] == "3"
    assert isinstance(error.value, lumaai.LumaAIError if sdk == "lumaai" else luma_agents.LumaError)


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    ("broken", "name"),
    [(httpx.ConnectError, "APIConnectionError"), (httpx.ReadError, "APIConnectionError"),
     (httpx.PoolTimeout, "APITimeoutError"), (httpx.ReadTimeout, "APITimeoutError")],
)  # fmt: skip
async def test_a_broken_connection_names_its_cause(sdk: str, broken: type[httpx.TransportError], name: str) -> None:
    """The error of a broken connection has httpx's own as its cause, which tells if anything was sent."""
    create = CREATES["video" if sdk == "lumaai" else "agents"][1]
    with pytest.raises(SDKS[sdk].APIConnectionError) as error:
        await create(client(sdk, counted(broken)[1], max_retries=0))
    assert type(error.value).__name__ == name
    assert type(error.value.__cause__) is broken
