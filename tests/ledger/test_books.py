"""The ledger: its entries, its refusals, and its behaviour under concurrency and damage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import studio.ledger
from studio.errors import LedgerError
from studio.failures import FailureClass
from studio.ledger import Cap, Intent, Ledger, OrderState, costs, open_ledger
from studio.ledger.callbacks import Callback, book_callbacks, latest_callback
from studio.ledger.engine import HEAD
from studio.ledger.lease import Holder, is_dead, this_process
from studio.ledger.schema import metadata
from tests.support.books import Clock, new_database
from tests.support.orders import PRICE, intent


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


def test_the_books_outlive_the_process(url: str) -> None:
    """A ledger opened again is the same ledger, with the same id and orders."""
    first = open_ledger(url)
    first.reserve(intent(), run="r", caps=[])
    first.close()
    second = open_ledger(url)
    assert second.id == first.id
    assert second.order(intent().key).price == PRICE
    second.close()


@pytest.mark.long
def test_amounts_are_exact(ledger: Ledger) -> None:
    """A thousand purchases of $0.0073 are exactly $7.30."""
    price = Decimal("0.0073")
    for n in range(1000):
        ledger.reserve(intent(str(n), price=price), run="r", caps=[])
    assert ledger.spent("run", "r", realm="luma") == Decimal("7.30")


def test_the_sandbox_does_not_spend_the_film_s_budget(ledger: Ledger) -> None:
    """Purchases of the sandbox count against no cap of the live service."""
    ledger.reserve(intent("s", realm="sandbox"), run="r", caps=[])
    assert ledger.spent("production", "film", realm="luma") == 0
    ledger.reserve(intent("l"), run="r", caps=[Cap("production", "film", PRICE)])


def test_one_generation_belongs_to_one_order(ledger: Ledger) -> None:
    """A generation that one order has cannot be adopted by another."""
    ledger.reserve(intent("a"), run="r", caps=[])
    ledger.submitted(intent("a").key, 1, "g-1")
    ledger.reserve(intent("b"), run="r", caps=[])
    ledger.doubt(intent("b").key, 1, "lost")
    with pytest.raises(LedgerError, match="belongs to order"):
        ledger.adopt(intent("b").key, "g-1", "by hand")
    assert ledger.adopt(intent("b").key, "g-2", "by hand").state is OrderState.SUBMITTED


def test_two_services_may_name_their_generations_alike(ledger: Ledger) -> None:
    """A generation's id is its service's own; one that an earlier order has, whose service is not known, is that."""
    ours, theirs, earlier = (
        replace(intent(key), provider=name) for key, name in (("a", "ours"), ("b", "theirs"), ("c", ""))
    )
    for each in (ours, theirs):
        ledger.reserve(each, run="r", caps=[])
        assert ledger.submitted(each.key, 1, "job-1").state is OrderState.SUBMITTED
    assert ledger.claimed("luma", ["job-1", "job-2"], provider="ours") == {"job-1"}
    assert ledger.claimed("luma", ["job-1"], provider="another") == set()
    ledger.reserve(earlier, run="r", caps=[])
    assert ledger.submitted(earlier.key, 1, "job-1").state is OrderState.IN_DOUBT
    assert ledger.adopt(earlier.key, "job-2", "by hand").state is OrderState.SUBMITTED
    assert ledger.claimed("luma", ["job-2"], provider="ours") == {"job-2"}


def test_an_answer_after_the_order_was_given_up_is_booked(ledger: Ledger) -> None:
    """A generation whose answer came after its order was released is paid for, and is booked all the same."""
    key = intent().key
    ledger.reserve(intent(), run="r", caps=[])
    ledger.doubt(key, 1, "lost")
    ledger.release(key, 1, "by hand")
    assert ledger.spent("run", "r", realm="luma") == 0
    assert ledger.submitted(key, 1, "g-late").state is OrderState.SUBMITTED
    assert ledger.spent("run", "r", realm="luma") == PRICE


def test_a_second_generation_of_one_order_is_not_hidden(ledger: Ledger) -> None:
    """Both generations of an order are paid and booked if it was sent again and its first answer comes after all."""
    key = intent().key
    ledger.reserve(intent(), run="r", caps=[])
    ledger.doubt(key, 1, "lost")
    ledger.release(key, 1, "by hand")
    ledger.reserve(intent(), run="r", caps=[])
    ledger.submitted(key, 2, "g-2")
    ledger.submitted(key, 1, "g-1")
    assert ledger.spent("run", "r", realm="luma") == PRICE * 2
    assert ledger.order(key).generation_id == "g-2"
    assert "second generation" in str(ledger.entries(key)[-1].note)


@pytest.mark.parametrize("end", ["released", "absent", "failed"])
def test_a_second_generation_is_used_before_anything_is_sent_again(ledger: Ledger, end: str) -> None:
    """An order whose attempt failed takes the paid generation of an earlier attempt: nothing is bought again.

    If that one fails, too, its price is refunded in the run that paid it, and the order may be sent once more.
    """
    key = intent().key
    ledger.reserve(intent(), run="r1", caps=[])
    ledger.doubt(key, 1, "lost")
    ledger.release_absent(key, 1, "not on the list")
    ledger.reserve(intent(), run="r2", caps=[])
    ledger.submitted(key, 1, "g-1")  # while the second attempt is under way
    match end:
        case "failed":
            ledger.submitted(key, 2, "g-2")
            ledger.failed(key, "g-2", "a fault", FailureClass.SERVICE)
        case "released":
            ledger.release(key, 2, "refused")
        case _:
            ledger.doubt(key, 2, "lost")
            ledger.release_absent(key, 2, "not on the list")
    again = ledger.reserve(intent(), run="r3", caps=[Cap("run", "r3", Decimal(0))])
    assert (again.outcome, again.order.generation_id, again.order.state) == ("standing", "g-1", OrderState.SUBMITTED)
    suspense = PRICE if end == "absent" else 0
    assert [ledger.spent("run", run, realm="luma") for run in ("r1", "r2", "r3")] == [PRICE, suspense, 0]
    ledger.failed(key, "g-1", "a fault", FailureClass.SERVICE)
    assert [ledger.spent("run", run, realm="luma") for run in ("r1", "r2", "r3")] == [0, suspense, 0]
    assert ledger.reserve(intent(), run="r4", caps=[]).outcome == "granted"
    assert ledger.order(key).attempt == 3


def test_every_step_can_be_repeated(ledger: Ledger) -> None:
    """Writing the same step twice, as a retried task does, changes no sum and adds no entry."""
    key = intent().key
    ledger.reserve(intent(), run="r", caps=[])
    for _ in range(2):
        ledger.submitted(key, 1, "g-1")
    for _ in range(2):
        ledger.completed(key, "g-1")
    ledger.failed(key, "g-1", "too late to fail", FailureClass.SERVICE)
    ledger.release(key, 1, "too late to release")
    assert [e.kind for e in ledger.entries(key)] == ["reserved", "submitted", "completed"]
    assert ledger.spent("run", "r", realm="luma") == PRICE


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_schema_is_what_the_migrations_make(url: str, ledger: Ledger) -> None:
    """The schema is what the migrations make."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_costs_by_every_group(url: str) -> None:
    """Costs add up by production, scene, model and month, refunds apart, and from a day on."""
    clock = Clock()
    ledger = open_ledger(url, clock=clock)
    clock.now = datetime(2026, 10, 5, tzinfo=UTC)
    _buy(ledger, intent("a"))
    clock.now = datetime(2026, 11, 5, tzinfo=UTC)
    _buy(ledger, intent("b", production="other", model="ray-flash-2", price=Decimal("0.24")))
    _buy(ledger, intent("c"))
    ledger.failed(intent("c").key, "g-c", "Job failed", FailureClass.SERVICE)
    by = {name: [(r.group, r.creates, r.spent, r.refunded) for r in costs(ledger, by=name)] for name in (
        "production", "scene", "model", "month")}  # fmt: skip
    zero, small = Decimal("0.00"), Decimal("0.24")
    assert by["production"] == [("film", 2, PRICE, PRICE), ("other", 1, small, zero)]
    assert by["scene"] == [("film / a", 1, PRICE, zero), ("other / b", 1, small, zero), ("film / c", 1, zero, PRICE)]
    assert by["model"] == [("ray-2", 2, PRICE, PRICE), ("ray-flash-2", 1, small, zero)]
    assert by["month"] == [("2026-10", 1, PRICE, zero), ("2026-11", 2, small, PRICE)]
    assert [r.group for r in costs(ledger, since=datetime(2026, 11, 1, tzinfo=UTC))] == ["other", "film"]
    ledger.close()


