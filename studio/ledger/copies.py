"""Copies of a ledger on SQLite, made by the database itself, so that they include its write-ahead log, and verified."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from studio.atomic import part_beside, settle, write_atomic
from studio.errors import BadInput, LedgerError
from studio.ledger.clock import utc_now
from studio.ledger.journal import Journal
from studio.money import from_micros

NOTE = ".last-copy.json"  # the end of a file's name beside the ledger, which tells of the latest copy
COUNTS = (
    "select (select count(*) from orders), (select count(*) from entries), "
    "(select coalesce(sum(amount), 0) from entries), (select coalesce(max(id), 0) from entries)"
)


@dataclass(frozen=True)
class Copy:
    """A verified copy: its number of orders and entries, and their sum in USD."""

    path: Path
    orders: int
    entries: int
    booked: Decimal


@dataclass(frozen=True)
class LastCopy:
    """The latest copy that was made of a ledger: when, where to, and the highest entry that it has."""

    at: datetime
    path: Path
    highest: int


def last_copy(ledger: Path) -> LastCopy | None:
    """The latest copy of the ledger in a file; None where none was made here."""
    try:
        told = json.loads(_note(ledger).read_text("utf-8"))
        return LastCopy(datetime.fromisoformat(told["at"]).astimezone(), Path(told["path"]), int(told["highest"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _note(ledger: Path) -> Path:
    return ledger.with_name(ledger.name + NOTE)


def back_up(ledger: Journal, path: Path) -> Copy:
    """Copy a ledger into a new file, and verify it: intact by SQLite's own check, and with everything that the ledger
    had when the copy was begun. Purchases made meanwhile may be in it, too.

    Raises BadInput where the file cannot be written or the ledger is on PostgreSQL (copy that one with ``pg_dump``),
    LedgerError where the copy is damaged or incomplete; then no copy is left.
    """
    source = ledger.file
    if source is None:
        raise BadInput(
            "the ledger is on PostgreSQL, which has its own tool for copies", where="STUDIO_LEDGER_URL",
            hint="pg_dump --format=custom --file=ledger.dump, as docs/backup.md says",
        )  # fmt: skip
    if path.exists():
        raise BadInput("exists already", where=str(path), hint="name a new file: a copy never replaces an older one")
    part = part_beside(path)
    try:
        with closing(sqlite3.connect(source)) as books, closing(sqlite3.connect(part)) as copy:
            before = books.execute(COUNTS).fetchone()
            books.backup(copy)
            found = _verified(copy, before)
        settle(part, path)
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger cannot be copied: {error}", where=str(path)) from None
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        for left in (part, *(part.with_name(part.name + suffix) for suffix in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)
    orders, entries, micros, highest = found
    told = {"at": utc_now().isoformat(), "path": str(path.absolute()), "highest": highest}
    with suppress(OSError):  # the copy is made: a note that cannot be written is missed by `studio doctor` alone
        write_atomic(_note(source), json.dumps(told).encode())
    return Copy(path, orders, entries, from_micros(micros))


def _verified(copy: sqlite3.Connection, before: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    (said,) = copy.execute("pragma integrity_check").fetchone()
    if said != "ok":
        raise LedgerError(f"the copy is damaged: {said}")
    found: tuple[int, int, int, int] = copy.execute(COUNTS).fetchone()
    if found[0] < before[0] or found[1] < before[1] or found[3] < before[3]:
        raise LedgerError(f"the copy has {found[1]} entries, and the ledger had {before[1]}")
    return found
