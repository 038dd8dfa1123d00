"""Luma's Dream Machine API through the ``lumaai`` SDK: ray-2, ray-flash-2, photon-1 and photon-flash-1.

The SDK's retries are off: it would send a paid request again after a lost answer, and bill twice.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, get_args

import httpx
import lumaai

from studio.cleaning import clean
from studio.connections import trusted
from studio.errors import Refused, ServiceError
from studio.failures import failure_class
from studio.providers.base import Generation, GenerationPage, GenerationService, GenerationState
from studio.providers.luma.answers import (
    answer_json,
    create_once,
    id_of,
    mapping_of,
    read_answer,
    seconds_of,
    text_of,
    time_of,
    trace_headers,
    unreadable,
    url_of,
)
from studio.providers.request_stage import answering, asking
from studio.providers.service_clock import ServiceClock

KEY = "LUMAAI_API_KEY"
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
STATES: dict[Any, GenerationState] = {state: state for state in get_args(GenerationState)}
MOST_CENTS = 10**13  # a balance beyond it, of either sign, is invalid
LONGEST_KEY = 80  # characters of a concept's key
#: The ``generation_type`` that the service requires in requests to these endpoints.
REQUIRED_TYPE = {"modify": "modify_video", "reframe": "reframe_video", "image_reframe": "reframe_image"}
#: Endpoints that work on one finished clip, whose id is part of the path.
OF_A_CLIP = frozenset({"upscale", "audio"})


class DreamMachine(GenerationService):
    """The Dream Machine API at ``base_url``. ``transport`` stands in for the network in tests, ``sleep`` for
    waiting.

    ``local``: the server is on this machine, so no proxy of the environment applies.
    """

    name = "luma"
    has_list = True
    endpoints = frozenset({"video", "modify", "reframe", "image", "image_reframe", "upscale", "audio"})

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        local: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self.clock = ServiceClock(base_url)
        # A redirected POST would be a second create: redirects are answers like any other.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        http = httpx.AsyncClient(
            transport=transport, timeout=timeout, follow_redirects=False, trust_env=not local, limits=limits,
            verify=trusted(),
            event_hooks={"request": [asking], "response": [answering, self.clock.read]},
        )  # fmt: skip
        self._client = lumaai.AsyncLumaAI(auth_token=api_key, base_url=base_url, http_client=http, timeout=timeout)
        self._no_retry = self._client.with_options(max_retries=0)

    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        """As in GenerationService; this API takes no ``user_id``.

        For ``upscale`` and ``audio``, ``params["id"]`` is the finished clip's generation.
        """
        if endpoint not in self.endpoints:
            raise Refused(f"no endpoint '{endpoint}'", hint=f"endpoints: {', '.join(sorted(self.endpoints))}")
        sent = {name: value for name, value in params.items() if value is not None}  # None would be sent as null
        if endpoint in REQUIRED_TYPE:
            sent.setdefault("generation_type", REQUIRED_TYPE[endpoint])
        parent = (str(sent.pop("id", "")),) if endpoint in OF_A_CLIP else ()
        if parent == ("",):
            raise Refused(f"'{endpoint}' needs the id of a finished generation")
        method, traced = self._method(endpoint), trace_headers(request_id)
        return await create_once(
            lambda: method(*parent, **sent, extra_headers=traced), read=_generation, key=KEY, tells_limits=False
        )

    def _method(self, endpoint: str) -> Callable[..., Awaitable[Any]]:
        """The SDK's method of an endpoint, without retries."""
        generations = self._no_retry.generations
        methods: dict[str, Callable[..., Awaitable[Any]]] = {
            "video": generations.video.with_raw_response.create,
            "modify": generations.video.with_raw_response.modify,
            "reframe": generations.video.with_raw_response.reframe,
            "image": generations.image.with_raw_response.create,
            "image_reframe": generations.image.with_raw_response.reframe,
            "upscale": generations.with_raw_response.upscale,
            "audio": generations.with_raw_response.audio,
        }
        return methods[endpoint]

    async def get(self, generation_id: str) -> Generation:
        response = await self._read(self._no_retry.generations.with_raw_response.get, generation_id)
        return _generation(answer_json(response), response.status_code)

    async def look_up(self, generation_id: str) -> Generation:
        return await self.get(generation_id)

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        response = await self._read(self._no_retry.generations.with_raw_response.list, limit=limit, offset=offset)
        body = answer_json(response)
        items = body.get("generations") if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise unreadable("a list of generations without generations", response.status_code)
        page = []
        for item in items:
            with contextlib.suppress(ServiceError):  # an unreadable one must not hide the others
                page.append(_generation(item, response.status_code))
        if items and not page:
            raise unreadable("a list of generations that cannot be read", response.status_code)
        more = body.get("has_more")
        unread = len(items) - len(page)
        return GenerationPage(tuple(page), has_more=more if isinstance(more, bool) else bool(page), unread=unread)

    async def delete(self, generation_id: str) -> None:
        await self._read(self._no_retry.generations.with_raw_response.delete, generation_id)

    async def credits(self) -> Decimal:
        response = await self._read(self._no_retry.credits.with_raw_response.get)
        body = answer_json(response)
        balance = body.get("credit_balance") if isinstance(body, dict) else None
        # The comparison also excludes NaN and the infinities.
        if isinstance(balance, bool) or not isinstance(balance, int | float) or not -MOST_CENTS < balance < MOST_CENTS:
            raise unreadable("an unreadable balance", response.status_code)
        return (Decimal(str(balance)) / 100).quantize(Decimal("0.0001"))

    async def list_camera_motions(self) -> builtins.list[str]:
        response = await self._read(self._no_retry.generations.concepts.with_raw_response.list)
        body = answer_json(response)
        if not isinstance(body, list) or not all(isinstance(key, str) for key in body):
            raise unreadable("an unreadable list of concepts", response.status_code)
        return [key for key in (clean(key, limit=LONGEST_KEY) for key in body) if key]

    async def ping(self) -> None:
        await self._read(self._no_retry.ping.with_raw_response.check)

    async def aclose(self) -> None:
        await self._client.close()

    async def _read(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> httpx.Response:
        return await read_answer(call, *args, key=KEY, sleep=self._sleep, **kwargs)


def _generation(body: Any, status: int) -> Generation:
    """Read one generation; only its id is required. An unknown state counts as not ended."""
    identity = id_of(body, status)
    assets, request = mapping_of(body.get("assets")), mapping_of(body.get("request"))
    return Generation(
        id=identity,
        state=STATES.get(text_of(body.get("state")) or "queued", "dreaming"),
        created_at=time_of(body.get("created_at")),
        model=text_of(body.get("model"), limit=100),
        video_url=url_of(assets.get("video")),
        image_url=url_of(assets.get("image")),
        failure_reason=text_of(body.get("failure_reason")),
        failure=failure_class(text_of(body.get("failure_reason"))),
        request=request,
        seconds=seconds_of(request.get("duration")),
        resolution=text_of(request.get("resolution"), limit=20),
        kind=text_of(body.get("generation_type"), limit=100),
    )
