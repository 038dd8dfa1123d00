"""Suppression of log records of requests whose URLs may be signed."""

from __future__ import annotations

import contextlib
import contextvars
import logging
from collections.abc import Iterator

_hidden = contextvars.ContextVar("_hidden", default=False)


class _HideAddresses(logging.Filter):
    """A log filter for httpx, which logs the URL of every request, and its transport the headers: drops hidden ones."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _hidden.get()


for _logger in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
    logging.getLogger(_logger).addFilter(_HideAddresses())


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Requests made by httpx inside the block are not logged."""
    token = _hidden.set(True)
    try:
        yield
    finally:
        _hidden.reset(token)
