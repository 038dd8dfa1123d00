"""The meaning of an answer, or of its absence: the request was never sent, was refused, or may have been accepted.

Both of Luma's SDKs are made by the same generator: their errors have the same names and fields, but no common base.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import Any

import httpx
import luma_agents
import lumaai

from studio.cleaning import clean
from studio.connections import trouble_of
from studio.errors import (
    Ambiguous,
    LimitKind,
    NotFound,
    NotSent,
    OutOfCredit,
    RateLimited,
    Refused,
    ServiceError,
    Unauthorized,
    Untrusted,
)
from studio.providers.base import Generation
from studio.providers.request_stage import Stage

STATUS_ERRORS = (lumaai.APIStatusError, luma_agents.APIStatusError)
SDK_ERRORS = (lumaai.LumaAIError, luma_agents.LumaError, httpx.HTTPError, httpx.InvalidURL)
# The connection was never made, or never obtained: not a byte of the request was sent.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# The refusals of a create that the services document. After any other status the create may have been accepted:
# a redirect comes from a server in between, and the SDKs send a request again after a conflict (409).
REFUSALS = (400, 401, 402, 403, 404, 413, 422)
READ_AGAIN = (408, 409, 429)  # statuses after which a call that buys nothing is sent again, beside 500 and above
# Time-outs between this host and the service, which do not tell what happened to the request.
GATEWAY = (408, 502, 504, 520, 522, 524)
CREATE_SECONDS = 65.0  # for a create as a whole; one that takes longer may still be accepted
READ_SECONDS = 240.0  # for a call that buys nothing, with its retries
READ_PAUSES = (0.5, 1.0)  # seconds before each further try of a call that buys nothing, unless Retry-After says more
LONGEST_READ_PAUSE = 60.0  # seconds; such a call waits for no longer Retry-After
LONGEST_URL = 16_384  # characters
LONGEST_PAUSE = 86_400.0  # seconds; a longer Retry-After is cut to this
# The header with our name for a create. The Agents API documents that it is echoed; other servers ignore an unknown
# header, so Dream Machine is sent it, too.
TRACE = "X-Request-Id"
REQUEST_IDS = ("x-request-id", "request-id")  # headers of an answer; the first one present counts
LIMITS = "x-ratelimit-"  # the beginning of all headers on a limit of creates a minute
PER_MINUTE = "x-ratelimit-limit"
MOST_DIGITS = 6  # of a limit a minute; a longer number is ignored
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,120}")
_SECONDS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)s")
# An id that fits into a path, and into a column of the ledger, as it is. All seen so far were UUIDs.
_ID = re.compile(r"[A-Za-z0-9._~:@!$&'()*+,;=|-]{1,200}")


async def create_once(
    call: Callable[[], Awaitable[Any]], *, read: Callable[[Any, int], Generation], key: str, tells_limits: bool
) -> Generation:
    """Send one create by ``call``, which must have its SDK's retries off, and ``read`` its answer.

    ``key`` names the variable that the API key comes from. ``tells_limits``: the API documents ``X-RateLimit`` headers
    as its creates a minute, so that a 429 without them is about generations at once.
    Raises NotSent, RateLimited, Refused, or Ambiguous.
    """
    with Stage() as stage:
        try:
            made = await _created(stage, call, read=read, key=key)
        except ServiceError as error:
            headers = stage.headers if stage.headers is not None else httpx.Headers()
            error.request_id = request_id(headers)
            if tells_limits and isinstance(error, RateLimited):
                error.per_minute = per_minute(headers)
                rate = any(name.startswith(LIMITS) for name in headers)
                error.kind = LimitKind.RATE if rate else LimitKind.JOBS
            raise
        answer = stage.headers if stage.headers is not None else httpx.Headers()
    return replace(made, request_id=request_id(answer), per_minute=per_minute(answer) if tells_limits else None)


async def _created(
    stage: Stage, call: Callable[[], Awaitable[Any]], *, read: Callable[[Any, int], Generation], key: str
) -> Generation:
    try:
        # Time-outs of the client count from byte to byte, so a create as a whole needs its own.
        async with asyncio.timeout(CREATE_SECONDS):
            raw = await call()
    except TimeoutError:
        raise Ambiguous("no readable answer came back (TimeoutError)") from None
    except SDK_ERRORS as error:
        raise service_error(error, creating=True, key=key, answered=stage.answered) from None
    except Exception as error:
        if stage.asked:
            # The SDK's own reading of an answer may raise errors of any kind: the request was sent.
            what = f"no readable answer came back ({type(error).__name__})"
            raise Ambiguous(what, answered=stage.answered) from None
        if isinstance(error, TypeError | ValueError | UnicodeError):
            raise NotSent(f"the request cannot be built ({type(error).__name__})") from error
        raise
    response: httpx.Response = raw.http_response
    try:
        return read(answer_json(response), response.status_code)
    except ServiceError as error:
        # A 2xx that cannot be read: the create was most likely accepted.
        raise Ambiguous(error.message, status=error.status, answered=True) from None


async def read_answer(
    call: Callable[..., Awaitable[Any]],
    *args: Any,
    key: str,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    **kwargs: Any,
) -> httpx.Response:
    """The answer to a call that buys nothing. ``call`` must have its SDK's retries off: it is tried again here, where
    that may help. An SDK would try again after an untrusted certificate, too.

    Raises ServiceError (Untrusted, NotSent, Refused …), but never Ambiguous.
    """
    try:
        async with asyncio.timeout(READ_SECONDS):
            for pause in READ_PAUSES:
                try:
                    return await _read(call, *args, **kwargs)
                except SDK_ERRORS as error:
                    if not _worth_another(error):
                        raise
                    told = retry_after(error.response.headers) if isinstance(error, STATUS_ERRORS) else None
                await sleep(told if told is not None and 0 < told <= LONGEST_READ_PAUSE else pause)
            return await _read(call, *args, **kwargs)
    except TimeoutError:
        raise ServiceError(f"the service gave no whole answer within {READ_SECONDS:.0f} s") from None
    except (*SDK_ERRORS, ValueError, ArithmeticError, LookupError, RecursionError, AssertionError) as error:
        # The errors after SDK_ERRORS come from the SDK's reading of a body, or of its charset.
        raise service_error(error, creating=False, key=key) from None


async def _read(call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> httpx.Response:
    response: httpx.Response = (await call(*args, **kwargs)).http_response
    return response


def _worth_another(error: Exception) -> bool:
    """True if a call that buys nothing may be tried again: as the SDKs do, except after an untrusted certificate."""
    if isinstance(error, STATUS_ERRORS):
        told = error.response.headers.get("x-should-retry")
        return told == "true" or (told != "false" and (error.status_code in READ_AGAIN or error.status_code >= 500))
    trouble = trouble_of(error)
    return trouble is None or not trouble.untrusted


def answer_json(response: httpx.Response) -> Any:
    """The body of an answer. Raises ServiceError where it is not JSON."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise unreadable(f"an answer that is not JSON ({clean(kind, limit=60)})", response.status_code) from None


