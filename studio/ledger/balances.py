"""The account's balance against the books: what was spent that no order of ours explains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, insert, select

from studio.ledger.books import Ledger
from studio.ledger.schema import balances, entries, orders
from studio.ledger.values import OrderState


@dataclass(frozen=True)
class BalanceReading:
    """A balance as the service told it, and what the books held of the account at that moment, in USD."""

    at: datetime
    balance: Decimal
    booked: Decimal


@dataclass(frozen=True)
class AccountBooks:
    """The books of an account at one moment.

    booked:    USD that all its orders hold, refunds taken off
    under_way: orders whose creates are being sent now
    last:      the latest entry of any order; another one means that the books have moved
    """

    booked: Decimal
    under_way: int
    last: int


def account_books(ledger: Ledger, account: str) -> AccountBooks:
    """The books of an account, as they are now."""
    held = (
        select(func.coalesce(func.sum(entries.c.amount), 0), func.coalesce(func.max(entries.c.id), 0))
        .join(orders, orders.c.key == entries.c.order)
        .where(orders.c.account == account)
    )
    sending = select(func.count()).where(orders.c.account == account, orders.c.state == OrderState.RESERVED.value)
    (row,), (count,) = ledger.ask(held), ledger.ask(sending)
    booked, last = tuple(row)
    return AccountBooks(Decimal(booked), int(count[0]), int(last))


def last_reading(ledger: Ledger, account: str) -> BalanceReading | None:
    """The latest balance that was read of an account."""
    query = select(balances).where(balances.c.account == account).order_by(balances.c.id.desc()).limit(1)
    rows = ledger.ask(query)
    return BalanceReading(rows[0].at, rows[0].balance, rows[0].booked) if rows else None


def keep_reading(ledger: Ledger, account: str, reading: BalanceReading) -> None:
    """Write a balance down, to compare the next one with."""
    values = {"account": account, "at": reading.at, "balance": reading.balance, "booked": reading.booked}
    ledger.write(insert(balances).values(values))


def unexplained(before: BalanceReading, now: BalanceReading) -> Decimal:
    """USD that left the account between two readings and that the books do not explain.

    Negative where more came in than was refunded: credit was added, or a refund is booked here only later.
    """
    return (before.balance - now.balance) - (now.booked - before.booked)
