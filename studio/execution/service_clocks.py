"""The clocks of the services, by their answers, compared with this machine's."""

from __future__ import annotations

import asyncio
import contextlib

from studio.errors import ServiceError
from studio.execution.session import Session
from studio.ledger.clock import TOLD
from studio.providers import GenerationService

SECONDS = 3.0  # in which a service has to tell its time before a run buys


def clock_notes(session: Session) -> tuple[str, ...]:
    """A note for each API whose clock, by its answers, differs from this machine's."""
    told = []
    for api in session.connected:
        clock = session.provider_of(api).clock
        if clock is not None and clock.ahead is not None and abs(clock.ahead) > TOLD:
            told.append(f"the clock of the service ({api}) is {clock.ahead.total_seconds():+.0f} s off this machine's")
    return tuple(told)


async def read_clocks(session: Session) -> tuple[str, ...]:
    """Ask each billed service for a dated answer, which costs nothing, and return the notes on its clock.

    One that does not answer in time has none: what a run needs of it fails by itself.
    """

    async def ask(provider: GenerationService) -> None:
        with contextlib.suppress(ServiceError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await provider.ping()

    services = [session.provider_of(api) for api in session.connected if session.service.billed]
    await asyncio.gather(*(ask(s) for s in services if s.clock is not None and s.clock.ahead is None))
    return clock_notes(session)
