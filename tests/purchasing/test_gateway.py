"""The purchase gateway: the outcome of a create in each case, row by row."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from studio.errors import Moderated, NotSent, OutOfCredit, OverBudget, RateLimited, Refused, Unauthorized
from studio.failures import FailureClass
from studio.ledger import Cap, Ledger, OrderState, Reservation
from studio.ledger.engine import open_engine
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.gateway import PurchaseGateway
from studio.wording import Surface, asked_from
from tests.support.books import Clock
from tests.support.luma import Luma, fail, refuse
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent


async def test_an_accepted_create_is_booked_with_its_id(ledger: Ledger, luma: Luma) -> None:
    """An accepted create is in the ledger with its price and its generation, and every parameter was sent."""
    placed = await place(gateway(ledger, luma))
    row = ledger.order(intent().key)
    assert placed.bought
    assert row is not None
    assert (row.state, row.generation_id) == (OrderState.SUBMITTED, "generation-1")
    assert spent(ledger) == PRICE
    assert luma.sent == [PARAMS]
    assert [e.kind for e in ledger.entries(row.key)] == ["reserved", "submitted"]


async def test_the_same_order_is_bought_once(ledger: Ledger, luma: Luma) -> None:
    """Placing an order again, from another run, sends nothing and costs nothing."""
    await place(gateway(ledger, luma))
    again = await place(gateway(ledger, luma, run="another run"))
    assert not again.bought
    assert again.generation_id == "generation-1"
    assert len(luma.sent) == 1
    assert spent(ledger) == PRICE


async def test_two_at_once_buy_once(ledger: Ledger, luma: Luma) -> None:
    """Two tasks that place the same order at the same moment make one purchase between them."""
    placed = await asyncio.gather(*(PurchaseGateway.purchase(d, intent(), PARAMS, on_wait=lambda _: None) for d in (
        PurchaseGateway(ledger, luma.provider, run="one"),
        PurchaseGateway(ledger, luma.provider, run="two"))))  # fmt: skip
    assert len(luma.sent) == 1
    assert sorted(p.bought for p in placed) == [False, True]


async def test_what_is_finished_is_not_bought_again(ledger: Ledger, luma: Luma) -> None:
    """An order whose generation is completed is not bought again, and is returned as completed."""
    first = await place(gateway(ledger, luma))
    ledger.completed(intent().key, first.generation_id)
    again = await place(gateway(ledger, luma, run="another run"))
    assert (again.generation_id, again.completed, again.bought) == ("generation-1", True, False)
    assert (len(luma.sent), spent(ledger)) == (1, PRICE)


async def test_who_comes_while_it_is_being_sent_waits_for_what_comes_of_it(ledger: Ledger, luma: Luma) -> None:
    """While one run's create is under way, another run with the same order waits, is told so, and gets its result."""
    sent, answer, told = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            response = luma(request)
            sent.set()
            await answer.wait()
            return response

    def on_wait(why: str) -> None:
        assert why == "another run is sending this order"
        told.set()

    provider = DreamMachine(api_key="k", base_url="https://api.example/dream-machine/v1", transport=Slow())
    first = asyncio.create_task(PurchaseGateway(ledger, lambda: provider, run="first").purchase(intent(), PARAMS))
    await sent.wait()
    second = asyncio.create_task(gateway(ledger, luma, run="second").purchase(intent(), PARAMS, on_wait=on_wait))
    await told.wait()
    answer.set()
    placed = await asyncio.gather(first, second)
    assert [(p.generation_id, p.bought) for p in placed] == [("generation-1", True), ("generation-1", False)]
    assert len(luma.sent) == 1


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_what_was_never_sent_is_released(ledger: Ledger, luma: Luma, error: type[httpx.TransportError]) -> None:
    """A create that was never sent is released in the ledger, and may be placed again."""
    luma.script = [fail(error)]
    with pytest.raises(NotSent, match="cannot be reached"):
        await place(gateway(ledger, luma))
    assert spent(ledger) == 0
    assert ledger.order(intent().key).state is OrderState.RELEASED
    assert (await place(gateway(ledger, luma))).bought
    assert spent(ledger) == PRICE


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Refused),
        (401, Unauthorized),
        (402, OutOfCredit),
        (403, Unauthorized),
        (404, Refused),
        (413, Refused),
        (422, Refused),
    ],
)
async def test_a_refusal_is_final_and_free(ledger: Ledger, luma: Luma, status: int, error: type[Exception]) -> None:
    """A 4xx is sent once, costs nothing, and its error names the scene and the service's own words."""
    luma.script = [refuse(status, "400: Prompt is too short, minimum length is 3 characters")]
    with pytest.raises(error, match=r"scene 'a'.*Prompt is too short"):
        await place(gateway(ledger, luma))
    assert len(luma.sent) == 1
    assert spent(ledger) == 0


