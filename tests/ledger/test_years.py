"""A ledger of many orders: what a run asks is read from an index, and what it is told is what all entries say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from ledger_fill import fill
from sqlalchemy import Connection, Engine, event, func, select, text

from studio.failures import FailureClass
from studio.ledger import Ledger, costs, open_ledger, suspense
from studio.ledger.budgets import bought_for, has_bought, made_out_of
from studio.ledger.by_hand import release
from studio.ledger.filing import claim, late_films
from studio.ledger.schema import entries, orders
from studio.ledger.sightings import Sighting, keep_sightings, shows_unfinished
from tests.support.books import Clock
from tests.support.orders import PRICE, intent

ORDERS = 2400
ACCOUNT = "luma-1"


@pytest.fixture(scope="module")
def filled(postgres: str) -> Iterator[Ledger]:
    """A filled ledger on PostgreSQL, which no test changes."""
    from tests.support.books import new_database

    url = new_database(postgres)
    open_ledger(url).close()
    fill(url, ORDERS, account=ACCOUNT)
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


@contextmanager
def plans() -> Iterator[list[str]]:
    """A list that gets the plan of every query made meanwhile, with whole tables read only where no index serves."""
    found: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "DELETE")) and "clock_timestamp" not in statement:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", parameters)
            found.append("\n".join(line for (line,) in cursor.fetchall()))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda ledger: ledger.spent("month", "", realm="luma"), "ix_entries_money"),
        (lambda ledger: ledger.durations("luma"), "ix_orders_finished"),
        (lambda ledger: ledger.known(ACCOUNT, most=10), "ix_orders_submitted"),
        (lambda ledger: shows_unfinished(ledger, ACCOUNT), "ix_sightings_at"),
        (lambda ledger: ledger.unfetched("luma"), "ix_orders_unfetched"),
        (lambda ledger: ledger.suspended("luma"), "ix_entries_unsure"),
        (lambda ledger: suspense(ledger, "luma"), "ix_entries_unsure"),
        (lambda ledger: ledger.last_change(ACCOUNT, "ray", since=ledger.now()), "ix_entries_at"),
        (lambda ledger: has_bought(ledger, "new", "luma"), "ix_entries_film"),
        (lambda ledger: bought_for(ledger, "film-7", "luma"), "ix_entries_film"),
        (lambda ledger: made_out_of(ledger, "new", "luma", [], ["said", "by nobody"]), "ix_orders_prompt"),
        (lambda ledger: claim(ledger, "new", film="new", realm="luma"), "ix_filed_open"),
    ],
    ids=[
        "month", "durations", "known", "unfinished", "unfetched", "suspended", "perhaps spent", "last change",
        "has bought", "bought for", "made out of", "claim",
    ],
)  # fmt: skip
def test_no_question_of_a_run_reads_a_whole_table(filled: Ledger, ask: Callable[[Ledger], Any], index: str) -> None:
    """Each question is answered from an index that has what it needs, and from no table as a whole."""
    with plans() as found:
        ask(filled)
    assert [plan for plan in found if "Seq Scan on orders" in plan or "Seq Scan on entries" in plan] == []
    assert [plan for plan in found if index in plan]


@pytest.mark.postgres
def test_lines_in_no_file_are_found_without_reading_all_files(filled: Ledger) -> None:
    """The lines that a run files are looked up one by one, not held against all that were ever filed."""
    with plans() as found:
        claim(filled, "new", film="film-7", realm="luma")
    (free,) = [plan for plan in found if "ix_entries_run" in plan]
    assert "SubPlan" not in free


@pytest.mark.postgres
def test_new_entries_are_vacuumed_soon(filled: Ledger) -> None:
    """Sums over this month's entries need them vacuumed, and not after half a year only."""
    options = filled.ask(select(text("reloptions")).select_from(text("pg_class")).where(text("relname = 'entries'")))
    assert "autovacuum_vacuum_insert_scale_factor=0" in options[0][0]


def test_the_years_are_those_of_a_real_ledger(url: str) -> None:
    """A ledger that is filled for a benchmark adds up as one that was written order by order."""
    open_ledger(url).close()
    fill(url, ORDERS, account=ACCOUNT)
    ledger = open_ledger(url)
    booked = Decimal(ledger.ask(select(func.sum(entries.c.amount)))[0][0])
    held = orders.c.state.in_(["completed", "gone", "in doubt"])
    assert booked == Decimal(ledger.ask(select(func.sum(orders.c.price)).where(held))[0][0])
    assert sum(row.spent for row in costs(ledger)) == booked
    assert ledger.ask(select(func.count(entries.c.id)))[0][0] == ORDERS * 3 - 1  # one is in doubt
    assert (late_films(ledger), ledger.unfetched("luma")) == ([], [])
    reserved = ledger.reserve(intent("new"), run="r", caps=[])
    assert (reserved.outcome, ledger.spent("run", "r", realm="luma")) == ("granted", PRICE)
    ledger.close()


def test_what_a_month_has_spent_counts_every_entry_that_moves_money(ledger: Ledger, clock: Clock) -> None:
    """Reserved, refunded, perhaps spent and certain again: the month's sum is that of all its entries."""
    for name in "abc":
        ledger.reserve(intent(name), run="r", caps=[])
    ledger.submitted(intent("a").key, 1, "g-a")
    ledger.failed(intent("a").key, "g-a", "Job failed", FailureClass.SERVICE)
    ledger.doubt(intent("b").key, 1, "lost")
    ledger.release_absent(intent("b").key, 1, "not on the list")
    assert [row.key for row in ledger.suspended("luma")] == [intent("b").key]
    assert (suspense(ledger, "luma"), ledger.spent("month", "", realm="luma")) == (PRICE, PRICE * 2)
    release(ledger, intent("b").key)
    assert (ledger.suspended("luma"), suspense(ledger, "luma")) == ([], 0)
    assert ledger.spent("month", "", realm="luma") == PRICE


def test_a_list_that_shows_unfinished_generations_is_known_for_a_month(ledger: Ledger, clock: Clock) -> None:
    """One that was seen unfinished tells that the list shows such; a finished one, or another account's, does not."""
    keep_sightings(ledger, ACCOUNT, [Sighting("g-1", 0.0, unfinished=False)])
    assert not shows_unfinished(ledger, ACCOUNT)
    keep_sightings(ledger, ACCOUNT, [Sighting("g-2", 0.0, unfinished=True)])
    assert (shows_unfinished(ledger, ACCOUNT), shows_unfinished(ledger, "another")) == (True, False)
    clock.now += timedelta(days=31)
    assert not shows_unfinished(ledger, ACCOUNT)


def test_the_last_change_of_an_account_is_its_own(ledger: Ledger, clock: Clock) -> None:
    """A purchase, its answer and its end are changes of its account; those before the moment asked for do not count."""
    began = clock.now
    ledger.reserve(intent("a"), run="r", caps=[])
    account, pool = intent("a").account, intent("a").pool
    changes = [ledger.last_change(account, pool, since=began)]
    for move in (
        lambda: ledger.submitted(intent("a").key, 1, "g-a"),
        lambda: ledger.completed(intent("a").key, "g-a"),
    ):
        clock.now += timedelta(minutes=1)
        move()
        changes.append(ledger.last_change(account, pool, since=began))
    assert changes == [began + timedelta(minutes=n) for n in range(3)]
    assert ledger.last_change(account, pool, since=clock.now + timedelta(seconds=1)) is None
    assert ledger.last_change("another", pool, since=began) is None
