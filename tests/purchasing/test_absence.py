"""Proof by a list: an order is sent again only where our own generations show that the list is complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from studio.errors import InDoubt, ServiceError
from studio.failures import FailureClass
from studio.ledger import Doubt, Ledger
from studio.ledger.sightings import Sighting, keep_sightings, latest_by
from studio.providers import Generation, GenerationPage
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.listing import whole_list
from studio.purchasing.recovery import LostOrderResolver
from tests.support.books import Clock
from tests.support.lost_answers import lost
from tests.support.luma import Luma, fail
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent, witness

Shown = list[dict[str, Any]]


@pytest.mark.parametrize("hours", [-1, 1, 9])
async def test_an_exact_echo_outside_the_window_is_never_released(
    ledger: Ledger, luma: Luma, clock: Clock, hours: int
) -> None:
    """The echo of a lost first order, at a service whose clock is an hour off, is left to a person."""
    moment = clock.now + timedelta(hours=hours)
    luma.script = [lost(luma, "video", created_at=moment.isoformat())]
    with pytest.raises(InDoubt, match="in the same words, at another time"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    with pytest.raises(InDoubt):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (len(luma.sent), spent(ledger)) == (1, PRICE)


async def test_a_list_that_leaves_out_what_is_known_proves_nothing(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list without a generation of ours that is known by id, because it shows only ended ones, is no proof."""
    luma.arranged = lambda newest: [g for g in newest if g["state"] == "completed"]
    witness(ledger, luma)
    luma.script = [lost(luma, "video")]
    with pytest.raises(InDoubt, match="does not show generation generation-2"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    luma.finish("generation-3")
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 1)


