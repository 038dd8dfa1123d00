"""The search for the generation that an order bought, by its echo, for every kind of create."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from studio.errors import InDoubt
from studio.ledger import Intent, Ledger, OrderState
from studio.providers.luma.echo import match_echo
from studio.providers.order_trace import traceable
from studio.purchasing.gateway import Placed
from studio.wording import Surface, asked_from
from tests.support.books import Clock
from tests.support.lost_answers import VIDEO, lost, never, picture
from tests.support.luma import Luma
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent, witness

MODIFY = {
    "model": "ray-2", "prompt": "rain", "mode": "flex_1", "generation_type": "modify_video",
    "media": {"url": "https://cdn/f.mp4?sig=1"}, "first_frame": {"url": "https://me/p.png"},
}  # fmt: skip
IMAGE = {
    "model": "photon-1", "prompt": "maya", "aspect_ratio": "16:9",
    "character_ref": {"identity0": {"images": ["https://me/a.png", "https://me/b.png"]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "sent", "echo", "expected"),
    [
        ("video", VIDEO, {**VIDEO, "generation_type": "video"}, "exact"),
        ("video", VIDEO, {**VIDEO, "generation_type": "modify_video"}, None),
        ("video", VIDEO, {**VIDEO, "character_ref": {"identity0": {"images": ["https://x"]}}}, None),
        ("modify", MODIFY, {**MODIFY, "media": {"url": "https://cdn/f.mp4?sig=2"}}, "exact"),
        ("modify", MODIFY, {**MODIFY, "media": {"url": "https://luma/kept-4711.mp4"}}, "likely"),
        ("modify", MODIFY, {**MODIFY, "mode": "flex_2"}, None),
        ("modify", MODIFY, {k: v for k, v in MODIFY.items() if k != "first_frame"}, None),
        ("modify", {k: v for k, v in MODIFY.items() if k != "first_frame"}, MODIFY, None),
        ("image", IMAGE, {**IMAGE, "generation_type": "image"}, "exact"),
        ("image", IMAGE, {**IMAGE, "character_ref": {"identity0": {"images": ["https://me/a.png"]}}}, None),
        ("image", IMAGE, {**IMAGE, "character_ref": {"identity1": {"images": ["https://me/a.png"]}}}, None),
        (
            "upscale",
            {"resolution": "4k", "id": "g"},
            {"resolution": "4k", "generation_type": "upscale_video"},
            "likely",
        ),
        ("upscale", {"resolution": "4k", "id": "g"}, {"resolution": "1080p"}, None),
        ("audio", {"prompt": "gulls", "id": "g"}, {"prompt": "gulls", "generation_type": "add_audio"}, "likely"),
        ("audio", {"prompt": "gulls", "id": "g"}, {"prompt": "gulls", "generation_type": "video"}, None),
    ],
)
def test_likeness(endpoint: str, sent: dict[str, Any], echo: dict[str, Any], expected: str | None) -> None:
    """Equal requests are exact, another URL of a picture is likely; any other difference makes another request."""
    assert match_echo(traceable(sent), echo, token="t", endpoint=endpoint) == expected


UPSCALE = {"resolution": "1080p"}


async def upscale(ledger: Ledger, luma: Luma, name: str, parent: str, slept: Slept) -> Placed:
    wanted = intent(name, endpoint="upscale")
    return await gateway(ledger, luma, sleep=slept).purchase(wanted, {**UPSCALE, "id": parent}, on_wait=lambda _: None)


@pytest.fixture
def luma() -> Luma:
    """An account with two finished clips of earlier that day."""
    service = Luma()
    for name in ("generation-1", "generation-2"):
        service.accept(VIDEO)["created_at"] = "2026-11-22T07:00:00Z"
        service.finish(name)
    return service


async def test_a_lone_upscale_is_found_again(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An upscale whose echo does not name the clip is adopted if nothing else was upscaled."""
    luma.script = [lost(luma)]
    placed = await upscale(ledger, luma, "a", "generation-1", Slept(clock))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 1)