def service_error(
    error: Exception, *, creating: bool, key: str = "LUMAAI_API_KEY", answered: bool = False
) -> ServiceError:
    """Our error for an error of an SDK or of httpx. ``creating``: a create may have been accepted.

    ``answered``: an answer came back, so the request was sent, whatever the error says: following an invalid redirect,
    for example, raises the same error as building a request.
    """
    if isinstance(error, STATUS_ERRORS):
        return status_error(error.status_code, error.body, error.response.headers, creating=creating, key=key)
    wrapped = isinstance(error, lumaai.APIConnectionError | luma_agents.APIConnectionError)
    cause = error.__cause__ if wrapped else error
    name, trouble = type(cause or error).__name__, trouble_of(error)
    said, hint = (trouble.said, trouble.hint) if trouble else (name, "")
    if isinstance(cause, NEVER_SENT) and not answered:
        kind = Untrusted if trouble and trouble.untrusted else NotSent
        return kind(f"the service cannot be reached: {said}", hint=hint)
    what = f"no readable answer came back ({said})"
    return Ambiguous(what, answered=answered) if creating else ServiceError(what, hint=hint)


def unreadable(what: str, status: int) -> ServiceError:
    """The error for an answer that cannot be used. ``what``: the answer in words."""
    return ServiceError(f"the service sent {what}", status=status)


def status_error(status: int, body: Any, headers: httpx.Headers, *, creating: bool, key: str) -> ServiceError:
    """Our error for an answer with an error status."""
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
        return Ambiguous(text, status=status, answered=True)
    if status == 408 or status >= 500:
        return ServiceError(text, status=status)
    return Refused(text, status=status)


def trace_headers(request_id: str) -> dict[str, str] | None:
    """The header with the trace of a create; None without one."""
    return {TRACE: request_id} if request_id else None


def request_id(headers: httpx.Headers) -> str | None:
    """The service's name for a request, by an answer's headers; None without one that can be shown and stored."""
    told = (headers.get(name, "").strip() for name in REQUEST_IDS)
    return next((value for value in told if _REQUEST_ID.fullmatch(value)), None)


def per_minute(headers: httpx.Headers) -> int | None:
    """Creates a minute by an ``X-RateLimit-Limit`` header; None where it is missing or unusable."""
    value = headers.get(PER_MINUTE, "").strip()
    believed = value.isascii() and value.isdecimal() and len(value) <= MOST_DIGITS
    return int(value) or None if believed else None


def retry_after(headers: httpx.Headers, *, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None where there is none that can be read."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdecimal():
        return min(float(value), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = (until - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_PAUSE)


def text_of(value: Any, *, limit: int = 600) -> str | None:
    """The service's own words, cleaned, on one line of at most ``limit`` characters; None where there are none."""
    return (clean(value, limit=limit) or None) if isinstance(value, str) else None


def url_of(value: Any) -> str | None:
    """An http or https address, as it was sent: it may be signed. None for anything else."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_URL or not value.isprintable():
        return None
    return value if value.lower().startswith(("http://", "https://")) else None


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


def seconds_of(value: Any) -> Fraction | None:
    """A length such as ``5s`` in seconds, or None."""
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    return Fraction(found[1]) if found else None


def id_of(body: Any, status: int, what: str = "a generation") -> str:
    """The id in an answer, the only field that is always required.

    It becomes a part of paths, ledger rows and screens. Raises ServiceError where it is missing, or unfit for these.
    """
    found = body.get("id") if isinstance(body, dict) else None
    if not isinstance(found, str) or not found.strip():
        raise unreadable(f"{what} without an id", status)
    if not _ID.fullmatch(found) or found in (".", ".."):
        raise unreadable(f"{what} with an invalid id", status)
    return found


def _detail(body: Any) -> str:
    """The service's own words: ``detail`` as text, or as FastAPI's list of findings."""
    detail = body.get("detail", body.get("message", "")) if isinstance(body, dict) else ""
    if isinstance(detail, list):
        found = [d for d in detail if isinstance(d, dict)]
        detail = "; ".join(f"{_path(d.get('loc'))}: {text_of(d.get('msg')) or ''}" for d in found)
    return text_of(detail) or ""


def _path(loc: Any) -> str:
    return ".".join(str(step) for step in loc if isinstance(step, str | int)) if isinstance(loc, list) else ""
