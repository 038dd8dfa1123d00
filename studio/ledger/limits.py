"""Limits that the service states for an account: creates a minute, and how long creates are to be held back.

Stored in the ledger, by account and pool of models, so that every process follows what one of them was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from studio.errors import LimitKind
from studio.ledger.schema import holds, orders, rate_limits
from studio.ledger.upsert import insert_into
from studio.ledger.values import OrderState, pool_names

# States in which a generation has ended at the service, and no longer counts among those at once.
DONE = (OrderState.COMPLETED.value, OrderState.FAILED.value, OrderState.GONE.value)


@dataclass(frozen=True)
class Hold:
    """The service's request to send no creates until a moment.

    ``freed``: when the first of our generations ended whose place no create has taken yet. Where the limit is that of
    generations at once, it makes room for one create.
    """

    kind: LimitKind
    until: datetime
    freed: datetime | None = None


def learn(connection: Connection, account: str, pool: str, per_minute: int, now: datetime) -> None:
    """Store how many creates a minute the service allows an account's pool."""
    told = {"per_minute": per_minute, "at": now}
    new = insert_into(connection, rate_limits).values(account=account, pool=pool, **told)
    connection.execute(new.on_conflict_do_update(index_elements=["account", "pool"], set_=told))


def learnt(connection: Connection, account: str, pool: str) -> int | None:
    """Creates a minute that the service allows an account's pool; None where it never said."""
    kept = rate_limits.c.account == account, rate_limits.c.pool == pool
    return connection.scalar(select(rate_limits.c.per_minute).where(*kept))


def hold(connection: Connection, account: str, pool: str, kind: LimitKind, seconds: float, now: datetime) -> None:
    """Hold back the creates of an account's pool for this many seconds. A longer hold of the same kind stays."""
    kept = holds.c.account == account, holds.c.pool == pool, holds.c.kind == kind.value
    before = connection.scalar(select(holds.c.until).where(*kept))
    until = now + timedelta(seconds=seconds)
    times = {"since": now, "until": until if before is None else max(until, before)}
    new = insert_into(connection, holds).values(account=account, pool=pool, kind=kind.value, **times)
    connection.execute(new.on_conflict_do_update(index_elements=["account", "pool", "kind"], set_=times))


def holds_of(connection: Connection, account: str, pool: str, now: datetime) -> list[Hold]:
    """The holds on an account's pool that have not expired."""
    query = select(holds).where(holds.c.account == account, holds.c.pool == pool, holds.c.until > now)
    found = []
    for row in connection.execute(query).all():
        kind = LimitKind(row.kind)
        freed = _freed(connection, account, pool, row.since) if kind is LimitKind.JOBS else None
        found.append(Hold(kind, row.until, freed))
    return found


def use_freed(connection: Connection, account: str, pool: str, freed: datetime) -> None:
    """Record that the place of an ended generation is taken: the next create needs another one."""
    kept = holds.c.account == account, holds.c.pool == pool, holds.c.kind == LimitKind.JOBS.value
    connection.execute(update(holds).where(*kept).values(since=freed))


def _freed(connection: Connection, account: str, pool: str, since: datetime) -> datetime | None:
    ended = (
        orders.c.account == account, orders.c.pool.in_(pool_names(pool)), orders.c.state.in_(DONE),
        orders.c.finished_at > since,
    )  # fmt: skip
    first: datetime | None = connection.scalar(select(func.min(orders.c.finished_at)).where(*ended))
    return first
