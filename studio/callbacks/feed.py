"""The feed by which a run hears of booked callbacks: one short reading of the ledger for all that it waits for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from studio.errors import LedgerError
from studio.ledger import Ledger
from studio.ledger.callbacks import ENDED, callbacks_after

log = logging.getLogger(__name__)
EVERY = 0.25  # seconds between two readings
AFTER_AN_ERROR = 10.0
# On PostgreSQL a row may be committed after one with a higher number.
OVERLAP = 50


async def follow(
    ledger: Ledger,
    after: int,
    hear: Callable[[str], None],
    *,
    needed: Callable[[], bool],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Call ``hear`` with the id of every generation whose end a callback tells of, for ever.

    ``after`` is the number of the latest callback that is not of interest. Nothing is read while it is not ``needed``.
    A ledger that cannot be read is tried again later: nobody depends on callbacks.
    """
    told = deque[int](maxlen=2 * OVERLAP)
    while True:
        await sleep(EVERY)
        if not needed():
            continue
        try:
            rows = await asyncio.to_thread(callbacks_after, ledger, max(after, (told[-1] if told else 0) - OVERLAP))
        except LedgerError as error:
            log.warning("callbacks cannot be read: %s", error.message)
            await sleep(AFTER_AN_ERROR)
            continue
        for row in rows:
            if row.number not in told:
                told.append(row.number)
                if row.state in ENDED:
                    hear(row.generation_id)
