"""Orders that a list does not show, or that may be another's there: sending them again, and late arrivals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from studio.errors import InDoubt, OverBudget
from studio.ledger import Cap, Doubt, Ledger, OrderRow, OrderState
from studio.ledger.sightings import Sighting, keep_sightings, tells_callbacks
from studio.purchasing.recovery import Grace, LostOrderResolver
from tests.support.books import Clock
from tests.support.lost_answers import lost
from tests.support.luma import Luma, fail, refuse
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent, witness


async def test_a_second_doubt_of_an_order_goes_to_a_person(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A service that always answers 500 and never accepts gets two creates, and then there is one clear error."""
    witness(ledger, luma)
    luma.script = [refuse(500)] * 50
    with pytest.raises(InDoubt, match="sent again once because the list did not show it"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    with pytest.raises(InDoubt):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 2


async def test_what_was_released_by_absence_stays_in_every_cap(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """With a service that accepts but lists nothing, no more creates are sent than the cap covers."""
    witness(ledger, luma)
    luma.arranged = lambda newest: [g for g in newest if g["id"] in ("generation-1", "generation-2")]
    luma.script = [luma.lose()] * 50
    caps = [Cap("production", "film", PRICE), Cap("month", "", PRICE * 3), Cap("run", "run", PRICE)]
    with pytest.raises(OverBudget, match="perhaps spent"):
        await place(gateway(ledger, luma, *caps, sleep=Slept(clock)))
    with pytest.raises(OverBudget):
        await place(gateway(ledger, luma, *caps, sleep=Slept(clock)), intent("b"))
    assert len(luma.sent) == 1
    assert spent(ledger) == PRICE


async def test_what_was_accepted_long_after_its_client_was_killed_is_found(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """A create killed after 25 s and accepted after 120 s is found: the grace period starts after the longest call."""
    witness(ledger, luma)
    wanted = intent("a", sent=PARAMS)
    ledger.reserve(wanted, run="killed", caps=[])
    clock.now += timedelta(seconds=25)
    ledger.doubt(wanted.key, 1, "broken off", Doubt.ABANDONED)

    class Late(Slept):
        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            if sum(self.seconds) > 95 and len(luma.generations) == 2:
                luma.accept(PARAMS)

    placed = await place(gateway(ledger, luma, sleep=Late(clock)))
    assert (placed.generation_id, luma.sent) == ("generation-3", [])


async def test_absence_becomes_certain_after_a_day(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An order released as absent is looked for again: if found, it is adopted; after a day it no longer counts."""
    witness(ledger, luma)
    ledger.completed(intent("ended").key, "generation-1")
    wanted = intent("a", sent=PARAMS)
    ledger.reserve(wanted, run="r", caps=[])
    ledger.doubt(wanted.key, 1, "lost")
    ledger.release_absent(wanted.key, 1, "not on the list")
    settler = LostOrderResolver(ledger, luma.provider(), grace=Grace(90))
    (row,) = ledger.suspended("luma")
    for hours in (0, 2, 21):  # the list proves it long before, and a day passes all the same
        clock.now += timedelta(hours=hours)
        assert await settler.look_again(row) == "waiting"
    clock.now += timedelta(hours=2)
    assert await settler.look_again(row) == "released"
    assert (spent(ledger), ledger.suspended("luma")) == (0, [])


async def test_an_attempt_that_another_one_followed_is_settled(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The first create of an order that was released as absent and sent again is booked, too, and counted once."""
    witness(ledger, luma)
    wanted = intent("a", sent=PARAMS)
    ledger.reserve(wanted, run="r", caps=[])
    ledger.doubt(wanted.key, 1, "lost")
    ledger.release_absent(wanted.key, 1, "not on the list")
    luma.accept(PARAMS)
    ledger.reserve(wanted, run="r", caps=[])
    second = luma.accept(PARAMS)["id"]
    ledger.submitted(wanted.key, 2, second)
    (attempt,) = ledger.suspended_attempts(ledger.suspended("luma")[0])
    assert (attempt.attempt, attempt.reserved_at) == (1, clock.now)
    assert await LostOrderResolver(ledger, luma.provider()).look_again(attempt) == "adopted"
    row = ledger.order(wanted.key)
    assert row is not None
    assert (row.generation_id, row.attempt, ledger.suspended("luma")) == (second, 2, [])
    assert spent(ledger) == PRICE * 2
    assert ledger.claimed("luma", ["generation-3", second]) == {"generation-3", second}


def absent(ledger: Ledger) -> OrderRow:
    """An order that was released because the list did not show it."""
    wanted = intent("a", sent=PARAMS)
    ledger.reserve(wanted, run="r", caps=[])
    ledger.doubt(wanted.key, 1, "lost")
    return ledger.release_absent(wanted.key, 1, "not on the list")


@pytest.mark.parametrize("case", ["in the way", "no witness"])
async def test_after_a_day_it_is_not_certain_without_a_proof(
    ledger: Ledger, luma: Luma, clock: Clock, case: str
) -> None:
    """An order goes on counting if its prompt is listed at another time, or nothing shows that the list is complete."""
    if case == "in the way":
        witness(ledger, luma)
        ledger.completed(intent("ended").key, "generation-1")
        luma.accept(PARAMS)["created_at"] = (clock.now - timedelta(days=7)).isoformat()
    row = absent(ledger)
    for hours in (0, 25):
        clock.now += timedelta(hours=hours)
        assert await LostOrderResolver(ledger, luma.provider()).look_again(row) == "waiting"
    assert (spent(ledger), len(ledger.suspended("luma"))) == (PRICE, 1)


async def test_what_turns_up_after_all_is_adopted(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation listed an hour after its order was released as absent is this order's, paid and counted once."""
    witness(ledger, luma)
    wanted = intent("a", sent=PARAMS)
    ledger.reserve(wanted, run="r", caps=[])
    ledger.doubt(wanted.key, 1, "lost")
    ledger.release_absent(wanted.key, 1, "not on the list")
    luma.accept(PARAMS)
    (row,) = ledger.suspended("luma")
    assert await LostOrderResolver(ledger, luma.provider()).look_again(row) == "adopted"
    found = ledger.order(wanted.key)
    assert found is not None
    assert (found.state, found.generation_id, spent(ledger)) == (OrderState.SUBMITTED, "generation-3", PRICE)
    assert ledger.suspended("luma") == []


async def test_without_a_witness_absence_counts_once_everything_has_ended(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """Absence counts after an hour, if only earlier generations are known and all are on the list."""
    witness(ledger, luma)
    luma.finish("generation-2")
    clock.now += timedelta(days=2)
    luma.created_at = clock.now
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match=r"in 5[0-9] minutes or later"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    clock.now += timedelta(hours=1)
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.attempt, len(luma.sent)) == (2, 2)


async def test_the_clip_of_another_ledger_is_not_adopted(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation whose callback names another ledger on the account is not adopted, though both order the same."""
    body = PARAMS | {"callback_url": f"https://hook.example/?studio_order=0123abcd.{intent().key[:40]}.1"}
    luma.accept(body)
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert ledger.claimed("luma", ["generation-1"]) == set()


async def test_the_clip_of_another_ledger_without_a_token_is_unclear(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Nothing is adopted where a double of a shot of ours shows that another ledger bought the same film."""
    await place(gateway(ledger, luma), intent("a"))
    luma.accept(PARAMS)  # the other ledger's of the same shot
    luma.accept(PARAMS | {"prompt": "the second scene"})
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="another ledger orders the same"):
        await gateway(ledger, luma, sleep=Slept(clock)).purchase(
            intent("b"), PARAMS | {"prompt": "the second scene"}, on_wait=lambda _: None
        )
    assert spent(ledger) == PRICE * 2


async def test_what_was_made_by_hand_in_our_words_is_not_adopted_where_callbacks_name_orders(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """A generation with the same prompt and no callback is not adopted where the service echoes our callbacks."""
    hook = "https://hook.example/luma"
    await place(gateway(ledger, luma, callback_url=hook), intent("other"))
    luma.accept(PARAMS)
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="its callback does not name this order"):
        await place(gateway(ledger, luma, callback_url=hook, sleep=Slept(clock)))
    assert ledger.claimed("luma", ["generation-2"]) == set()


async def test_what_was_made_by_hand_is_not_adopted_where_the_list_shows_none_of_ours(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """One of our generations is asked for by its id, if the list shows only a row made by hand with our prompt."""
    hook = "https://hook.example/luma"
    await place(gateway(ledger, luma, callback_url=hook), intent("other"))
    luma.arranged = lambda newest: newest[:1]
    luma.accept(PARAMS)
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="its callback does not name this order"):
        await place(gateway(ledger, luma, callback_url=hook, sleep=Slept(clock)))
    assert ledger.claimed("luma", ["generation-2"]) == set()


@pytest.mark.parametrize("seen_by", ["look", "poll"])
async def test_that_callbacks_are_told_is_remembered(ledger: Ledger, luma: Luma, clock: Clock, seen_by: str) -> None:
    """The generation that showed it is deleted since: what was made by hand in our words is not adopted for that."""
    hook = "https://hook.example/luma"
    other = await place(gateway(ledger, luma, callback_url=hook), intent("other"))
    wanted = replace(intent(), sent=PARAMS)
    ledger.reserve(wanted, run="run", caps=[])
    row = ledger.doubt(wanted.key, 1, "lost")
    settler = LostOrderResolver(ledger, luma.provider())
    if seen_by == "look":
        assert await settler.settle(row) == "waiting"
    else:
        token = ledger.order(other.order).token
        keep_sightings(ledger, "luma-1", [Sighting(other.generation_id, 0.0, unfinished=False, token=token)])
    luma.created_at = clock.now
    luma.accept(PARAMS)
    del luma.generations[other.generation_id]
    assert await LostOrderResolver(ledger, luma.provider()).settle(row) == "unclear"
    assert ledger.claimed("luma", ["generation-2"]) == set()
    clock.now += timedelta(days=31)
    assert not tells_callbacks(ledger, "luma-1"), "a service may have changed since"


ALTERED: dict[str, Callable[[str], str]] = {
    "cut": lambda prompt: prompt[:200],
    "reworded": lambda prompt: f"Cinematic: {prompt}",
    "translated": lambda prompt: "ein Leuchtturm",
}


@pytest.mark.parametrize("case", ALTERED)
async def test_a_prompt_that_the_list_alters_is_for_a_person(
    ledger: Ledger, luma: Luma, clock: Clock, case: str
) -> None:
    """A lost order whose prompt the list may have altered is left to a person: a generation is in the way."""
    witness(ledger, luma)
    prompt = "a lighthouse in a storm, " * 12
    altered = PARAMS | {"prompt": ALTERED[case](prompt), "generation_type": "video"}
    luma.script = [lost(luma, "video", request=altered)]
    with pytest.raises(InDoubt, match="generation generation-3"):
        await gateway(ledger, luma, sleep=Slept(clock)).purchase(
            intent("a"), PARAMS | {"prompt": prompt}, on_wait=lambda _: None
        )
    assert len(luma.sent) == 1


@pytest.mark.parametrize("echo", ["Cafe\u0301 &amp; \u201cbar\u201d", "Caf\u00e9  & \u201cbar\u201d"])
async def test_forms_of_letters_are_no_other_words(ledger: Ledger, luma: Luma, clock: Clock, echo: str) -> None:
    """A generation listed with composed letters or HTML entities has the same prompt, and is adopted."""
    luma.script = [lost(luma, "video", request=PARAMS | {"prompt": echo, "generation_type": "video"})]
    placed = await gateway(ledger, luma, sleep=Slept(clock)).purchase(
        intent("a"), PARAMS | {"prompt": "Caf\u00e9 & \u201cbar\u201d"}, on_wait=lambda _: None
    )
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)
