"""Reconciliation: settles lost answers, unseen ends, clips that were not fetched, and spending without an order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from studio.errors import BadInput, DownloadError, LedgerError, MediaError, ServiceError
from studio.execution.doubts import tell_doubt
from studio.execution.fetching import fetch_made
from studio.execution.session import Session
from studio.ledger import OrderRow, OrderState
from studio.ledger.balances import BalanceReading, account_books, keep_reading, last_reading, unexplained
from studio.ledger.new_takes import Retake, open_retakes
from studio.production.field_types import counted
from studio.providers import Generation
from studio.providers.registry import find_spec, provider_of, spec_of
from studio.purchasing.absence import SKEW
from studio.purchasing.listing import account_since
from studio.purchasing.recovery import LostOrderResolver
from studio.remedies import Reconcile, text_of

# Generations of this period are checked where no balance was read before.
FIRST_LOOK = timedelta(days=2)
# Fewest characters of a key by which a person may name an order: fewer might match another one by mistake.
LEAST = 8
# Attempts to read balance and ledger at the same moment.
BALANCE_TRIES = 5


@dataclass(frozen=True)
class Stray:
    """A generation of the account that no order has. No ledger entry holds its cost."""

    generation_id: str
    created_at: datetime | None
    model: str | None
    state: str


@dataclass(frozen=True)
class Reconciliation:
    """The result of a reconciliation: what was settled, and what is left for a person. Money in USD.

    booked:      orders whose id had been kept in a file, because the ledger could not take it
    certain:     orders released because the list did not show them, and now certainly never accepted
    unsure:      those of which that is not certain yet: every cap counts them
    reasons:     by order in doubt, why it cannot be settled
    unexplained: USD that left the account since the last reading without an order; None where there was no reading
    unread:      what could not be read now, and is left for another time
    clock:       seconds by which the service's clock is ahead of this machine's, where it was measured
    restored:    True if the ledger is an older copy, until a person says that what it lacks is settled
    retakes:     new takes that were asked for, and are in no film yet
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
    booked: tuple[str, ...] = ()
    certain: tuple[str, ...] = ()
    unsure: tuple[OrderRow, ...] = ()
    gone: tuple[OrderRow, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    clock: float | None = None
    retakes: tuple[Retake, ...] = ()
    restored: bool = False


async def reconcile(session: Session) -> Reconciliation:
    """Settle every open order of this service's account, fetch paid clips, and compare the ledger with the balance.

    An order that cannot be settled does not keep the others from it. Raises ServiceError where the service cannot be
    reached at all; what was settled before is booked.
    """
    ledger, service = session.ledger, session.service
    if not await asyncio.to_thread(ledger.has_orders, service.realm):
        return Reconciliation()  # nothing was ever bought here, so the service need not be asked
    booked_now = session.booked + await asyncio.to_thread(session.unbooked.book, ledger)
    await session.connect()
    settled = _Settled()
    await _settle(session, settled)
    await _look_again(session, settled)
    ended = 0
    for api in session.connected:
        ended += await _settler(session, api).refresh(service.realm, service.access(api).account, api)
    settled.unread += await _unasked(session)
    fetched, not_fetched = await _fetch(session)
    balance, unexplained_, since = await _balance(session)
    strays = await _strays(session, since)
    gone = await asyncio.to_thread(ledger.open_orders, OrderState.GONE)
    for row in settled.doubtful:
        await tell_doubt(session, row.key)
    return Reconciliation(
        adopted=tuple(settled.adopted), released=tuple(settled.released), in_doubt=tuple(settled.doubtful), ended=ended,
        fetched=fetched, not_fetched=not_fetched, balance=balance, unexplained=unexplained_, strays=strays,
        booked=booked_now, certain=tuple(settled.certain), unsure=tuple(settled.unsure),
        gone=tuple(row for row in gone if row.realm == service.realm), reasons=settled.reasons,
        unread=tuple(settled.unread), clock=_clock(session),
        restored=session.restored,
        retakes=tuple(await asyncio.to_thread(open_retakes, ledger, service.realm)),
    )  # fmt: skip


@dataclass
class _Settled:
    """The results for orders, collected while they are processed."""

    adopted: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    certain: list[str] = field(default_factory=list)
    doubtful: list[OrderRow] = field(default_factory=list)
    unsure: list[OrderRow] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    failures: int = 0


def _settler(session: Session, api: str) -> LostOrderResolver:
    return LostOrderResolver(session.ledger, session.provider_of(api), grace=session.grace)


def _clock(session: Session) -> float | None:
    """Seconds by which the service's clock is ahead, for the API that is farthest off."""
    measured = [c.ahead.total_seconds() for api in session.connected
                if (c := session.provider_of(api).clock) is not None and c.ahead is not None]  # fmt: skip
    return max(measured, key=abs, default=None)


def _away(session: Session, api: str) -> str:
    """The reason why a service cannot be asked; empty where it can."""
    if api in session.connected:
        return ""
    spec = find_spec(api)
    if spec is None:
        return f"no service '{api}' is installed: install the package that it came with"
    return f"{spec.title} is not set up: set {spec.key_variables[0]}"


def _out_of_reach(session: Session, row: OrderRow) -> str:
    """The reason why the list of the account that an order was sent with cannot be read; empty where it can."""
    api = provider_of(row)
    if away := _away(session, api):
        return away
    if row.account != session.service.access(api).account:
        return "it was sent with another API key"
    return "" if session.provider_of(api).has_list else "the service has no list of generations"


async def _unasked(session: Session) -> list[str]:
    """A line for each service with orders under way, or paid and not fetched, that cannot be asked."""
    ledger, realm = session.ledger, session.service.realm
    rows = [r for r in await asyncio.to_thread(ledger.open_orders, OrderState.SUBMITTED) if r.realm == realm]
    keys = {row.key: provider_of(row) for row in (*rows, *await asyncio.to_thread(ledger.unfetched, realm))}
    return [
        f"{counted(count, 'order')}: {away}"
        for api, count in sorted(Counter(keys.values()).items())
        if (away := _away(session, api))
    ]


async def _settle(session: Session, settled: _Settled) -> None:
    ledger, realm = session.ledger, session.service.realm
    await asyncio.to_thread(ledger.doubt_abandoned)
    rows = [r for r in await asyncio.to_thread(ledger.open_orders, OrderState.IN_DOUBT) if r.realm == realm]
    unread: ServiceError | None = None
    for row in rows:
        if away := _out_of_reach(session, row):
            settled.doubtful.append(row)
            settled.reasons[row.key] = away
            continue
        settler = _settler(session, provider_of(row))
        try:
            outcome = await settler.settle(row)
        except ServiceError as error:
            unread = error
            settled.unread.append(f"order {row.key[:12]}: {error.message}")
            outcome = "unclear"
        if outcome in ("adopted", "released"):
            getattr(settled, outcome).append(row.key)
        else:
            settled.doubtful.append(row)
            settled.reasons[row.key] = settler.why
    if unread is not None and len(settled.unread) == len(rows):
        raise unread  # the search failed for all of them: the service cannot be read now


async def _look_again(session: Session, settled: _Settled) -> None:
    """Search again for orders that were released because the list did not show them."""
    orders = await asyncio.to_thread(session.ledger.suspended, session.service.realm)
    rows = [attempt for row in orders for attempt in session.ledger.suspended_attempts(row)]
    for row in rows:
        outcome = "unclear"
        if not _out_of_reach(session, row):
            try:
                outcome = await _settler(session, provider_of(row)).look_again(row)
            except ServiceError as error:
                settled.unread.append(f"order {row.key[:12]}: {error.message}")
        if outcome == "adopted":
            settled.adopted.append(row.key)
        elif outcome == "released":
            settled.certain.append(row.key)
        else:
            settled.unsure.append(row)


async def _fetch(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fetch clips that are paid for and missing here, before the service deletes them."""
    fetched, failed = [], []
    for row in await asyncio.to_thread(session.ledger.unfetched, session.service.realm):
        api = provider_of(row)
        if row.generation_id is None or api not in session.connected:
            continue
        try:
            sha256 = await fetch_made(
                session,
                provider_of(row),
                row.generation_id,
                still=spec_of(provider_of(row)).is_still(row.endpoint),
                name=row.shot,
            )
        except (DownloadError, MediaError, ServiceError):
            failed.append(row.key)  # they stay in the ledger: the next run or reconciliation tries again
            continue
        await asyncio.to_thread(session.ledger.keep_clip, row.key, sha256)
        fetched.append(row.key)
    return tuple(fetched), tuple(failed)


async def _balance(session: Session) -> tuple[Decimal | None, Decimal | None, datetime]:
    # Of one API: where several are set up, of the first, as the account of a vendor is one.
    api = session.connected[0]
    ledger, account = session.ledger, session.service.access(api).account
    before = await asyncio.to_thread(last_reading, ledger, account)
    since = before.at if before is not None else await asyncio.to_thread(ledger.now) - FIRST_LOOK
    for _ in range(BALANCE_TRIES):
        held = await asyncio.to_thread(account_books, ledger, account)
        try:
            balance = await session.provider_of(api).credits()
        except ServiceError:
            return None, None, since
        if held.under_way or await asyncio.to_thread(account_books, ledger, account) != held:
            continue  # a producer is buying: balance and ledger are of two moments
        now = BalanceReading(await asyncio.to_thread(ledger.now), balance, held.booked)
        await asyncio.to_thread(keep_reading, ledger, account, now)
        return balance, None if before is None else unexplained(before, now), since
    return balance, None, since


async def _strays(session: Session, since: datetime) -> tuple[Stray, ...]:
    free: list[Generation] = []
    for api in session.connected:
        if session.provider_of(api).has_list:
            with contextlib.suppress(ServiceError):  # the others' are told all the same
                recent = await account_since(session.provider_of(api), since - SKEW)
                ids, realm = [g.id for g in recent], session.service.realm
                claimed = await asyncio.to_thread(session.ledger.claimed, realm, ids, provider=api)
                free += [g for g in recent if g.id not in claimed]
    return tuple(_stray(g) for g in free if g.created_at is None or g.created_at >= since)


def _stray(generation: Generation) -> Stray:
    return Stray(generation.id, generation.created_at, generation.model, generation.state)


def find_order(session: Session, prefix: str) -> OrderRow:
    """The one order whose key begins with ``prefix``: at least ``LEAST`` characters. Raises BadInput or LedgerError."""
    wanted = prefix.strip()
    if len(wanted) < LEAST or not set(wanted) <= set("0123456789abcdef"):
        raise BadInput(
            f"{prefix!r} names no order: at least {LEAST} characters of its key are needed",
            hint=text_of(Reconcile(), " lists what is in doubt, with the beginning of each key"),
        )
    found = session.ledger.find_orders(wanted)
    if len(found) != 1:
        many = f"{len(found) or 'no'} orders begin with '{prefix}'"
        raise LedgerError(many, hint=text_of(Reconcile(), " lists what is in doubt"))
    return found[0]
