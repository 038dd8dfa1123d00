"""The Agents provider with the real SDK: on a faulty transport, and against the sandbox."""

from __future__ import annotations

import hashlib
import inspect
import shutil
import ssl
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from studio.errors import (
    Ambiguous,
    NotFound,
    NotSent,
    OutOfCredit,
    RateLimited,
    Refused,
    ServiceError,
    Unauthorized,
    Untrusted,
)
from studio.failures import FailureClass, failure_class
from studio.planning.plan import canonical_json
from studio.providers.luma.agents import Agents
from studio.providers.luma.models import RAY_3
from studio.providers.price_book import load_prices
from tests.media.clips import make
from tests.support.luma import LumaAgents, fail, refuse
from tests.support.sandbox_in_process import BASE, Sandbox, opened
from tests.support.seeds import encoded, halves

CLIP: dict[str, Any] = {
    "prompt": "a sea", "model": RAY_3, "aspect_ratio": "16:9",
    "video": {"resolution": "540p", "duration": "5s", "start_frame": {"file_id": "f"}, "loop": False},
}  # fmt: skip


async def test_every_parameter_is_sent_and_nothing_else() -> None:
    """The body is the request and the endpoint's type, without nulls, and without a callback, which this API lacks."""
    luma = LumaAgents()
    await luma.provider().create("video", {**CLIP, "source": None, "callback_url": "https://me/"})
    assert canonical_json(luma.sent[0]) == canonical_json({**CLIP, "type": "video"})


@pytest.mark.parametrize("endpoint", sorted(Agents.endpoints))
async def test_the_endpoint_is_the_type(endpoint: str) -> None:
    """Each endpoint is sent as the ``type`` of one create."""
    luma = LumaAgents()
    made = await luma.provider().create(endpoint, {"prompt": "a sea", "model": "uni-1"})
    assert (luma.sent[0]["type"], made.kind) == (endpoint, "image" if endpoint.startswith("image") else "video")


async def test_an_unknown_endpoint_is_never_sent() -> None:
    """An endpoint that the API does not know is refused before anything is sent, with the list of those that it has."""
    luma = LumaAgents()
    with pytest.raises(Refused, match="upscale") as error:
        await luma.provider().create("upscale", CLIP)
    assert "video_edit" in error.value.hint
    assert luma.calls == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Refused), (401, Unauthorized), (402, OutOfCredit), (403, Unauthorized), (408, Ambiguous),
        (409, Ambiguous), (413, Refused), (422, Refused), (429, RateLimited), (500, Ambiguous), (502, Ambiguous),
        (503, Ambiguous),
    ],
)  # fmt: skip
async def test_a_create_is_sent_once_whatever_the_answer(status: int, error: type[ServiceError]) -> None:
    """Each answer gives its error after one request, as the SDK's own retries are off."""
    luma = LumaAgents(script=[refuse(status, "told why", retry_after="7")])
    with pytest.raises(error, match="told why") as raised:
        await luma.provider().create("video", CLIP)
    assert type(raised.value) is error
    assert len(luma.sent) == 1
    assert status != 429 or getattr(raised.value, "retry_after", None) == 7
    assert status not in (401, 403) or "LUMA_AGENTS_API_KEY" in raised.value.hint


@pytest.mark.parametrize("lost", [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError])
async def test_a_lost_answer_is_ambiguous(lost: type[httpx.TransportError]) -> None:
    """A create whose answer was lost may have been accepted, so it is ambiguous and not sent again."""
    luma = LumaAgents()
    luma.script = [luma.lose(lost)]
    with pytest.raises(Ambiguous):
        await luma.provider().create("video", CLIP)
    assert (len(luma.sent), len(luma.generations)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [(200, b"<html>", "text/html"), (201, b'{"id": "gen', "application/json"), (201, b"[]", "application/json"),
     (201, b'{"id": " "}', "application/json"), (201, b'{"id": 5}', "application/json"), (202, b"", "text/plain")],
)  # fmt: skip
async def test_an_unreadable_success_is_ambiguous(status: int, content: bytes, kind: str) -> None:
    """A 2xx without an id that can be read may be a purchase."""
    luma = LumaAgents()
    luma.script = [luma.garble(status, content, kind)]
    with pytest.raises(Ambiguous):
        await luma.provider().create("video", CLIP)
    assert len(luma.sent) == 1


async def test_what_was_never_sent() -> None:
    """Without a connection, or where the SDK cannot build the request, nothing was sent."""
    luma = LumaAgents(script=[fail(httpx.ConnectError)])
    with pytest.raises(NotSent, match="cannot be reached"):
        await luma.provider().create("video", CLIP)
    with pytest.raises(NotSent, match="cannot be built"):
        await luma.provider().create("video", {**CLIP, "duration": "5s"})
    with pytest.raises(NotSent, match="cannot be built"):
        await luma.provider().create("video", {**CLIP, "key": "x", "read": "x"})