async def test_two_upscales_that_look_alike_are_left_to_a_person(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """With two lost answers and generations that fit both, none is adopted by guessing, and none is sent again."""
    first = intent("a", endpoint="upscale")
    reserved = ledger.reserve(first, run="dead", caps=[])
    ledger.doubt(first.key, reserved.order.attempt, "no readable answer came back (ReadTimeout)")
    luma.accept(UPSCALE, "upscale_video")
    luma.script = [lost(luma)]
    with pytest.raises(InDoubt, match="--adopt"), asked_from(Surface.COMMAND):
        await upscale(ledger, luma, "b", "generation-2", Slept(clock))
    rows = [ledger.order(intent(name).key) for name in "ab"]
    assert [row.state for row in rows if row is not None] == [OrderState.IN_DOUBT] * 2
    assert len(luma.sent) == 1


async def test_an_upscale_that_was_not_accepted_is_sent_again(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An upscale with nothing like it on the list after the grace period may be sent again."""
    witness(ledger, luma, endpoint="upscale", asked="upscale_video")
    luma.script = [never]
    placed = await upscale(ledger, luma, "a", "generation-1", Slept(clock))
    assert (placed.generation_id, len(luma.sent)) == ("generation-5", 2)


def ordered(ledger: Ledger, name: str, sent: dict[str, Any], *, doubt: bool = True) -> Intent:
    """An order of another run that was sent and has no answer yet; with ``doubt``, none will come."""
    wanted = replace(intent(name), sent=traceable(sent))
    reserved = ledger.reserve(wanted, run="other", caps=[])
    if doubt:
        ledger.doubt(wanted.key, reserved.order.attempt, "no readable answer came back (ReadTimeout)")
    return wanted


async def begin(ledger: Ledger, luma: Luma, slept: Slept, sent: dict[str, Any]) -> Placed:
    return await gateway(ledger, luma, sleep=slept).purchase(intent("a"), sent, on_wait=lambda _: None)


async def test_what_another_order_is_surely_after_is_left_to_it(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation with exactly the other order's picture is not ours, even if ours may have another URL there."""
    witness(ledger, luma)
    theirs = ordered(ledger, "b", picture("b"))
    luma.accept(picture("b"))
    luma.script = [never]
    placed = await begin(ledger, luma, Slept(clock), picture("a"))
    assert (placed.generation_id, len(luma.sent)) == ("generation-6", 2)
    row = ledger.order(theirs.key)
    assert row is not None
    assert row.state is OrderState.IN_DOUBT


async def test_pictures_that_look_alike_on_the_list_are_left_to_a_person(
    ledger: Ledger, luma: Luma, clock: Clock
) -> None:
    """Two lost orders whose pictures the service has copied are not adopted: a swap would spoil both scenes."""
    ordered(ledger, "b", picture("b"))
    luma.accept(picture("copy-1"))
    luma.script = [lambda request, body: lost(luma, "video")(request, picture("copy-2"))]
    with pytest.raises(InDoubt, match="--adopt"), asked_from(Surface.COMMAND):
        await begin(ledger, luma, Slept(clock), picture("a"))
    assert len(luma.sent) == 1


async def test_alike_and_still_being_sent_is_waited_for(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Another run's answer that may name the generation like ours is awaited; once it does, ours is sent."""
    witness(ledger, luma)
    theirs = ordered(ledger, "b", picture("b"), doubt=False)
    its = luma.accept(picture("copy-1"))["id"]
    luma.script = [never]

    class Answered(Slept):
        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            ledger.submitted(theirs.key, 1, its)

    placed = await begin(ledger, luma, Answered(clock), picture("a"))
    assert (placed.generation_id, len(luma.sent)) == ("generation-6", 2)


async def test_nobody_waits_for_one_alike_whose_sender_died(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Once the other order's lease is over, it is in doubt as well, and both are left to a person."""
    theirs = ordered(ledger, "b", picture("b"), doubt=False)
    luma.accept(picture("copy-1"))
    luma.script = [never]
    with pytest.raises(InDoubt):
        await begin(ledger, luma, Slept(clock), picture("a"))
    row = ledger.order(theirs.key)
    assert row is not None
    assert row.state is OrderState.IN_DOUBT


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_twin_that_took_up_ours_leaves_its_own(
    ledger: Ledger, luma: Luma, clock: Clock, *, accepted: bool
) -> None:
    """Between accept and answer, a lost order in the same words takes up our generation: each ends with one of its own,
    found where the twin's create was ``accepted``, else bought."""
    witness(ledger, luma)
    twin = ordered(ledger, "b", PARAMS)
    if accepted:
        luma.accept(PARAMS)

    def taken(_: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        ours = luma.accept(body)
        ledger.adopt(twin.key, ours["id"], "found again on the account's list")
        return httpx.Response(201, json=ours)

    luma.script = [taken]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    row = ledger.order(twin.key)
    assert row is not None
    assert {placed.generation_id, row.generation_id} == {"generation-5", "generation-6"}
    assert len(luma.sent) == (1 if accepted else 2)
    # What was released only because the list did not show it goes on counting.
    assert spent(ledger) == PRICE * (2 if accepted else 3)


async def test_an_answer_after_another_attempt_has_begun_is_no_crash(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An answer after another process sent the order again is booked, too, and the new generation is awaited."""

    def late(_: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        key = intent("a").key
        ledger.release(key, 1, "not on the account's list after the grace period: it was never accepted")
        again = ledger.reserve(replace(intent("a"), sent=PARAMS), run="other", caps=[])
        assert again.outcome == "granted"
        return httpx.Response(201, json=luma.accept(body))

    class Answered(Slept):
        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            ledger.submitted(intent("a").key, 2, luma.accept(PARAMS)["id"])

    luma.script = [late]
    placed = await place(gateway(ledger, luma, sleep=Answered(clock)))
    assert (placed.generation_id, placed.attempt, len(luma.sent)) == ("generation-4", 2, 1)
    assert spent(ledger) == PRICE * 2


ORDERS: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "oldest first": lambda newest: newest[::-1],
    "by id": lambda newest: sorted(newest, key=lambda generation: str(generation["id"])),
    "newest first": list,
}


@pytest.mark.parametrize("arranged", ORDERS)
async def test_the_order_of_the_list_is_not_taken_for_granted(
    ledger: Ledger, luma: Luma, clock: Clock, arranged: str
) -> None:
    """A lost answer is found behind hundreds of older generations in any order of the list; only a list that proves to
    begin with the newest is not read to its end."""
    now = clock.now
    for number in range(350):
        luma.created_at = now - timedelta(days=1, minutes=350 - number)
        luma.accept(PARAMS)
    luma.created_at, luma.arranged, luma.script = now, ORDERS[arranged], [lost(luma, "video")]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-353", 1)
    # Read back to the order; and once more to where it ends, since another buyer may show further back only.
    assert luma.calls.count("GET /generations") == (1 if arranged == "newest first" else 4) + 5
