"""Recovery of a lost answer: its generation is found, waited for, or left to a person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from studio.errors import InDoubt
from studio.ledger import Ledger, OrderState
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.gateway import PurchaseGateway
from studio.wording import Surface
from tests.support.books import Clock
from tests.support.luma import Luma, fail, refuse
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent, witness

AMBIGUOUS = {
    "read time-out": lambda luma: luma.lose(httpx.ReadTimeout),
    "write time-out": lambda luma: luma.lose(httpx.WriteTimeout),
    "reset": lambda luma: luma.lose(httpx.ReadError),
    "disconnected": lambda luma: luma.lose(httpx.RemoteProtocolError),
    "408": lambda luma: luma.garble(408, b"{}"),
    "500": lambda luma: luma.garble(500, b'{"detail": "oops"}'),
    "502 html": lambda luma: luma.garble(502, b"<html>", "text/html"),
    "503": lambda luma: luma.garble(503, b""),
    "200 html": lambda luma: luma.garble(200, b"<html>hello</html>", "text/html"),
    "half a JSON": lambda luma: luma.garble(201, b'{"id": "gener'),
    "no id": lambda luma: luma.garble(201, b'{"state": "queued"}'),
    "a list": lambda luma: luma.garble(201, b"[]"),
    "null": lambda luma: luma.garble(201, b"null"),
    "303": lambda luma: luma.garble(303, b"{}"),
    "307": lambda luma: luma.garble(307, b"{}"),
    "409": lambda luma: luma.garble(409, b'{"detail": "conflict"}'),
    "418": lambda luma: luma.garble(418, b"{}"),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
async def test_a_lost_answer_is_found_again(ledger: Ledger, luma: Luma, case: str) -> None:
    """A create whose answer was lost in any way is found on the account's list and adopted, not sent again."""
    luma.script = [AMBIGUOUS[case](luma)]
    placed = await place(gateway(ledger, luma))
    assert (placed.generation_id, placed.bought, len(luma.sent)) == ("generation-1", True, 1)
    assert [e.kind for e in ledger.entries(intent().key)] == ["reserved", "in doubt", "adopted"]
    assert spent(ledger) == PRICE


@pytest.mark.parametrize("case", AMBIGUOUS)
async def test_without_a_list_a_lost_answer_is_never_sent_again(ledger: Ledger, luma: Luma, case: str) -> None:
    """An order at a service without a list stays in doubt, its price reserved; the error names both commands."""
    luma.script, luma.lists = [AMBIGUOUS[case](luma)], False
    with pytest.raises(InDoubt) as first:
        await place(gateway(ledger, luma))
    with pytest.raises(InDoubt):
        await place(gateway(ledger, luma, run="another run"))
    assert len(luma.sent) == 1
    assert luma.calls.count("GET /generations") == 2  # a list that is refused is not asked for again
    assert spent(ledger) == PRICE
    assert "--adopt" in first.value.worded(Surface.COMMAND)
    assert "--release" in first.value.worded(Surface.COMMAND)
    assert "scene 'a'" in str(first.value)


async def test_a_service_that_has_no_list_is_asked_for_none(ledger: Ledger, luma: Luma) -> None:
    """A provider without a list (Luma Agents) leaves a lost answer in doubt at once, without a call."""

    class WithoutList(DreamMachine):
        has_list = False

    luma.script = [luma.lose()]
    provider = WithoutList(
        api_key="k", base_url="https://api.example/dream-machine/v1", transport=httpx.MockTransport(luma)
    )
    with pytest.raises(InDoubt):
        await place(PurchaseGateway(ledger, lambda: provider, run="run"))
    assert luma.calls == ["POST /generations/video"]
    assert (ledger.order(intent().key).state, spent(ledger)) == (OrderState.IN_DOUBT, PRICE)


