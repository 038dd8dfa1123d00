"""The account's balance compared with the ledger: money spent that no order in the ledger explains."""

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
    """A balance as the service stated it, and the ledger's total for the account at that moment, in USD."""

    at: datetime
    balance: Decimal
    booked: Decimal


@dataclass(frozen=True)
class AccountBooks:
    """The ledger's total for an account at one moment.

    booked:    USD that all its orders hold, less refunds
    under_way: orders whose creates are being sent now
    last:      id of the latest entry of any order; a different one means that the ledger has changed
    """

    booked: Decimal
    under_way: int
    last: int


def account_books(ledger: Ledger, account: str) -> AccountBooks:
    """The ledger's total for an account now."""
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
    """The latest balance that was read for an account."""
    query = select(balances).where(balances.c.account == account).order_by(balances.c.id.desc()).limit(1)
    rows = ledger.ask(query)
    return BalanceReading(rows[0].at, rows[0].balance, rows[0].booked) if rows else None


def keep_reading(ledger: Ledger, account: str, reading: BalanceReading) -> None:
    """Store a balance, to compare the next one with."""
    values = {"account": account, "at": reading.at, "balance": reading.balance, "booked": reading.booked}
    ledger.write(insert(balances).values(values))


def unexplained(before: BalanceReading, now: BalanceReading) -> Decimal:
    """USD that left the account between two readings and that the ledger does not explain.

    Negative if more came in than was refunded: credit was added, or a refund is booked here only later.
    """
    return (before.balance - now.balance) - (now.booked - before.booked)
