"""Caps and the account's limits: kept at admission, across processes, and fair between productions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from studio.errors import LimitKind, OverBudget
from studio.failures import FailureClass
from studio.ledger import Cap, Ledger, Limits, OrderState
from studio.purchasing.gateway import PurchaseGateway
from tests.support.books import Clock
from tests.support.luma import Luma
from tests.support.orders import PARAMS, PRICE, Slept, intent

ONE = Limits(at_once=1)


def ask(ledger: Ledger, name: str, limits: Limits, production: str = "film", account: str = "luma-1") -> str:
    wanted = intent(name, production=production, account=account)
    return ledger.reserve(wanted, run="r", caps=[], limits=limits).outcome


def test_no_more_at_once_than_the_account_allows(ledger: Ledger) -> None:
    """The eleventh of ten waits until one has ended; other accounts have room of their own."""
    limits = Limits(at_once=10)
    assert [ask(ledger, str(n), limits) for n in range(11)] == ["granted"] * 10 + ["full"]
    assert ask(ledger, "x", limits, account="luma-2") == "granted"
    ledger.submitted(intent("0").key, 1, "g-0")
    assert ask(ledger, "10", limits) == "full"
    ledger.completed(intent("0").key, "g-0")
    assert ask(ledger, "10", limits) == "granted"


def test_no_more_a_minute_than_the_account_allows(ledger: Ledger, clock: Clock) -> None:
    """The 21st create of a minute waits exactly until the first is a minute old."""
    limits = Limits(per_minute=20)
    start = clock.now
    for n in range(20):
        assert ask(ledger, str(n), limits) == "granted"
        ledger.submitted(intent(str(n)).key, 1, f"g-{n}")
        clock.now += timedelta(seconds=1)
    reservation = ledger.reserve(intent("20"), run="r", caps=[], limits=limits)
    assert (reservation.outcome, reservation.until) == ("full", start + timedelta(seconds=60))
    assert "20 of 20" in reservation.why
    clock.now = start + timedelta(seconds=60, milliseconds=1)
    assert ask(ledger, "20", limits) == "granted"
    assert ask(ledger, "21", limits) == "full"


def test_a_minute_begins_when_a_create_can_last_have_arrived(ledger: Ledger, clock: Clock) -> None:
    """The minute of a create counts from its answer, since one that was answered late may have arrived late.

    One that is still under way may arrive at any moment, as long as its sender may be alive.
    """
    one = Limits(per_minute=1)
    assert ask(ledger, "a", one) == "granted"
    clock.now += timedelta(seconds=40)
    ledger.submitted(intent("a").key, 1, "g-a")
    answered = clock.now
    clock.now += timedelta(seconds=59)
    reservation = ledger.reserve(intent("b"), run="r", caps=[], limits=one)
    assert (reservation.outcome, reservation.until) == ("full", answered + timedelta(seconds=60))
    clock.now += timedelta(seconds=1)
    assert ask(ledger, "b", one) == "granted"
    clock.now += timedelta(seconds=61)
    assert ask(ledger, "c", one) == "full"
    clock.now += timedelta(minutes=3)
    assert ask(ledger, "c", one) == "granted"


def test_productions_take_turns(ledger: Ledger, clock: Clock) -> None:
    """A free slot goes to the production with fewer in flight, then to the one that has waited longest."""
    two = Limits(at_once=2)
    assert ask(ledger, "a1", two, "first") == "granted"
    assert ask(ledger, "a2", two, "first") == "granted"
    assert ask(ledger, "a3", two, "first") == "full"
    clock.now += timedelta(seconds=1)
    assert ask(ledger, "b1", two, "second") == "full"
    ledger.submitted(intent("a1").key, 1, "g")
    ledger.completed(intent("a1").key, "g")
    assert ask(ledger, "a3", two, "first") == "full"
    assert ask(ledger, "b1", two, "second") == "granted"


def test_who_waits_and_dies_is_not_waited_for(ledger: Ledger, clock: Clock) -> None:
    """A waiting production that has not looked for a while does not keep others out."""
    assert ask(ledger, "a1", ONE, "first") == "granted"
    assert ask(ledger, "b1", ONE, "second") == "full"
    ledger.submitted(intent("a1").key, 1, "g")
    ledger.completed(intent("a1").key, "g")
    clock.now += timedelta(seconds=60)
    assert ask(ledger, "a2", ONE, "first") == "granted"


async def test_waiting_for_a_slot_is_told_and_slots_of_the_dead_come_back(ledger: Ledger, clock: Clock) -> None:
    """A slot that a killed run's finished generation holds is freed by a look at the service."""
    luma = Luma()
    ledger.reserve(intent("dead"), run="killed", caps=[])
    ledger.submitted(intent("dead").key, 1, luma.accept(PARAMS)["id"])
    luma.finish("generation-1")
    told: list[str] = []
    slept = Slept(clock)
    gateway = PurchaseGateway(ledger, luma.provider, run="r", limits=ONE, sleep=slept, jitter=lambda: 0.0)
    placed = await gateway.purchase(intent("a"), PARAMS, on_wait=told.append)
    assert placed.bought
    assert told[0] == "waiting for a slot, 1 of 1 in use"
    assert ledger.order(intent("dead").key).state is OrderState.COMPLETED
    assert 15 <= sum(slept.seconds) <= 20


