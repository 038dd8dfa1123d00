"""Booking of the ends of generations that no run waits for; an unreadable one does not affect the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from studio.errors import NotFound, ServiceError
from studio.ledger import Ledger, OrderRow, OrderState
from studio.providers import Generation, GenerationService
from studio.providers.registry import EARLIEST, provider_of
from studio.purchasing.absence import SKEW
from studio.purchasing.listing import account_since

# The age from which a generation that the service does not show is gone; until then its reads may lag behind.
GONE_AFTER = timedelta(minutes=10)


async def book_ends(
    ledger: Ledger, provider: GenerationService, *, realm: str, account: str, api: str = EARLIEST
) -> int:
    """Book the end of every generation of an account that the ledger has in flight. Returns the number that had ended.

    A service or generation that cannot be read now is read another time: nothing depends on this.
    """
    await asyncio.to_thread(ledger.doubt_abandoned)  # frees the slots of dead senders, too
    rows = [
        row
        for row in await asyncio.to_thread(ledger.open_orders, OrderState.SUBMITTED, OrderState.GONE)
        if (row.realm, row.account, provider_of(row)) == (realm, account, api) and row.generation_id is not None
    ]
    if not rows:
        return 0
    shown: Mapping[str, Generation] = {}
    if provider.has_list:
        try:
            recent = await account_since(provider, min(row.reserved_at for row in rows) - SKEW)
            shown = {g.id: g for g in recent}
        except ServiceError:
            shown = {}  # each is then asked for by its id
    ended = 0
    for row in rows:
        ended += await _look_at(ledger, provider, row, shown.get(row.generation_id or ""))
    return ended


async def _look_at(ledger: Ledger, provider: GenerationService, row: OrderRow, generation: Generation | None) -> bool:
    identity = row.generation_id or ""
    try:
        found = generation or await provider.get(identity)
    except NotFound:
        if await asyncio.to_thread(ledger.now) - (row.submitted_at or row.reserved_at) >= GONE_AFTER:
            await asyncio.to_thread(ledger.gone, row.key, identity)
        return False
    except ServiceError:
        return False
    if not found.ended:
        return False
    if found.state == "failed":
        reason = found.failure_reason or ""
        await asyncio.to_thread(ledger.failed, row.key, found.id, reason, found.failure)
    else:
        await asyncio.to_thread(ledger.completed, row.key, found.id)
    return True