def _buy(ledger: Ledger, wanted: Intent) -> None:
    ledger.reserve(wanted, run="r", caps=[])
    ledger.submitted(wanted.key, 1, f"g-{wanted.scene}")


def test_what_the_dead_were_sending_is_in_doubt_at_once(url: str, ledger: Ledger) -> None:
    """An order whose sender's process is gone is in doubt before its lease is over; a living sender keeps its lease."""
    ledger.reserve(intent("living"), run="r", caps=[])
    child = os.fork()
    if child == 0:
        theirs = open_ledger(url)
        for name in ("dead-1", "dead-2"):
            theirs.reserve(intent(name), run="killed", caps=[])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    reservation = ledger.reserve(intent("dead-1"), run="r", caps=[])
    assert (reservation.outcome, reservation.order.attempt) == ("in doubt", 1)
    assert [row.scene for row in ledger.doubt_abandoned()] == ["dead-2"]
    assert ledger.order(intent("living").key).state is OrderState.RESERVED
    assert ledger.spent("production", "film", realm="luma") == PRICE * 3


def test_holders_that_are_dead_and_alive() -> None:
    """A holder is dead where its process is gone, or where its pid has come to be another process; else it is alive."""
    me = this_process()
    assert not is_dead(str(me))
    assert is_dead(str(replace(me, nonce="earlier")))
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert is_dead(str(Holder(me.host, child, "1", "x")))
    assert is_dead(str(Holder(me.host, os.getppid(), "1", "x")))
    assert not is_dead(str(Holder("another host", 1, "1", "x")))


