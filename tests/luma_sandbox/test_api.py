"""The routes, through the real SDK client in strict mode."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path
from typing import Any

import httpx
import lumaai
import pytest
from PIL import Image, ImageChops, ImageStat

from luma_sandbox import footage
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.server_state import Options
from tests.support.sandbox_in_process import API, BASE, Sandbox, blank, opened


async def test_a_generation_lives(unrendered: Sandbox) -> None:
    """queued, then dreaming, then completed with a video, as the clock goes on."""
    made = await unrendered.create(concepts=[{"key": "push_in"}], aspect_ratio="9:16", loop=True)
    assert (made.state, made.generation_type, made.model, made.assets) == ("queued", "video", "ray-2", None)
    assert made.request is not None
    assert made.request.to_dict()["concepts"] == [{"key": "push_in"}]
    await asyncio.sleep(0.1)
    assert (await unrendered.luma.generations.get(str(made.id))).state == "queued"
    unrendered.clock.advance(1)
    async with asyncio.timeout(240):
        while (await unrendered.luma.generations.get(str(made.id))).state == "queued":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await unrendered.luma.generations.get(str(made.id))).state == "dreaming"
    unrendered.clock.advance(1.9)
    await asyncio.sleep(0.1)
    assert (await unrendered.luma.generations.get(str(made.id))).state == "dreaming"
    unrendered.clock.advance(0.1)
    await unrendered.settle(lambda: None)
    done = await unrendered.luma.generations.get(str(made.id))
    assert done.state == "completed"
    assert done.assets is not None
    assert done.assets.to_dict() == {
        "video": f"{BASE}/sandbox/assets/{made.id}/video.mp4", "image": f"{BASE}/sandbox/assets/{made.id}/thumb.jpg",
        "progress_video": None,
    }  # fmt: skip
    answer = await unrendered.http.get(f"{API}/generations/{made.id}", headers={"Authorization": "Bearer k"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", answer.json()["created_at"])


async def test_old_and_new_path_and_no_prefix(unrendered: Sandbox) -> None:
    """Both create paths work, with and without the base path."""
    for path in ("/generations", "/generations/video"):
        for base in (API, BASE):
            answer = await unrendered.http.post(
                base + path, json={"model": "ray-2", "prompt": "a lake"}, headers={"Authorization": "Bearer k"}
            )
            assert answer.status_code == 201


async def test_fixed_lists_are_not_ids(unrendered: Sandbox) -> None:
    """Concepts come as a bare list of strings, also where an id could stand; so do the older camera motions."""
    concepts = await unrendered.luma.generations.concepts.list()
    assert len(concepts) == 34
    assert "push_in" in concepts
    answer = await unrendered.http.get(f"{API}/generations/camera_motion/list", headers={"Authorization": "Bearer k"})
    assert "camera push in" in answer.json()


async def test_ping_and_credits(unrendered: Sandbox) -> None:
    """Somebody is there, and the balance is in cents."""
    assert (await unrendered.luma.ping.check()).message == "pong"
    assert (await unrendered.luma.credits.get()).credit_balance == 100_000


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}])
async def test_a_key_is_needed(unrendered: Sandbox, header: dict[str, str]) -> None:
    """Without a bearer key every API route answers 401 with the documented text, before it looks at anything."""
    for method, path in (("GET", "/credits"), ("GET", "/generations"), ("POST", "/generations"), ("GET", "/ping")):
        answer = await unrendered.http.request(method, API + path, headers=header, content="{")
        assert answer.status_code == 401
        assert "Invalid API key is provided" in answer.json()["detail"]


async def test_errors_reach_the_client_as_the_service_words_them(unrendered: Sandbox) -> None:
    """A refusal is a typed SDK error whose body holds the detail, and nothing is charged."""
    with pytest.raises(lumaai.BadRequestError) as short:
        await unrendered.create(prompt="ab")
    assert short.value.body == {"detail": "400: Prompt is too short, minimum length is 3 characters"}
    with pytest.raises(lumaai.UnprocessableEntityError):
        await unrendered.create(extra_body={"loop": "yes"})
    with pytest.raises(lumaai.NotFoundError):
        await unrendered.luma.generations.get("nobody")
    assert unrendered.server_state.books.account().charged == 0


async def test_a_body_that_is_not_json(unrendered: Sandbox) -> None:
    """Half a JSON is refused in the form of the service's framework."""
    answer = await unrendered.http.post(f"{API}/generations", content='{"mod', headers={"Authorization": "Bearer k"})
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert (found["type"], found["loc"][0]) == ("json_invalid", "body")
    assert found["ctx"]["error"].startswith("Unterminated string")


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"', "[" * 100_000])
async def test_values_that_cannot_be_echoed(unrendered: Sandbox, value: str) -> None:
    """A value JSON cannot echo is refused, and does not break the server."""
    body = f'{{"model": "ray-2", "prompt": {value}}}'
    answer = await unrendered.http.post(f"{API}/generations", content=body, headers={"Authorization": "Bearer k"})
    assert answer.status_code == 422
    far = await unrendered.http.get(f"{API}/generations?offset={10**30}", headers={"Authorization": "Bearer k"})
    assert far.status_code == 422


async def test_pages_of_the_list(unrendered: Sandbox) -> None:
    """The list is newest first, in pages, and says whether there is more."""
    made = [await unrendered.create(prompt=f"lake number {number}") for number in range(5)]
    first = await unrendered.luma.generations.list(limit=2)
    assert [g.id for g in first.generations] == [made[4].id, made[3].id]
    assert (first.count, first.has_more, first.limit, first.offset) == (2, True, 2, 0)
    last = await unrendered.luma.generations.list(limit=2, offset=4)
    assert ([g.id for g in last.generations], last.has_more) == ([made[0].id], False)
    default = await unrendered.luma.generations.list()
    assert (default.count, default.limit, default.offset) == (5, 100, 0)


async def test_a_list_that_begins_with_the_oldest(tmp_path: Path) -> None:
    """The order of the list is an assumption, and can be switched."""
    async with opened(tmp_path, Options(assume=Assumptions({"list_order": "oldest"}))) as sandbox:
        made = [await sandbox.create(prompt=f"lake number {number}") for number in range(3)]
        page = await sandbox.luma.generations.list(limit=2)
        assert ([g.id for g in page.generations], page.has_more) == ([made[0].id, made[1].id], True)


async def test_delete(unrendered: Sandbox) -> None:
    """A deleted generation is gone from get and list and its asset from its URL; the books keep it and its price."""
    made = await unrendered.create()
    (done,) = await unrendered.finish(made)
    await unrendered.luma.generations.delete(str(made.id))
    with pytest.raises(lumaai.NotFoundError):
        await unrendered.luma.generations.get(str(made.id))
    with pytest.raises(lumaai.NotFoundError):
        await unrendered.luma.generations.delete(str(made.id))
    assert (await unrendered.luma.generations.list()).count == 0
    assert done.assets is not None
    assert (await unrendered.http.get(str(done.assets.video))).status_code == 404
    books = (await unrendered.http.get("/sandbox/books")).json()
    assert [(create["id"], create["cents"], create["deleted"]) for create in books["creates"]] == [(made.id, 40, True)]


async def test_books(unrendered: Sandbox) -> None:
    """Credits and books agree, and every create stands there in order with its request."""
    await unrendered.create(model="ray-2", resolution="720p", duration="9s")
    await unrendered.create(model="ray-flash-2", resolution="1080p")
    books = (await unrendered.http.get("/sandbox/books")).json()
    assert [create["cents"] for create in books["creates"]] == [127, 55]
    assert books["charged_cents"] == 182
    assert books["balance_cents"] == books["credit_cents"] - 182
    assert (await unrendered.luma.credits.get()).credit_balance == books["balance_cents"]
    assert books["creates"][1]["request"]["resolution"] == "1080p"


async def test_without_credit(tmp_path: Path) -> None:
    """A create that the balance does not cover is a 402, is not in the books, and costs nothing."""
    async with opened(tmp_path, Options(credit=50)) as sandbox:
        await sandbox.create()
        with pytest.raises(lumaai.APIStatusError) as refused:
            await sandbox.create()
        assert refused.value.status_code == 402
        assert sandbox.server_state.books.account().balance == 10
        assert len(sandbox.server_state.books.creates()) == 1


async def test_parents_must_be_completed_videos(unrendered: Sandbox) -> None:
    """A keyframe that names an unknown, unfinished, failed or deleted generation is refused, and costs nothing."""
    parent = await unrendered.create()

    async def on_top_of(identity: str | None) -> None:
        await unrendered.create(keyframes={"frame0": {"type": "generation", "id": str(identity)}})

    with pytest.raises(lumaai.BadRequestError, match="not found"):
        await on_top_of("123e4567-e89b-12d3-a456-426614174000")
    with pytest.raises(lumaai.BadRequestError, match="queued, not completed"):
        await on_top_of(parent.id)
    await unrendered.finish(parent)
    await on_top_of(parent.id)
    await unrendered.luma.generations.delete(str(parent.id))
    with pytest.raises(lumaai.BadRequestError, match="not found"):
        await on_top_of(parent.id)
    assert unrendered.server_state.books.account().charged == 80


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/nobody.png", "http://192.0.2.1/far.png"])
async def test_unreadable_images_fail_and_are_refunded(unrendered: Sandbox, url: str) -> None:
    """An image that cannot be read, or is not on this machine, is accepted, then failed and refunded in full."""
    made = await unrendered.create(keyframes={"frame0": {"type": "image", "url": url}})
    assert unrendered.server_state.books.account().balance == 100_000 - 40
    (failed,) = await unrendered.finish(made)
    assert (failed.state, failed.failure_reason) == ("failed", "Failed to read user input frames")
    assert failed.assets is None
    account = unrendered.server_state.books.account()
    assert (account.balance, account.charged, account.refunded) == (100_000, 40, 40)


async def test_a_render_that_breaks_fails_and_is_refunded(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation whose render breaks ends as the service's own failure, and is refunded."""
    from luma_sandbox.render_pool import RenderFailed

    async def broken(_: Any) -> str:
        raise RenderFailed("no ink")

    monkeypatch.setattr(sandbox.server_state.render_pool, "render", broken)
    (failed,) = await sandbox.finish(await sandbox.create())
    assert (failed.state, failed.failure_reason) == ("failed", "Job failed")
    assert sandbox.server_state.books.account().balance == 100_000


async def test_signed_urls(tmp_path: Path) -> None:
    """Switched, an asset is served to its own signature until that expires; a fresh get gives a fresh URL."""
    async with opened(tmp_path, Options(assume=Assumptions({"asset_urls": "signed"}))) as sandbox:
        sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        (done,) = await sandbox.finish(await sandbox.create())
        assert done.assets is not None
        url = httpx.URL(str(done.assets.video))
        whole = await sandbox.http.get(url)
        assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
        assert int(whole.headers["content-length"]) == len(whole.content) == 10240
        for bad in ({"sig": "0" * 64}, {"expires": "9" * 11}, {"sig": "é"}, {"expires": "soon"}, {"expires": "²"}):
            assert (await sandbox.http.get(url.copy_merge_params(bad))).status_code == 403
        assert (await sandbox.http.get(url.copy_with(query=None))).status_code == 403
        assert (await sandbox.http.get(httpx.URL(str(done.assets.image)).copy_with(query=None))).status_code == 403
        sandbox.clock.advance(3601)
        assert (await sandbox.http.get(url)).status_code == 403
        fresh = await sandbox.luma.generations.get(str(done.id))
        assert fresh.assets is not None
        assert (await sandbox.http.get(str(fresh.assets.video))).status_code == 200


async def test_plain_urls(unrendered: Sandbox) -> None:
    """An asset lies under an unsigned address for as long as its generation is there, whatever stands in the query."""
    made = await unrendered.create()
    place = f"{BASE}/sandbox/assets/{made.id}/video.mp4"
    assert (await unrendered.http.get(place)).status_code == 404
    (done,) = await unrendered.finish(made)
    assert done.assets is not None
    assert done.assets.video == place
    unrendered.clock.advance(30 * 86400)
    whole = await unrendered.http.get(f"{place}?v=1")
    assert (whole.status_code, whole.headers["content-type"], len(whole.content)) == (200, "video/mp4", 10240)
    assert (await unrendered.http.get(f"{BASE}/sandbox/assets/nobody/video.mp4")).status_code == 403
    for name in ("image.jpg", "image.gif"):
        assert (await unrendered.http.get(f"{BASE}/sandbox/assets/{made.id}/{name}")).status_code == 404


async def test_the_thumbnail_is_the_first_frame(sandbox: Sandbox, tmp_path: Path) -> None:
    """`assets.image` of a clip is a JPEG of its first frame, in the clip's size; of an upscaled one too."""
    (done,) = await sandbox.finish(await sandbox.create(aspect_ratio="1:1"))
    assert done.assets is not None
    for _ in range(2):
        answer = await sandbox.http.get(str(done.assets.image))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    picture = Image.open(io.BytesIO(answer.content))
    frame = footage.edge_frame(await sandbox.download(done, tmp_path / "clip.mp4"), last=False).to_rgb()
    assert (picture.format, picture.size) == ("JPEG", frame.size)
    assert max(ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), frame)).mean) < 3
    assert not list(sandbox.server_state.home.clips.glob("*.part*"))


