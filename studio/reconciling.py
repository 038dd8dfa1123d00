"""Settling what runs left behind: lost answers, unseen ends, clips that nobody fetched, money that nobody booked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from studio.download import download
from studio.errors import DownloadError, LedgerError, MediaError, ServiceError
from studio.ledger import OrderRow, OrderState, utc_now
from studio.ledger.balances import BalanceReading, booked, keep_reading, last_reading, unexplained
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
    settler = Settler(ledger, session.provider, clock=utc_now, grace=session.grace)
    adopted, released, doubtful = await _settle(session, settler)
    ended = await settler.refresh(service.seller, service.account)
    fetched, not_fetched = await _fetch(session)
    balance, unexplained_, since = await _balance(session)
    strays = await _strays(session, since)
    return Reconciliation(adopted, released, doubtful, ended, fetched, not_fetched, balance, unexplained_, strays)


async def _settle(session: Session, settler: Settler) -> tuple[tuple[str, ...], tuple[str, ...], tuple[OrderRow, ...]]:
    adopted, released, doubtful = [], [], []
    await asyncio.to_thread(session.ledger.doubt_abandoned)
    for row in await asyncio.to_thread(session.ledger.open_orders, OrderState.IN_DOUBT):
        if row.seller != session.service.seller:
            continue
        if not session.provider.has_list or row.account != session.service.account:
            doubtful.append(row)
            continue
        outcome = await settler.settle(row)
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
        if row.generation_id is None:
            continue

        async def fresh_url(generation_id: str = row.generation_id) -> str:
            generation = await session.provider.get(generation_id)
            if generation.video_url is None:
                raise DownloadError("the service has no video for it")
            return generation.video_url

        try:
            clip = await download(
                fresh_url, session.store, client=session.http, name=row.shot, generation=row.generation_id
            )
        except (DownloadError, MediaError, ServiceError):
            failed.append(row.key)  # kept in the books: the next run or reconciliation tries again
            continue
        await asyncio.to_thread(session.ledger.keep_clip, row.key, clip.sha256)
        fetched.append(row.key)
    return tuple(fetched), tuple(failed)


async def _balance(session: Session) -> tuple[Decimal | None, Decimal | None, datetime]:
    ledger, account = session.ledger, session.service.account
    before = await asyncio.to_thread(last_reading, ledger, account)
    since = before.at if before is not None else utc_now() - FIRST_LOOK
    try:
        balance = await session.provider.credits()
    except ServiceError:
        return None, None, since
    now = BalanceReading(utc_now(), balance, await asyncio.to_thread(booked, ledger, account))
    await asyncio.to_thread(keep_reading, ledger, account, now)
    return balance, None if before is None else unexplained(before, now), since


async def _strays(session: Session, since: datetime) -> tuple[Stray, ...]:
    if not session.provider.has_list:
        return ()
    try:
        recent = await account_since(session.provider, since - SKEW)
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
