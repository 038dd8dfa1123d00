"""Refusals in the Luma Agents API's form: a status, and a detail that is always one text, without the status in it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.responses import JSONResponse

API_VERSION = "2026-04-01"
INVALID_KEY = "Invalid or missing API key"
NO_BALANCE = "Insufficient balance"
RATE_LIMITED = "Rate limit exceeded"
TOO_MANY_JOBS = "Too many concurrent jobs"
RATE_LIMIT = "X-RateLimit-Limit"  # requests a minute: in the answers to accepted creates and in RATE_LIMITED alone


class Declined(Exception):
    """An answer that declines a call; ``retry_after`` in seconds, ``more``: other headers. Nothing was charged."""

    def __init__(
        self, status: int, detail: str, retry_after: int | None = None, more: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.headers = dict(more or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)


def check_key(authorization: Annotated[str, Header()] = "") -> None:
    """Require an API key; any value will do."""
    scheme, _, key = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Declined(401, INVALID_KEY)


def mark(request: Request, response: Response) -> None:
    """Add the headers that every answer of this API has; a request id from the client is returned."""
    response.headers.update(traces(request.headers.get("X-Request-Id")))


def traces(request_id: str | None) -> dict[str, str]:
    """The headers that identify an answer: the request's own id, or a new one."""
    return {"X-Request-Id": request_id or str(uuid.uuid4()), "X-API-Version": API_VERSION}


async def decline(request: Request, error: Exception) -> JSONResponse:
    """A Declined as an answer."""
    if not isinstance(error, Declined):
        raise error
    response = JSONResponse({"detail": error.detail}, error.status, error.headers)
    mark(request, response)
    return response