async def test_a_clip_without_a_frame_has_no_thumbnail(unrendered: Sandbox) -> None:
    """The thumbnail's address answers 404 where no frame can be read from the file."""
    (done,) = await unrendered.finish(await unrendered.create())
    assert done.assets is not None
    assert (await unrendered.http.get(str(done.assets.image))).status_code == 404


async def test_what_ray_1_6_costs(unrendered: Sandbox) -> None:
    """A clip of the older model is charged at the rate that is assumed for it, by pixels and seconds."""
    for more in ({"resolution": "720p"}, {"resolution": "540p", "duration": "9s"}):
        body = {"model": "ray-1-6", "prompt": "a lake", "duration": "5s"} | more
        answer = await unrendered.http.post(f"{API}/generations", json=body, headers={"Authorization": "Bearer k"})
        assert (answer.status_code, answer.json()["model"]) == (201, "ray-1-6")
    assert [create.cents for create in unrendered.server_state.books.creates()] == [71, 72]


async def test_the_rate_of_ray_1_6_can_be_switched(tmp_path: Path) -> None:
    """Assumed at half the rate, the older model costs half as much, and the others what they did."""
    async with opened(tmp_path, Options(assume=Assumptions({"ray_1_6_rate": "0.0032"}))) as sandbox:
        for model in ("ray-1-6", "ray-2"):
            await sandbox.http.post(
                f"{API}/generations", json={"model": model, "prompt": "a lake", "resolution": "4k"},
                headers={"Authorization": "Bearer k"},
            )  # fmt: skip
        assert [create.cents for create in sandbox.server_state.books.creates()] == [319, 637]


