"""Settling by a person: an order in doubt, one that the list did not show, one whose generation is gone.

Each step can be undone while nothing depends on it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Text, cast, select

from studio.errors import LedgerError
from studio.ledger.books import Ledger
from studio.ledger.queries import as_entry, known_order
from studio.ledger.schema import entries, orders
from studio.ledger.values import Entry, OrderRow, OrderState
from studio.money import ZERO


def release(ledger: Ledger, key: str, note: str = "released by hand") -> OrderRow:
    """Release an order to be sent again, because a person says so. Raises LedgerError if there is nothing to release.

    An order in doubt was never accepted: its price is given back. One that was released because the list did not show
    it is certain from then on. One whose generation is gone stays paid for.
    """
    with ledger.writing() as connection:
        row = known_order(connection, key, lock=True)
        if row.state is OrderState.IN_DOUBT:
            ledger.move(
                connection,
                row,
                OrderState.RELEASED,
                "released",
                amount=-row.price,
                note=note,
                reason=note,
                by_hand=True,
            )
        elif row.state is OrderState.GONE:
            ledger.move(connection, row, OrderState.RELEASED, "released", note=note, reason=note, by_hand=True)
        else:
            attempts = range(1, row.attempt + 1)
            unsure = {n: back for n in attempts if (back := ledger.in_suspense(connection, key, n))}
            if not unsure:
                raise LedgerError(f"order {key[:12]} is {row.state.value}: there is nothing to release")
            for number, back in unsure.items():
                ledger.note(connection, row, "settled", attempt=number, suspense=-back, text=note, by_hand=True)
        return known_order(connection, key)


def adopt(ledger: Ledger, key: str, generation_id: str, note: str = "adopted by hand") -> OrderRow:
    """Book a generation as an order's purchase, because a person says so. Raises LedgerError where that is impossible.

    If the order was sent again since, it is booked as the purchase of the attempt that was released as absent.
    """
    row = ledger.order(key)
    if row is not None and row.state.held and row.state is not OrderState.IN_DOUBT:
        for attempt in ledger.suspended_attempts(row):
            if attempt.attempt != row.attempt:
                if generation_id in ledger.claimed(row.realm, [generation_id], provider=row.provider):
                    raise LedgerError(f"generation {generation_id} belongs to an order already")
                return ledger.submitted(key, attempt.attempt, generation_id)
    return ledger.adopt(key, generation_id, note, by_hand=True)


def undo(ledger: Ledger, key: str) -> OrderRow:
    """Undo a person's last settlement, if nothing depends on it yet. Raises LedgerError with the reason."""
    with ledger.writing() as connection:
        ledger.admit_one_at_a_time(connection)
        row = known_order(connection, key, lock=True)
        journal = select(entries).where(entries.c.order == key).order_by(entries.c.id.desc()).limit(2)
        lines = [as_entry(found) for found in connection.execute(journal)]
        if lines and lines[0].kind == "completed":
            del lines[0]  # the service ended a generation, which no person decided, and which changes no money
        last = lines[0] if lines else None
        if last is None or not last.by_hand or last.kind == "undone":
            raise LedgerError(
                f"the last that happened to order {key[:12]} is not the work of a person: there is nothing to undo"
            )
        if last.kind == "adopted":
            _keep_what_hangs_on_it(connection, row)
        _take_back(ledger, connection, row, last)
        return known_order(connection, key)


def _keep_what_hangs_on_it(connection: Any, row: OrderRow) -> None:
    if row.clip is not None:
        raise LedgerError(f"the clip of order {row.key[:12]} is fetched already: the adoption stands")
    child = connection.scalar(
        select(orders.c.key).where(orders.c.key != row.key, cast(orders.c.request, Text).contains(row.key)).limit(1)
    )
    if child is not None:
        raise LedgerError(f"order {child[:12]} was made from order {row.key[:12]}: the adoption stands")


def _take_back(ledger: Ledger, connection: Any, row: OrderRow, last: Entry) -> None:
    note = f"undone by hand: {last.note or last.kind}"
    if last.kind == "settled":
        ledger.note(connection, row, "undone", suspense=-last.suspense, text=note, by_hand=True)
        return
    # An order that was adopted had been in doubt; one released without giving anything back had been gone.
    was_gone = last.kind == "released" and last.amount == ZERO
    state = OrderState.GONE if was_gone else OrderState.IN_DOUBT
    amount, suspense = -last.amount, -last.suspense
    if last.kind == "adopted" and last.suspense:
        amount, suspense = ZERO, ZERO  # it had been released as absent; it is in doubt now, and counts as spent
    # A gone generation still belongs to its order.
    ours = replace(row, generation_id=None) if was_gone else row
    ledger.move(
        connection, ours, state, "undone", amount=amount, suspense=suspense, note=note, reason=note, by_hand=True
    )
