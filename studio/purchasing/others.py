"""Generations of an account that a ledger does not know: another ledger, or another program, uses the account."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from studio.ledger.clock import utc_now

if TYPE_CHECKING:
    from studio.ledger.queries import Reader
    from studio.providers.base import GenerationService

PAGE = 100
RECENT = timedelta(days=1)
NOT_BOOKED = timedelta(minutes=5)  # in which the answer to a create may still be on its way to the ledger


async def others_on(api: str, provider: GenerationService, ledger: Reader, realm: str) -> str:
    """The number of the last day's generations, on the newest page of the account's list, that no order of the ledger
    has, in words; empty where there are none. One call, which costs nothing. Raises ServiceError and LedgerError."""
    page = await provider.list(limit=PAGE)
    ahead = provider.clock.ahead if provider.clock is not None else None
    now = utc_now() + (ahead or timedelta(0))
    recent = [g.id for g in page.generations if g.created_at is not None and _is_recent(g.created_at, now)]
    claimed = await asyncio.to_thread(ledger.claimed, realm, recent, provider=api)
    count = len(set(recent) - claimed)
    if not count:
        return ""
    most = f" (of the newest {page.rows})" if page.rows >= PAGE else ""
    told = f"{count} of the account's generations of the last 24 hours {'is' if count == 1 else 'are'} in no order here"
    return f"{told}{most}: another ledger, or another program, uses it"


def _is_recent(at: datetime, now: datetime) -> bool:
    return now - RECENT <= at <= now - NOT_BOOKED
