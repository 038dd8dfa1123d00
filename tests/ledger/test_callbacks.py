"""Callbacks in the ledger: what fits an order is stored as a hint; no order, entry or sum changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from studio.ledger import Ledger
from studio.ledger.callbacks import (
    KEPT,
    PER_ORDER,
    Callback,
    book_callbacks,
    callbacks_after,
    callbacks_come,
    latest_callback,
    plausible,
)
from tests.support.books import Clock
from tests.support.orders import intent


def sent(ledger: Ledger, name: str = "a") -> str:
    """The token of an order that is being sent."""
    return ledger.reserve(intent(name), run="r", caps=[]).order.token


def told(ledger: Ledger) -> list[tuple[str, str]]:
    """The callbacks that are stored."""
    return [(row.generation_id, row.state) for row in callbacks_after(ledger, 0)]


def books(ledger: Ledger) -> tuple[object, ...]:
    """All that a run goes by."""
    order = ledger.order(intent().key)
    return order, tuple(ledger.entries(intent().key)), ledger.spent("production", "film", realm="luma")


def test_a_callback_of_a_known_order_is_stored(ledger: Ledger) -> None:
    """It is there for every process, by a number that rises; repeated at once it is stored once."""
    token = sent(ledger)
    assert (latest_callback(ledger), callbacks_come(ledger)) == (0, False)
    assert book_callbacks(ledger, [Callback(token, "g-1", "dreaming")]) == 1
    assert not callbacks_come(ledger)
    ended = Callback(token, "g-1", "completed")
    assert book_callbacks(ledger, [ended, ended]) == 1
    assert book_callbacks(ledger, [ended]) == 0
    assert told(ledger) == [("g-1", "dreaming"), ("g-1", "completed")]
    first, second = callbacks_after(ledger, 0)
    assert (first.order, first.attempt, first.at) == (intent().key, 1, ledger.now())
    assert [row.number for row in callbacks_after(ledger, first.number)] == [second.number]
    assert (latest_callback(ledger), callbacks_come(ledger)) == (second.number, True)


def test_a_callback_changes_no_order(ledger: Ledger) -> None:
    """Whatever a callback says, the order, its entries and what is spent stay as they are, in every state."""
    token = sent(ledger)

    def tell() -> None:
        before = books(ledger)
        for state in ("queued", "dreaming", "completed", "failed"):
            book_callbacks(ledger, [Callback(token, "g-1", state), Callback(token, "g-2", state)])
        assert books(ledger) == before

    tell()
    ledger.doubt(intent().key, 1, "lost")
    tell()
    ledger.adopt(intent().key, "g-1", "found")
    tell()
    ledger.completed(intent().key, "g-1")
    tell()


def test_a_false_generation_is_dropped(ledger: Ledger) -> None:
    """Once the order's own generation is known, another one is not stored for it."""
    token = sent(ledger)
    ledger.submitted(intent().key, 1, "g-1")
    assert book_callbacks(ledger, [Callback(token, "g-2", "completed")]) == 0
    assert book_callbacks(ledger, [Callback(token, "g-1", "completed")]) == 1


def test_an_order_that_ended_takes_callbacks_a_moment_longer(ledger: Ledger, clock: Clock) -> None:
    """A poll may be quicker than the callback, which then still shows that callbacks come; later ones are dropped."""
    token = sent(ledger)
    ledger.submitted(intent().key, 1, "g-1")
    ledger.completed(intent().key, "g-1")
    assert book_callbacks(ledger, [Callback(token, "g-1", "completed")]) == 1
    clock.now += timedelta(minutes=5)
    assert book_callbacks(ledger, [Callback(token, "g-1", "failed")]) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[::-1], lambda t: f"0{t}", lambda t: t + "1", lambda t: t.rpartition(".")[0] + ".2",
        lambda t: t.rpartition(".")[0], lambda t: t.partition(".")[0] + ".%.1", lambda t: "", lambda t: t[:12] + ".1",
        lambda t: t + "\n", lambda t: t.replace(".1", ".١"), lambda t: t.partition(".")[0] + ".b." + "1" * 400,
    ],
)  # fmt: skip
def test_an_unknown_token_is_dropped(ledger: Ledger, change: object) -> None:
    """A callback without exactly the token of an order's present attempt is not stored."""
    token = sent(ledger)
    sent(ledger, "b")
    assert change(token) != token
    assert book_callbacks(ledger, [Callback(change(token), "g-1", "completed")]) == 0
    assert told(ledger) == []


@pytest.mark.parametrize(
    ("generation", "state"),
    [("g-1", "gone"), ("g-1", ""), ("", "completed"), ("g" * 121, "completed"), ("g 1", "completed"),
     ("g\x001", "completed"), ("ü", "completed"), ("'; drop table orders; --", "completed")],
)  # fmt: skip
def test_what_no_service_says_is_dropped(ledger: Ledger, generation: str, state: str) -> None:
    """An unknown state, or an id of a form that no service gives, is not stored."""
    callback = Callback(sent(ledger), generation, state)
    assert not plausible(callback, ledger.token_prefix)
    assert book_callbacks(ledger, [callback]) == 0


def test_a_flood_for_one_order_stays_small(ledger: Ledger, clock: Clock) -> None:
    """Only the latest callbacks of an order are kept, and numbers never begin again."""
    token = sent(ledger)
    for number in range(100):
        clock.now += timedelta(seconds=2)
        book_callbacks(ledger, [Callback(token, f"g-{number}", "completed")])
    assert told(ledger) == [(f"g-{number}", "completed") for number in range(100 - PER_ORDER, 100)]
    last = latest_callback(ledger)
    clock.now += KEPT + timedelta(seconds=1)
    other = sent(ledger, "b")
    book_callbacks(ledger, [Callback(other, "h-1", "completed")])
    assert told(ledger) == [("h-1", "completed")]
    assert latest_callback(ledger) > last


def test_callbacks_of_another_ledger(ledger: Ledger) -> None:
    """A token that another ledger made for the same order is not one of this ledger's."""
    token = sent(ledger)
    theirs = ("0" if token[0] != "0" else "1") + token[1:]
    assert book_callbacks(ledger, [Callback(theirs, "g-1", "completed")]) == 0


def test_numbers_go_on_after_the_latest_rows_are_deleted(ledger: Ledger) -> None:
    """A reader that knows a number misses nothing, even where the rows up to it were deleted."""
    token = sent(ledger)
    book_callbacks(ledger, [Callback(token, "g-1", "completed")])
    last = latest_callback(ledger)
    with ledger.writing() as connection:
        connection.execute(text("delete from callbacks"))
    book_callbacks(ledger, [Callback(token, "g-2", "completed")])
    assert [row.generation_id for row in callbacks_after(ledger, last)] == ["g-2"]