async def test_ranges(unrendered: Sandbox) -> None:
    """A download can be taken up where it stopped."""
    (done,) = await unrendered.finish(await unrendered.create())
    assert done.assets is not None
    url = str(done.assets.video)
    whole = (await unrendered.http.get(url)).content
    rest = await unrendered.http.get(url, headers={"Range": "bytes=10000-"})
    assert (rest.status_code, rest.content) == (206, whole[10000:])
    assert rest.headers["content-range"] == f"bytes 10000-{len(whole) - 1}/{len(whole)}"
    assert (await unrendered.http.get(url, headers={"Range": "bytes=99999-"})).status_code == 416


async def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    """Another server in the same home goes on with the same generations and the same money."""
    async with opened(tmp_path) as first:
        made = await first.create()
        await asyncio.sleep(0.05)
    async with opened(tmp_path) as second:
        (done,) = await second.finish(made)
        assert done.state == "completed"
        assert second.server_state.books.account().charged == 40
        assert done.assets is not None
        assert (await second.http.get(str(done.assets.video))).content[4:8] == b"ftyp"


async def test_the_page(unrendered: Sandbox) -> None:
    """The page shows what was asked and what it would have cost, and nothing that was asked becomes markup."""
    made = await unrendered.create(prompt="<script>alert(1)</script> at dawn")
    await unrendered.finish(made)
    text = (await unrendered.http.get("/")).text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>" not in text
    assert "$0.40" in text
    assert "LUMAAI_BASE_URL=http://127.0.0.1:8787/dream-machine/v1" in text


async def test_conformance_answers_anything(tmp_path: Path) -> None:
    """With --conformance any id and any body is answered, nothing is charged, and the fixed lists stay themselves."""
    async with opened(tmp_path, Options(conformance=True)) as sandbox:
        made = await sandbox.luma.generations.create(model="ray-2", concepts=[{"key": "key"}])
        assert made.state == "queued"
        assert (await sandbox.luma.generations.get("id")).id == "id"
        assert (await sandbox.luma.generations.upscale("id")).id
        await sandbox.luma.generations.delete("id")
        assert len(await sandbox.luma.generations.concepts.list()) == 34
        assert sandbox.server_state.books.creates() == []
