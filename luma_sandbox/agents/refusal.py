"""How the Luma Agents API says no: a status, and a detail that is always one text, without the status in it."""

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
RATE_LIMIT = "X-RateLimit-Limit"  # requests a minute: with an accepted create, and with RATE_LIMITED only


class Declined(Exception):
    """One answer that declines a call; ``retry_after`` in seconds, ``more``: other headers. Nothing was charged."""

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
    """Any key will do, but one there must be."""
    scheme, _, key = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Declined(401, INVALID_KEY)


def mark(request: Request, response: Response) -> None:
    """The headers that every answer of this API carries; a request id that was sent comes back."""
    response.headers.update(traces(request.headers.get("X-Request-Id")))


def traces(request_id: str | None) -> dict[str, str]:
    """The headers by which an answer can be asked about: the request's own id, or one that is made here."""
    return {"X-Request-Id": request_id or str(uuid.uuid4()), "X-API-Version": API_VERSION}


async def decline(request: Request, error: Exception) -> JSONResponse:
    """A Declined as an answer."""
    if not isinstance(error, Declined):
        raise error
    response = JSONResponse({"detail": error.detail}, error.status, error.headers)
    mark(request, response)
    return response
