"""The feed: a run hears of each end once, and a ledger that cannot be read is no error of the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from studio.callbacks.feed import follow
from studio.errors import LedgerError
from studio.ledger import Ledger, open_ledger
from studio.ledger.callbacks import Callback, book_callbacks, latest_callback
from tests.support.books import Clock
from tests.support.orders import intent


class Sleeps:
    """A sleep that does the next of several things each time, and then ends the feed."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.acts = list(acts)

    async def __call__(self, seconds: float) -> None:
        if not self.acts:
            raise asyncio.CancelledError
        self.acts.pop(0)()


async def heard(ledger: Ledger, *acts: Callable[[], object], needed: Callable[[], bool] = lambda: True) -> list[str]:
    """The callbacks that the feed told while these things happened."""
    told: list[str] = []
    with pytest.raises(asyncio.CancelledError):
        await follow(ledger, latest_callback(ledger), told.append, needed=needed, sleep=Sleeps(*acts, lambda: None))
    return told


async def test_each_end_is_heard_once(ledger: Ledger, url: str, clock: Clock) -> None:
    """Ends that another process books are told once each, in order; what came before, and other states, are not."""
    token = ledger.reserve(intent(), run="r", caps=[]).order.token
    receiver = open_ledger(url, clock=clock)

    def comes(generation: str, state: str) -> Callable[[], object]:
        def book() -> None:
            clock.now += timedelta(seconds=2)
            book_callbacks(receiver, [Callback(token, generation, state)])

        return book

    comes("earlier", "completed")()
    told = await heard(
        ledger, comes("g-1", "dreaming"), comes("g-1", "completed"), lambda: None, comes("g-2", "failed"), lambda: None
    )
    receiver.close()
    assert told == ["g-1", "g-2"]


async def test_nothing_is_read_while_nobody_waits(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is not asked while no generation is awaited."""
    before = latest_callback(ledger)
    asked: list[object] = []
    monkeypatch.setattr(ledger, "ask", lambda query: asked.append(query) or [])
    with pytest.raises(asyncio.CancelledError):
        await follow(ledger, before, print, needed=lambda: False, sleep=Sleeps(*[lambda: None] * 3))
    assert asked == []
    with pytest.raises(asyncio.CancelledError):
        await follow(ledger, before, print, needed=lambda: True, sleep=Sleeps(*[lambda: None] * 3))
    assert len(asked) == 3  # one short question each time, however many are awaited


async def test_a_ledger_that_cannot_be_read_for_a_while(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed goes on when the ledger can be read again."""
    token = ledger.reserve(intent(), run="r", caps=[]).order.token
    ask = ledger.ask

    def fails(query: object) -> list[object]:
        raise LedgerError("the database is away")

    def breaks() -> None:
        monkeypatch.setattr(ledger, "ask", fails)

    def mends() -> None:
        monkeypatch.setattr(ledger, "ask", ask)
        book_callbacks(ledger, [Callback(token, "g-1", "completed")])

    assert await heard(ledger, breaks, lambda: None, mends, lambda: None) == ["g-1"]