async def test_a_thousand_waiters_ask_one_at_a_time(ledger: Ledger, clock: Clock) -> None:
    """Only one a second of the many shots that wait in a run reads the ledger."""

    class Counted(Slept):
        five = asyncio.Event()

        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            if len(self.seconds) == 5:
                self.five.set()
            await asyncio.sleep(0)

    luma = Luma()
    slept = Counted(clock)
    gateway = PurchaseGateway(ledger, luma.provider, run="r", limits=ONE, sleep=slept, jitter=lambda: 0.0)
    await gateway.purchase(intent("0"), PARAMS, on_wait=lambda _: None)
    waiters = [
        asyncio.create_task(gateway.purchase(intent(str(n)), PARAMS, on_wait=lambda _: None)) for n in range(1, 50)
    ]
    await slept.five.wait()
    assert len(slept.seconds) <= (clock.now - datetime(2026, 11, 22, 10, tzinfo=UTC)).total_seconds() + 1
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert len(luma.sent) == 1


def test_a_cap_on_the_number_of_creates(ledger: Ledger) -> None:
    """A cap may count creates: released ones do not count, failed ones do."""
    caps = [Cap("run", "r", creates=2)]
    ledger.reserve(intent("a"), run="r", caps=caps)
    ledger.release(intent("a").key, 1, "never sent")
    ledger.reserve(intent("b"), run="r", caps=caps)
    ledger.submitted(intent("b").key, 1, "g-b")
    ledger.failed(intent("b").key, "g-b", "Job failed", FailureClass.SERVICE)
    ledger.reserve(intent("c"), run="r", caps=caps)
    with pytest.raises(OverBudget, match="may order 2 generations"):
        ledger.reserve(intent("d"), run="r", caps=caps)
    assert ledger.spent("run", "r", realm="luma") == PRICE
    assert ledger.creates("run", "r", realm="luma") == 2
    assert Decimal(0) == ledger.spent("run", "other", realm="luma")


