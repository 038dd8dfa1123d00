"""Fetching a generation's file once for all machines that share a ledger and a store (STUDIO_CLIPS).

=====================================  ===========================================================================
the ledger tells a digest, the store   the file comes from the store, and is hashed; the service is not asked
has the file
the store lacks it, or has another     one machine takes the lease, fetches it from the service, uploads it, and
content under its name                 tells its digest; what was damaged is replaced, and said
another machine has the lease          this one waits, until that has told the digest or its lease has ended
the store cannot be read or written    the file comes from the service, under the lease; it is uploaded by a later run
=====================================  ===========================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.errors import LedgerError, StoreError
from studio.execution.progress import listener
from studio.execution.retries import STORE, Sleep
from studio.ledger import Ledger
from studio.ledger.fetched import FileOf, claim_fetch, end_fetch, fetched_file, renew_fetch
from studio.storage.shared_files import Brought

if TYPE_CHECKING:
    from studio.execution.session import Session

LEASE = 60.0  # seconds after which the lease of a machine that died ends
BEAT = 20.0  # seconds between renewals
LOOKS = (0.25, 0.5, 1.0, 2.0)  # seconds between looks at what another machine fetches; the last one stays


@dataclass(frozen=True)
class Way:
    """The ways in which one kind of file is brought from the store, fetched from the service, and uploaded.

    ``bring`` gets its SHA-256 and bytes, where those are known. ``fetch`` returns the SHA-256 of the file that came.
    ``share`` uploads it and returns its bytes; its second argument says whether it replaces what is there.
    """

    bring: Callable[[str, int | None], Brought]
    fetch: Callable[[], Awaitable[str]]
    share: Callable[[str, bool], int]
    sleep: Sleep = field(default=asyncio.sleep)


async def once_for_all(
    session: Session, api: str, generation_id: str, from_service: Callable[[], Awaitable[str]], *, still: bool,
    known: str | None, name: str,
) -> str:  # fmt: skip
    """The SHA-256 of a clip or still that is now here, by ``from_service`` where no machine has fetched it before."""
    files = session.shared
    if files is None:
        return await from_service()
    way = Way(files.bring_still if still else files.bring_clip, from_service, files.share)
    of = FileOf(session.service.realm, api, generation_id)
    return await fetch_once(session.ledger, of, way, known=known, name=name)


async def fetch_once(ledger: Ledger, file: FileOf, way: Way, *, known: str | None, name: str) -> str:
    """The SHA-256 of a file that is now here: from the store, or else from the service, which one machine asks.

    ``known``: its digest where the order tells it; ``name``: the shot's. Raises what ``way.fetch`` raises, LedgerError.
    """
    looks, told, damaged = iter(LOOKS), False, False
    while True:
        found = await asyncio.to_thread(fetched_file, ledger, file)
        sha256 = found.sha256 or known
        if sha256 is not None:
            end = await _brought(way, sha256, found.bytes if found.sha256 else None, name)
            if end is Brought.HERE:
                return sha256
            damaged = end is Brought.DAMAGED
        if await asyncio.to_thread(claim_fetch, ledger, file, tried=sha256, seconds=LEASE):
            break
        if not told:
            told = True
            listener.get().note(f"{name}: another machine fetches it; this one takes it from the store")
        await way.sleep(next(looks, LOOKS[-1]))
    if damaged:
        listener.get().note(f"{name}: the store's copy was damaged; it is fetched from the service and replaced")
    return await _fetched(ledger, file, way, damaged=damaged, name=name)


async def _fetched(ledger: Ledger, file: FileOf, way: Way, *, damaged: bool, name: str) -> str:
    """Fetch a file from the service under the lease, and upload it."""
    sha256, size = None, None
    try:
        async with _renewing(ledger, file, way.sleep):
            sha256 = await way.fetch()
            size = await shared(way, sha256, damaged=damaged, name=name)
    finally:
        await asyncio.to_thread(end_fetch, ledger, file, sha256=sha256, size=size)
    return sha256


async def shared(way: Way, sha256: str, *, damaged: bool, name: str) -> int | None:
    """Upload a file that is here. Where that fails it is told, and the next run does it: returns None."""
    try:
        return await STORE.calling(lambda: asyncio.to_thread(way.share, sha256, damaged), sleep=way.sleep)
    except StoreError as error:
        listener.get().note(f"{name}: it is here, and could not be put into the store ({error.message}); "
                            "the next run does it")  # fmt: skip
        return None


async def _brought(way: Way, sha256: str, size: int | None, name: str) -> Brought:
    try:
        return await STORE.calling(lambda: asyncio.to_thread(way.bring, sha256, size), sleep=way.sleep)
    except StoreError as error:
        listener.get().note(f"{name}: the store cannot be read ({error.message}); it is fetched from the service")
        return Brought.MISSING


@contextlib.asynccontextmanager
async def _renewing(ledger: Ledger, file: FileOf, sleep: Sleep) -> AsyncIterator[None]:
    """A block during which the lease is renewed."""

    async def beat() -> None:
        while True:
            await sleep(BEAT)
            with contextlib.suppress(LedgerError):  # then it ends, and another machine may fetch it, too
                await asyncio.to_thread(renew_fetch, ledger, file, seconds=LEASE)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
