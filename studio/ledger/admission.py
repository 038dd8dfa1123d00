"""Admission of purchases: caps in dollars and in creates, and the account's limits, shared fairly by productions.

Everything here runs inside the transaction that commits the intent, so no two processes can exceed a limit together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from studio.errors import LimitKind, OverBudget
from studio.ledger.limits import Hold, holds_of, learnt, use_freed
from studio.ledger.schema import MOVES_MONEY, batch_runs, entries, orders, waiting
from studio.ledger.values import Cap, Intent, Limits, OrderState, pool_names
from studio.money import ZERO, usd
from studio.remedies import AGAIN, text_of

MINUTE = timedelta(seconds=60)
# A process that waits for a slot asks again every second or so; one that has not for this long is gone.
GONE = timedelta(seconds=20)
# After this long a create without an answer has either been accepted or never will be.
LONGEST_CALL = timedelta(seconds=120)
SENDING = (OrderState.RESERVED.value, OrderState.IN_DOUBT.value)
OPEN = (OrderState.RESERVED.value, OrderState.SUBMITTED.value, OrderState.IN_DOUBT.value)


@dataclass(frozen=True)
class Full:
    """The refusal of a purchase because the account has no room. ``why`` in a few words; ``until``: when to ask again,
    if known.

    ``limited``: the service itself accepts no creates for now.
    """

    why: str
    until: datetime | None = None
    limited: bool = False


def spent(connection: Connection, cap: Cap, realm: str, now: datetime) -> Decimal:
    """USD that count against a cap: spent, reserved, or perhaps spent (released because a list did not show the
    order)."""
    counted = func.coalesce(func.sum(entries.c.amount), 0), func.coalesce(func.sum(entries.c.suspense), 0)
    row = connection.execute(select(*counted).where(*_within(cap, realm, now), MOVES_MONEY)).one()
    return sum((Decimal(part or 0) for part in row), ZERO)


def creates(connection: Connection, cap: Cap, realm: str, now: datetime) -> int:
    """The number of creates within a cap's scope that were sent, or may have been."""
    within = _within(cap, realm, now)
    bought = select(func.count()).where(*within, entries.c.kind == "reserved")
    never = or_(entries.c.amount < 0, entries.c.suspense < 0)
    given_back = select(func.count()).where(*within, entries.c.kind.in_(("released", "settled")), never)
    again = select(func.count()).where(*within, entries.c.kind == "undone", or_(*(
        column > 0 for column in (entries.c.amount, entries.c.suspense)
    )))  # fmt: skip
    sent, unsent, undone = (connection.scalar(query) or 0 for query in (bought, given_back, again))
    return sent - unsent + undone


def check_caps(connection: Connection, caps: Iterable[Cap], intent: Intent, now: datetime) -> None:
    """Raise OverBudget if one of the caps has no room for the intent."""
    for cap in caps:
        before = spent(connection, cap, intent.realm, now)
        if cap.limit is not None and before + intent.price > cap.limit:
            within = (*_within(cap, intent.realm, now), MOVES_MONEY)
            unsure = connection.scalar(select(func.coalesce(func.sum(entries.c.suspense), 0)).where(*within))
            perhaps = Decimal(unsure or 0)
            note = f" ({usd(perhaps)} of it perhaps spent: the list did not show it)" if perhaps else ""
            raise OverBudget(
                f"{usd(intent.price)} would bring this {cap.scope} to {usd(before + intent.price)}{note}, over its "
                f"budget of {usd(cap.limit)}",
                cap=cap.limit,
                needed=before + intent.price,
                where=f"scene '{intent.scene}'",
                hint=text_of(
                    f"nothing was bought for this scene; raise the {cap.scope}'s budget, or make less",
                    *(("; or ", AGAIN, ": what is perhaps spent was this run's alone") if perhaps else ()),
                ),
            )
        if cap.creates is not None and creates(connection, cap, intent.realm, now) >= cap.creates:
            raise OverBudget(
                f"this {cap.scope} may order {cap.creates} generations, and has",
                cap=Decimal(cap.creates),
                needed=Decimal(cap.creates + 1),
                where=f"scene '{intent.scene}'",
                hint="nothing was bought for this scene; raise the limit, or make less",
            )


def find_room(connection: Connection, intent: Intent, limits: Limits, now: datetime) -> Full | None:
    """Check the account's limits: None if it has room and it is this production's turn, which ends the wait of the
    intent."""
    held = holds_of(connection, intent.account, intent.pool, now)
    known = limits.with_learnt(learnt(connection, intent.account, intent.pool))
    full = _held_back(held) or _full(connection, intent, known, now)
    if full is None:
        for each in held:
            if each.freed is not None:
                use_freed(connection, intent.account, intent.pool, each.freed)
        connection.execute(delete(waiting).where(waiting.c.order == intent.key))
        return None
    noted = connection.execute(update(waiting).where(waiting.c.order == intent.key).values(seen_at=now))
    if noted.rowcount == 0:
        row = {
            "order": intent.key, "account": intent.account, "pool": intent.pool, "production": intent.production,
            "since": now, "seen_at": now,
        }  # fmt: skip
        connection.execute(insert(waiting).values(row))
    return full


