"""How the Luma Agents API says no: a status, and a detail that is always one text, without the status in it."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.responses import JSONResponse

API_VERSION = "2026-04-01"
INVALID_KEY = "Invalid or missing API key"


class Declined(Exception):
    """One answer that declines a call; ``retry_after`` in seconds, where it is said. Nothing was charged."""

    def __init__(self, status: int, detail: str, retry_after: int | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


def check_key(authorization: Annotated[str, Header()] = "") -> None:
    """Any key will do, but one there must be."""
    scheme, _, key = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Declined(401, INVALID_KEY)


def mark(request: Request, response: Response) -> None:
    """The headers that every answer of this API carries; a request id that was sent comes back."""
    response.headers["X-Request-Id"] = request.headers.get("X-Request-Id") or str(uuid.uuid4())
    response.headers["X-API-Version"] = API_VERSION


async def decline(request: Request, error: Exception) -> JSONResponse:
    """A Declined as an answer."""
    if not isinstance(error, Declined):
        raise error
    response = JSONResponse({"detail": error.detail}, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    mark(request, response)
    return response
