"""Which generation of the account is what an order bought: by what was asked, for every kind of create."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from studio.errors import InDoubt
from studio.ledger import Ledger, OrderState
from studio.matching import likeness, traceable
from studio.orders import Placed
from tests.books import Clock
from tests.luma import Answer, Luma
from tests.test_orders import Slept, door, intent

MODIFY = {
    "model": "ray-2", "prompt": "rain", "mode": "flex_1", "generation_type": "modify_video",
    "media": {"url": "https://cdn/f.mp4?sig=1"}, "first_frame": {"url": "https://me/p.png"},
}  # fmt: skip
IMAGE = {
    "model": "photon-1", "prompt": "maya", "aspect_ratio": "16:9",
    "character_ref": {"identity0": {"images": ["https://me/a.png", "https://me/b.png"]}},
}  # fmt: skip
VIDEO = {"model": "ray-2", "prompt": "the sea", "duration": "5s"}


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
    """Equal requests are the same, another URL of a picture is likely; whatever else differs is another request."""
    assert likeness(traceable(sent), echo, token="t", endpoint=endpoint) == expected


UPSCALE = {"resolution": "1080p"}


def lost(luma: Luma, asked: str = "upscale_video") -> Answer:
    """The create is accepted, and its answer lost."""

    def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept(body, asked)
        raise httpx.ReadTimeout("lost", request=request)

    return answer


def never(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
    """The create is not accepted, and nobody is told."""
    raise httpx.ReadTimeout("lost", request=request)


async def upscale(ledger: Ledger, luma: Luma, name: str, parent: str, slept: Slept) -> Placed:
    wanted = intent(name, endpoint="upscale")
    return await door(ledger, luma, sleep=slept).place(wanted, {**UPSCALE, "id": parent}, on_wait=lambda _: None)


@pytest.fixture
def luma() -> Luma:
    """An account with two finished clips."""
    service = Luma()
    for name in ("generation-1", "generation-2"):
        service.accept(VIDEO)
        service.finish(name)
    return service


async def test_a_lone_upscale_is_found_again(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Its echo does not name the clip, but nothing else was upscaled: it is adopted."""
    luma.script = [lost(luma)]
    placed = await upscale(ledger, luma, "a", "generation-1", Slept(clock))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 1)


async def test_two_upscales_that_look_alike_are_left_to_a_person(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Two lost answers, and generations that could be either's: none is adopted by guessing, none is sent again."""
    first = intent("a", endpoint="upscale")
    reserved = ledger.reserve(first, run="dead", caps=[])
    ledger.doubt(first.key, reserved.order.attempt, "no readable answer came back (ReadTimeout)")
    luma.accept(UPSCALE, "upscale_video")
    luma.script = [lost(luma)]
    with pytest.raises(InDoubt, match="--adopt"):
        await upscale(ledger, luma, "b", "generation-2", Slept(clock))
    rows = [ledger.order(intent(name).key) for name in "ab"]
    assert [row.state for row in rows if row is not None] == [OrderState.IN_DOUBT] * 2
    assert len(luma.sent) == 1


async def test_an_upscale_that_was_not_accepted_is_sent_again(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """With nothing like it on the list, even after the grace period, it may be sent again."""
    luma.script = [never]
    placed = await upscale(ledger, luma, "a", "generation-1", Slept(clock))
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 2)
