"""The stage that a request has reached: handed to the network or not, answered or not.

The error of an SDK or of httpx does not tell it: both raise the same errors while they build a request and while they
read an answer. httpx calls these hooks between the two.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


@dataclass
class Stage:
    """The stage of the request made within its ``with`` block. ``asked``: it was sent; ``headers``: its answer's."""

    asked: bool = False
    headers: httpx.Headers | None = None
    _token: Token[Stage | None] | None = None

    @property
    def answered(self) -> bool:
        return self.headers is not None

    def __enter__(self) -> Stage:
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)


_current: ContextVar[Stage | None] = ContextVar("stage", default=None)


async def asking(_: httpx.Request) -> None:
    """Hook of httpx for requests."""
    stage = _current.get()
    if stage is not None:
        stage.asked = True


async def answering(response: httpx.Response) -> None:
    """Hook of httpx for responses, called as soon as their headers are there."""
    stage = _current.get()
    if stage is not None:
        stage.headers = response.headers
