"""The Dream Machine provider over the real SDK: all parameters are sent, all answers are read with care."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import lumaai
import pytest
from lumaai.resources.generations.video import AsyncVideoResource

from studio.errors import Ambiguous, NotFound, NotSent, ServiceError
from studio.plan import canonical_json
from studio.providers import DreamMachine, Generation
from studio.providers.answers import retry_after
from tests.luma import Luma, refuse

FULL = {
    "model": "ray-flash-2", "prompt": "a sea", "aspect_ratio": "21:9", "resolution": "1080p", "duration": "9s",
    "loop": True, "concepts": [{"key": "push_in"}],
    "keyframes": {"frame0": {"type": "generation", "id": "g"}, "frame1": {"type": "image", "url": "https://x/a.png"}},
}  # fmt: skip


async def test_every_parameter_is_sent_and_nothing_else() -> None:
    """The body on the wire is exactly what was asked: resolution and duration too, and nothing as null."""
    luma = Luma()
    await luma.provider().create("video", {**FULL, "callback_url": None})
    assert canonical_json(luma.sent[0]) == canonical_json(FULL)


async def test_a_create_is_sent_once_whatever_the_answer() -> None:
    """The SDK's own retries are off for a create: after each answer that it would retry, one request was sent."""
    for answer in (refuse(408), refuse(409), refuse(429), refuse(500), refuse(503)):
        luma = Luma(script=[answer])
        with pytest.raises(ServiceError):
            await luma.provider().create("video", FULL)
        assert len(luma.sent) == 1


async def test_a_redirect_is_not_followed() -> None:
    """A create that is answered with a redirect is not sent a second time."""
    luma = Luma(script=[lambda *_: httpx.Response(307, headers={"location": "/dream-machine/v1/generations/video"})])
    with pytest.raises(ServiceError):
        await luma.provider().create("video", FULL)
    assert len(luma.sent) == 1


async def test_an_id_is_kept_whatever_else_is_odd() -> None:
    """A created generation in a state that nobody knows, with odd fields, still has its id."""
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


async def test_check_status_has_the_mission_s_fields() -> None:
    """``check_status`` answers as the mission wrote it: id, status, and URL or reason once there is one."""
    luma = Luma()
    for _ in range(2):
        luma.accept({})
    luma.finish("generation-1")
    luma.finish("generation-2", "failed", "Job failed")
    provider = luma.provider()
    done, failed = await provider.check_status("generation-1"), await provider.check_status("generation-2")
    assert (done["status"], done["failure_reason"]) == ("completed", None)
    assert done["video_url"].startswith("https://")
    assert (failed["status"], failed["video_url"], failed["failure_reason"]) == ("failed", None, "Job failed")


def test_signed_urls_are_not_printed() -> None:
    """The representation of a generation holds no URL."""
    generation = Generation("g", "completed", video_url="https://cdn/x?sig=SECRET", request={"u": "SECRET"})
    assert "SECRET" not in repr(generation)


async def test_a_url_that_is_none_was_never_sent() -> None:
    """A base URL that cannot be requested means that nothing was bought."""
    provider = DreamMachine(api_key="k", base_url="ftp://nowhere/")
    with pytest.raises(NotSent):
        await provider.create("video", FULL)


def test_retry_after_in_all_its_forms() -> None:
    """Retry-After is read as seconds or as a date; nonsense is none."""
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    later = (now + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    found = [retry_after(httpx.Headers({"retry-after": v}), now=now) for v in ("7", later, "soon", "-5", "inf", "")]
    assert found == [7.0, 90.0, None, None, None, None]


def test_the_sdk_still_takes_what_we_send() -> None:
    """A parameter that the installed SDK no longer takes fails here, and not at a purchase."""
    assert FULL.keys() <= inspect.signature(AsyncVideoResource.create).parameters.keys()
    assert {"get", "list", "delete"} <= set(dir(lumaai.AsyncLumaAI(auth_token="k").generations))
