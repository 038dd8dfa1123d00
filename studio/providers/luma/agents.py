"""Luma's Agents API through the ``luma-agents`` SDK: Ray 3, uni-1 and uni-1-max.

The SDK's retries are off. There is no list of generations, so a program cannot find a lost answer again.
Local files are uploaded, so nothing has to be public.
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import luma_agents

from studio.connections import trouble_of, trusted
from studio.errors import Refused, ServiceError, Untrusted
from studio.failures import failure_class, failure_of_code
from studio.providers.base import Generation, GenerationPage, GenerationService, GenerationState
from studio.providers.luma.answers import (
    answer_json,
    create_once,
    id_of,
    mapping_of,
    read_answer,
    text_of,
    time_of,
    trace_headers,
    unreadable,
    url_of,
)
from studio.providers.request_stage import answering, asking
from studio.providers.service_clock import ServiceClock

KEY = "LUMA_AGENTS_API_KEY"
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
STATES: dict[Any, GenerationState] = {
    "queued": "queued",
    "processing": "dreaming",
    "completed": "completed",
    "failed": "failed",
}
LARGEST = 5 * 1024**3  # bytes: one signed PUT takes no more
CHUNK = 1024 * 1024
PUT_TRIES = 3
READY_WITHIN = 180.0  # seconds until an uploaded file has to be usable
POLL_FIRST, POLL_MOST = 0.25, 5.0


class Agents(GenerationService):
    """The Agents API at ``base_url``. ``transport`` stands in for the network in tests, ``sleep`` for waiting.

    ``local``: the server is on this machine, so no proxy of the environment applies.
    """

    name = "luma-agents"
    has_list = False
    endpoints = frozenset({"video", "video_edit", "video_reframe", "image", "image_edit"})

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
        # This client holds no key: the SDK adds it to its own requests only, so a signed PUT is sent without it.
        self._http = httpx.AsyncClient(
            transport=transport, timeout=timeout, follow_redirects=False, trust_env=not local, limits=limits,
            verify=trusted(),
            event_hooks={"request": [asking], "response": [answering, self.clock.read]},
        )  # fmt: skip
        self._client = luma_agents.AsyncLuma(
            auth_token=api_key, base_url=base_url, http_client=self._http, timeout=timeout
        )
        self._no_retry = self._client.with_options(max_retries=0)

    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        if endpoint not in self.endpoints:
            raise Refused(f"no endpoint '{endpoint}'", hint=f"endpoints: {', '.join(sorted(self.endpoints))}")
        # This API has no callbacks.
        sent = {name: value for name, value in params.items() if value is not None and name != "callback_url"}
        sent["type"] = endpoint
        if user_id:
            sent["user_id"] = user_id
        method, traced = self._no_retry.generations.with_raw_response.create, trace_headers(request_id)
        return await create_once(
            lambda: method(**sent, extra_headers=traced), read=_generation, key=KEY, tells_limits=True
        )

    async def get(self, generation_id: str) -> Generation:
        response = await self._read(self._no_retry.generations.with_raw_response.get, generation_id)
        return _generation(answer_json(response), response.status_code)

    async def look_up(self, generation_id: str) -> Generation:
        return await self.get(generation_id)

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        raise Refused("Luma Agents has no list of generations")

    async def delete(self, generation_id: str) -> None:
        raise Refused("Luma Agents cannot delete a generation")

    async def credits(self) -> Decimal:
        raise Refused("Luma Agents does not tell its balance", hint="see the account's page at Luma")

    async def list_camera_motions(self) -> builtins.list[str]:
        return []

    async def ping(self) -> None:
        await self._read(self._no_retry.files.with_raw_response.list, limit=1)

    async def upload(self, path: Path, *, media_type: str) -> str:
        """As in GenerationService: announce the file, PUT its bytes to the signed URL, and wait until it is ready."""
        size = _size(path)
        files = self._no_retry.files.with_raw_response
        response = await self._read(files.create, mime_type=media_type, size_bytes=size)
        body = answer_json(response)
        identity, upload = id_of(body, response.status_code, "a file"), mapping_of(body.get("upload"))
        url, headers = url_of(upload.get("url")), mapping_of(upload.get("headers"))
        if url is None or not all(_is_header(text) for pair in headers.items() for text in pair):
            raise unreadable("a file without a place for its bytes", response.status_code)
        await self._put(path, url, {**headers, "Content-Length": str(size)})
        file = answer_json(await self._read(files.complete, identity))
        waited, pause = 0.0, POLL_FIRST
        while not _ready(file, path):
            if waited >= READY_WITHIN:
                raise ServiceError(f"{path.name}: uploaded, and not ready after {READY_WITHIN:.0f} s")
            await self._sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, POLL_MOST)
            file = answer_json(await self._read(files.get, identity))
        return identity

    async def aclose(self) -> None:
        await self._client.close()

    async def _put(self, path: Path, url: str, headers: Mapping[str, str]) -> None:
        """Stream the file to its signed URL. Sending it again is harmless."""
        problem = ""
        for tries in range(PUT_TRIES):
            if tries:
                await self._sleep(2.0 ** (tries - 1))
            try:
                response = await self._http.put(url, content=_chunks(path), headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = trouble_of(error)
                if trouble and trouble.untrusted:
                    raise Untrusted(f"{path.name} could not be uploaded: {trouble.said}", hint=trouble.hint) from None
                problem = trouble.said if trouble else type(error).__name__
                if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL):
                    break  # the file has changed meanwhile, or the URL is invalid
                continue
            except OSError as error:
                raise Refused(f"{path.name} cannot be read: {error.strerror}") from None
            if response.is_success:
                return
            problem = f"status {response.status_code}"
            if response.status_code < 500 and response.status_code not in (408, 429):
                break
        raise ServiceError(f"{path.name} could not be uploaded ({problem})")

    async def _read(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> httpx.Response:
        return await read_answer(call, *args, key=KEY, sleep=self._sleep, **kwargs)


def _size(path: Path) -> int:
    """Bytes. Raises Refused for what cannot be uploaded."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}") from None
    if not 0 < size <= LARGEST:
        raise Refused(f"{path.name} has {size} bytes: the service takes 1 byte to {LARGEST >> 30} GB")
    return size


