"""The state of a ledger as it is found. Looking at it makes no file, migrates nothing and writes nothing."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, func, inspect, select, text
from sqlalchemy.exc import OperationalError

from studio.addresses import ledger_name, ledger_url, secrets_of
from studio.errors import LedgerError
from studio.ledger.engine import (
    HEAD,
    PLACE,
    is_busy,
    ledger_errors,
    of_another_version,
    opening,
    refuse_foreign,
    revisions,
)
from studio.ledger.queries import Reader
from studio.ledger.schema import entries, meta

SECONDS = 4  # of waiting for the database


@dataclass(frozen=True)
class LedgerState:
    """A ledger that a run here can use.

    id:       its name among ledgers; empty where nobody has opened it yet
    revision: of its schema
    highest:  id of its latest entry; 0 where it has none
    reader:   the ledger for questions, where its schema is this program's; None for an older one
    """

    id: str
    revision: str
    highest: int
    reader: Reader | None

    @property
    def is_current(self) -> bool:
        """True if no migration is due."""
        return self.revision == HEAD


def file_without_ledger(given: URL) -> Path | None:
    """The file of a URL where ``look_at`` finds no ledger, though a file is there; None on PostgreSQL, too."""
    url = ledger_url(given, error=LedgerError)
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    return file if file is not None and file.exists() else None


def look_at(given: URL) -> LedgerState | None:
    """The state of the ledger at a URL; None where there is none yet.

    Raises LedgerError where no run can use it: it cannot be reached, read or written, or a newer program wrote it.
    """
    url = ledger_url(given, error=LedgerError)
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    if file is not None and not file.exists():
        return None
    name = ledger_name(url)
    with ledger_errors(name, secrets_of(url)):
        with opening(url):
            engine = _engine(url, file)
        with engine.connect() as connection:
            state = _state(connection, engine, name)
            if state is not None:
                _check_writable(connection, file, name)
    return state


def _engine(url: URL, file: Path | None) -> Engine:
    if file is None or url.query:
        options = {"timeout": SECONDS} if file is not None else {"connect_timeout": SECONDS}
        return create_engine(url, connect_args=options, poolclass=NullPool)

    def connect() -> sqlite3.Connection:
        # Without `mode`, SQLite would make a file that was removed meanwhile.
        place = f"file:{quote(str(file.absolute()))}?mode=rw"
        return sqlite3.connect(place, uri=True, timeout=SECONDS, isolation_level=None, check_same_thread=False)

    return create_engine(url, creator=connect, poolclass=NullPool)


def _state(connection: Connection, engine: Engine, name: str) -> LedgerState | None:
    if not inspect(connection).has_table("alembic_version"):
        refuse_foreign(connection, name)
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    revision = str(found[0]) if len(found) == 1 else ""
    if revision not in revisions():
        raise of_another_version(name, f"its schema is {revision or 'unknown'}, and this one has {HEAD}")
    highest = int(connection.scalar(select(func.max(entries.c.id))) or 0)
    identity = str(connection.scalar(select(meta.c.value).where(meta.c.name == "id")) or "")
    return LedgerState(identity, revision, highest, Reader(engine) if revision == HEAD else None)


def _check_writable(connection: Connection, file: Path | None, name: str) -> None:
    if file is None:
        allowed = "SELECT has_table_privilege('orders', 'INSERT') AND current_setting('transaction_read_only') = 'off'"
        if not connection.scalar(text(allowed)):
            raise LedgerError(
                "the ledger can be read, and not be written", where=name,
                hint="give its user the right to write (INSERT, UPDATE), and name the server that takes writes",
            )  # fmt: skip
        return
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        raise LedgerError("the ledger can be read, and not be written", where=name, hint=PLACE)
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("ROLLBACK")
    except OperationalError as error:
        if not is_busy(error.orig):  # another process writes: it can be written
            raise