@pytest.mark.long
def test_books_of_every_earlier_version_are_brought_forward(url: str) -> None:
    """A filled ledger of each earlier version opens with all its orders, sums and entries."""
    script = Config()
    script.set_main_option("script_location", str(Path(studio.ledger.__file__).parent / "migrations"))
    versions = [r.revision for r in reversed(list(ScriptDirectory.from_config(script).walk_revisions()))]
    assert versions[0] == "0001"
    for number, version in enumerate(versions[:-1]):
        old = new_database_beside(url, number)
        engine = create_engine(old.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(script.get_main_option("script_location")))
            command.upgrade(config, version)
            connection.execute(text(OLD_ORDER))
            connection.execute(text(OLD_ENTRY))
            for statement in (*OLD_OTHERS, *(OF_THE_THIRD if version >= "0003" else ())):
                connection.execute(text(statement))
        engine.dispose()
        ledger = open_ledger(old)
        row = ledger.order("k" * 64)
        assert (row.state, row.generation_id, row.price) == (OrderState.SUBMITTED, "g-1", PRICE)
        if version < "0005":
            assert {name: ledger.order(name * 64).provider for name in "kr"} == {"k": "dream-machine", "r": "agents"}
        assert ledger.spent("production", "film", realm="luma") == PRICE * 2
        refused, lost = ledger.order("m" * 64), ledger.order("d" * 64)
        assert (refused.moderated, refused.film, refused.token) == (True, "film", f"{'m' * 40}.1")
        assert (lost.state, lost.doubted_at, lost.absences) == (OrderState.IN_DOUBT, lost.reserved_at, 0)
        # Its create was sent without a name, and none is made up for it; the next one of the same order has one.
        assert (lost.request_id, [entry.request_id for entry in ledger.entries(lost.key)]) == (None, [None, None])
        # What December gave back was November's, from now on.
        months = [ledger.spent("month", month, realm="luma") for month in ("2026-11", "2026-12")]
        assert months == [PRICE * 2, 0]
        assert ledger.creates("month", "2026-11", realm="luma") == 3
        assert ledger.suspended("luma") == []
        told = Callback(ledger.reserve(intent("new"), run="r", caps=[]).order.token, "g-9", "completed")
        assert (latest_callback(ledger), book_callbacks(ledger, [told])) == (0, 1)
        assert ledger.completed("k" * 64, "g-1").state is OrderState.COMPLETED
        ledger.close()


