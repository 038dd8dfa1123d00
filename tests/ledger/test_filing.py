"""The bookings of runs' files: each stands in one file, and those of all runs add up to what was billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.failures import FailureClass
from studio.ledger import Ledger, OrderState, by_hand, open_ledger
from studio.ledger.filing import ABANDONED, LATE, Booking, bookings, claim, give_up, late_films, written
from studio.report.costs import booking_row
from tests.support.books import Clock, as_of
from tests.support.orders import PRICE, intent


def filed(
    ledger: Ledger, run: str, *, film: str = "film", realm: str = "luma", running: tuple[str, ...] = ()
) -> tuple[Booking, ...]:
    """The rows of a run's file, which is written."""
    found = claim(ledger, run, film=film, realm=realm, running=running)
    written(ledger, run)
    return found


def buy(ledger: Ledger, name: str, run: str, **changes: object) -> str:
    """An order that is accepted; its key."""
    wanted = intent(name, **changes)
    row = ledger.reserve(wanted, run=run, caps=[]).order
    ledger.submitted(wanted.key, row.attempt, f"g-{run}-{name}-{row.attempt}")
    return wanted.key


def total(*files: tuple[Booking, ...]) -> Decimal:
    return sum((Decimal(booking_row(b)["amount"]) for file in files for b in file), Decimal(0))


def test_a_booking_tells_what_it_is_for(ledger: Ledger) -> None:
    """The purchase has its generation, though it was reserved before there was one; its refund is a negative row."""
    key = buy(ledger, "a", "r1", provider="dream-machine")
    ledger.failed(key, "g-r1-a-1", "Job failed", FailureClass.SERVICE)
    bought, refund = filed(ledger, "r1")
    assert (bought.amount, refund.amount) == (PRICE, -PRICE)
    assert {bought.generation_id, refund.generation_id} == {"g-r1-a-1"}
    assert (bought.production, bought.project, bought.run, bought.scene, bought.take) == ("film", "film", "r1", "a", 1)
    rows = [booking_row(bought), booking_row(refund)]
    assert [row["entry"] for row in rows] == ["purchase", "refund"]
    assert [(row["service"], row["billing"], row["currency"], row["kind"]) for row in rows] == [
        ("Dream Machine", "billed", "USD", "clip")
    ] * 2
    assert rows[0]["date"] == "2026-11-22T10:00:00Z"


def test_a_late_refund_is_in_the_next_run_s_file_alone(ledger: Ledger) -> None:
    """A file that was written stays as it is; what is booked afterwards for its run stands in the next one."""
    key = buy(ledger, "a", "r1")
    first = filed(ledger, "r1")
    ledger.failed(key, "g-r1-a-1", "Job failed", FailureClass.SERVICE)
    second = filed(ledger, "r2")
    assert [b.amount for b in first] == [PRICE]
    assert [(b.amount, b.run) for b in second] == [(-PRICE, "r1")]
    assert filed(ledger, "r3") == ()
    assert filed(ledger, "r1") == first  # written again, it is the same


def test_another_film_s_late_booking_is_not_taken(ledger: Ledger) -> None:
    """A run files late bookings of its own film and service, and of no other."""
    buy(ledger, "a", "r1", film="other")
    buy(ledger, "b", "r2", realm="sandbox")
    assert filed(ledger, "r3") == ()
    assert [b.scene for b in filed(ledger, "r4", film="other")] == ["a"]


def test_a_run_that_is_at_work_files_its_own(ledger: Ledger) -> None:
    """A purchase of another run at the same time is left to it; once it is over, the next file has the rest."""
    buy(ledger, "a", "r1")
    buy(ledger, "b", "r2")
    assert [b.scene for b in filed(ledger, "r2", running=("r1",))] == ["b"]
    assert [b.scene for b in filed(ledger, "r3")] == ["a"]


def test_a_file_that_could_not_be_written_leaves_its_bookings(ledger: Ledger, clock: Clock) -> None:
    """After a full disk the next run's file has them; after a kill in that moment, a file that is made later."""
    buy(ledger, "a", "r1")
    claim(ledger, "r1", film="film", realm="luma")
    give_up(ledger, "r1")
    assert [b.scene for b in claim(ledger, "r2", film="film", realm="luma")] == ["a"]
    assert claim(ledger, "r3", film="film", realm="luma") == ()  # r2 is writing it
    clock.now += ABANDONED + timedelta(seconds=1)
    assert [b.scene for b in filed(ledger, "r3")] == ["a"]
    assert claim(ledger, "r2", film="film", realm="luma") == ()


