"""The service's clock, measured by the Date header of its answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ServiceClock:
    """Measures how far the clock of the service at ``base_url`` is ahead of this host's, by its latest answer.

    ``now`` gives aware UTC.
    """

    def __init__(self, base_url: str, now: Callable[[], datetime] = _utc_now) -> None:
        self._host = urlsplit(base_url).hostname
        self._now = now
        self._ahead: timedelta | None = None

    @property
    def ahead(self) -> timedelta | None:
        """Time by which the service is ahead (behind: negative), to about a second; None before a dated answer."""
        return self._ahead

    async def read(self, response: httpx.Response) -> None:
        """Read an answer's Date header; used as an event hook of httpx."""
        if response.request.url.host != self._host:
            return  # another host's, such as the storage, with a clock of its own
        value = response.headers.get("date", "")
        try:
            told = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return
        told = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
        # The header has whole seconds, and is half a second behind on average.
        self._ahead = told + timedelta(seconds=0.5) - self._now()