async def test_a_generation_is_read() -> None:
    """A generation is read with its state, its outputs by kind, and a reason of code and text."""
    luma = LumaAgents()
    provider = luma.provider()
    clip, still = await provider.create("video", CLIP), await provider.create("image", {"prompt": "a cup"})
    luma.generations[clip.id]["state"] = "processing"
    assert ((await provider.get(clip.id)).state, clip.kind, still.kind) == ("dreaming", "video", "image")
    assert clip.created_at == luma.created_at
    luma.finish(clip.id)
    luma.finish(still.id)
    made, drawn = await provider.get(clip.id), await provider.get(still.id)
    assert [url and url.partition("?")[0][-5:] for url in (made.video_url, made.image_url, made.frames_url)] == [
        "video", None, "1.exr",
    ]  # fmt: skip
    assert drawn.video_url is None
    assert drawn.image_url is not None
    assert "SECRET" not in repr((made, drawn))
    luma.finish(clip.id, "failed", "content_moderated", "The prompt violated the guidelines")
    failed = await provider.get(clip.id)
    assert failed.failure_reason == "content_moderated: The prompt violated the guidelines"
    assert failure_class(failed.failure_reason) is FailureClass.MODERATION
    luma.generations[clip.id] |= {"state": "pondering", "output": "none", "failure_code": 5, "created_at": 7}
    odd = await provider.get(clip.id)
    assert (odd.state, odd.video_url, odd.created_at) == ("dreaming", None, None)
    with pytest.raises(NotFound):
        await provider.get("nobody")


async def test_what_this_api_has_not() -> None:
    """List, balance, delete and concepts, which this API lacks, are refused clearly, without a request."""
    luma = LumaAgents()
    provider = luma.provider()
    for call in (provider.list(), provider.credits(), provider.delete("g")):
        with pytest.raises(Refused, match="Luma Agents"):
            await call
    assert await provider.list_camera_motions() == []
    assert luma.calls == []
    await provider.ping()
    assert luma.calls == ["GET /files"]
    assert (provider.has_list, provider.name) == (False, "luma-agents")
    assert not inspect.isabstract(Agents)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture on disk."""
    path = tmp_path / "photo.png"
    Image.effect_noise((640, 640), 90).save(path)
    return path


async def test_an_upload(photo: Path) -> None:
    """The bytes go to the signed URL in one PUT of known length, without the key, and are awaited until ready."""
    luma = LumaAgents(file_states=["pending", "pending", "ready"])
    assert await luma.provider().upload(photo, media_type="image/png") == "file-1"
    assert luma.stored == [photo.read_bytes()]
    headers = luma.puts[0].headers
    assert (headers["content-type"], headers["content-length"]) == ("image/png", str(photo.stat().st_size))
    assert "authorization" not in headers
    assert "transfer-encoding" not in headers
    assert "agents-secret-key" not in str(headers.raw)
    assert luma.calls == [
        "POST /files", "PUT /bucket/file-1", "POST /files/file-1/complete", "GET /files/file-1", "GET /files/file-1",
    ]  # fmt: skip
    assert luma.naps == [0.25, 0.375]


async def test_a_put_is_tried_again(photo: Path) -> None:
    """A PUT that is lost or meets a 5xx is sent again, whole; a refusal ends it, and shows no signature."""
    luma = LumaAgents(put_script=[fail(httpx.ReadError), refuse(503)])
    assert await luma.provider().upload(photo, media_type="image/png") == "file-1"
    assert (len(luma.puts), luma.stored) == (3, [photo.read_bytes()])
    for script, tries in (([refuse(403)], 1), ([refuse(500)] * 3, 3), ([fail(httpx.ConnectError)] * 3, 3)):
        luma = LumaAgents(put_script=list(script))
        with pytest.raises(ServiceError, match="could not be uploaded") as error:
            await luma.provider().upload(photo, media_type="image/png")
        assert len(luma.puts) == tries
        assert "SECRET" not in str(error.value)
        assert "POST /files/file-1/complete" not in luma.calls


async def test_a_file_that_is_never_usable(photo: Path, tmp_path: Path) -> None:
    """A file that is rejected, stays pending, or does not exist ends in an error of ours, in time."""
    luma = LumaAgents(file_states=["pending", "failed"])
    with pytest.raises(Refused, match=r"photo\.png.*no good"):
        await luma.provider().upload(photo, media_type="image/png")
    luma = LumaAgents(file_states=["pending"] * 1000)
    with pytest.raises(ServiceError, match="not ready after"):
        await luma.provider().upload(photo, media_type="image/png")
    assert 180 <= sum(luma.naps) < 190
    (tmp_path / "empty.png").touch()
    for name in ("empty.png", "missing.png"):
        with pytest.raises(Refused, match=name):
            await luma.provider().upload(tmp_path / name, media_type="image/png")


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A sandbox that serves one small, ready-made clip, since only requests and answers are tested."""
    clip = make(tmp_path / "clip.mp4", frames=120)

    async def render(score: dict[str, Any]) -> str:
        shutil.copyfile(clip, score["out"])
        Path(score["poster"]).touch()
        return hashlib.sha256(clip.read_bytes()).hexdigest()

    async with opened(tmp_path / "home") as up:
        up.server_state.render_pool.render = render  # type: ignore[method-assign]
        yield up