def test_late_bookings_are_found(ledger: Ledger, clock: Clock) -> None:
    """A film is told of when a run of it is over, or an hour old, and not while the run is at work."""
    ledger.begin_run("r1", production="film", realm="luma")
    buy(ledger, "a", "r1")
    assert late_films(ledger) == []
    clock.now += LATE + timedelta(seconds=1)
    assert late_films(ledger) == [("film", "film", "luma")]
    assert late_films(ledger, ["r1"]) == []
    ledger.end_run("r1", "film")
    filed(ledger, "r1")
    assert late_films(ledger) == []


def test_bookings_of_earlier_versions_stand_in_their_runs_files(tmp_path: Path) -> None:
    """A ledger of an earlier version is opened: its bookings are not filed once more by the next run."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = open_ledger(url)
    buy(ledger, "a", "r1")
    ledger.close()
    as_of(url, "0007")
    ledger = open_ledger(url)
    assert filed(ledger, "r2") == ()
    assert [b.amount for b in bookings(ledger)] == [PRICE]
    ledger.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from([
            "buy", "lose", "fail", "release", "absent", "late", "adopt", "undo", "again", "gone", "file", "refuse",
        ]),
        st.integers(0, 3), st.booleans(),
    ),
    max_size=40,
)  # fmt: skip


def happen(ledger: Ledger, what: str, name: str, run: str, *, here: bool) -> None:
    """One step of a history, where the order's state allows it."""
    wanted = intent(f"{name}{'s' if here else 'l'}", realm="sandbox" if here else "luma")
    key, row = wanted.key, ledger.order(wanted.key)
    state, fresh = row.state if row else None, f"g-{run}-{key[-2:]}-{len(ledger.entries(key)) if row else 0}"
    match what:
        case "buy" | "lose" | "refuse" | "again":
            granted = ledger.reserve(wanted, run=run, caps=[])
            if granted.outcome == "granted" and what in ("buy", "again"):
                ledger.submitted(key, granted.order.attempt, fresh)
            elif granted.outcome == "granted" and what == "lose":
                ledger.doubt(key, granted.order.attempt, "no answer")
            elif granted.outcome == "granted":
                ledger.release(key, granted.order.attempt, "422")
        case "fail" if row and row.generation_id:
            ledger.failed(key, row.generation_id, "Job failed", FailureClass.SERVICE)
        case "release" if state is OrderState.IN_DOUBT:
            by_hand.release(ledger, key)
        case "absent" if row and state is OrderState.IN_DOUBT:
            ledger.release_absent(key, row.attempt, "not on the list")
        case "late" if row and state in (OrderState.RELEASED, OrderState.SUBMITTED, OrderState.IN_DOUBT):
            ledger.submitted(key, max(1, row.attempt - 1), fresh)
        case "adopt" if state is OrderState.IN_DOUBT:
            by_hand.adopt(ledger, key, fresh)
        case "undo" if row and ledger.entries(key)[-1].by_hand and ledger.entries(key)[-1].kind != "undone":
            by_hand.undo(ledger, key)
        case "gone" if row and row.generation_id:
            ledger.gone(key, row.generation_id)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_all_files_add_up_to_the_ledger(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool]]
) -> None:
    """Whatever happens - purchases, refusals, refunds, lost and late answers, adoptions, retakes - the files of all
    runs have every booking once, and their billed amounts are the ledger's sum to the cent."""
    folder = tmp_path_factory.mktemp("books")
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}", clock=Clock())
    files: dict[str, tuple[Booking, ...]] = {}
    run = 1
    for what, which, here in steps:
        if what == "file":
            files[f"r{run}"] = (
                *files.get(f"r{run}", ()), *filed(ledger, f"r{run}"), *filed(ledger, f"r{run}.s", realm="sandbox")
            )  # fmt: skip
            run += 1
        else:
            happen(ledger, what, "abcd"[which], f"r{run}", here=here)
    files["last"] = (*filed(ledger, "last"), *filed(ledger, "last.s", realm="sandbox"))
    every = [b.id for file in files.values() for b in file]
    assert sorted(every) == sorted(b.id for b in bookings(ledger))
    assert total(*files.values()) == ledger.spent("production", "film", realm="luma") - sum(
        (entry.suspense for row in ledger.orders([intent(f"{n}l").key for n in "abcd"]).values()
         for entry in ledger.entries(row.key)), Decimal(0)
    )  # fmt: skip
    ledger.close()
