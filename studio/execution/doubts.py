"""Announcement of orders in doubt: once for each attempt, whichever run or reconciliation finds it first."""

from __future__ import annotations

import asyncio
import logging

from studio.errors import LedgerError
from studio.execution.announcements import Subject, announce, is_heard, order_in_doubt
from studio.execution.session import Session
from studio.ledger import Ledger, OrderRow
from studio.ledger.announced import first_to_announce

log = logging.getLogger(__name__)


async def tell_doubt(session: Session, order: str, about: Subject | None = None) -> None:
    """Announce an order in doubt, by its key, if nobody has yet. ``about``: its production, where it is known.

    It never raises an error of the ledger: the doubt itself is raised by the caller.
    """
    if not is_heard():
        return
    try:
        row = await asyncio.to_thread(_untold, session.ledger, order)
    except LedgerError as error:
        log.warning("whether order %s was announced could not be read: %s", order[:12], error)
        return
    if row is not None:
        announce(order_in_doubt(row, about, billed=session.service.billed))


def _untold(ledger: Ledger, key: str) -> OrderRow | None:
    row = ledger.order(key)
    return row if row is not None and first_to_announce(ledger, f"order.in-doubt|{row.key}|{row.attempt}") else None
