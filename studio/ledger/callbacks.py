"""Callbacks that came for orders of this ledger. They say when to poll; no order is ever changed by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select

from studio.ledger.journal import Journal
from studio.ledger.schema import callbacks, orders
from studio.ledger.values import OrderState

#: The states that a callback may tell: those of Luma's generations. Others are dropped.
STATES = ("queued", "dreaming", "completed", "failed")
ENDED = ("completed", "failed")
PER_ORDER = 16  # the latest callbacks of an order that are kept
KEPT = timedelta(days=7)
EXPECTED = timedelta(days=1)  # callbacks that came within this time make further ones likely
JUST_NOW = timedelta(minutes=1)
AT_ONCE = 500
LIVE = [state.value for state in (OrderState.RESERVED, OrderState.SUBMITTED, OrderState.IN_DOUBT)]
_TOKEN = re.compile(r"[0-9A-Za-z]{8}\.([0-9A-Za-z]{40})\.([1-9][0-9]{0,5})", re.ASCII)
_GENERATION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,119}", re.ASCII)


@dataclass(frozen=True)
class Callback:
    """The content of a callback: the token of an order's attempt, a generation, and its state."""

    token: str
    generation_id: str
    state: str


@dataclass(frozen=True)
class BookedCallback:
    """A callback as it is stored. ``number`` rises from one to the next; ``at`` is by the ledger's clock, aware UTC."""

    number: int
    order: str
    attempt: int
    generation_id: str
    state: str
    at: datetime


def plausible(callback: Callback, prefix: str) -> bool:
    """True if a callback may be one of this ledger's orders, by its form alone. ``prefix``: that of its tokens."""
    return (
        callback.token.startswith(prefix)
        and _TOKEN.fullmatch(callback.token) is not None
        and _GENERATION.fullmatch(callback.generation_id) is not None
        and callback.state in STATES
    )


def book_callbacks(ledger: Journal, told: Iterable[Callback]) -> int:
    """Store callbacks that fit an order that is not settled yet, in one transaction, and return their number.

    Dropped: unknown tokens, attempts and generations, orders that ended long ago, and what was said a moment before.
    """
    wanted = [callback for callback in dict.fromkeys(told) if plausible(callback, ledger.token_prefix)]
    # Read first: what fits no order locks nothing.
    fits = [(order, callback) for callback in wanted if (order := _order_of(ledger, callback)) is not None]
    if not fits:
        return 0
    with ledger.writing() as connection:
        now = ledger.moment(connection)
        stored = sum(_store(connection, order, callback, now) for order, callback in fits)
        connection.execute(delete(callbacks).where(callbacks.c.at < now - KEPT))
    return stored


def callbacks_after(ledger: Journal, number: int) -> Sequence[BookedCallback]:
    """The callbacks with a higher number, the lowest first, at most 500."""
    query = select(callbacks).where(callbacks.c.id > number).order_by(callbacks.c.id).limit(AT_ONCE)
    return [BookedCallback(r.id, r.order, r.attempt, r.generation_id, r.state, r.at) for r in ledger.ask(query)]


def latest_callback(ledger: Journal) -> int:
    """The number of the latest callback; 0 where none came yet."""
    (row,) = ledger.ask(select(func.max(callbacks.c.id)))
    return int(row[0] or 0)


def callbacks_come(ledger: Journal) -> bool:
    """True if a callback told of an end within the last day."""
    since = ledger.now() - EXPECTED
    return bool(
        ledger.ask(select(callbacks.c.id).where(callbacks.c.at >= since, callbacks.c.state.in_(ENDED)).limit(1))
    )


def _order_of(ledger: Journal, callback: Callback) -> str | None:
    """The key of the order that a callback fits: one that is not settled, or ended just now by what a poll showed."""
    found = _TOKEN.fullmatch(callback.token)
    if found is None:
        return None
    beginning, attempt = found[1], int(found[2])
    # A range, which uses the index of the keys: a token has the first 40 of 64 characters.
    near = orders.c.key >= beginning, orders.c.key <= beginning + "z" * 24
    columns = orders.c.key, orders.c.attempt, orders.c.generation_id
    live = or_(orders.c.state.in_(LIVE), orders.c.finished_at >= ledger.now() - JUST_NOW)
    for row in ledger.ask(select(*columns).where(*near, live).limit(20)):
        own = row.generation_id in (None, callback.generation_id)
        if row.key[:40] == beginning and row.attempt == attempt and own:
            return str(row.key)
    return None


def _store(connection: Connection, order: str, callback: Callback, now: datetime) -> int:
    attempt = int(callback.token.rpartition(".")[2])
    # A service repeats a callback whose answer it did not get.
    same = (
        callbacks.c.order == order, callbacks.c.attempt == attempt, callbacks.c.state == callback.state,
        callbacks.c.generation_id == callback.generation_id, callbacks.c.at > now - timedelta(seconds=1),
    )  # fmt: skip
    if connection.scalar(select(callbacks.c.id).where(*same).limit(1)) is not None:
        return 0
    values = {
        "order": order, "attempt": attempt, "generation_id": callback.generation_id, "state": callback.state, "at": now,
    }  # fmt: skip
    connection.execute(insert(callbacks).values(values))
    of_order = callbacks.c.order == order
    oldest = connection.scalar(
        select(callbacks.c.id).where(of_order).order_by(callbacks.c.id.desc()).offset(PER_ORDER - 1).limit(1)
    )
    if oldest is not None:
        connection.execute(delete(callbacks).where(of_order, callbacks.c.id < oldest))
    return 1
