"""Luma's Dream Machine API through the ``lumaai`` SDK: ray-2 and ray-flash-2.

Creates go out with the SDK's retries off: it would send a paid request again after a lost answer, and bill twice.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import httpx
import lumaai

from studio.errors import Ambiguous, NotSent, Refused, ServiceError
from studio.providers.answers import service_error, unreadable
from studio.providers.base import Generation, GenerationPage, GenerationState, VideoProvider

TIMEOUT = httpx.Timeout(60.0, connect=5.0)
STATES: dict[Any, GenerationState] = {state: state for state in get_args(GenerationState)}


class DreamMachine(VideoProvider):
    """The Dream Machine API at ``base_url``. ``transport`` stands in for the network in tests.

    ``local``: the server is on this machine, so no proxy of the environment applies.
    """

    name = "luma"
    has_list = True

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        cost_per_second: Decimal = Decimal("0.14"),
        local: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._cost_per_second = cost_per_second
        # A redirected POST would be a second create: redirects are answers like any other.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        http = httpx.AsyncClient(
            transport=transport, timeout=timeout, follow_redirects=False, trust_env=not local, limits=limits
        )
        self._client = lumaai.AsyncLumaAI(auth_token=api_key, base_url=base_url, http_client=http, timeout=timeout)
        self._no_retry = self._client.with_options(max_retries=0)

    @property
    def cost_per_second(self) -> Decimal:
        return self._cost_per_second

    async def create(self, endpoint: str, params: Mapping[str, Any]) -> Generation:
        if endpoint != "video":
            raise Refused(f"no endpoint '{endpoint}'")
        sent = {name: value for name, value in params.items() if value is not None}  # None would be sent as null
        try:
            raw = await self._no_retry.generations.video.with_raw_response.create(**sent)
            return _generation(_json(raw.http_response), raw.http_response.status_code)
        except (lumaai.LumaAIError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise service_error(error, creating=True) from None
        except ServiceError as error:
            # A 2xx that cannot be read: the create was most likely accepted.
            raise Ambiguous(error.message, status=error.status) from None
        except (TypeError, ValueError, UnicodeError) as error:
            # Raised by the SDK while it builds the request, before anything is sent.
            raise NotSent(f"the request cannot be built ({type(error).__name__})") from error

    async def get(self, generation_id: str) -> Generation:
        response = await self._read(self._client.generations.with_raw_response.get, generation_id)
        return _generation(_json(response), response.status_code)

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        response = await self._read(self._client.generations.with_raw_response.list, limit=limit, offset=offset)
        body = _json(response)
        items = body.get("generations") if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise unreadable("a list of generations without generations", response.status_code)
        page = tuple(_generation(item, response.status_code) for item in items)
        more = body.get("has_more")
        return GenerationPage(page, has_more=more if isinstance(more, bool) else len(page) >= limit)

    async def delete(self, generation_id: str) -> None:
        await self._read(self._client.generations.with_raw_response.delete, generation_id)

    async def credits(self) -> Decimal:
        response = await self._read(self._client.credits.with_raw_response.get)
        body = _json(response)
        balance = body.get("credit_balance") if isinstance(body, dict) else None
        if isinstance(balance, bool) or not isinstance(balance, int | float):
            raise unreadable("a balance without credit_balance", response.status_code)
        return (Decimal(str(balance)) / 100).quantize(Decimal("0.0001"))

    async def list_camera_motions(self) -> builtins.list[str]:
        response = await self._read(self._client.generations.concepts.with_raw_response.list)
        body = _json(response)
        if not isinstance(body, list) or not all(isinstance(key, str) for key in body):
            raise unreadable("a list of concepts that is none", response.status_code)
        return body

    async def ping(self) -> None:
        await self._read(self._client.ping.with_raw_response.check)

    async def aclose(self) -> None:
        await self._client.close()

    async def _read(self, call: Any, *args: Any, **kwargs: Any) -> httpx.Response:
        try:
            raw = await call(*args, **kwargs)
        except (lumaai.LumaAIError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise service_error(error, creating=False) from None
        response: httpx.Response = raw.http_response
        return response


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise unreadable(f"an answer that is not JSON ({kind})", response.status_code) from None


def _generation(body: Any, status: int) -> Generation:
    """Read one generation, asking of it only what we need: an id. A state that nobody knows is one not ended."""
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not body["id"].strip():
        raise unreadable("a generation without an id", status)
    assets = _mapping(body.get("assets"))
    return Generation(
        id=body["id"],
        state=STATES.get(str(body.get("state") or "queued"), "dreaming"),
        created_at=_time(body.get("created_at")),
        model=_text(body.get("model")),
        video_url=_text(assets.get("video")),
        image_url=_text(assets.get("image")),
        failure_reason=_text(body.get("failure_reason")),
        request=_mapping(body.get("request")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