def provider_of(sandbox: Sandbox) -> Agents:
    """The real provider, connected to the sandbox."""

    async def sleep(seconds: float) -> None:
        sandbox.clock.advance(seconds)

    return Agents(api_key="k", base_url=f"{BASE}/v1", transport=httpx.ASGITransport(app=sandbox.app), sleep=sleep)


async def done(sandbox: Sandbox, provider: Agents, generation_id: str) -> Any:
    """A generation, awaited to its end."""
    await sandbox.settle(lambda: sandbox.clock.advance(1))
    return await provider.get(generation_id)


async def test_a_production_s_calls_against_the_sandbox(sandbox: Sandbox, photo: Path) -> None:
    """The sandbox takes all calls of a production: upload, still, clip, extension, edit, reframe, HDR with EXR.

    Each is booked at the price that our table gives.
    """
    provider = provider_of(sandbox)
    await provider.ping()
    picture = await provider.upload(photo, media_type="image/png")
    still = await provider.create("image", {"prompt": "a girl", "model": "uni-1", "image_ref": [{"file_id": picture}]})
    still = await done(sandbox, provider, still.id)
    assert (still.state, still.kind, still.video_url) == ("completed", "image", None)
    assert still.image_url is not None

    def clip(**video: Any) -> dict[str, Any]:
        return {"prompt": "a lake", "model": RAY_3, "video": {"resolution": "360p", "duration": "5s", **video}}

    first = await provider.create("video", clip(start_frame={"file_id": picture}))
    first = await done(sandbox, provider, first.id)
    assert (first.state, first.image_url, first.frames_url) == ("completed", None, None)
    more = await provider.create("video", clip(start_frame={"generation_id": first.id}))
    source = {"source": {"generation_id": first.id}, "model": RAY_3}
    edited = await provider.create(
        "video_edit",
        {**source, "prompt": "as a drawing", "video": {"resolution": "360p", "edit": {"strength": "flex_1"}}},
    )
    framed = await provider.create(
        "video_reframe", {**source, "prompt": "a lake", "aspect_ratio": "9:16", "video": {"resolution": "360p"}}
    )
    for made in (more, edited, framed):
        ended = await done(sandbox, provider, made.id)
        assert (ended.state, ended.kind) == ("completed", "video")
        assert ended.video_url is not None
    hdr = await provider.create("video", clip(resolution="720p", hdr=True, exr_export=True))
    assert (await done(sandbox, provider, hdr.id)).frames_url.partition("?")[0].endswith(".zip")
    table = load_prices()
    quotes = [
        table.quote_still("uni-1", references=1), table.quote("ray-3", "360p", 5),
        table.quote("ray-3", "360p", 5, extends=True),
        table.quote_edit("ray-3", "360p", 120), table.quote_reframe("ray-3", "360p", 120),
        table.quote("ray-3", "720p", 5, dynamic="exr"),
    ]  # fmt: skip
    books = (await sandbox.http.get("/sandbox/books")).json()
    assert [Decimal(create["usd"]) for create in books["creates"]] == [quote.usd for quote in quotes]


async def test_refusals_of_the_sandbox(tmp_path: Path) -> None:
    """A wrong field and a missing parent are refused with the field's name; a damaged file is reported."""
    async with opened(tmp_path / "home") as sandbox:
        provider = provider_of(sandbox)
        with pytest.raises(Refused, match="duration"):
            await provider.create("video", {"prompt": "x", "model": RAY_3, "video": {"duration": "9s"}})
        with pytest.raises(Refused, match="start_frame"):
            await provider.create("video", {**CLIP, "video": {"start_frame": {"generation_id": "nobody"}}})
        (tmp_path / "broken.png").write_bytes(b"\x89PNG and nothing more")
        with pytest.raises(Refused, match=r"broken\.png.*cannot use"):
            await provider.upload(tmp_path / "broken.png", media_type="image/png")
        with pytest.raises(Refused, match="mime_type"):
            await provider.upload(tmp_path / "broken.png", media_type="text/plain")


async def test_an_upload_behind_an_untrusted_certificate(tmp_path: Path) -> None:
    """An untrusted certificate of the host that bytes are put to is reported after one try."""

    def untrusted(request: httpx.Request, _: dict[str, Any]) -> httpx.Response:
        cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
        cause.verify_code, cause.verify_message = 20, "unable to get local issuer certificate"
        raise httpx.ConnectError("no", request=request) from cause

    luma = LumaAgents(put_script=[untrusted] * 3)
    photo = tmp_path / "photo.png"
    photo.write_bytes(encoded(halves()))
    with pytest.raises(Untrusted, match=r"photo\.png could not be uploaded: the certificate of") as caught:
        await luma.provider().upload(photo, media_type="image/png")
    assert len(luma.puts) == 1
    assert "SSL_CERT_FILE" in caught.value.hint
