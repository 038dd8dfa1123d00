"""The time that the sandbox lives by. Tests bring their own and never sleep."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch, and a way to wait for them."""

    def now(self) -> float:
        """The present, in seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after that many seconds of this clock."""
        ...


class WallClock:
    """The real time."""

    def now(self) -> float:
        """The present, in seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await asyncio.sleep(max(0.0, seconds))


class HandClock:
    """A clock that stands still until it is moved on by hand."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Where the hands stand."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until somebody has moved the hands that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Move the hands on, and wake whoever waited for it."""
        self._now += seconds
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._now]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._now]
        for _, woken in due:
            if not woken.done():
                woken.set_result(None)


def iso(seconds: float, digits: str = "milliseconds") -> str:
    """That moment as Luma writes it: ISO 8601 in UTC; ``digits``: down to milliseconds or microseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=digits).replace("+00:00", "Z")