async def test_the_grace_period_does_not_end_during_a_look(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A list that was asked for within the grace period, and came after it, does not prove absence."""
    luma.script = [fail(httpx.ReadTimeout)]

    class Late(httpx.AsyncBaseTransport):
        """A service whose first list is slow, and whose create arrives just after that list was made."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            response = luma(request)
            if request.url.path.endswith("/generations") and not luma.generations:
                clock.now += timedelta(seconds=100)
                luma.accept(luma.sent[0])
            return response

    provider = DreamMachine(api_key="k", base_url="https://api.example/dream-machine/v1", transport=Late())
    placed = await place(PurchaseGateway(ledger, lambda: provider, run="run", sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)


@pytest.mark.parametrize(("status", "after"), [(500, 90), (504, 155), (None, 155)])
async def test_what_was_not_accepted_is_sent_again_after_the_grace_period(
    ledger: Ledger, luma: Luma, clock: Clock, status: int | None, after: int
) -> None:
    """An ambiguous create that a complete list does not show is released after the grace period, and sent again.

    Where the service did not answer, the period begins when the request would have been given up at the latest.
    """
    witness(ledger, luma)
    luma.script = [refuse(status) if status else fail(httpx.ReadTimeout)]
    slept = Slept(clock)
    placed = await place(gateway(ledger, luma, sleep=slept))
    assert after <= sum(slept.seconds) < after + 5
    assert (placed.attempt, len(luma.sent)) == (2, 2)
    kinds = [e.kind for e in ledger.entries(intent().key)]
    assert kinds == ["reserved", "in doubt", "absent", "reserved", "submitted"]
    assert ledger.order(intent().key).absences == 1


async def test_an_empty_list_of_a_new_account_proves_nothing(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """With the first order of an account, and a list that never showed anything, a person has to decide."""
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="proves nothing"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (len(luma.sent), spent(ledger)) == (1, PRICE)


async def test_a_create_that_turns_up_late_is_adopted(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation that comes onto the list only after some looks is adopted all the same."""
    luma.script = [fail(httpx.ReadTimeout)]

    class Late(Slept):
        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            if len(self.seconds) == 3:
                luma.accept(luma.sent[0])

    placed = await place(gateway(ledger, luma, sleep=Late(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)


async def test_identical_requests_at_once_get_a_generation_each(ledger: Ledger, luma: Luma) -> None:
    """Two takes of the same request, both with lost answers, adopt two different generations."""
    luma.script = [luma.lose(), luma.lose()]
    placed = await asyncio.gather(*(place(gateway(ledger, luma), intent(n)) for n in ("a", "b")))
    assert sorted(p.generation_id for p in placed) == ["generation-1", "generation-2"]
    assert len(luma.sent) == 2
    assert spent(ledger) == PRICE * 2


@pytest.mark.parametrize("minutes", [-8, 8])
async def test_clocks_may_differ_by_minutes(ledger: Ledger, luma: Luma, minutes: int) -> None:
    """A lost order is found at a service whose clock is minutes ahead or behind."""
    luma.script = [luma.lose()]
    luma.created_at = datetime(2026, 11, 22, 10, tzinfo=UTC) + timedelta(minutes=minutes)
    assert (await place(gateway(ledger, luma))).generation_id == "generation-1"


async def test_what_was_made_by_hand_is_not_taken(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation of another order, model or kind is not adopted, and raises no doubt."""
    witness(ledger, luma)
    await place(gateway(ledger, luma), intent("other"))
    luma.accept(PARAMS | {"prompt": "something else", "model": "ray-flash-2"})
    luma.accept(PARAMS | {"prompt": "a still"}, "image")
    luma.script = [fail(httpx.ReadTimeout)]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert placed.generation_id == "generation-6"
    assert len(luma.sent) == 3


async def test_what_was_made_by_hand_meanwhile_leaves_it_to_a_person(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation of that time and model with another prompt, in no order, may be ours: it is left to a person."""
    witness(ledger, luma)
    luma.accept(PARAMS | {"prompt": "something else"})
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="its words may be altered"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


async def test_an_echo_of_another_day_is_for_a_person(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """With a generation of the same prompt, but of yesterday by its clock, nothing is adopted or sent again."""
    witness(ledger, luma)
    luma.accept(PARAMS)["created_at"] = "2026-11-21T10:00:00Z"
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="in the same words, at another time"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


async def test_a_lost_answer_behind_hundreds_of_others(ledger: Ledger, luma: Luma) -> None:
    """A lost order is found behind hundreds of others: the list is read page by page back to its time."""

    def lose_and_bury(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept(body)
        for n in range(350):
            luma.accept({**body, "prompt": f"other {n}"})
        raise httpx.ReadTimeout("lost", request=request)

    luma.script = [lose_and_bury]
    assert (await place(gateway(ledger, luma))).generation_id == "generation-1"
    # Page by page back to the order, and then to the list's end, for what may speak for another buyer.
    assert luma.calls.count("GET /generations") == 4 + 5


async def test_a_list_that_cannot_be_read_back_proves_nothing(ledger: Ledger, luma: Luma) -> None:
    """An order that the list does not reach back to stays in doubt, and is not sent again."""

    def lose_and_bury(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept(body)
        for n in range(5100):
            luma.accept({**body, "prompt": f"other {n}"})
        raise httpx.ReadTimeout("lost", request=request)

    luma.script = [lose_and_bury]
    with pytest.raises(InDoubt):
        await place(gateway(ledger, luma, patience=0))
    assert len(luma.sent) == 1


async def test_an_order_of_another_account_is_not_given_up(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An order sent with another key, which this account's list cannot show, stays in doubt, however old it is."""
    old = replace(intent(account="luma-old"), sent=PARAMS)
    ledger.reserve(old, run="r", caps=[])
    ledger.doubt(old.key, 1, "lost")
    luma.accept(PARAMS)  # this account's, in the same words
    clock.now += timedelta(days=1)
    with pytest.raises(InDoubt, match="another API key"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (luma.sent, ledger.claimed("luma", ["generation-1"])) == ([], set())


async def test_a_callback_url_makes_the_match_certain(ledger: Ledger, luma: Luma) -> None:
    """With a callback URL a create has its order's token, and only the generation with that token is adopted."""

    def lose_among_twins(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept({k: v for k, v in body.items() if k != "callback_url"})
        luma.accept(body)
        luma.accept(body | {"callback_url": "https://hook.example/?studio_order=another.1"})
        raise httpx.ReadTimeout("lost", request=request)

    luma.script = [lose_among_twins]
    placed = await place(gateway(ledger, luma, callback_url="https://hook.example/luma?x=1"))
    assert placed.generation_id == "generation-2"
    token = f"{ledger.id[:8]}.{intent().key[:40]}.1"
    assert luma.sent[0]["callback_url"] == f"https://hook.example/luma?x=1&studio_order={token}"


async def test_a_callback_counts_whatever_the_time(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The generation with an attempt's token is adopted, even if it is of yesterday by the service's clock."""
    luma.script, luma.created_at = [luma.lose()], clock.now - timedelta(days=1)
    placed = await place(gateway(ledger, luma, sleep=Slept(clock), callback_url="https://hook.example/luma"))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)


async def test_an_outage_while_looking_is_sat_out(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """While the list cannot be read, the order stays in doubt; it is settled when the list can be read again."""
    luma.script, luma.outage = [luma.lose()], 3
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)
