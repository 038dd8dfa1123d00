"""Batches of runs with one budget, claims, and what is known of watched productions; on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from studio.errors import OverBudget
from studio.ledger import Cap, Ledger, open_ledger
from studio.ledger.batches import Batch, BatchRun, batch_of, begin_batch, join_batch, runs_of
from studio.ledger.claims import LASTS, claim, let_go, renew
from studio.ledger.watched import WatchState, first_seen, keep_state, watched_in
from tests.support.books import Clock
from tests.support.orders import PRICE, intent


def cap(budget: Decimal) -> list[Cap]:
    return [Cap("batch", "b", budget)]


def test_runs_of_a_batch_share_its_budget(ledger: Ledger) -> None:
    """What one run of the batch spends counts for the others; runs outside of it do not."""
    begin_batch(ledger, Batch("b", PRICE * 2), "luma")
    for run in ("one", "two"):
        join_batch(ledger, "b", run, f"film-{run}")
    ledger.reserve(intent("a"), run="one", caps=cap(PRICE * 2))
    ledger.reserve(intent("x"), run="elsewhere", caps=[])
    ledger.reserve(intent("b"), run="two", caps=cap(PRICE * 2))
    with pytest.raises(OverBudget, match="would bring this batch to"):
        ledger.reserve(intent("c"), run="two", caps=cap(PRICE * 2))
    assert ledger.spent("batch", "b", realm="luma") == PRICE * 2
    assert ledger.spent("batch", "b", realm="sandbox") == 0


def test_a_shot_that_two_runs_have_is_reserved_once(ledger: Ledger) -> None:
    """The second run finds the order of the first, whatever the budget has left: it adds nothing to the batch."""
    begin_batch(ledger, Batch("b", PRICE), "luma")
    for run in ("one", "two"):
        join_batch(ledger, "b", run, run)
    assert ledger.reserve(intent("a"), run="one", caps=cap(PRICE)).outcome == "granted"
    assert ledger.reserve(intent("a"), run="two", caps=cap(PRICE)).outcome == "held"
    assert ledger.spent("batch", "b", realm="luma") == PRICE


def test_runs_at_once_do_not_exceed_it(ledger: Ledger, url: str, clock: Clock) -> None:
    """Runs that join and buy at the same moment, each through a connection of its own, buy what fits and no more."""
    begin_batch(ledger, Batch("b", PRICE * 3), "luma")

    def buy(number: int) -> bool:
        own = open_ledger(url, clock=clock)
        try:
            join_batch(own, "b", f"run{number}", f"film{number}")
            own.reserve(intent(f"s{number}"), run=f"run{number}", caps=cap(PRICE * 3))
        except OverBudget:
            return False
        else:
            return True
        finally:
            own.close()

    with ThreadPoolExecutor(8) as pool:
        bought = list(pool.map(buy, range(8)))
    assert sum(bought) == 3
    assert ledger.spent("batch", "b", realm="luma") == PRICE * 3


def test_a_batch_is_read_back(ledger: Ledger) -> None:
    """A batch keeps its budget and its runs with their ends; begun again it takes the new budget."""
    assert batch_of(ledger, "b") is None
    begin_batch(ledger, Batch("b", Decimal("1.50")), "luma")
    ledger.begin_run("one", production="film", realm="luma")
    for _ in range(2):
        join_batch(ledger, "b", "one", "film")
    ledger.end_run("one", "film")
    begin_batch(ledger, Batch("b", None), "luma")
    assert batch_of(ledger, "b") == Batch("b", None)
    assert runs_of(ledger, "b") == (BatchRun("one", "film", "film"),)


def test_a_claim_has_one_owner(ledger: Ledger, clock: Clock) -> None:
    """It is held until it is let go, and told to others; its owner may take it again and move it on."""
    assert claim(ledger, "film", "me", "run 1") is None
    assert claim(ledger, "film", "me", "run 1") is None
    held = claim(ledger, "film", "you", "run 2")
    assert held is not None
    assert held.told == "run 1"
    clock.now += LASTS - timedelta(seconds=1)
    renew(ledger, "film", "me")
    clock.now += timedelta(seconds=2)
    assert claim(ledger, "film", "you") is not None
    let_go(ledger, "film", "you")
    assert claim(ledger, "film", "you") is not None
    let_go(ledger, "film", "me")
    assert claim(ledger, "film", "you") is None


def test_a_claim_that_nobody_moves_on_lapses(ledger: Ledger, clock: Clock) -> None:
    """The claim of a machine that is gone is free after some minutes."""
    claim(ledger, "film", "me")
    clock.now += LASTS + timedelta(seconds=1)
    assert claim(ledger, "film", "you") is None


def test_claims_at_once(ledger: Ledger, url: str, clock: Clock) -> None:
    """Of many that claim at the same moment, one gets it."""

    def take(number: int) -> bool:
        own = open_ledger(url, clock=clock)
        try:
            return claim(own, "film", f"owner{number}") is None
        finally:
            own.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_what_is_known_of_a_watched_production(ledger: Ledger, clock: Clock) -> None:
    """It is known by its content: a change begins anew, and is not overwritten by what became of the one before."""
    seen = first_seen(ledger, "inbox", "a.yaml", "luma", "one")
    clock.now += timedelta(minutes=1)
    assert first_seen(ledger, "inbox", "a.yaml", "luma", "one") == seen
    keep_state(ledger, "inbox", "a.yaml", "luma", "one", WatchState.MADE, "film.mp4", 1)
    assert watched_in(ledger, "inbox", "luma")["a.yaml"].state is WatchState.MADE
    assert watched_in(ledger, "inbox", "sandbox") == {}
    changed = first_seen(ledger, "inbox", "a.yaml", "luma", "two")
    assert (changed.state, changed.seen_at, changed.tries) == (WatchState.SEEN, clock.now, 0)
    keep_state(ledger, "inbox", "a.yaml", "luma", "one", WatchState.MADE, "", 1)
    assert watched_in(ledger, "inbox", "luma")["a.yaml"] == changed
