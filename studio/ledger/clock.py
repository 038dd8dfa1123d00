"""The ledger's clock: the database's own, so that hosts with different clocks agree on what is late."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, func, select

from studio.errors import SettingsError

Clock = Callable[[], datetime]


class Dated(Protocol):
    """The part of a ledger that has a clock."""

    def clock_difference(self, host: Clock) -> timedelta:
        """The lead of this host's clock over the ledger's."""


# A host whose clock is off by more is warned; one that is off by much more may not buy.
TOLD, REFUSED = timedelta(seconds=5), timedelta(seconds=60)


def check_clock(ledger: Dated, host: Clock | None = None) -> None:
    """Raise SettingsError if this host's clock is too far off the ledger's to buy."""
    ahead = ledger.clock_difference(host or utc_now)
    if abs(ahead) > REFUSED:
        raise SettingsError(
            f"this machine's clock is {ahead.total_seconds():+.0f} s off the clock of the ledger's database",
            where="clock",
            hint="set it right (NTP) before anything is bought from here",
        )


def since_start() -> float:
    """Seconds since this machine was started, including the time it was asleep where its system counts it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def utc_now() -> datetime:
    """The time by this host's clock."""
    return datetime.now(UTC)


def database_now(connection: Connection) -> datetime:
    """The time by the database. SQLite has only the clock of its host, which is the only one that opens the file."""
    if connection.dialect.name == "sqlite":
        return utc_now()
    # Not now(), which is when the transaction began: it may have waited for another one.
    moment = connection.scalar(select(func.clock_timestamp()))
    assert isinstance(moment, datetime), "clock_timestamp() is a time"  # noqa: S101
    return moment.astimezone(UTC)