def _held_back(held: list[Hold]) -> Full | None:
    """The service's own hold: until a generation ends, where too many were being made, or for a short time."""
    for each in held:
        if each.kind is LimitKind.JOBS and each.freed is None:
            return Full("waiting for a generation to end: the service makes no more at once", None)
        if each.kind is not LimitKind.JOBS:
            return Full("waiting as the service asked: it limits creates", each.until, limited=True)
    return None


def _full(connection: Connection, intent: Intent, limits: Limits, now: datetime) -> Full | None:
    ours = (orders.c.account == intent.account, orders.c.pool.in_(pool_names(intent.pool)))
    free = None
    if limits.at_once is not None:
        used = connection.scalar(select(func.count()).where(*ours, orders.c.state.in_(OPEN))) or 0
        if used >= limits.at_once:
            return Full(f"waiting for a slot, {used} of {limits.at_once} in use")
        free = limits.at_once - used
    if limits.per_minute is not None:
        recent = _last_minute(connection, intent, now)
        if len(recent) >= limits.per_minute:
            leaves = recent[-limits.per_minute]
            until = None if leaves is None else leaves + MINUTE
            return Full(f"waiting for the minute's limit, {len(recent)} of {limits.per_minute} creates", until)
        rest = limits.per_minute - len(recent)
        free = rest if free is None else min(free, rest)
    if free is not None and _before_us(connection, intent, limits, now) >= free:
        return Full("waiting for its turn: other productions have fewer in flight")
    return None


def _last_minute(connection: Connection, intent: Intent, now: datetime) -> list[datetime | None]:
    """The latest times at which the creates of the last minute can have been accepted; None for those under way.

    The service counts from when it accepted a create, which may be long after it was reserved here. So a create counts
    until a minute after its answer.
    """
    ours = (orders.c.account == intent.account, orders.c.pool.in_(pool_names(intent.pool)))
    under_way = select(func.count()).where(
        *ours, orders.c.state.in_(SENDING), orders.c.reserved_at > now - MINUTE - LONGEST_CALL
    )
    # Read first: an answer that is booked between the two queries is then counted twice, and never missed.
    sending = connection.scalar(under_way) or 0
    answered = connection.scalars(
        select(entries.c.at)
        .join(orders, orders.c.key == entries.c.order)
        .where(*ours, entries.c.kind.in_(("submitted", "adopted")), entries.c.at > now - MINUTE)
        .order_by(entries.c.at)
    )
    return [*answered, *[None] * sending]


def _before_us(connection: Connection, intent: Intent, limits: Limits, now: datetime) -> int:
    """The number of orders of other productions that come first: those of productions with fewer in flight, then
    those that have waited longer."""
    names = pool_names(intent.pool)
    counted = connection.execute(
        select(orders.c.production, func.count().label("held"))
        .where(orders.c.account == intent.account, orders.c.pool.in_(names), orders.c.state.in_(OPEN))
        .group_by(orders.c.production)
    )
    in_flight = {row.production: row.held for row in counted}
    rows = connection.execute(
        select(waiting.c.order, waiting.c.production, waiting.c.since).where(
            waiting.c.account == intent.account, waiting.c.pool.in_(names), waiting.c.seen_at > now - GONE
        )
    ).all()
    since = next((r.since for r in rows if r.order == intent.key), now)
    mine = (in_flight.get(intent.production, 0), since)
    return sum(
        1 for r in rows if r.production != intent.production and (in_flight.get(r.production, 0), r.since) < mine
    )


def _within(cap: Cap, realm: str, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [entries.c.realm == realm]
    if cap.scope == "run":
        return [*conditions, entries.c.run.in_((cap.scope_id, *cap.others))]
    if cap.scope == "batch":
        # Read in the same transaction: a run that joined meanwhile counts.
        return [*conditions, entries.c.run.in_(select(batch_runs.c.run).where(batch_runs.c.batch == cap.scope_id))]
    if cap.scope == "production":
        return [*conditions, entries.c.film.in_((cap.scope_id, *cap.others))]
    first = datetime.strptime(cap.scope_id or f"{now:%Y-%m}", "%Y-%m").replace(tzinfo=UTC)
    following = (first + timedelta(days=32)).replace(day=1)
    return [*conditions, entries.c.counted_at >= first, entries.c.counted_at < following]
