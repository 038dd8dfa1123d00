"""The files of runs: bookings that come late are in one file more, and none is lost when a file cannot be written."""

from __future__ import annotations

import asyncio
import csv
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.errors import CannotWrite
from studio.execution.late_bookings import file_late
from studio.execution.record import record_of
from studio.execution.run import Run
from studio.execution.session import Session, open_session
from studio.failures import FailureClass
from studio.ledger.filing import bookings
from studio.report import write_costs
from studio.settings import load_settings
from studio.shelf.films import shelf_of
from studio.storage.running import at_work
from studio_cli.reconcile import app
from tests.support.bought import begun, buy_all
from tests.support.running import chain


def amounts(folder: Path) -> list[Decimal]:
    """The amounts, of the sandbox or billed, in all files of the films folder."""
    found = []
    for path in folder.rglob("costs.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            found += [Decimal(row["amount"]) + Decimal(row["sandbox_amount"]) for row in csv.DictReader(file)]
    return found


def written(it: Run) -> None:
    with it.filing():
        write_costs(record_of(it, {}, None), it.out)


def spent(session: Session) -> Decimal:
    return sum((b.amount for b in bookings(session.ledger)), Decimal(0))


async def test_a_reconciliation_files_what_came_late(local: Path) -> None:
    """A refund that is booked after the run has ended is in a file of its own, once; the run's file stays as it was,
    and all files add up to the ledger."""
    films = local / "films"
    async with open_session(load_settings()) as session:
        it = await begun(session, chain(), "run-1", films / "chain")
        shot = it.plan.shots[0]
        wanted = shot.intent(it.production, "local", film=it.plan.production.budget_name)
        session.ledger.reserve(wanted, run=it.id, caps=[])
        session.ledger.submitted(shot.key, 1, "g-1")
        written(it)
        before = (it.out / "costs.csv").read_bytes()
        assert file_late(session) == ()
        session.ledger.failed(shot.key, "g-1", "Job failed", FailureClass.SERVICE)
        assert file_late(session) == ()  # the run is at work, and may file it itself
        it.end([], film=False)
        (path,) = file_late(session)
        assert path.is_relative_to(films / "chain")
        assert file_late(session) == ()
        assert (it.out / "costs.csv").read_bytes() == before
        assert sorted(amounts(films)) == [-wanted.price, wanted.price]
        assert sum(amounts(films)) == spent(session) == 0
    assert shelf_of(films).skipped["foreign"] == ()


def test_an_order_that_is_settled_by_hand_is_filed(local: Path) -> None:
    """A run ends in doubt; a person releases the order: the command says in which file the booking stands."""
    films = local / "films"

    async def lost() -> str:
        async with open_session(load_settings()) as session:
            it = await begun(session, chain(), "run-1", films / "chain")
            shot = it.plan.shots[0]
            wanted = shot.intent(it.production, "local", film=it.plan.production.budget_name)
            session.ledger.reserve(wanted, run=it.id, caps=[])
            session.ledger.doubt(shot.key, 1, "no answer")
            written(it)
            it.end([], film=False)
            return shot.key

    key = asyncio.run(lost())
    assert sum(amounts(films)) > 0
    done = CliRunner().invoke(app, ["--release", key[:12]])
    assert "late bookings are in" in done.stdout, done.output
    assert sum(amounts(films)) == 0


async def test_two_runs_at_work_file_their_own(local: Path) -> None:
    """Two versions of a film made at the same time: each run's file has its own purchases, whichever ends first."""
    films = local / "films"
    async with open_session(load_settings()) as session:
        runs = []
        for number in (1, 2):
            it = await begun(session, chain(a={"prompt": f"harbour {number}"}), f"run-{number}", films / "chain")
            buy_all(session, it)
            runs.append(it)
        assert at_work(session.home) == ("run-1", "run-2")
        written(runs[1])
        runs[1].end([], film=False)
        written(runs[0])
        runs[0].end([], film=False)
        assert at_work(session.home) == ()
        for it in runs:
            with (it.out / "costs.csv").open(newline="", encoding="utf-8") as file:
                assert {row["run"] for row in csv.DictReader(file)} == {it.id}
        assert sum(amounts(films)) == spent(session) > 0


async def test_a_full_disk_loses_no_booking(local: Path) -> None:
    """A run whose file cannot be written leaves its bookings to the next run's file."""
    films = local / "films"
    async with open_session(load_settings()) as session:
        first = await begun(session, chain(), "run-1", films / "chain")
        buy_all(session, first)
        (first.out / "costs.csv").mkdir()
        with pytest.raises(CannotWrite):
            written(first)
        (first.out / "costs.csv").rmdir()
        first.end([], film=False)
        second = await begun(session, chain(), "run-2", films / "chain")
        written(second)
        assert sum(amounts(films)) == spent(session) > 0
        assert amounts(first.out) == []
