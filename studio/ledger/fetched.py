"""The file of a generation, once some machine has fetched it, and the lease of the machine that fetches it now.

Machines that share a ledger and a store of clips ask the service for each file once: one takes the lease, the others
wait until its digest is told here, and take the file from the store. A lease that is not renewed ends: a machine that
died delays the others by no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from studio.ledger.journal import Journal
from studio.ledger.lease import is_dead, this_process
from studio.ledger.schema import fetched
from studio.ledger.upsert import insert_into


@dataclass(frozen=True)
class FileOf:
    """The file of a generation at a service: its clip or still, or with ``part`` another one, such as EXR frames."""

    realm: str
    provider: str
    generation_id: str
    part: str = ""


@dataclass(frozen=True)
class Fetched:
    """The facts of a file: its SHA-256 and bytes, where it was fetched; and until when a machine fetches it."""

    sha256: str | None = None
    bytes: int | None = None
    until: datetime | None = None


def fetched_file(ledger: Journal, file: FileOf) -> Fetched:
    """The facts that the ledger has of a file. Raises LedgerError."""
    columns = (fetched.c.sha256, fetched.c.bytes, fetched.c.until)
    found = ledger.ask(select(*columns).where(_is(file)))
    return Fetched(*found[0]) if found else Fetched()


def claim_fetch(ledger: Journal, file: FileOf, *, tried: str | None, seconds: float) -> bool:
    """Take the lease on a file for so many seconds. False where another process has it, or has fetched the file.

    ``tried``: a digest that the caller knows, and that the store does not have. Raises LedgerError.
    """
    holder = str(this_process())
    with ledger.writing() as connection:
        now = ledger.moment(connection)
        new = insert_into(connection, fetched).values(
            realm=file.realm, provider=file.provider, generation_id=file.generation_id, part=file.part, at=now
        )
        connection.execute(new.on_conflict_do_nothing())
        held = connection.scalar(select(fetched.c.holder).where(_is(file)))
        free = [fetched.c.holder.is_(None), fetched.c.until <= now]
        if held is not None and held != holder and is_dead(held):
            free.append(fetched.c.holder == held)
        untold = [fetched.c.sha256.is_(None), *([fetched.c.sha256 == tried] if tried else [])]
        done = connection.execute(
            update(fetched).where(_is(file), or_(*free), or_(*untold))
            .values(holder=holder, until=now + timedelta(seconds=seconds))
        )  # fmt: skip
        return done.rowcount == 1


def renew_fetch(ledger: Journal, file: FileOf, *, seconds: float) -> bool:
    """Hold the lease for so many seconds from now. False where it has ended, and another process has it."""
    with ledger.writing() as connection:
        until = ledger.moment(connection) + timedelta(seconds=seconds)
        done = connection.execute(update(fetched).where(_is(file), _ours()).values(until=until))
        return done.rowcount == 1


def end_fetch(ledger: Journal, file: FileOf, *, sha256: str | None = None, size: int | None = None) -> None:
    """Let go of the lease. ``sha256`` and ``size``: of the file, where it was fetched."""
    with ledger.writing() as connection:
        connection.execute(update(fetched).where(_is(file), _ours()).values(holder=None, until=None))
        if sha256 is not None:
            now = ledger.moment(connection)
            connection.execute(update(fetched).where(_is(file)).values(sha256=sha256, bytes=size, at=now))


def _is(file: FileOf) -> ColumnElement[bool]:
    return and_(
        fetched.c.realm == file.realm, fetched.c.provider == file.provider,
        fetched.c.generation_id == file.generation_id, fetched.c.part == file.part,
    )  # fmt: skip


def _ours() -> ColumnElement[bool]:
    return fetched.c.holder == str(this_process())
