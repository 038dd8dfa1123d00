"""The Dream Machine provider with the real SDK: the parameters that it sends, and the answers that it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from luma_sandbox.agents.generations import REASONS
from studio.errors import Ambiguous, NotFound, NotSent, Refused, ServiceError
from studio.failures import KNOWN, FailureClass, failure_class
from studio.planning.plan import canonical_json
from studio.providers import Generation
from studio.providers.luma.answers import retry_after, time_of
from studio.providers.luma.dream_machine import DreamMachine
from studio.providers.price_book import load_prices
from tests.support.luma import Luma, fail, refuse
from tests.support.sandbox_in_process import API, Sandbox

FULL = {
    "model": "ray-flash-2", "prompt": "a sea", "aspect_ratio": "21:9", "resolution": "1080p", "duration": "9s",
    "loop": True, "concepts": [{"key": "push_in"}],
    "keyframes": {"frame0": {"type": "generation", "id": "g"}, "frame1": {"type": "image", "url": "https://x/a.png"}},
}  # fmt: skip

URL = {"url": "https://x/source.mp4"}
# By endpoint: its path, what is asked of the provider, and what the service wants besides.
ENDPOINTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "video": ("/generations/video", FULL, {}),
    "modify": (
        "/generations/video/modify",
        {"model": "ray-2", "media": URL, "mode": "flex_2", "prompt": "a sea", "first_frame": {"url": "https://x/a.png"}},
        {"generation_type": "modify_video"},
    ),
    "reframe": (
        "/generations/video/reframe",
        {"model": "ray-flash-2", "media": URL, "aspect_ratio": "9:16", "prompt": "a sea", "x_start": 1, "x_end": 9},
        {"generation_type": "reframe_video"},
    ),
    "image": (
        "/generations/image",
        {"model": "photon-1", "prompt": "a girl", "aspect_ratio": "16:9", "format": "png",
         "character_ref": {"identity0": {"images": ["https://x/1.jpg", "https://x/2.jpg"]}}},
        {},
    ),
    "image_reframe": (
        "/generations/image/reframe",
        {"model": "photon-flash-1", "media": URL, "aspect_ratio": "1:1"},
        {"generation_type": "reframe_image"},
    ),
    "upscale": ("/generations/generation-1/upscale", {"id": "generation-1", "resolution": "4k"}, {}),
    "audio": (
        "/generations/generation-1/audio",
        {"id": "generation-1", "prompt": "waves", "negative_prompt": "music"},
        {},
    ),
}  # fmt: skip


async def test_every_parameter_is_sent_and_nothing_else() -> None:
    """The body on the wire is exactly what was asked: resolution and duration too, and nothing as null."""
    luma = Luma()
    await luma.provider().create("video", {**FULL, "callback_url": None})
    assert canonical_json(luma.sent[0]) == canonical_json(FULL)


def with_a_clip() -> Luma:
    """A service with one finished clip, ``generation-1``."""
    luma = Luma()
    luma.accept({"model": "ray-2"})
    luma.finish("generation-1")
    return luma


def test_every_endpoint_is_tested() -> None:
    """The table above has every endpoint that the provider knows."""
    assert ENDPOINTS.keys() == DreamMachine.endpoints


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_each_endpoint_is_sent_where_it_belongs(endpoint: str) -> None:
    """Path and body are exactly the SDK's own; a parent's id is in the path alone; the answer is a new generation."""
    path, asked, besides = ENDPOINTS[endpoint]
    luma = with_a_clip()
    made = await luma.provider().create(endpoint, {**asked, "callback_url": None})
    body = {name: value for name, value in asked.items() if name != "id"}
    assert luma.calls == [f"POST {path}"]
    assert canonical_json(luma.sent[0]) == canonical_json(body | besides)
    assert (made.id, made.state, made.kind) == (
        "generation-2", "queued", "image" if endpoint.startswith("image") else "video",
    )  # fmt: skip


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_create_is_sent_once_whatever_the_answer(endpoint: str) -> None:
    """The SDK's own retries are off for a create: after each answer that it would retry, one request was sent."""
    asked = ENDPOINTS[endpoint][1]
    for answer in (refuse(408), refuse(409), refuse(429), refuse(500), refuse(503), fail(httpx.ConnectError)):
        luma = with_a_clip()
        luma.script = [answer]
        with pytest.raises(ServiceError):
            await luma.provider().create(endpoint, asked)
        assert len(luma.sent) == 1


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_lost_or_unreadable_answer_is_ambiguous(endpoint: str) -> None:
    """A time-out, a page of HTML, half a JSON text or a missing id may each be a purchase."""
    asked = ENDPOINTS[endpoint][1]
    luma = with_a_clip()
    broken = [
        luma.lose(httpx.ReadTimeout), luma.lose(httpx.ReadError), refuse(502), refuse(504),
        luma.garble(200, b"<html>", "text/html"), luma.garble(201, b'{"id": "gen'),
        luma.garble(201, b'{"state": "queued"}'),
    ]  # fmt: skip
    for answer in broken:
        luma.script = [answer]
        with pytest.raises(Ambiguous):
            await luma.provider().create(endpoint, asked)
    assert len(luma.sent) == len(broken)


