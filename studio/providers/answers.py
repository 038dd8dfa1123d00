"""What an answer, or the lack of one, means: was it never sent, refused, or perhaps accepted?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
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

# The connection was never made, or never given to us: not a byte of the request has left.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# Time-outs between us and the service, which say nothing of what became of the request.
GATEWAY = (408, 502, 504, 520, 522, 524)
LONGEST_DETAIL = 600
_URL = re.compile(r"https?://\S+")


def service_error(error: Exception, *, creating: bool) -> ServiceError:
    """Our error for one of the SDK's or of httpx. ``creating``: whether a create may have been accepted."""
    if isinstance(error, lumaai.APIStatusError):
        return _status_error(error.status_code, error.body, error.response.headers, creating=creating)
    cause = error.__cause__ if isinstance(error, lumaai.APIConnectionError) else error
    if isinstance(cause, NEVER_SENT):
        return NotSent(f"the service cannot be reached ({type(cause).__name__})")
    what = type(cause or error).__name__
    if creating:
        return Ambiguous(f"no readable answer came back ({what})")
    return ServiceError(f"no readable answer came back ({what})")


def unreadable(what: str, status: int) -> ServiceError:
    """The service answered with something that it should not."""
    return ServiceError(f"the service sent {what}", status=status)


def _status_error(status: int, body: Any, headers: httpx.Headers, *, creating: bool) -> ServiceError:
    detail = _detail(body)
    text = f"the service answered {status}" + (f": {detail}" if detail else "")
    if status == 429:
        return RateLimited(text, retry_after=retry_after(headers))
    if status in (401, 403):
        hint = "check LUMAAI_API_KEY, and what this key may do"
        return Unauthorized(text, status=status, hint=hint)
    if status == 402:
        return OutOfCredit(text, status=status, hint="add credit to the account; nothing was bought")
    if status == 404:
        return NotFound(text, status=status)
    if creating and status in GATEWAY:
        # Behind the gateway the service may still be at work on the request.
        return Ambiguous(f"no answer came through (status {status})" + (f": {detail}" if detail else ""), status=status)
    if status == 408 or status >= 500:
        return Ambiguous(text, status=status) if creating else ServiceError(text, status=status)
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


def _detail(body: Any) -> str:
    """The service's own words: ``detail`` as text, or as FastAPI's list of findings. URLs in it may be signed."""
    detail = body.get("detail", body.get("message", "")) if isinstance(body, dict) else ""
    if isinstance(detail, list):
        found = [d for d in detail if isinstance(d, dict)]
        detail = "; ".join(f"{'.'.join(map(str, d.get('loc', [])))}: {d.get('msg', '')}" for d in found)
    text = _URL.sub("<url>", " ".join(str(detail).split()))
    return text[:LONGEST_DETAIL]