def _is_header(text: Any) -> bool:
    """True if a header's name or value can be sent as it is."""
    return isinstance(text, str) and text.isascii() and (text.isprintable() or not text)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def _ready(file: Any, path: Path) -> bool:
    """True if an uploaded file can be used; False while it is examined. Raises Refused once it is rejected."""
    known = mapping_of(file)
    state = known.get("state")
    if state in ("failed", "deleted"):
        reason = text_of(known.get("failure_reason")) or f"it is {state}"
        raise Refused(f"{path.name}: the service cannot use this file: {reason}")
    return state == "ready"


def _generation(body: Any, status: int) -> Generation:
    """Read one generation; only its id is required. An unknown state counts as not ended."""
    identity = id_of(body, status)
    kind = "image" if (text_of(body.get("type")) or "").startswith("image") else "video"
    urls = _outputs(body.get("output"), kind)
    code, text = text_of(body.get("failure_code"), limit=100), text_of(body.get("failure_reason"))
    return Generation(
        id=identity,
        state=STATES.get(text_of(body.get("state")) or "queued", "dreaming"),
        created_at=time_of(body.get("created_at")),
        model=text_of(body.get("model"), limit=100),
        video_url=urls.get("video"),
        image_url=urls.get("image"),
        frames_url=urls.get("frames"),
        failure_reason=": ".join(part for part in (code, text) if part) or None,
        failure=failure_of_code(code) if code else failure_class(text),
        kind=kind,
    )


def _outputs(output: Any, kind: str) -> dict[str, str]:
    """The first URL of each kind. An output that is neither clip nor still is the archive of frames."""
    urls: dict[str, str] = {}
    for entry in output if isinstance(output, list) else ():
        known = mapping_of(entry)
        url, sort = url_of(known.get("url")), (text_of(known.get("type")) or kind).lower()
        if url is not None:
            urls.setdefault(next((s for s in ("video", "image") if sort.startswith(s)), "frames"), url)
    return urls