async def test_what_cannot_be_sent_is_not_sent() -> None:
    """An unknown endpoint, a missing parent, an unknown parameter and a file are refused before anything is sent."""
    luma = with_a_clip()
    provider = luma.provider()
    with pytest.raises(Refused, match="no endpoint 'teleport'"):
        await provider.create("teleport", FULL)
    for parent in ({}, {"id": ""}, {"id": None}):
        with pytest.raises(Refused, match="needs the id"):
            await provider.create("upscale", {**parent, "resolution": "4k"})
    for wrong in ({"modify_strength": 1}, {"key": "x"}, {"call": "x"}):
        with pytest.raises(NotSent, match="cannot be built"):
            await provider.create("video", {**FULL, **wrong})
    with pytest.raises(Refused, match=r"no file upload \(a\.png\): it takes public URLs only"):
        await provider.upload(Path("a.png"), media_type="image/png")
    assert luma.calls == []
    with pytest.raises(NotFound):
        await provider.create("audio", {"id": "nobody"})


async def test_a_still_has_an_image() -> None:
    """A finished still has the URL of an image and none of a video."""
    luma = Luma()
    provider = luma.provider()
    made = await provider.create("image", ENDPOINTS["image"][1])
    luma.finish(made.id)
    still = await provider.get(made.id)
    assert (still.kind, still.video_url) == ("image", None)
    assert still.image_url is not None


async def test_the_sandbox_books_what_we_quote(unrendered: Sandbox) -> None:
    """Every kind of purchase through the provider is accepted by the sandbox, at the price that our table gives."""
    provider = DreamMachine(api_key="k", base_url=API, transport=httpx.ASGITransport(app=unrendered.app))
    table = load_prices()
    clip = await provider.create("video", {"model": "ray-2", "prompt": "a sea", "resolution": "540p", "duration": "9s"})
    await unrendered.settle(lambda: unrendered.clock.advance(1))
    quotes = [table.quote("ray-2", "540p", 9)]
    for endpoint, quote in (
        ("modify", table.quote_edit("ray-2", "720p", 120)),
        ("reframe", table.quote_edit("ray-flash-2", "720p", 120)),
        ("image", table.quote_still("photon-1", references=2)),
        ("image_reframe", table.quote_still("photon-flash-1", references=1)),
        ("upscale", table.quote_upscale("4k", 216)),
        ("audio", table.quote_audio(216)),
    ):
        asked = ENDPOINTS[endpoint][1]
        made = await provider.create(endpoint, {**asked, "id": clip.id} if "id" in asked else asked)
        assert made.id != clip.id
        quotes.append(quote)
    books = (await unrendered.http.get("/sandbox/books")).json()
    assert [Decimal(create["usd"]) for create in books["creates"]] == [quote.usd for quote in quotes]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        *KNOWN.items(),
        ("Frame moderation failed.", FailureClass.MODERATION),
        ("Contains  Blacklisted words: x", FailureClass.MODERATION),
        ("the image was moderated", FailureClass.MODERATION),
        ("corrupt_input: moderation had nothing to do with it", FailureClass.INPUT),
        ("Failed to read user input video", FailureClass.INPUT),
        ("gpu on fire", FailureClass.SERVICE),
        ("", FailureClass.SERVICE),
        (None, FailureClass.SERVICE),
    ],
)
def test_whose_failure_it_was(reason: str | None, expected: FailureClass) -> None:
    """A failure reason of either API, however it is written, gives the class of the failure."""
    assert failure_class(reason) is expected


