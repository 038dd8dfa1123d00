"""Opening the ledger's database: SQLite or PostgreSQL, brought up to date, errors turned into ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from studio.errors import LedgerError

BUSY_SECONDS = 60
# Any number, the same in every process: PostgreSQL's advisory lock while migrating.
MIGRATION_LOCK = 7_236_401


def open_engine(url: str) -> Engine:
    """An engine on an up-to-date database. Raises LedgerError; the URL, which may hold a password, is never shown."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerError("not a database URL", where="STUDIO_LEDGER_URL", hint="such as sqlite:///ledger.db") from None
    name = parsed.render_as_string(hide_password=True)
    with ledger_errors(name):
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
            event.listen(engine, "connect", _configure_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            # Its locks are taken row by row: a database whose default is stricter would fail transactions for no gain.
            engine = create_engine(
                parsed, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args={"connect_timeout": 10}
            )
        with engine.execution_options(write=True).begin() as connection:
            _migrate(connection, name)
    return engine


@contextlib.contextmanager
def ledger_errors(name: str) -> Iterator[None]:
    """Turn the database's errors into LedgerError, without parameters or passwords."""
    try:
        yield
    except SQLAlchemyError as error:
        detail = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise LedgerError(f"the ledger cannot be used: {detail}", where=name) from error
    except (OSError, ModuleNotFoundError) as error:
        raise LedgerError(f"the ledger cannot be opened: {error}", where=name) from error


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # We begin transactions ourselves (below): the driver's own begin comes too late to lock before the first read.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() == head:
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError(
            f"the ledger was written by another version of Studio Producer ({error})",
            where=name,
            hint="update Studio Producer, or point STUDIO_LEDGER_URL at another ledger",
        ) from error
