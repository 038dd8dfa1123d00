"""The Luma Agents API through its real SDK client in strict mode: lives, money, errors, what is kept apart."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import luma_agents
import lumaai
import pytest

from luma_sandbox.limits import Limits
from luma_sandbox.server_state import Options
from tests.support.agents_api import AGENTS, client, finished, order, png
from tests.support.sandbox_in_process import BASE, Sandbox, blank, opened


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"', "[" * 100_000])
@pytest.mark.parametrize("route", ["generations", "files"])
async def test_a_body_that_json_cannot_say_again(unrendered: Sandbox, route: str, value: str) -> None:
    """It is refused, nothing is booked or charged, and the page and the books can still be read."""
    body = f'{{"prompt": {value}, "filename": {value}, "mime_type": "image/png"}}'
    headers = {"Authorization": "Bearer k", "Content-Type": "application/json"}
    answer = await unrendered.http.post(f"{AGENTS}/{route}", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"detail": "body: not valid JSON"})
    books = await unrendered.http.get(f"{BASE}/sandbox/books")
    assert (books.status_code, books.json()["creates"]) == (200, [])
    assert (await unrendered.http.get(f"{BASE}/")).status_code == 200


async def test_a_generation_lives(unrendered: Sandbox) -> None:
    """queued, processing, completed with a signed output, as the clock goes on; a still has an image."""
    made = await order(unrendered)
    assert (made.state, made.type, made.model, made.output) == ("queued", "video", "ray-3.2", [])
    await asyncio.sleep(0.1)
    assert (await client(unrendered).generations.get(made.id)).state == "queued"
    unrendered.clock.advance(1)
    async with asyncio.timeout(240):
        while (await client(unrendered).generations.get(made.id)).state == "queued":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await client(unrendered).generations.get(made.id)).state == "processing"
    done = await finished(unrendered, made)
    assert done.state == "completed"
    assert done.output is not None
    assert done.output[0].type == "video"
    assert done.output[0].url.startswith(f"{BASE}/sandbox/assets/{made.id}/video.mp4?expires=")
    assert (await unrendered.http.get(done.output[0].url)).status_code == 200
    still = await finished(unrendered, await client(unrendered).generations.create(prompt="a glass of iced coffee"))
    assert (still.model, still.type) == ("uni-1", "image")
    assert still.output is not None
    assert still.output[0].type == "image"
    unrendered.clock.advance(3601)
    assert (await unrendered.http.get(still.output[0].url)).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "cents"),
    [
        ({"video": {"resolution": "720p"}}, 30),
        ({"model": "uni-1", "type": "image"}, 4.04),
        ({"model": "uni-1-max", "type": "image"}, 10),
        ({"model": "uni-1", "type": "image", "image_ref": [png()] * 9}, 6.74),
        ({"model": "uni-1-max", "type": "image_edit", "source": png()}, 10.3),
    ],
)
async def test_prices(unrendered: Sandbox, wanted: dict[str, Any], cents: float) -> None:
    """The books hold the price of a request (cell by cell: test_agents_prices.py)."""
    await order(unrendered, **wanted)
    books = (await unrendered.http.get(f"{BASE}/sandbox/books")).json()
    assert (books["charged_cents"], books["creates"][0]["cents"]) == (cents, cents)


async def test_no_money(tmp_path: Path) -> None:
    """An order beyond the balance is refused with 402, and nothing is charged."""
    async with opened(tmp_path, Options(credit=29)) as sandbox:
        with pytest.raises(luma_agents.APIStatusError) as broke:
            await order(sandbox, {"resolution": "720p"})
        assert broke.value.status_code == 402
        assert broke.value.body == {"detail": "Insufficient balance"}
        assert sandbox.server_state.books.account().charged == 0


async def test_requests_a_minute(tmp_path: Path) -> None:
    """Clips and stills share one bucket: an accepted create says its size, one too many says when there is room."""
    async with opened(tmp_path, Options(limits=Limits({"agents": 2}, {}))) as sandbox:
        sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        agents = client(sandbox)
        made = await agents.generations.with_raw_response.create(
            prompt="a lake", extra_headers={"X-Request-Id": "mine"}
        )
        assert (made.status_code, made.headers["x-ratelimit-limit"]) == (201, "2")
        sandbox.clock.advance(10)
        await order(sandbox)
        assert (
            "x-ratelimit-limit" not in (await agents.generations.with_raw_response.get((await made.parse()).id)).headers
        )
        for again in (order(sandbox), agents.generations.create(prompt="a lake")):
            with pytest.raises(luma_agents.RateLimitError) as many:
                await again
            told = many.value.response.headers
            assert (told["retry-after"], told["x-ratelimit-limit"], told["x-api-version"]) == ("50", "2", "2026-04-01")
            assert told["x-request-id"]
            assert many.value.body == {"detail": "Rate limit exceeded"}
        assert sandbox.server_state.books.account().charged == Decimal("10.04")
        await sandbox.create()  # the other API has limits of its own
        sandbox.clock.advance(50)
        await order(sandbox)


async def test_jobs_at_once(tmp_path: Path) -> None:
    """So they do for jobs at once, whose 429 says when to come again and has no X-RateLimit header."""
    async with opened(tmp_path, Options(limits=Limits({"agents": 20}, {"agents": 1}))) as sandbox:
        sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        made = await client(sandbox).generations.create(prompt="a lake")
        with pytest.raises(luma_agents.RateLimitError) as many:
            await order(sandbox)
        told = many.value.response.headers
        assert (told["retry-after"], [name for name in told if name.startswith("x-ratelimit")]) == ("5", [])
        assert many.value.body == {"detail": "Too many concurrent jobs"}
        await finished(sandbox, made)
        await order(sandbox)


async def test_without_limits_none_is_told(unrendered: Sandbox) -> None:
    """An account without limits is told none; whose generation it is is taken, and kept in the books."""
    made = await client(unrendered).generations.with_raw_response.create(prompt="a lake", user_id="production-7")
    assert "x-ratelimit-limit" not in made.headers
    assert made.headers["x-request-id"]
    books = (await unrendered.http.get(f"{BASE}/sandbox/books")).json()
    assert books["creates"][0]["request"]["user_id"] == "production-7"


async def test_a_failure_has_a_code_and_is_refunded(unrendered: Sandbox) -> None:
    """Whatever fails has a code that the SDK knows, and its money comes back."""
    for reason, code in (
        ("Job failed", "generation_failed"),
        ("Failed to read user input frames", "corrupt_input"),
        ("content_moderated", "content_moderated"),
    ):
        made = await order(unrendered)
        assert unrendered.server_state.books.fail(made.id, reason, "a note", unrendered.clock.now())
        failed = await client(unrendered).generations.get(made.id)
        assert (failed.state, failed.failure_code, failed.output) == ("failed", code, [])
        assert failed.failure_reason
    account = unrendered.server_state.books.account()
    assert account.charged == account.refunded == 18


async def test_errors_in_the_sdk_s_form(unrendered: Sandbox) -> None:
    """Every refusal is a typed SDK error whose body is one text, and every answer carries a request id."""
    agents = client(unrendered)
    with pytest.raises(luma_agents.NotFoundError) as missing:
        await agents.generations.get("nobody")
    assert missing.value.body == {"detail": "Generation not found"}
    assert missing.value.response.headers["x-api-version"] == "2026-04-01"
    with pytest.raises(luma_agents.BadRequestError):
        await agents.generations.create(prompt="x", extra_body={"callback_url": "http://127.0.0.1/"})
    with pytest.raises(luma_agents.UnprocessableEntityError):
        await order(unrendered, {"exr_export": True})
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}):
        for path in ("/generations/x", "/files", "/files/x"):
            answer = await unrendered.http.get(AGENTS + path, headers=headers)
            assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid or missing API key"})
    answer = await unrendered.http.post(
        f"{AGENTS}/generations", content='{"pro', headers={"Authorization": "Bearer k", "X-Request-Id": "mine"}
    )
    assert (answer.status_code, answer.headers["x-request-id"]) == (400, "mine")
    made = await agents.generations.with_raw_response.create(prompt="a lake", extra_headers={"X-Request-Id": "mine"})
    assert (made.status_code, made.headers["x-request-id"]) == (201, "mine")


async def test_the_two_apis_know_nothing_of_each_other(unrendered: Sandbox) -> None:
    """One API's generation cannot be seen, deleted, listed or built on through the other; the books hold both."""
    agents = client(unrendered)
    (clip,) = await unrendered.finish(await unrendered.create())
    made = await finished(unrendered, await order(unrendered))
    with pytest.raises(luma_agents.NotFoundError):
        await agents.generations.get(str(clip.id))
    with pytest.raises(luma_agents.UnprocessableEntityError):
        await order(unrendered, {"start_frame": {"generation_id": str(clip.id)}})
    for call in (unrendered.luma.generations.get, unrendered.luma.generations.delete):
        with pytest.raises(lumaai.NotFoundError):
            await call(made.id)
    with pytest.raises(lumaai.BadRequestError):
        await unrendered.create(keyframes={"frame0": {"type": "generation", "id": made.id}})
    page = await unrendered.luma.generations.list()
    assert ([g.id for g in page.generations], page.count) == ([clip.id], 1)
    books = (await unrendered.http.get(f"{BASE}/sandbox/books")).json()
    assert [create["id"] for create in books["creates"]] == [clip.id, made.id]
    assert (await unrendered.http.get(f"{BASE}/")).status_code == 200