async def test_a_list_that_leaves_out_an_earlier_attempt_proves_nothing(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """A list without the failed generation of an order that was sent again is not complete."""
    witness(ledger, luma)
    first = await place(gateway(ledger, luma))
    ledger.failed(intent().key, first.generation_id, "Job failed", FailureClass.SERVICE)
    luma.finish(first.generation_id, "failed", "Job failed")
    luma.arranged = lambda newest: [g for g in newest if g["id"] in ("generation-1", "generation-2")]
    luma.script = [lost(luma, "video")]
    with pytest.raises(InDoubt, match=f"does not show generation {first.generation_id}"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 2


async def test_a_list_that_shows_only_what_is_being_made_proves_nothing(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """A list that leaves out ended generations, the lost one and another of ours, proves nothing."""
    luma.arranged = lambda newest: [g for g in newest if g["state"] != "completed"]
    witness(ledger, luma)
    luma.script = [lost(luma, "video", state="completed")]
    with pytest.raises(InDoubt, match="does not show generation generation-1"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


@pytest.mark.parametrize("lag", [30, 120, 600])
async def test_a_list_that_lags_is_waited_for_or_left_to_a_person(
    ledger: Ledger, luma: Luma, clock: Clock, lag: int
) -> None:
    """A create that the list shows so many seconds late is adopted if it comes in time, and never sent again."""
    accepted: dict[str, datetime] = {}

    def late(newest: Shown) -> Shown:
        for generation in newest:
            accepted.setdefault(generation["id"], clock.now)
        return [g for g in newest if clock.now - accepted[g["id"]] >= timedelta(seconds=lag)]

    luma.arranged = late
    luma.created_at = clock.now
    first = await place(gateway(ledger, luma), intent("other"))
    luma.script = [lost(luma, "video")]
    try:
        placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
        assert placed.generation_id != first.generation_id
        assert lag < 155
    except InDoubt:
        assert lag > 155
    assert len(luma.sent) == 2


@pytest.mark.parametrize("shown", [-50, 50], ids=["seen to come late", "there when first looked at"])
@pytest.mark.parametrize("lag", [100, 200, 400])
async def test_a_list_that_lags_longer_than_the_order_is_old_proves_nothing(
    ledger: Ledger, luma: Luma, clock: Clock, lag: int, shown: int
) -> None:
    """An order that may come onto the list as late as older generations did is waited for."""
    witness(ledger, luma)
    accepted = {f"generation-{n}": clock.now for n in (1, 2)}

    def late(newest: Shown) -> Shown:
        for generation in newest:
            accepted.setdefault(generation["id"], clock.now)
        return [g for g in newest if clock.now - accepted[g["id"]] >= timedelta(seconds=lag)]

    luma.arranged = late
    clock.now += timedelta(seconds=lag + shown)
    luma.created_at = clock.now
    luma.script = [lost(luma, "video")]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 1)


@pytest.mark.parametrize("lag", [200, 400])
async def test_when_a_lost_answer_was_found_says_nothing_of_how_late_the_list_is(
    ledger: Ledger, luma: Luma, clock: Clock, lag: int
) -> None:
    """An adopted order is booked long after it was accepted, so its booking tells nothing of the list's delay."""
    witness(ledger, luma)
    found = replace(intent("found", production="another"), sent=PARAMS | {"prompt": "found"})
    ledger.reserve(found, run="another", caps=[])
    ledger.doubt(found.key, 1, "lost")
    adopted = str(luma.accept(PARAMS | {"prompt": "found"})["id"])
    accepted = dict.fromkeys(("generation-1", "generation-2", adopted), clock.now)

    def late(newest: Shown) -> Shown:
        for generation in newest:
            accepted.setdefault(generation["id"], clock.now)
        return [g for g in newest if clock.now - accepted[g["id"]] >= timedelta(seconds=lag)]

    luma.arranged = late
    clock.now += timedelta(seconds=lag + 50)
    ledger.adopt(found.key, adopted, "found again on the account's list")
    keep_sightings(ledger, "luma-1", [Sighting(adopted, 0.0, unfinished=True)])
    luma.finish(adopted)
    luma.created_at = clock.now
    luma.script = [lost(luma, "video")]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-4", 1)


async def test_a_purchase_that_was_booked_from_a_recorded_result_is_no_witness(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """Its time of acceptance is unknown, so neither the list's delay nor the service's clock is learnt from it."""
    made = str(luma.accept(PARAMS | {"prompt": "recorded"})["id"])
    clock.now += timedelta(hours=3)
    ledger.book_found(intent("recorded"), run="another", attempt=1, generation_id=made, note="from a result")
    keep_sightings(ledger, "luma-1", [Sighting(made, 0.0, unfinished=True)])
    luma.finish(made)
    luma.created_at = clock.now
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="no other generation"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


async def test_the_grace_period_learns_from_the_list(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Absence counts only after three times the delay with which known generations came onto the list."""
    witness(ledger, luma)
    keep_sightings(ledger, "luma-1", [Sighting("generation-1", 100.0, unfinished=True)])
    assert latest_by(ledger, "luma-1") == 100.0
    luma.script = [fail(httpx.ReadTimeout)]
    slept = Slept(clock)
    await place(gateway(ledger, luma, sleep=slept))
    assert 365 <= sum(slept.seconds) < 385


async def test_a_row_that_a_deletion_hides_between_two_pages_is_seen(luma: Luma) -> None:
    """All remaining rows are seen, even if three are deleted between two pages and the others move up."""
    names = [luma.accept(PARAMS | {"prompt": f"number {n}"})["id"] for n in range(150)][::-1]
    deleted = names[:3]

    class Deleting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            response = luma(request)
            for name in deleted:
                luma.generations.pop(name, None)
            return response

    provider = DreamMachine(api_key="k", base_url="https://api.example/dream-machine/v1", transport=Deleting())
    assert set(await whole_list(provider)) == set(names)


async def test_unfinished_ones_that_stand_last_are_seen(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A hundred descending rows are no proof of "newest first": unfinished ones on the second page are seen."""

    def last(newest: Shown) -> Shown:
        return [g for g in newest if g["state"] == "completed"] + [g for g in newest if g["state"] != "completed"]

    luma.arranged = last
    for n in range(150):
        old = luma.accept(PARAMS | {"prompt": f"old {n}"})
        old |= {"state": "completed", "created_at": (clock.now - timedelta(hours=200 - n)).isoformat()}
    luma.script = [lost(luma, "video")]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-151", 1)


class Pages:
    """A service with the pages that a test gives for each offset."""

    has_list = True
    clock = None

    def __init__(self, pages: Callable[[int], GenerationPage]) -> None:
        self._pages = pages

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        return self._pages(offset)


def rows(*numbers: int) -> tuple[Generation, ...]:
    return tuple(Generation(f"g-{n}", "completed") for n in numbers)


async def test_a_list_is_read_on_where_the_service_says_there_is_no_more() -> None:
    """Whatever ``has_more`` says, a list is read until a page has no new rows."""

    def ten(offset: int) -> GenerationPage:
        return GenerationPage(rows(*range(offset, min(offset + 10, 25))), has_more=False)

    assert len(await whole_list(Pages(ten))) == 25


@pytest.mark.parametrize("case", ["the same again", "a gap"])
async def test_pages_that_do_not_fit_together_prove_nothing(case: str) -> None:
    """A service that ignores the offset, or whose pages have nothing in common, cannot be read."""

    def pages(offset: int) -> GenerationPage:
        start = 0 if case == "the same again" or offset == 0 else offset + 50
        return GenerationPage(rows(*range(start, start + 100)), has_more=True)

    with pytest.raises(ServiceError, match=r"again and again|do not fit together"):
        await whole_list(Pages(pages))


async def test_a_list_that_is_cut_off_before_the_order_proves_nothing(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list of only the newest two rows, and "no more", lacks generations from before the order, though it has its
    witnesses."""
    await place(gateway(ledger, luma), intent("older"))
    luma.finish("generation-1")
    luma.script = [lost(luma, "video")]
    clock.now += timedelta(seconds=1)
    wanted = intent("a", sent=PARAMS | {"prompt": "x"})
    ledger.reserve(wanted, run="r", caps=[])
    ledger.doubt(wanted.key, 1, "lost", Doubt.ANSWERED)
    luma.accept(PARAMS | {"prompt": "x"})
    clock.now += timedelta(seconds=1)
    witness(ledger, luma)
    luma.arranged = lambda newest: newest[:2]
    clock.now += timedelta(seconds=100)
    settler = LostOrderResolver(ledger, luma.provider())
    row = ledger.order(wanted.key)
    assert row is not None
    assert await settler.settle(row) == "unclear"
    assert "generation-1" in settler.why


async def test_a_row_that_cannot_be_read_may_be_the_one(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list with a row that cannot be read proves nothing: the order stays in doubt."""
    witness(ledger, luma)
    luma.arranged = lambda newest: [*newest, None]
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="cannot be read"):
        await place(gateway(ledger, luma, sleep=Slept(clock), patience=300))
    assert len(luma.sent) == 1


async def test_the_service_s_clock_is_measured(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The Date of every answer tells how far the service's clock is ahead of this machine's."""

    def dated(request: httpx.Request) -> httpx.Response:
        moment = datetime.now(UTC) + timedelta(hours=1)
        return httpx.Response(200, json={"message": "pong"}, headers={"date": f"{moment:%a, %d %b %Y %H:%M:%S GMT}"})

    provider = DreamMachine(
        api_key="k", base_url="https://api.example/dream-machine/v1", transport=httpx.MockTransport(dated)
    )
    assert provider.clock.ahead is None
    await provider.ping()
    assert abs(provider.clock.ahead - timedelta(hours=1)) < timedelta(seconds=30)
    assert Decimal(0) == spent(ledger)
