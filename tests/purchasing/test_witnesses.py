"""Our generations as witnesses for a list, and as a measure of the service's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from studio.errors import InDoubt
from studio.ledger import Ledger
from studio.ledger.sightings import Sighting, keep_sightings
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.gateway import PurchaseGateway
from tests.support.books import Clock
from tests.support.lost_answers import lost, picture
from tests.support.luma import Luma, fail
from tests.support.orders import PARAMS, Slept, gateway, intent, place, witness


def known(ledger: Ledger, luma: Luma, name: str, *, ended: bool, **changes: Any) -> str:
    """Place an order of ours whose generation is known. Returns its id."""
    body = PARAMS | {"prompt": name}
    wanted = replace(intent(name, production="another", **changes), sent=body)
    ledger.reserve(wanted, run="another", caps=[])
    generation = str(luma.accept(body)["id"])
    ledger.submitted(wanted.key, 1, generation)
    if ended:
        luma.finish(generation)
    return generation


async def lose(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Place an order whose create is not accepted, and whose answer is lost."""
    luma.script = [fail(httpx.ReadTimeout)]
    await place(gateway(ledger, luma, sleep=Slept(clock)))


@pytest.mark.parametrize("ended", [True, False])
async def test_one_witness_must_be_in_the_making_and_one_ended(
    ledger: Ledger, luma: Luma, clock: Clock, *, ended: bool
) -> None:
    """A list that was seen to show only what has ended, or only what is being made, may leave out the other."""
    known(ledger, luma, "x", ended=ended)
    with pytest.raises(InDoubt, match=r"no other generation|to end, as a proof"):
        await lose(ledger, luma, clock)
    assert len(luma.sent) == 1


async def test_a_witness_that_was_seen_while_it_was_made_counts(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """One generation that was on the list unfinished, and is there now that it has ended, is a witness for both."""
    keep_sightings(ledger, "luma-1", [Sighting(known(ledger, luma, "x", ended=True), 0.0, unfinished=True)])
    await lose(ledger, luma, clock)
    assert len(luma.sent) == 2


@pytest.mark.parametrize("other", [{"model": "ray-flash-2"}, {"endpoint": "modify"}])
async def test_a_witness_is_of_the_same_kind(ledger: Ledger, luma: Luma, clock: Clock, other: dict[str, str]) -> None:
    """A listed generation of another model, or another kind of request, proves nothing, however old it is."""
    for name, ended in (("x", True), ("y", False)):
        known(ledger, luma, name, ended=ended, **other)
    with pytest.raises(InDoubt):
        await lose(ledger, luma, clock)
    clock.now += timedelta(hours=3)
    with pytest.raises(InDoubt, match="no other generation of this kind"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


async def test_a_witness_is_of_the_same_time(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list that was complete two days ago need not be complete now."""
    keep_sightings(ledger, "luma-1", [Sighting(known(ledger, luma, "x", ended=True), 0.0, unfinished=True)])
    clock.now += timedelta(days=2)
    luma.created_at = clock.now
    with pytest.raises(InDoubt, match=r"in 5[0-9] minutes or later"):
        await lose(ledger, luma, clock)
    assert len(luma.sent) == 1


async def test_what_is_missing_proves_nothing_whoever_bears_witness(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list with two witnesses, but without a third generation of another kind, is incomplete."""
    witness(ledger, luma)
    missing = known(ledger, luma, "x", ended=False, model="ray-flash-2")
    luma.arranged = lambda newest: [g for g in newest if g["id"] != missing]
    with pytest.raises(InDoubt, match=f"does not show generation {missing}"):
        await lose(ledger, luma, clock)
    assert len(luma.sent) == 1


async def test_without_a_witness_the_latest_must_be_there(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list that lacks one of our latest generations proves nothing, even after an hour."""
    ids = []
    for name in ("x", "y"):
        ids.append(known(ledger, luma, name, ended=True))
        clock.now += timedelta(seconds=1)
    luma.arranged = lambda newest: [g for g in newest if g["id"] != ids[0]]
    clock.now += timedelta(days=2)
    with pytest.raises(InDoubt):
        await lose(ledger, luma, clock)
    clock.now += timedelta(hours=2)
    with pytest.raises(InDoubt, match=f"does not show generation {ids[0]}"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


def contradicting(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Two witnesses whose times by the service contradict each other by five minutes."""
    witness(ledger, luma)
    luma.generations["generation-2"]["created_at"] = (clock.now + timedelta(minutes=5)).isoformat()


async def test_the_window_is_wide_where_known_generations_contradict_each_other(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """Known times that fit no single clock measure none, and an echo within ten minutes is found all the same."""
    contradicting(ledger, luma, clock)
    luma.script, luma.created_at = [luma.lose()], clock.now + timedelta(minutes=2)
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 1)


async def test_what_is_likely_and_outside_the_window_of_an_unknown_clock(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """A generation an hour off may be ours, if the service renames pictures and its clock is unknown."""
    contradicting(ledger, luma, clock)
    luma.created_at = clock.now + timedelta(hours=1)
    luma.script = [lambda request, body: lost(luma, "video")(request, picture("copy-1"))]
    with pytest.raises(InDoubt, match="generation-3 may be it"):
        await gateway(ledger, luma, sleep=Slept(clock)).purchase(intent("a"), picture("a"), on_wait=lambda _: None)
    assert len(luma.sent) == 1


async def test_the_date_of_an_answer_tells_the_service_s_clock(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The first order of an account is found at a service that is an hour ahead and says so in its answers."""

    class Dated(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            response = luma(request)
            moment = clock.now + timedelta(hours=1)
            response.headers["date"] = f"{moment:%a, %d %b %Y %H:%M:%S GMT}"
            return response

    provider = DreamMachine(api_key="k", base_url="https://api.example/dream-machine/v1", transport=Dated())
    luma.script, luma.created_at = [luma.lose()], clock.now + timedelta(hours=1)
    placed = await place(PurchaseGateway(ledger, lambda: provider, run="run", patience=600, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)