async def test_429_waits_as_asked_and_sends_again(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A rate limit is waited out for as long as Retry-After says; nothing is reserved meanwhile."""
    luma.script = [refuse(429, retry_after="7"), refuse(429)]
    slept = Slept(clock)
    placed = await place(gateway(ledger, luma, sleep=slept))
    assert placed.bought
    assert slept.seconds == [7.0, 2.0]
    assert [e.kind for e in ledger.entries(intent().key)] == [
        "reserved", "released", "reserved", "released", "reserved", "submitted",
    ]  # fmt: skip
    assert spent(ledger) == PRICE


async def test_429_for_ever_ends(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The rate limit is the error once patience is over, and the ledger has no price left reserved."""
    luma.script = [refuse(429, retry_after="30")] * 3
    with pytest.raises(RateLimited):
        await place(gateway(ledger, luma, patience=50, sleep=Slept(clock)))
    assert len(luma.sent) == 2
    assert spent(ledger) == 0


async def test_cancelled_between_sending_and_knowing_is_in_doubt(ledger: Ledger, luma: Luma) -> None:
    """A run that is stopped while its create is under way leaves the order in doubt."""
    sent = asyncio.Event()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sent.set()
            await asyncio.Event().wait()
            raise AssertionError("never")

    provider = DreamMachine(api_key="k", base_url="https://api.example", transport=Slow())
    task = asyncio.create_task(PurchaseGateway(ledger, lambda: provider, run="run").purchase(intent(), PARAMS))
    await sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.order(intent().key).state is OrderState.IN_DOUBT


async def test_who_slept_while_asking_for_the_time_asks_again(url: str, luma: Luma, clock: Clock) -> None:
    """The time that passes on this machine while the ledger's answer is slow counts too."""
    slept: list[float] = []

    class Sleepy(Ledger):
        def now(self) -> datetime:
            told = super().now()
            if not slept and self.order(intent().key) is not None:
                slept.append(300.0)
                clock.now += timedelta(seconds=300)
            return told

    books = Sleepy(open_engine(url), clock=clock)
    began = clock.now
    passed = lambda: (clock.now - began).total_seconds()  # noqa: E731
    placed = await place(gateway(books, luma, sleep=Slept(clock), passed=passed))
    assert (placed.attempt, placed.bought, len(luma.sent)) == (2, True, 1)
    kinds = [entry.kind for entry in books.entries(intent().key)]
    assert kinds == ["reserved", "released", "reserved", "submitted"]


@pytest.mark.parametrize("taken", [True, False])
async def test_who_slept_before_sending_asks_again(url: str, luma: Luma, clock: Clock, *, taken: bool) -> None:
    """A sender that slept past its lease sends nothing by it, since its order may be ``taken`` by then."""

    class Sleepy(Ledger):
        slept = False

        def reserve(self, *args: Any, **kwargs: Any) -> Reservation:
            reservation = super().reserve(*args, **kwargs)
            if not self.slept:
                self.slept = True
                clock.now += timedelta(minutes=10)
                if taken:
                    self.doubt_abandoned()
                    self.release(intent().key, 1, "not on the account's list after the grace period")
                    again = super().reserve(*args, **kwargs)
                    self.submitted(intent().key, again.order.attempt, luma.accept(PARAMS)["id"])
            return reservation

    books = Sleepy(open_engine(url), clock=clock)
    placed = await place(gateway(books, luma, sleep=Slept(clock)))
    assert (placed.generation_id, placed.attempt, placed.bought) == ("generation-1", 2, not taken)
    assert len(luma.sent) == (0 if taken else 1)
    kinds = [entry.kind for entry in books.entries(intent().key)]
    assert kinds == ["reserved", *(["in doubt"] if taken else []), "released", "reserved", "submitted"]
    assert spent(books) == PRICE


async def test_what_is_left_of_a_lease_must_last_for_the_create(url: str, luma: Luma, clock: Clock) -> None:
    """A sender whose lease might end before the answer arrives reserves the order anew."""

    class Sleepy(Ledger):
        slept = False

        def reserve(self, *args: Any, **kwargs: Any) -> Reservation:
            reservation = super().reserve(*args, **kwargs)
            if not self.slept:
                self.slept = True
                clock.now += timedelta(seconds=60)
            return reservation

    books = Sleepy(open_engine(url), clock=clock)
    placed = await place(gateway(books, luma, sleep=Slept(clock)))
    assert (placed.attempt, placed.bought, len(luma.sent)) == (2, True, 1)
    books.close()


async def test_what_a_dead_sender_sent_is_found(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An order whose sender died is in doubt once its lease is over: it is found, and not sent again."""
    ledger.reserve(replace(intent(), sent=PARAMS), run="killed", caps=[])
    luma.accept(PARAMS)
    clock.now += timedelta(minutes=5)
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, placed.bought, luma.sent) == ("generation-1", False, [])
    assert [e.note for e in ledger.entries(intent().key)][1] == "its sender died"


async def test_a_cap_is_checked_where_money_is_spent(ledger: Ledger, luma: Luma) -> None:
    """An order over a cap is neither written nor sent; one that just fits is bought."""
    caps = [Cap("run", "run", PRICE * 2)]
    for name in ("a", "b"):
        await place(gateway(ledger, luma, *caps), intent(name))
    with pytest.raises(OverBudget, match=r"\$2.13.*\$1.42") as error:
        await place(gateway(ledger, luma, *caps), intent("c"))
    assert error.value.cap == PRICE * 2
    assert len(luma.sent) == 2
    assert ledger.order(intent("c").key) is None


async def test_the_cap_of_a_month_counts_that_month(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Spending until October's last microsecond (UTC) does not count against November's cap."""
    clock.now = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)
    await place(gateway(ledger, luma))
    clock.now = datetime(2026, 11, 1, tzinfo=UTC)
    await place(gateway(ledger, luma, Cap("month", "2026-11", PRICE)), intent("b"))
    with pytest.raises(OverBudget):
        await place(gateway(ledger, luma, Cap("month", "2026-11", PRICE)), intent("c"))


async def test_a_failed_generation_is_refunded_and_may_be_ordered_again(ledger: Ledger, luma: Luma) -> None:
    """An order that the service failed costs nothing, and its next attempt is a new purchase."""
    await place(gateway(ledger, luma))
    ledger.failed(intent().key, "generation-1", "Job failed", FailureClass.SERVICE)
    assert spent(ledger) == 0
    again = await place(gateway(ledger, luma))
    assert (again.attempt, again.generation_id, again.bought) == (2, "generation-2", True)
    assert spent(ledger) == PRICE


async def test_moderation_is_final(ledger: Ledger, luma: Luma) -> None:
    """An order that moderation refused is not sent again; the error says what to change."""
    await place(gateway(ledger, luma))
    ledger.failed(intent().key, "generation-1", "Frame moderation failed", FailureClass.MODERATION)
    said = r"(?s)Frame moderation failed.*change the scene.*--retake a"
    with pytest.raises(Moderated, match=said), asked_from(Surface.COMMAND):
        await place(gateway(ledger, luma))
    assert len(luma.sent) == 1


async def test_moderation_may_be_tried_again_by_who_wants_it(ledger: Ledger, luma: Luma) -> None:
    """``retry_moderation`` orders a refused input so many times again, each refunded, and no more."""
    slept = Slept()
    door_ = PurchaseGateway(ledger, luma.provider, run="run", sleep=slept, retry_moderation=1)
    for number in (1, 2):
        await place(door_)
        ledger.failed(
            intent().key, f"generation-{number}", "Advanced prompt moderation failed", FailureClass.MODERATION
        )
    with pytest.raises(Moderated, match="prompt"):
        await place(door_)
    assert len(luma.sent) == 2
    assert spent(ledger) == 0


async def test_no_secret_in_an_error(ledger: Ledger, luma: Luma) -> None:
    """An error's text holds neither the key nor a URL that the service repeats."""
    luma.script = [refuse(400, "cannot read https://bucket.example/a.png?X-Signature=SECRET")]
    with pytest.raises(Refused) as error:
        await place(gateway(ledger, luma))
    told = str(error.value) + "".join(str(e.note) for e in ledger.entries(intent().key))
    assert "SECRET" not in told
    assert "luma-secret-key" not in told