@pytest.mark.parametrize("code", REASONS)
def test_a_code_decides_whatever_the_text_says(code: str) -> None:
    """The Agents API's code decides, whatever text follows it."""
    assert failure_class(f"{code}: {REASONS[code]}") is KNOWN[code]


async def test_a_redirect_is_not_followed() -> None:
    """A create that is answered with a redirect is not sent a second time."""
    luma = Luma(script=[lambda *_: httpx.Response(307, headers={"location": "/dream-machine/v1/generations/video"})])
    with pytest.raises(ServiceError):
        await luma.provider().create("video", FULL)
    assert len(luma.sent) == 1


async def test_an_id_is_kept_whatever_else_is_odd() -> None:
    """A created generation in an unknown state, with odd fields, still has its id."""
    body = b'{"id": "g-9", "state": "pondering", "assets": [], "request": 5, "created_at": "yesterday"}'
    luma = Luma()
    luma.script = [luma.garble(201, body)]
    generation = await luma.provider().create("video", FULL)
    assert (generation.id, generation.state, generation.created_at) == ("g-9", "dreaming", None)


async def test_an_unreadable_read_is_no_purchase_in_doubt() -> None:
    """A damaged answer to a read is a plain service error, never an ambiguous purchase."""
    provider = DreamMachine(
        api_key="k", base_url="https://api.example",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"<html>")),
    )  # fmt: skip
    for call in (provider.get("g"), provider.list(), provider.credits(), provider.list_camera_motions()):
        with pytest.raises(ServiceError, match="not JSON") as error:
            await call
        assert not isinstance(error.value, Ambiguous)


async def test_reads() -> None:
    """Get, list by page, delete, credits, concepts and ping answer with values, or with NotFound."""
    luma = Luma()
    provider = luma.provider()
    for _ in range(3):
        luma.accept({"prompt": "x"})
    luma.finish("generation-1")
    assert (await provider.get("generation-1")).state == "completed"
    page = await provider.list(limit=2)
    assert ([g.id for g in page.generations], page.has_more) == (["generation-3", "generation-2"], True)
    assert await provider.credits() == Decimal("12.345")
    assert await provider.list_camera_motions() == ["push_in", "static"]
    await provider.delete("generation-2")
    await provider.ping()
    with pytest.raises(NotFound):
        await provider.get("nobody")


def test_signed_urls_are_not_printed() -> None:
    """The representation of a generation holds no URL."""
    generation = Generation("g", "completed", video_url="https://cdn/x?sig=SECRET", request={"u": "SECRET"})
    assert "SECRET" not in repr(generation)


async def test_a_url_that_is_none_was_never_sent() -> None:
    """With a base URL that cannot be requested, nothing was sent."""
    provider = DreamMachine(api_key="k", base_url="ftp://nowhere/")
    with pytest.raises(NotSent):
        await provider.create("video", FULL)


def test_retry_after_in_all_its_forms() -> None:
    """Retry-After is read as seconds or as a date; nonsense is ignored."""
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    later = (now + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    found = [retry_after(httpx.Headers({"retry-after": v}), now=now) for v in ("7", later, "soon", "-5", "inf", "")]
    assert found == [7.0, 90.0, None, None, None, None]


@pytest.mark.parametrize("text", ["yesterday", "", None, 5, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_that_is_none(text: Any) -> None:
    """A time that is unreadable, or in no calendar, is None, and the generation keeps its id."""
    assert time_of(text) is None