def test_a_cap_on_the_number_of_creates_counts_what_may_have_been_sent(ledger: Ledger) -> None:
    """A create that was released as absent may have been accepted, so it counts until that is settled."""
    key = intent("a").key
    ledger.reserve(intent("a"), run="r", caps=[])
    ledger.doubt(key, 1, "lost")
    ledger.release_absent(key, 1, "not on the list")
    assert ledger.creates("run", "r", realm="luma") == 1
    ledger.settle_absent(key, 1, "a day later")
    assert ledger.creates("run", "r", realm="luma") == 0


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-11-01T00:00:00+00:00", "2026-11"),
        ("2026-11-30T23:59:59.999999+00:00", "2026-11"),
        ("2026-12-01T00:00:00+00:00", "2026-12"),
        ("2026-12-01T00:30:00+01:00", "2026-11"),
        ("2026-12-31T20:00:00-05:00", "2027-01"),
        ("2028-02-29T23:59:59+00:00", "2028-02"),
    ],
)
def test_a_month_is_one_of_utc(ledger: Ledger, clock: Clock, moment: str, month: str) -> None:
    """A purchase counts in its calendar month in UTC, and in no other; so does a create."""
    clock.now = datetime.fromisoformat(moment)
    year, number = map(int, month.split("-"))
    before = f"{year - (number == 1)}-{(number - 2) % 12 + 1:02}"
    after = f"{year + (number == 12)}-{number % 12 + 1:02}"
    ledger.reserve(intent("a"), run="r", caps=[])
    assert [ledger.spent("month", name, realm="luma") for name in (before, month, after)] == [0, PRICE, 0]
    assert [ledger.creates("month", name, realm="luma") for name in (before, month, after)] == [0, 1, 0]
    with pytest.raises(OverBudget, match="this month"):
        ledger.reserve(intent("b"), run="r", caps=[Cap("month", month, PRICE)])
    with pytest.raises(OverBudget, match="this month may order 1 generations"):
        ledger.reserve(intent("b"), run="r", caps=[Cap("month", month, creates=1)])
    for other in (before, after):
        caps = [Cap("month", other, PRICE, creates=1)]
        assert ledger.reserve(intent(f"in {other}"), run="r", caps=caps).outcome == "granted"


@pytest.mark.parametrize("end", ["failed", "released"])
def test_what_is_given_back_makes_no_room_in_another_month(ledger: Ledger, clock: Clock, end: str) -> None:
    """A reservation of November that is released in December gives December's cap no room."""
    clock.now = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    ledger.reserve(intent("a"), run="r", caps=[])
    if end == "failed":
        ledger.submitted(intent("a").key, 1, "g")
    clock.now = datetime(2026, 12, 1, 0, 1, tzinfo=UTC)
    if end == "failed":
        ledger.failed(intent("a").key, "g", "Job failed", FailureClass.SERVICE)
    else:
        ledger.release(intent("a").key, 1, "never sent")
    november, december = (ledger.spent("month", month, realm="luma") for month in ("2026-11", "2026-12"))
    assert (november, december) == (0, 0)
    assert ledger.creates("month", "2026-12", realm="luma") == 0
    caps = [Cap("month", "", PRICE, creates=1)]
    ledger.reserve(intent("b"), run="r", caps=caps)
    with pytest.raises(OverBudget):
        ledger.reserve(intent("c"), run="r", caps=caps)


async def test_a_slot_that_comes_free_here_is_taken_at_once(ledger: Ledger) -> None:
    """A shot that waits for a slot asks again when a generation of this process ends, and not only after its pause."""
    luma, asleep = Luma(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    gateway = PurchaseGateway(ledger, luma.provider, run="r", limits=ONE, sleep=sleep, jitter=lambda: 0.0)
    first = await gateway.purchase(intent("a"), PARAMS)
    second = asyncio.create_task(gateway.purchase(intent("b"), PARAMS))
    await asleep.wait()
    ledger.completed(first.order, first.generation_id)
    gateway.moved()
    assert (await second).bought


async def test_a_pause_that_the_service_asked_for_is_kept(ledger: Ledger, clock: Clock) -> None:
    """A generation that ends does not cut short a pause for which the service gave a time."""
    luma, slept = Luma(), Slept(clock)
    ledger.hold_back(intent("a").account, intent("a").pool, LimitKind.RATE, 40)

    begun: list[float] = []

    async def sleep(seconds: float) -> None:
        begun.append(seconds)
        if len(begun) == 1:
            gateway.moved()
        for _ in range(10):
            await asyncio.sleep(0)
        await slept(seconds)

    gateway = PurchaseGateway(ledger, luma.provider, run="r", limits=ONE, sleep=sleep, jitter=lambda: 0.0)
    assert (await gateway.purchase(intent("a"), PARAMS, on_wait=lambda _: None)).bought
    assert begun == slept.seconds == [40]
