"""The look at a ledger: what is found, and that nothing is changed by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from studio.addresses import ledger_url
from studio.errors import LedgerError
from studio.ledger import open_ledger
from studio.ledger.copies import back_up, last_copy
from studio.ledger.engine import HEAD
from studio.ledger.state import look_at
from tests.support.books import as_of, new_database
from tests.support.orders import intent


def told(url: str, statement: str) -> None:
    """Execute one statement in the database."""
    engine = create_engine(ledger_url(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_there_is_none_yet(url: str) -> None:
    """A look at no ledger makes nothing: no file, no table."""
    assert look_at(ledger_url(url)) is None
    assert look_at(ledger_url(url)) is None
    if url.startswith("sqlite"):
        assert not Path(str(ledger_url(url).database)).exists()


def test_one_of_this_version(url: str) -> None:
    """It is known by its id, has come so far, and can be asked."""
    ledger = open_ledger(url)
    ledger.reserve(intent(), run="r", caps=[])
    state = look_at(ledger_url(url))
    assert state is not None
    assert (state.id, state.revision, state.highest, state.is_current) == (ledger.id, HEAD, 1, True)
    assert state.reader is not None
    assert len(state.reader.orders([intent().key])) == 1
    ledger.close()


def test_an_older_one_stays_as_it_is(url: str) -> None:
    """Its form is told, and is the same afterwards."""
    open_ledger(url).close()
    as_of(url.replace("postgresql://", "postgresql+psycopg://"), "0009")
    for _ in range(2):
        state = look_at(ledger_url(url))
        assert state is not None
        assert (state.revision, state.is_current, state.reader) == ("0009", False, None)


def test_one_of_a_newer_program(url: str) -> None:
    """It is refused as a run would refuse it."""
    open_ledger(url).close()
    told(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match=f"another version of Studio Producer .its schema is 9999, and .* has {HEAD}"):
        look_at(ledger_url(url))


@pytest.mark.postgres
def test_a_server_that_takes_no_writes(postgres: str) -> None:
    """A database that is read-only, as a replica is, cannot be used, and that is told before anything is bought."""
    url = new_database(postgres)
    open_ledger(url).close()
    name = ledger_url(url).database
    told(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(LedgerError, match="can be read, and not be written"):
        look_at(ledger_url(url))


def test_the_file_of_another_program(tmp_path: Path) -> None:
    """It is refused, by looking and by opening, and nothing is added to it."""
    file = tmp_path / "ledger.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE notes (text)")
    for use in (look_at, open_ledger):
        with pytest.raises(LedgerError, match=r"a database of another program \(its tables: notes"):
            use(ledger_url(f"sqlite:///{file}"))
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


def test_a_damaged_file(tmp_path: Path) -> None:
    """The remedy is its latest copy."""
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    with pytest.raises(LedgerError, match="file is not a database") as caught:
        look_at(ledger_url(f"sqlite:///{tmp_path / 'ledger.db'}"))
    assert "docs/backup.md" in str(caught.value.hint)


def test_one_that_another_process_writes_to(tmp_path: Path) -> None:
    """It is in use, which is no fault."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    open_ledger(url).close()
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        state = look_at(ledger_url(url))
    assert state is not None
    assert state.is_current


def test_the_last_copy_is_known(tmp_path: Path) -> None:
    """A copy is noted beside the ledger, with how far it goes; a note that cannot be read is none."""
    file = tmp_path / "ledger.db"
    ledger = open_ledger(f"sqlite:///{file}")
    assert last_copy(file) is None
    ledger.reserve(intent(), run="r", caps=[])
    back_up(ledger, tmp_path / "copy.db")
    ledger.reserve(intent("b"), run="r", caps=[])
    ledger.close()
    copy = last_copy(file)
    assert copy is not None
    assert (copy.path, copy.highest) == (tmp_path / "copy.db", 1)
    (note,) = tmp_path.glob("ledger.db.*.json")
    note.write_text("{}")
    assert last_copy(file) is None
