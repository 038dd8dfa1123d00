"""Files of the Luma Agents API: uploaded, read, used, deleted."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import luma_agents
import pytest
from luma_agents.types import CreateFileResponse

from luma_sandbox.assumptions import Assumptions
from luma_sandbox.server_state import Options
from studio.media import ffmpeg
from tests.support.agents_api import AGENTS, client, finished, order, png
from tests.support.sandbox_in_process import BASE, Sandbox, opened

IMAGE = base64.b64decode(png()["data"])
KEY = {"Authorization": "Bearer k"}


async def announced(sandbox: Sandbox, content: bytes = IMAGE, **more: Any) -> CreateFileResponse:
    """A file that waits for its bytes."""
    wanted: dict[str, Any] = {"mime_type": "image/png", "size_bytes": len(content), "filename": "a.png"} | more
    return await client(sandbox).files.create(**wanted)


async def put(sandbox: Sandbox, made: CreateFileResponse, content: bytes = IMAGE) -> httpx.Response:
    """Send the bytes as the envelope says."""
    assert made.upload is not None
    assert made.upload.method == "PUT"
    return await sandbox.http.put(made.upload.url, content=content, headers=made.upload.headers)


async def uploaded(sandbox: Sandbox, content: bytes = IMAGE, **more: Any) -> str:
    """A file that is ready."""
    made = await announced(sandbox, content, **more)
    assert (await put(sandbox, made, content)).status_code == 200
    await client(sandbox).files.complete(made.id)
    return made.id


async def test_a_file_is_uploaded_and_used(unrendered: Sandbox) -> None:
    """Announced, put, completed, ready; then a clip starts from it, whatever becomes of the file."""
    files = client(unrendered).files
    made = await announced(unrendered, purpose="reference", user_id="somebody")
    assert (made.state, made.file.purpose, made.file.user_id) == ("pending", "reference", "somebody")
    with pytest.raises(luma_agents.BadRequestError):
        await files.complete(made.id)
    assert (await put(unrendered, made)).status_code == 200
    with pytest.raises(luma_agents.UnprocessableEntityError) as early:
        await order(unrendered, {"start_frame": {"file_id": made.id}})
    assert "not ready" in str(early.value.body)
    done = await files.complete(made.id)
    assert (done.state, done.mime_type, done.size_bytes, done.filename) == ("ready", "image/png", len(IMAGE), "a.png")
    assert (await files.complete(made.id)).state == "ready"
    clip = await order(unrendered, {"start_frame": {"file_id": made.id}})
    await files.delete(made.id)
    gone = await files.get(made.id)
    assert gone.state == "deleted"
    assert gone.deleted_at is not None
    with pytest.raises(luma_agents.UnprocessableEntityError):
        await order(unrendered, {"start_frame": {"file_id": made.id}})
    assert (await finished(unrendered, clip)).state == "completed"
    form = unrendered.server_state.books.creates()[0].order_form["frame0"]
    assert form["sha256"] == hashlib.sha256(IMAGE).hexdigest()


async def test_the_put_is_what_was_signed(unrendered: Sandbox) -> None:
    """Other bytes, another type, a forged or late signature: the storage takes none of it."""
    made = await announced(unrendered)
    assert made.upload is not None
    assert (await put(unrendered, made, IMAGE + b"!")).status_code == 400
    assert (await put(unrendered, made, IMAGE[:-1])).status_code == 400
    url, headers = made.upload.url, made.upload.headers
    assert (await unrendered.http.put(url, content=IMAGE, headers={"Content-Type": "x/y"})).status_code == 403
    assert (await unrendered.http.put(url[:-1] + "x", content=IMAGE, headers=headers)).status_code == 403
    unrendered.clock.advance(3601)
    assert (await put(unrendered, made)).status_code == 403
    assert (await client(unrendered).files.get(made.id)).state == "pending"


async def test_inline_upload(unrendered: Sandbox) -> None:
    """As multipart the bytes come along: no envelope, and the ingest has begun."""
    answer = await unrendered.http.post(
        f"{AGENTS}/files", headers=KEY, files={"file": ("b.png", IMAGE, "image/png")}, data={"purpose": "input"}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert (made["upload"], made["state"], made["file"]["filename"]) == (None, "ready", "b.png")
    without = await unrendered.http.post(f"{AGENTS}/files", headers=KEY, files={"other": ("b", IMAGE)})
    assert without.status_code == 400


async def test_ingest_takes_its_time_and_may_fail(tmp_path: Path) -> None:
    """Pending for as long as it is assumed to take, then ready, or failed with a reason where nothing can be read."""
    async with opened(tmp_path, Options(assume=Assumptions({"agents_ingest_seconds": "5"}))) as sandbox:
        files = client(sandbox).files
        good, bad = await uploaded(sandbox), await uploaded(sandbox, b"not a picture")
        film = await uploaded(sandbox, b"not a film", mime_type="video/mp4")
        assert (await files.get(good)).state == "pending"
        sandbox.clock.advance(5)
        assert (await files.get(good)).state == "ready"
        for broken in (bad, film):
            failed = await files.get(broken)
            assert failed.state == "failed"
            assert "could not be decoded" in str(failed.failure_reason)
        assert [f.id for f in (await files.list(state="failed")).data] == [film, bad]


async def test_pages_of_the_list(unrendered: Sandbox) -> None:
    """Newest first, page by page through the cursor, by purpose and by state; deleted ones only where asked for."""
    files = client(unrendered).files
    made = [(await announced(unrendered, purpose=("input", "reference")[n % 2])).id for n in range(5)]
    first = await files.list(limit=2)
    assert ([f.id for f in first.data], first.has_more) == ([made[4], made[3]], True)
    second = await files.list(limit=2, cursor=str(first.next_cursor))
    assert [f.id for f in second.data] == [made[2], made[1]]
    last = await files.list(limit=2, cursor=str(second.next_cursor))
    assert ([f.id for f in last.data], last.has_more, last.next_cursor) == ([made[0]], False, None)
    assert [f.id for f in (await files.list(purpose="reference")).data] == [made[3], made[1]]
    await files.delete(made[4])
    assert made[4] not in [f.id for f in (await files.list()).data]
    assert [f.id for f in (await files.list(state="deleted")).data] == [made[4]]


async def test_a_file_s_time_runs_out(unrendered: Sandbox) -> None:
    """With a time to live a file is deleted by itself."""
    made = await announced(unrendered, expires_at="2027-01-15T08:00:10Z")
    assert made.file.expires_at is not None
    unrendered.clock.advance(made.file.expires_at.timestamp() - unrendered.clock.now())
    assert (await client(unrendered).files.get(made.id)).state == "deleted"


@pytest.mark.parametrize(
    "wanted",
    [
        {"mime_type": "x"},
        {"size_bytes": 0},
        {"size_bytes": 5 * 1024**3 + 1},
        {"purpose": "fun"},
        {"expires_at": "tomorrow"},
        {"expires_at": "2001-01-01T00:00:00Z"},
    ],
)
async def test_bad_announcements(unrendered: Sandbox, wanted: dict[str, Any]) -> None:
    """A bad announcement is refused with 400 at once."""
    with pytest.raises(luma_agents.BadRequestError):
        await announced(unrendered, **wanted)


async def test_bad_queries_and_unknown_files(unrendered: Sandbox) -> None:
    """A list that cannot be given is 400; a file that nobody has is 404."""
    for query in ("limit=0", "limit=101", "limit=x", "cursor=cursor", "state=new", "order=asc"):
        assert (await unrendered.http.get(f"{AGENTS}/files?{query}", headers=KEY)).status_code == 400
    for call in (client(unrendered).files.get, client(unrendered).files.delete, client(unrendered).files.complete):
        with pytest.raises(luma_agents.NotFoundError):
            await call("nobody")


async def test_bad_media(unrendered: Sandbox) -> None:
    """Media that cannot be read is refused at once with 422, too much of it with 413; nothing is charged."""
    for frame in (
        {"data": "%%%", "media_type": "image/png"},
        {"data": base64.b64encode(b"no image").decode(), "media_type": "image/png"},
        {"url": "http://127.0.0.1:9/nothing.png"},
        {"url": "http://203.0.113.1/far.png"},
        {"generation_id": "nobody"},
        {"file_id": "nobody"},
    ):
        with pytest.raises(luma_agents.UnprocessableEntityError):
            await order(unrendered, {"start_frame": frame})
    with pytest.raises(luma_agents.APIStatusError) as large:
        await order(unrendered, {"start_frame": {"data": "A" * (68 * 1024**2), "media_type": "image/png"}})
    assert large.value.status_code == 413
    still = await finished(unrendered, await client(unrendered).generations.create(prompt="a lake"))
    with pytest.raises(luma_agents.UnprocessableEntityError):
        await order(unrendered, {"start_frame": {"generation_id": still.id}})
    waiting = await order(unrendered)
    with pytest.raises(luma_agents.UnprocessableEntityError):
        await order(unrendered, {"start_frame": {"generation_id": waiting.id}})
    assert unrendered.server_state.books.account().charged == Decimal("4.04") + 6


def film(to: Path, seconds: int) -> bytes:
    """A tiny clip of that length."""
    command = [ffmpeg.binary(), "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=64x36:r=24:d={seconds}"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-f", "mp4", "-y", str(to)], check=True)
    return to.read_bytes()


async def test_clips_as_sources(unrendered: Sandbox, tmp_path: Path) -> None:
    """A clip comes inline or as a file; what it costs follows from its length, and one that is too long is refused."""
    short, long = film(tmp_path / "a.mp4", 6), film(tmp_path / "b.mp4", 19)
    inline = {"data": base64.b64encode(short).decode(), "media_type": "video/mp4"}
    none = {"duration": None}
    await order(unrendered, none, type="video_edit", source=inline)
    assert unrendered.server_state.books.account().charged == 108
    made = await uploaded(unrendered, long, mime_type="video/mp4")
    await order(unrendered, none, type="video_reframe", aspect_ratio="9:16", source={"file_id": made})
    assert unrendered.server_state.books.account().charged == 108 + 19 * 3
    frames = [create.order_form["frames"] for create in unrendered.server_state.books.creates()]
    assert frames == [6 * 24, 19 * 24]
    with pytest.raises(luma_agents.UnprocessableEntityError, match="18 seconds"):
        await order(unrendered, none, type="video_edit", source={"file_id": made})
    with pytest.raises(luma_agents.UnprocessableEntityError, match="not a video"):
        await order(unrendered, {"start_frame": {"file_id": made}})
    longer = await uploaded(unrendered, film(tmp_path / "c.mp4", 31), mime_type="video/mp4")
    with pytest.raises(luma_agents.UnprocessableEntityError, match="30 seconds"):
        await order(unrendered, none, type="video_reframe", aspect_ratio="9:16", source={"file_id": longer})
    late = {"duration": None, "edit": {"keyframes": [png()], "keyframe_indexes": [6 * 24 + 1]}}
    with pytest.raises(luma_agents.UnprocessableEntityError, match=r"0\.\.144"):
        await order(unrendered, late, type="video_edit", source=inline)
    assert unrendered.server_state.books.account().charged == 108 + 19 * 3
    assert "letters of base64" in str(unrendered.server_state.books.creates()[0].request)


async def test_a_still_may_be_a_guide_frame(tmp_path: Path, unrendered: Sandbox) -> None:
    """A still is named by its id among the keyframes; as a start frame only where that is assumed to be accepted."""
    still = await finished(unrendered, await client(unrendered).generations.create(prompt="a lake"))
    await order(unrendered, {"keyframes": [{"generation_id": still.id}], "keyframe_indexes": [0]})
    switched = Options(assume=Assumptions({"agents_still_as_frame": "accepted"}), latency=0)
    async with opened(tmp_path / "other", switched) as sandbox:
        sandbox.server_state.render_pool.render = unrendered.server_state.render_pool.render  # type: ignore[method-assign]
        still = await finished(sandbox, await client(sandbox).generations.create(prompt="a lake"))
        await order(sandbox, {"start_frame": {"generation_id": still.id}})


async def test_files_survive_a_restart(tmp_path: Path) -> None:
    """Uploaded files are there for the next server."""
    async with opened(tmp_path) as sandbox:
        made = await uploaded(sandbox)
        waiting = await announced(sandbox)
    async with opened(tmp_path) as sandbox:
        assert (await client(sandbox).files.get(made)).state == "ready"
        assert (await put(sandbox, waiting)).status_code == 200
        assert (await client(sandbox).files.complete(waiting.id)).state == "ready"
        answer = await asyncio.wait_for(sandbox.http.get(f"{BASE}/sandbox/books"), 240)
        assert answer.json()["creates"] == []
