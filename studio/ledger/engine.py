"""Opening of the ledger's database, SQLite or PostgreSQL: migrated to the current schema, errors raised as
LedgerError."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from studio.addresses import LEDGER, ledger_name, ledger_url, secrets_of
from studio.cleaning import printable
from studio.errors import LedgerError

BUSY_SECONDS = 60
PLACE = "it needs a folder that can be written, with room: see STUDIO_HOME and STUDIO_LEDGER_URL"
RESTORE = "restore its latest copy (docs/backup.md), and keep the damaged file; or correct STUDIO_HOME"
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
SERVER = f"is the server up, and are address, user and password in {LEDGER} right?"
# PostgreSQL's advisory lock while migrating: any number, the same in every process.
MIGRATION_LOCK = 7_236_401
#: The revision of the newest migration: a ledger that has it is opened without loading Alembic.
HEAD = "0013"
MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str | URL) -> Engine:
    """Open an engine on a migrated database. Errors show only the host and the name of the URL.

    Raises LedgerError.
    """
    parsed = ledger_url(url, error=LedgerError)
    name = ledger_name(parsed)
    with ledger_errors(name, secrets_of(parsed)):
        with opening(parsed):
            engine = _engine(parsed)
            engine.connect().close()
        with engine.execution_options(write=True).begin() as connection:
            _migrate(connection, name)
    return engine


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        # Locks are taken row by row: a database with a stricter default would fail transactions for no gain.
        return create_engine(
            url, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args={"connect_timeout": 10}
        )
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextlib.contextmanager
def opening(url: URL) -> Iterator[None]:
    """A block in which faults of a URL that show only in use become LedgerError, which repeats nothing of the URL."""
    try:
        yield
        return
    except ModuleNotFoundError:
        fault, hint = "its driver is not installed", "postgresql://… takes the one that comes with Studio Producer"
    except (TypeError, ValueError, LookupError) as error:  # raised for values of the query
        fault, hint = f"it cannot be used ({type(error).__name__})", "is every part of it, and of its query, right?"
    raise LedgerError(fault, where=f"{LEDGER} ({ledger_name(url)})", hint=hint) from None


@contextlib.contextmanager
def ledger_errors(name: str, secrets: Sequence[str] = ()) -> Iterator[None]:
    """A block in which the database's errors become LedgerError, without parameters, passwords, or any of
    ``secrets``."""
    try:
        yield
        return
    except SQLAlchemyError as error:
        said = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
        what, hint = "used", ""
        if isinstance(error, OperationalError):
            hint = PLACE if name.startswith("sqlite") else SERVER
        if is_busy(getattr(error, "orig", None)):
            hint = "another process has held it for a minute: is one stopped, or is another program at the file?"
        if getattr(getattr(error, "orig", None), "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            hint = RESTORE
        if isinstance(error, ArgumentError):
            said = "its URL has a part that no driver understands"
    except OSError as error:
        said, what, hint = f"{error.filename or name}: {error.strerror or type(error).__name__}", "opened", PLACE
    for secret in secrets:
        said = said.replace(secret, "…")
    detail = printable(said.splitlines()[0] if said else "it said nothing")
    # Without its cause: the database's own error repeats the statement, its parameters and the URL.
    raise LedgerError(f"the ledger cannot be {what}: {detail}", where=name, hint=hint) from None


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # We begin transactions ourselves (below): the driver's own BEGIN comes too late to lock before the first read.
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _use_write_ahead_log(connection: Any) -> None:
    # Whatever its timeout, SQLite does not wait for another process here: two that open a new ledger would fail.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0.002, 0.02))  # noqa: S311


def is_busy(error: BaseException | None) -> bool:
    """True for SQLite's error while another process holds the file."""
    # The low byte is the kind; the others say what SQLite waited for (a recovery, a newer snapshot).
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
    if _is_current(connection):
        return
    refuse_foreign(connection, name)
    # Alembic takes longer to load than a ledger to open, and is needed for a new ledger or an older one alone.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config(attributes={"connection": connection})
    # A % in the path would be read as the name of another option.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise of_another_version(name, str(error)) from error


def refuse_foreign(connection: Connection, name: str) -> None:
    """Raise LedgerError for a file of SQLite that another program made. (A PostgreSQL may have tables of others.)"""
    tables = inspect(connection).get_table_names() if connection.dialect.name == "sqlite" else []
    if tables and "alembic_version" not in tables:
        raise LedgerError(
            f"it is a database of another program (its tables: {', '.join(map(printable, tables[:4]))})", where=name,
            hint="point STUDIO_HOME or STUDIO_LEDGER_URL at another place; nothing of it was changed",
        )  # fmt: skip


def of_another_version(name: str, said: str) -> LedgerError:
    """The error for a ledger of a form that this program does not know."""
    return LedgerError(
        f"the ledger was written by another version of Studio Producer ({said})",
        where=name,
        hint="update Studio Producer, or point STUDIO_LEDGER_URL at another ledger",
    )


def revisions() -> frozenset[str]:
    """The revisions of all forms that a ledger of this program has or had."""
    return frozenset(path.name[1:5] for path in (MIGRATIONS / "versions").glob("m[0-9]*.py"))


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
