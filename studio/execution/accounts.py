"""Services before a run buys: their clocks compared with this machine's, and other users of their accounts."""

from __future__ import annotations

import asyncio
import contextlib

from studio.errors import LedgerError, ServiceError
from studio.execution.session import Session
from studio.ledger.clock import TOLD
from studio.purchasing.others import others_on

SECONDS = 3.0  # in which a service has to answer before a run buys


def clock_notes(session: Session) -> tuple[str, ...]:
    """A note for each API whose clock, by its answers, differs from this machine's."""
    told = []
    for api in session.connected:
        clock = session.provider_of(api).clock
        if clock is not None and clock.ahead is not None and abs(clock.ahead) > TOLD:
            told.append(f"the clock of the service ({api}) is {clock.ahead.total_seconds():+.0f} s off this machine's")
    return tuple(told)


async def ask_services(session: Session) -> tuple[str, ...]:
    """Ask each billed service for its newest generations, or for a dated answer where it has no list: neither costs
    anything, and its clock is known then. Returns a note for each account that another ledger or program uses.

    One that does not answer in time has none: what a run needs of it fails by itself.
    """

    async def ask(api: str) -> str:
        provider = session.provider_of(api)
        with contextlib.suppress(ServiceError, LedgerError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                if provider.has_list:
                    return await others_on(api, provider, session.ledger, session.service.realm)
                await provider.ping()
        return ""

    found = await asyncio.gather(*(ask(api) for api in session.connected if session.service.billed))
    remedy = "set STUDIO_LEDGER_URL to one ledger for all that use the account (docs/backup.md)"
    return tuple(f"{said}. Neither knows the other's clips and caps: {remedy}" for said in found if said)
