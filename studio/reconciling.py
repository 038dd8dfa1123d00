"""Settling what runs left behind: lost answers, unseen ends, clips that nobody fetched, money that nobody booked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from studio.errors import DownloadError, LedgerError, MediaError, ServiceError
from studio.fetching import fetch_made
from studio.ledger import OrderRow, OrderState, utc_now
from studio.ledger.balances import BalanceReading, booked, keep_reading, last_reading, unexplained
from studio.models import Api, api_of
from studio.plan import STILL_ENDPOINTS
from studio.providers import Generation
from studio.session import Session
from studio.settling import SKEW, Settler, account_since

# Where no balance was read before, generations of this long are looked through.
FIRST_LOOK = timedelta(days=2)


@dataclass(frozen=True)
class Stray:
    """A generation of the account that no order has. What it cost is in nobody's books."""

    generation_id: str
    created_at: datetime | None
    model: str | None
    state: str


@dataclass(frozen=True)
class Reconciliation:
    """What was settled, and what is left for a person. Money in USD.

    ``unexplained`` left the account since the last reading without an order of ours; None where there was no reading.
    """

    adopted: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    in_doubt: tuple[OrderRow, ...] = ()
    ended: int = 0
    fetched: tuple[str, ...] = ()
    not_fetched: tuple[str, ...] = ()
    balance: Decimal | None = None
    unexplained: Decimal | None = None
    strays: tuple[Stray, ...] = ()


async def reconcile(session: Session) -> Reconciliation:
    """Settle every open order of this service's account, fetch paid clips, and hold the books against the balance.

    Raises ServiceError where the service cannot be reached; what was settled until then is booked.
    """
    ledger, service = session.ledger, session.service
    if not await asyncio.to_thread(ledger.has_orders, service.seller):
        return Reconciliation()  # nothing was ever bought here: the service need not be asked
    await session.connect()
    adopted, released, doubtful = await _settle(session)
    ended = 0
    for api in session.connected:
        ended += await _settler(session, api).refresh(service.seller, service.access(api).account, api)
    fetched, not_fetched = await _fetch(session)
    balance, unexplained_, since = await _balance(session)
    strays = await _strays(session, since)
    return Reconciliation(adopted, released, doubtful, ended, fetched, not_fetched, balance, unexplained_, strays)


def _settler(session: Session, api: Api) -> Settler:
    return Settler(session.ledger, session.provider_of(api), clock=utc_now, grace=session.grace)


async def _settle(session: Session) -> tuple[tuple[str, ...], tuple[str, ...], tuple[OrderRow, ...]]:
    adopted, released, doubtful = [], [], []
    await asyncio.to_thread(session.ledger.doubt_abandoned)
    for row in await asyncio.to_thread(session.ledger.open_orders, OrderState.IN_DOUBT):
        if row.seller != session.service.seller:
            continue
        api = api_of(row.model)
        here = api in session.connected and row.account == session.service.access(api).account
        if not here or not session.provider_of(api).has_list:
            doubtful.append(row)
            continue
        outcome = await _settler(session, api).settle(row)
        if outcome == "adopted":
            adopted.append(row.key)
        elif outcome == "released":
            released.append(row.key)
        else:
            doubtful.append(row)
    return tuple(adopted), tuple(released), tuple(doubtful)


async def _fetch(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fetch clips that are paid for and not here, before the service forgets them."""
    fetched, failed = [], []
    for row in await asyncio.to_thread(session.ledger.unfetched, session.service.seller):
        if row.generation_id is None or api_of(row.model) not in session.connected:
            continue
        try:
            sha256 = await fetch_made(
                session, api_of(row.model), row.generation_id, still=row.endpoint in STILL_ENDPOINTS, name=row.shot
            )
        except (DownloadError, MediaError, ServiceError):
            failed.append(row.key)  # kept in the books: the next run or reconciliation tries again
            continue
        await asyncio.to_thread(session.ledger.keep_clip, row.key, sha256)
        fetched.append(row.key)
    return tuple(fetched), tuple(failed)


async def _balance(session: Session) -> tuple[Decimal | None, Decimal | None, datetime]:
    # The second API does not tell its balance.
    api: Api = "dream-machine" if "dream-machine" in session.connected else "agents"
    ledger, account = session.ledger, session.service.access(api).account
    before = await asyncio.to_thread(last_reading, ledger, account)
    since = before.at if before is not None else utc_now() - FIRST_LOOK
    try:
        balance = await session.provider_of(api).credits()
    except ServiceError:
        return None, None, since
    now = BalanceReading(utc_now(), balance, await asyncio.to_thread(booked, ledger, account))
    await asyncio.to_thread(keep_reading, ledger, account, now)
    return balance, None if before is None else unexplained(before, now), since


async def _strays(session: Session, since: datetime) -> tuple[Stray, ...]:
    if "dream-machine" not in session.connected:
        return ()  # the second API has no list
    try:
        recent = await account_since(session.provider_of("dream-machine"), since - SKEW)
    except ServiceError:
        return ()
    claimed = await asyncio.to_thread(session.ledger.claimed, session.service.seller, [g.id for g in recent])
    return tuple(_stray(g) for g in recent if g.id not in claimed and (g.created_at is None or g.created_at >= since))


def _stray(generation: Generation) -> Stray:
    return Stray(generation.id, generation.created_at, generation.model, generation.state)


def find_order(session: Session, prefix: str) -> OrderRow:
    """The one order whose key begins with ``prefix``. Raises LedgerError."""
    found = session.ledger.find_orders(prefix)
    if len(found) != 1:
        many = f"{len(found) or 'no'} orders begin with '{prefix}'"
        raise LedgerError(many, hint="python -m flows.reconcile lists what is in doubt")
    return found[0]
