"""Booking the id from a create's answer: it is retried, kept in a file, and booked by the next run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio.errors import LedgerError
from studio.execution.session import open_session
from studio.ledger import Ledger, OrderState
from studio.ledger.engine import open_engine
from studio.purchasing.gateway import PurchaseGateway
from studio.purchasing.unbooked import Unbooked
from studio.settings import load_settings
from tests.support.books import Clock
from tests.support.luma import Luma
from tests.support.order_states import KEY, WANTED, reserved
from tests.support.orders import PRICE, Slept, gateway, place, spent


class Failing(Ledger):
    """A ledger that fails to book an id a given number of times."""

    times = 3

    def submitted(self, key: str, attempt: int, generation_id: str, **more: str | None):
        if self.times:
            self.times -= 1
            raise LedgerError("the connection is lost")
        return super().submitted(key, attempt, generation_id, **more)


async def test_booking_an_id_is_tried_for_minutes(url: str, luma: Luma, clock: Clock, tmp_path: Path) -> None:
    """A retry books an id whose booking failed with the ledger's connection."""
    ledger = Failing(open_engine(url), clock=clock)
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, ledger.order(KEY).state) == ("generation-1", OrderState.SUBMITTED)
    ledger.close()


async def test_an_id_that_cannot_be_booked_is_kept_in_a_file(
    url: str, luma: Luma, clock: Clock, tmp_path: Path
) -> None:
    """An id that is not booked for minutes is kept in a file, which the error names, and the next run books it."""
    ledger = Failing(open_engine(url), clock=clock)
    ledger.times = 1000
    unbooked = Unbooked(tmp_path / "unbooked")
    slept = Slept(clock)
    buying = PurchaseGateway(ledger, luma.provider, run="run", sleep=slept, unbooked=unbooked, jitter=lambda: 0.0)
    with pytest.raises(LedgerError) as error:
        await place(buying)
    assert 120 <= sum(slept.seconds) <= 240
    assert "generation-1" in str(error.value)
    assert str(tmp_path / "unbooked") in str(error.value)
    ledger.times = 0
    assert unbooked.book(ledger) == (KEY,)
    assert unbooked.book(ledger) == ()
    assert (ledger.order(KEY).generation_id, spent(ledger)) == ("generation-1", PRICE)
    assert len(luma.sent) == 1
    ledger.close()


async def test_cancelled_while_an_id_is_being_booked(url: str, luma: Luma, clock: Clock, tmp_path: Path) -> None:
    """A run that is stopped while it tries to book an id leaves it in a file, and the next run books it."""
    ledger = Failing(open_engine(url), clock=clock)
    ledger.times = 1000
    unbooked = Unbooked(tmp_path / "unbooked")
    trying = asyncio.Event()

    async def sleep(_: float) -> None:
        trying.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(place(PurchaseGateway(ledger, luma.provider, run="run", sleep=sleep, unbooked=unbooked)))
    await trying.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ledger.times = 0
    assert unbooked.book(ledger) == (KEY,)
    assert ledger.order(KEY).generation_id == "generation-1"
    ledger.close()


def test_an_id_is_booked_in_its_own_ledger(ledger: Ledger, tmp_path: Path) -> None:
    """The file of an id names the ledger that lacks it, and another ledger leaves it alone."""
    unbooked = Unbooked(tmp_path / "unbooked")
    reserved(ledger)
    kept = unbooked.keep("another ledger", KEY, 1, "g")
    assert unbooked.book(ledger) == ()
    assert kept is not None
    assert kept.is_file()
    assert ledger.order(KEY).state is OrderState.RESERVED


def test_an_id_to_be_booked_that_cannot_be_read_is_told(ledger: Ledger, tmp_path: Path) -> None:
    """A damaged file with the id of a purchase is one error that names the file."""
    (tmp_path / "damaged.json").write_text('{"ledger": "')
    with pytest.raises(LedgerError, match=r"damaged\.json.*cannot be read"):
        Unbooked(tmp_path).book(ledger)


async def test_an_id_that_was_kept_is_booked_by_the_next_run(workplace: Path) -> None:
    """The next run that opens the ledger books the id that could not be booked before."""
    async with open_session(load_settings()) as session:
        session.ledger.reserve(WANTED, run="r", caps=[])
        session.unbooked.keep(session.ledger.id, KEY, 1, "g")
    async with open_session(load_settings()) as session:
        row = session.ledger.order(KEY)
    assert (row.state, row.generation_id) == (OrderState.SUBMITTED, "g")
