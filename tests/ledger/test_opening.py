"""The opening of a ledger: by several processes at once, of a foreign file, at a URL that leads nowhere."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from studio.errors import LedgerError, OverBudget
from studio.ledger import Cap, Ledger, open_ledger
from tests.support.orders import PRICE, intent


def _buy_many(url: str, worker: int, queue: multiprocessing.Queue) -> None:
    ledger = open_ledger(url)
    bought = 0
    for n in range(20):
        try:
            reservation = ledger.reserve(intent(f"{worker}x{n}"), run="r", caps=[Cap("production", "film", PRICE * 37)])
        except OverBudget:
            continue
        bought += reservation.outcome == "granted"
    ledger.close()
    queue.put(bought)


@pytest.mark.long
def test_four_processes_together_keep_the_cap(url: str) -> None:
    """Four processes that buy from a new ledger at once, migrations included, spend the cap and not a cent more."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    workers = [context.Process(target=_buy_many, args=(url, n, queue)) for n in range(4)]
    for worker in workers:
        worker.start()
    bought = sum(queue.get(timeout=240) for _ in workers)
    for worker in workers:
        worker.join()
    ledger = open_ledger(url)
    assert bought == 37
    assert ledger.spent("production", "film", realm="luma") == PRICE * 37
    ledger.close()


def test_a_new_ledger_that_another_process_is_just_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger opens although another process writes to its new file, as two first runs of one home do."""
    path = tmp_path / "ledger.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE being_made (x)")
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                other.execute("ROLLBACK")

        monkeypatch.setattr(time, "sleep", wait)
        ledger = open_ledger(f"sqlite:///{path}")
        assert len(waits) == 3
        assert ledger.spent("production", "film", realm="luma") == Decimal(0)
        ledger.close()


def test_a_new_ledger_that_is_never_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another process holds for good is one clear error, after a minute."""
    path = tmp_path / "ledger.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE being_made (x)")
        now = [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + 1000 * seconds))
        with pytest.raises(LedgerError, match="held it for a minute"):
            open_ledger(f"sqlite:///{path}")
        assert now[0] > 60


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    """A damaged or foreign file is one clear error, and is left as it was."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(LedgerError, match="ledger cannot be used"):
        open_ledger(f"sqlite:///{path}")
    assert path.read_bytes() == b"this is not a database" * 100


def test_books_of_a_newer_version(url: str, ledger: Ledger) -> None:
    """A ledger that a newer version wrote is refused with a hint, and not written to."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(LedgerError, match="another version"):
        open_ledger(url)


@pytest.mark.parametrize(
    "bad", ["nonsense", "sqlite:////proc/nowhere/ledger.db", "postgresql://u:hunter2@127.0.0.1:1/x"]
)
def test_a_url_that_leads_nowhere(bad: str) -> None:
    """A ledger URL that cannot be used is one clear error, without its password."""
    with pytest.raises(LedgerError) as error:
        open_ledger(bad)
    assert "hunter2" not in str(error.value)
