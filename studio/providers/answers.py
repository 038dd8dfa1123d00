"""What an answer, or the lack of one, means: was it never sent, refused, or perhaps accepted?

Both of Luma's SDKs are made by the same generator: their errors have the same names and fields, but no common base.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import luma_agents
import lumaai

from studio.errors import (
    Ambiguous,
    NotFound,
    NotSent,
    OutOfCredit,
    RateLimited,
    Refused,
    ServiceError,
    Unauthorized,
)
from studio.providers.base import Generation

SDK_ERRORS = (lumaai.LumaAIError, luma_agents.LumaError, httpx.HTTPError, httpx.InvalidURL)
# The connection was never made, or never given to us: not a byte of the request has left.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# The refusals of a create that the services document. Any other status may stand before a create that was accepted:
# a redirect comes from something in between, and a conflict (409) is what the SDKs send again.
REFUSALS = (400, 401, 402, 403, 404, 413, 422)
# Time-outs between us and the service, which say nothing of what became of the request.
GATEWAY = (408, 502, 504, 520, 522, 524)
LONGEST_DETAIL = 600
_URL = re.compile(r"https?://\S+")


async def create_once(
    call: Callable[[], Awaitable[Any]], *, read: Callable[[Any, int], Generation], key: str
) -> Generation:
    """Send one create by ``call``, which must have its SDK's retries off, and ``read`` its answer.

    ``key`` names the variable that the API key comes from. Raises NotSent, RateLimited, Refused, or Ambiguous.
    """
    try:
        raw = await call()
        return read(answer_json(raw.http_response), raw.http_response.status_code)
    except SDK_ERRORS as error:
        raise service_error(error, creating=True, key=key) from None
    except ServiceError as error:
        # A 2xx that cannot be read: the create was most likely accepted.
        raise Ambiguous(error.message, status=error.status) from None
    except (TypeError, ValueError, UnicodeError) as error:
        # Raised by the SDK while it builds the request, before anything is sent.
        raise NotSent(f"the request cannot be built ({type(error).__name__})") from error


async def read_answer(call: Callable[..., Awaitable[Any]], *args: Any, key: str, **kwargs: Any) -> httpx.Response:
    """The answer to a call that buys nothing; the SDK may try it again. Raises ServiceError, but never Ambiguous."""
    try:
        raw = await call(*args, **kwargs)
    except (*SDK_ERRORS, ValueError) as error:
        raise service_error(error, creating=False, key=key) from None
    response: httpx.Response = raw.http_response
    return response


def answer_json(response: httpx.Response) -> Any:
    """The body of an answer. Raises ServiceError where it is not JSON."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise unreadable(f"an answer that is not JSON ({kind})", response.status_code) from None


def service_error(error: Exception, *, creating: bool, key: str = "LUMAAI_API_KEY") -> ServiceError:
    """Our error for one of an SDK's or of httpx. ``creating``: whether a create may have been accepted."""
    if isinstance(error, lumaai.APIStatusError | luma_agents.APIStatusError):
        return status_error(error.status_code, error.body, error.response.headers, creating=creating, key=key)
    wrapped = isinstance(error, lumaai.APIConnectionError | luma_agents.APIConnectionError)
    cause = error.__cause__ if wrapped else error
    if isinstance(cause, NEVER_SENT):
        return NotSent(f"the service cannot be reached ({type(cause).__name__})")
    what = type(cause or error).__name__
    if creating:
        return Ambiguous(f"no readable answer came back ({what})")
    return ServiceError(f"no readable answer came back ({what})")


def unreadable(what: str, status: int) -> ServiceError:
    """The service answered with something that it should not."""
    return ServiceError(f"the service sent {what}", status=status)


def status_error(status: int, body: Any, headers: httpx.Headers, *, creating: bool, key: str) -> ServiceError:
    """Our error for an answer that is one."""
    detail = _detail(body)
    text = f"the service answered {status}" + (f": {detail}" if detail else "")
    if status == 429:
        return RateLimited(text, retry_after=retry_after(headers))
    if status in (401, 403):
        return Unauthorized(text, status=status, hint=f"check {key}, and what this key may do")
    if status == 402:
        return OutOfCredit(text, status=status, hint="add credit to the account; nothing was bought")
    if status == 404:
        return NotFound(text, status=status)
    if creating and status in GATEWAY:
        # Behind the gateway the service may still be at work on the request.
        return Ambiguous(f"no answer came through (status {status})" + (f": {detail}" if detail else ""), status=status)
    if creating and status not in REFUSALS:
        return Ambiguous(text, status=status)
    if status == 408 or status >= 500:
        return ServiceError(text, status=status)
    return Refused(text, status=status)


def retry_after(headers: httpx.Headers, *, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None where there is none that can be read."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def text_of(value: Any) -> str | None:
    """A text that says something, else None."""
    return value if isinstance(value, str) and value else None


def mapping_of(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def time_of(value: Any) -> datetime | None:
    """A moment in aware UTC, or None."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def id_of(body: Any, status: int, what: str = "a generation") -> str:
    """The id of what was answered: the one thing that nothing can go on without. Raises ServiceError."""
    found = body.get("id") if isinstance(body, dict) else None
    if not isinstance(found, str) or not found.strip():
        raise unreadable(f"{what} without an id", status)
    return found


def without_urls(text: str) -> str:
    """The service's own words on one line, not too many of them. A URL in them may be signed, and is left out."""
    return _URL.sub("<url>", " ".join(text.split()))[:LONGEST_DETAIL]


def _detail(body: Any) -> str:
    """The service's own words: ``detail`` as text, or as FastAPI's list of findings."""
    detail = body.get("detail", body.get("message", "")) if isinstance(body, dict) else ""
    if isinstance(detail, list):
        found = [d for d in detail if isinstance(d, dict)]
        detail = "; ".join(f"{_path(d.get('loc'))}: {d.get('msg', '')}" for d in found)
    return without_urls(str(detail))


def _path(loc: Any) -> str:
    return ".".join(map(str, loc)) if isinstance(loc, list) else ""
