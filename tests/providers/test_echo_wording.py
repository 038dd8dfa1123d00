"""Silent or altered echoes: where a list does not show the requests, a missing match is no reason to buy again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from studio.errors import InDoubt
from studio.ledger import Ledger, OrderState
from studio.providers.luma.echo import match_echo
from studio.wording import Surface, asked_from
from tests.support.books import Clock
from tests.support.lost_answers import never
from tests.support.luma import Answer, Luma
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent, witness

Echo = Callable[[dict[str, Any]], None]


@pytest.fixture
def luma() -> Luma:
    return Luma()


def lost(luma: Luma, echo: Echo) -> Answer:
    """Accept the create, lose its answer, and list it with the echo that ``echo`` makes."""

    def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        echo(luma.accept(body))
        raise httpx.ReadTimeout("lost", request=request)

    return answer


def stored(generation: dict[str, Any]) -> None:
    """The echo as recordings of the live service show it: with defaults, and null for what was not given."""
    nothing = dict.fromkeys(("keyframes", "callback_url", "concepts", "prompt", "first_frame", "negative_prompt"))
    defaults = {"aspect_ratio": "16:9", "resolution": "720p", "duration": "5s", "loop": False}
    generation["request"] = nothing | defaults | generation["request"]


def without_request(generation: dict[str, Any]) -> None:
    generation["request"] = None


def empty(generation: dict[str, Any]) -> None:
    generation["request"] = {}


def without_prompt(generation: dict[str, Any]) -> None:
    generation["request"] = {k: v for k, v in generation["request"].items() if k != "prompt"}


def without_model(generation: dict[str, Any]) -> None:
    generation["request"] = {**generation["request"], "model": None}
    generation["model"] = None


def reworded(generation: dict[str, Any]) -> None:
    generation["request"] = {**generation["request"], "prompt": f"Cinematic. {generation['request']['prompt']}"}


def hours_behind(generation: dict[str, Any]) -> None:
    generation["created_at"] = "2026-11-22T03:00:00Z"


async def test_an_echo_with_its_defaults_is_ours(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A lost order whose echo has defaults and nulls filled in is found and not sent again."""
    luma.script = [lost(luma, stored)]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)


IMAGE_NULLS = dict.fromkeys(("callback_url", "image_ref", "style_ref", "modify_image_ref", "character_ref"))


@pytest.mark.parametrize(
    ("endpoint", "sent", "filled"),
    [
        ("video", PARAMS, {"loop": False, "keyframes": None, "callback_url": None, "concepts": None}),
        ("video", {"model": "ray-2", "prompt": "a lake"}, {"resolution": "720p", "duration": "5s", "loop": False}),
        (
            "video",
            PARAMS | {"keyframes": {"frame0": {"type": "generation", "id": "g"}}},
            {"keyframes": {"frame0": {"type": "generation", "id": "g", "url": None}, "frame1": None}},
        ),
        ("image", {"model": "photon-1", "prompt": "a lake"}, {"aspect_ratio": "16:9"} | IMAGE_NULLS),
    ],
)
def test_what_the_service_fills_in_is_no_difference(
    endpoint: str, sent: dict[str, Any], filled: dict[str, Any]
) -> None:
    """An echo with nulls and defaults is as exact as one that leaves them out."""
    echoed = {**sent, "generation_type": endpoint, **filled}
    assert match_echo(sent, echoed, token="token", endpoint=endpoint) == "exact"


@pytest.mark.parametrize("echo", [without_request, empty, without_prompt, without_model])
async def test_a_silent_echo_excludes_nothing(ledger: Ledger, luma: Luma, clock: Clock, echo: Echo) -> None:
    """With a silent echo of that time, which may be ours, the order is neither sent again nor adopted by guessing."""
    witness(ledger, luma)  # but for what it does not tell, the list would prove that nothing was accepted
    luma.script = [lost(luma, echo)]
    slept = Slept(clock)
    with pytest.raises(InDoubt, match="--adopt"), asked_from(Surface.COMMAND):
        await place(gateway(ledger, luma, sleep=slept))
    assert sum(slept.seconds) >= 90  # the echo may come later
    assert len(luma.sent) == 1
    row = ledger.order(intent().key)
    assert row is not None
    assert (row.state, spent(ledger)) == (OrderState.IN_DOUBT, PRICE)


@pytest.mark.parametrize(
    "change",
    [
        {"generation_type": "image", "request": {}},
        {"model": "ray-2-other", "request": {}},
        {"created_at": "2026-11-21T10:00:00Z", "request": {}},
    ],
    ids=["a still", "another model", "of yesterday"],
)
async def test_what_a_silent_echo_still_excludes(
    ledger: Ledger, luma: Luma, clock: Clock, change: dict[str, Any]
) -> None:
    """A generation that cannot be ours by its known fields does not keep an order in doubt."""
    witness(ledger, luma)
    luma.accept(PARAMS | {"prompt": "made by hand"}).update(change)
    luma.script = [never]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-4", 2)


async def test_a_clock_that_is_hours_off_is_known_by_what_is_known(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A lost order is found by a clock that known orders show to be hours off."""
    other = await place(gateway(ledger, luma), intent("other"))
    hours_behind(luma.generations[other.generation_id])
    luma.script = [lost(luma, hours_behind)]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-2", 2)


@pytest.mark.parametrize("echo", [reworded])
async def test_an_echo_that_does_not_fit_what_is_known_proves_nothing(
    ledger: Ledger, luma: Luma, clock: Clock, echo: Echo
) -> None:
    """A missing match is no reason to buy again where the service rewords prompts, so that its list does not fit known
    orders either."""
    witness(ledger, luma)
    for generation in luma.generations.values():
        echo(generation)
    luma.script = [lost(luma, echo)]
    with pytest.raises(InDoubt, match="does not fit orders of which the generation is known"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


@pytest.mark.parametrize("echo", [without_request, reworded, hours_behind])
async def test_what_some_order_has_is_no_riddle(ledger: Ledger, luma: Luma, clock: Clock, echo: Echo) -> None:
    """A list whose generations all belong to other orders shows that ours is missing, however odd its echoes are."""
    witness(ledger, luma)
    for generation in luma.generations.values():
        echo(generation)
    luma.script = [never]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 2)


async def test_equal_words_say_more_than_a_kind(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A generation with our prompt is ours, even if the service calls everything an image."""
    luma.script = [lost(luma, lambda generation: generation.update(generation_type="image"))]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)


async def test_an_echo_that_comes_later_is_waited_for(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A request that the list shows only after a while is found then, and adopted."""
    luma.script = [lost(luma, without_request)]
    began = clock.now

    class Told(Slept):
        async def __call__(self, seconds: float) -> None:
            await super().__call__(seconds)
            if clock.now - began > timedelta(seconds=30):
                luma.generations["generation-1"]["request"] = {**luma.sent[0], "generation_type": "video"}

    placed = await place(gateway(ledger, luma, sleep=Told(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-1", 1)