def new_database_beside(url: str, number: int) -> str:
    """Another empty database of the same kind."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return f"{url}.{number}"
    return new_database(url)


# As the first version wrote them: this text does not change when the schema does.
OLD_ORDER = f"""
insert into orders (key, family, seller, account, pool, endpoint, model, production, scene, shot, take, request, sent,
    state, attempt, price, price_table, run, generation_id, reserved_at, submitted_at)
values ('{"k" * 64}', '{"f" * 64}', 'luma', 'luma-1', 'ray', 'video', 'ray-2', 'film', 'a', 'a', 1, '{{}}', '{{}}',
    'submitted', 1, 710000, 't', 'r', 'g-1', '2026-11-01 10:00:00', '2026-11-01 10:00:01')
"""
OLD_ENTRY = f"""
insert into entries ("order", attempt, at, kind, amount, run, production, scene, seller, model, price_table)
values ('{"k" * 64}', 1, '2026-11-01 10:00:00', 'reserved', 710000, 'r', 'film', 'a', 'luma', 'ray-2', 't')
"""


def _old_order(letter: str, state: str, **fields: str) -> str:
    names, values = "".join(f", {name}" for name in fields), "".join(f", '{value}'" for value in fields.values())
    return f"""
insert into orders (key, family, seller, account, pool, endpoint, model, production, scene, shot, take, request, sent,
    state, attempt, price, price_table, run, reserved_at{names})
values ('{letter * 64}', '{"f" * 64}', 'luma', 'luma-1', 'ray', 'video', 'ray-2', 'film', 'a', 'a', 1, '{{}}', '{{}}',
    '{state}', 1, 710000, 't', 'r', '2026-11-30 23:00:00'{values})
"""


def _old_entry(letter: str, at: str, kind: str, amount: int) -> str:
    return f"""
insert into entries ("order", attempt, at, kind, amount, run, production, scene, seller, model, price_table)
values ('{letter * 64}', 1, '{at}', '{kind}', {amount}, 'r', 'film', 'a', 'luma', 'ray-2', 't')
"""


OLD_OTHERS = (
    _old_order("m", "failed", reason="Advanced prompt moderation failed", generation_id="g-2"),
    _old_entry("m", "2026-11-30 23:00:00", "reserved", 710000),
    _old_entry("m", "2026-12-01 00:30:00", "failed", -710000),
    _old_order("d", "in doubt", reason="no readable answer came back (ReadTimeout)"),
    _old_entry("d", "2026-11-30 23:00:00", "reserved", 710000),
    _old_entry("d", "2026-11-30 23:01:00", "in doubt", 0),
    _old_order("r", "released").replace("'ray-2'", "'ray-3'"),
)
# What the third version wrote into its columns for the same.
OF_THE_THIRD = (
    """update orders set film = production, token = substr(key, 1, 40) || '.1',
    doubted_at = case when state = 'in doubt' then reserved_at end,
    failure = case when state = 'failed' then 'moderation' end""",
    """update entries set film = production, counted_at = (select max(begun.at) from entries as begun
    where begun."order" = entries."order" and begun.kind = 'reserved')""",
)


def test_the_newest_revision_is_the_one_that_is_written_down() -> None:
    """The revision by which a current ledger is told without Alembic is the newest of Alembic's own."""
    script = Config()
    script.set_main_option("script_location", str(Path(studio.ledger.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(script).get_current_head() == HEAD
