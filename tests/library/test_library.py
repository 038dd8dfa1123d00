"""The provider as a library: its calls against a real sandbox over HTTP, with the same gateway and ledger."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.errors import BadInput, DownloadError, Moderated, NotConfirmed, OverBudget
from studio.library import GeneratedVideo, LumaProvider, open_provider
from studio.media.clip import examine
from studio.media.seam import measure_seam
from studio.storage.running import at_work
from tests.support.proxy import Proxy
from tests.support.running import Sandbox, booked
from tests.support.shop import CHEAP, Shop

SMALL: dict[str, Any] = {"width": 960, "height": 540}


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[str]:
    """Address of a web server with a picture, ``face.png``."""
    folder = tmp_path / "www"
    folder.mkdir()
    Image.effect_noise((640, 640), 60).convert("RGB").save(folder / "face.png")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_mission_s_closing_example(shop: Shop, workplace: Path, pictures: str) -> None:
    """Scenes with a character and camera motions are bought once, to the cent, each continuing the one before.

    Another provider gets the same videos for nothing; after a changed scene, it pays from that scene on.
    """
    scenes: list[dict[str, Any]] = [
        {"prompt": "a woman walks into a coffee shop", "camera_motion": "tracking"},
        {"prompt": "she orders a latte at the counter", "duration": 4.5, "camera_motion": "slow motion"},
    ]
    face = f"{pictures}/face.png"
    async with LumaProvider(model="ray-flash-2", budget=Decimal("0.30")) as luma:
        first, second = await luma.generate_continuous(scenes, character_ref_url=face, **SMALL)

    still, walk, latte = shop.requests
    assert still["model"] == "photon-flash-1"
    assert len(still["character_ref"]["identity0"]["images"]) == 1
    assert (walk["resolution"], walk["duration"], walk["aspect_ratio"]) == ("540p", "5s", "16:9")
    assert walk["concepts"] == [{"key": "truck_right"}]
    assert walk["keyframes"]["frame0"]["type"] == "image"
    assert latte["concepts"] == [{"key": "bolt_cam"}]
    assert latte["keyframes"] == {"frame0": {"type": "generation", "id": first.video_id}}
    assert [c["id"] for c in shop.creates][1:] == [first.video_id, second.video_id]
    assert (first.scene_id, second.scene_id) == ("scene-1", "scene-2")
    assert (second.provider, second.format, second.duration) == ("luma", "mp4", 5)
    assert (second.width, second.height) == (960, 540)
    assert second.generation_cost == second.metadata["spent"] == CHEAP
    assert first.generation_cost > CHEAP, "its still is part of it"
    assert first.generation_cost + second.generation_cost == booked(workplace)
    assert abs(booked(workplace) - shop.charged) < Decimal("0.01"), "the sandbox charges stills by the cent"
    assert measure_seam(first.path, second.path).ssim > 0.97

    scenes[1]["camera_motion"] = "static"
    async with open_provider("ray-flash-2") as luma:
        again, other = await luma.generate_continuous(scenes, character_ref_url=face, **SMALL)
    assert (again.video_id, again.metadata["cached"], again.metadata["spent"]) == (first.video_id, True, 0)
    assert (other.metadata["cached"], other.metadata["concepts"]) == (False, ["static"])
    assert len(shop.creates) == 4


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_same_wish_is_one_purchase(shop: Shop, workplace: Path, luma: LumaProvider) -> None:
    """Equal calls, at once or later and however written, make one create. Another take makes another one."""
    wish = "a quiet harbour at dawn"
    twins = await asyncio.gather(luma.generate(wish, 3, 960, 540), luma.generate(wish, **SMALL))
    assert len({video.video_id for video in twins}) == len(shop.creates) == 1
    assert sorted(video.metadata["cached"] for video in twins) == [False, True]
    assert sum(video.metadata["spent"] for video in twins) == booked(workplace) == shop.charged == CHEAP
    video = twins[0]
    assert examine(video.path).duration == 5 == video.duration
    assert video.metadata["prompt"] == wish
    assert (await luma.check_status(video.video_id))["status"] == "completed"

    other = await luma.generate(wish, take=2, **SMALL)
    assert other.video_id != video.video_id
    assert (other.metadata["take"], len(shop.creates)) == (2, 2)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_downloads(shop: Shop, workplace: Path, luma: LumaProvider, caplog: pytest.LogCaptureFixture) -> None:
    """A video is copied from the store, also by another provider's URL; one whose URL has expired is not fetched.

    No signed URL is in a log or a value's text.
    """
    with caplog.at_level(logging.DEBUG):
        video = await luma.generate("a quiet harbour at dawn", **SMALL)
        assert await luma.download(video.video_url, "films/harbour.mp4") == "films/harbour.mp4"
        fresh = (await luma.check_status(video.video_id))["video_url"]
        async with LumaProvider() as another:
            await another.download(fresh, workplace / "again.mp4")
    original = video.path.read_bytes()
    assert (workplace / "films" / "harbour.mp4").read_bytes() == (workplace / "again.mp4").read_bytes() == original
    assert not list((workplace / "films").glob(".*")), "nothing half-written stays"
    signature = video.video_url.partition("sig=")[2]
    assert signature
    assert signature not in repr(video) + caplog.text

    broken = re.sub("sig=.", "sig=x", fresh)
    with pytest.raises(DownloadError) as error:
        await luma.download(broken, "nothing.mp4")
    assert signature[1:] not in str(error.value)
    with pytest.raises(BadInput, match="http"):
        await luma.download("ftp://example.com/x.mp4", "nothing.mp4")
    (workplace / "file").touch()
    with pytest.raises(DownloadError, match="cannot be written"):
        await luma.download(video.video_url, "file/x.mp4")
    assert not (workplace / "nothing.mp4").exists()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_rerun_with_the_service_away(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetched video is there without the service, and can be downloaded; its URL is then the file's."""
    sandbox = Sandbox(tmp_path / "sandbox")
    sandbox.start()
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    try:
        async with LumaProvider("ray-flash-2") as luma:
            first = await luma.generate("the open sea", **SMALL)
    finally:
        sandbox.stop()
    async with LumaProvider("ray-flash-2") as luma:
        again = await luma.generate("the open sea", **SMALL)
        await luma.download(again.video_url, "sea.mp4")
    assert (again.video_id, again.metadata["cached"]) == (first.video_id, True)
    assert again.video_url == first.path.as_uri()
    assert (workplace / "sea.mp4").read_bytes() == first.path.read_bytes()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_lost_answer_is_found_again(shop: Shop, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The generation of a create whose answer was lost is found and awaited: nothing is bought twice."""
    async with Proxy(shop.sandbox.origin, lose=1) as proxy:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{proxy.origin}/dream-machine/v1")
        async with LumaProvider("ray-flash-2") as luma:
            video = await luma.generate("a boat leaves the harbour", **SMALL)
    assert [create["id"] for create in shop.creates] == [video.video_id]
    assert video.metadata["spent"] == booked(workplace) == shop.charged == CHEAP


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_what_the_service_fails_is_ordered_again(shop: Shop, workplace: Path, luma: LumaProvider) -> None:
    """The service's own failure is refunded and ordered again; moderation's refusal is final. Siblings continue."""
    shop.faults(
        {"kind": "fails", "containing": "stormy", "times": 1, "reason": "Job failed"},
        {"kind": "fails", "containing": "refused", "reason": "Advanced prompt moderation failed"},
    )
    video, refused = await asyncio.gather(
        luma.generate("a stormy harbour", **SMALL),
        luma.generate("a refused harbour", scene_id="pier", **SMALL),
        return_exceptions=True,
    )
    assert isinstance(refused, Moderated)
    assert at_work(workplace / ".studio") == ()  # also while its error is kept
    assert "scene 'pier'" in str(refused)
    assert "take=2" in refused.hint
    assert isinstance(video, GeneratedVideo)
    assert sorted(r["prompt"] for r in shop.requests) == ["a refused harbour", *["a stormy harbour"] * 2]
    assert video.generation_cost == video.metadata["spent"] == booked(workplace) == shop.charged == CHEAP
    with pytest.raises(Moderated):
        await luma.generate("a refused harbour", scene_id="pier", **SMALL)
    assert len(shop.creates) == 3


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_budget_is_shared_by_the_calls(shop: Shop, workplace: Path) -> None:
    """The calls of an open provider stay within its budget together, at once and one after the other."""
    async with LumaProvider("ray-flash-2", budget="0.20") as luma:
        calls = (luma.generate(prompt, **SMALL) for prompt in ("a red kite", "a blue kite"))
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert sorted(type(outcome) for outcome in ended if isinstance(outcome, Exception)) == [OverBudget]
        with pytest.raises(OverBudget, match=r"(?s)\$0.14 are spent already.*larger budget"):
            await luma.generate("a green kite", **SMALL)
    assert booked(workplace) == shop.charged == CHEAP


async def test_a_billed_provider_needs_a_budget(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key, nothing is bought without a budget."""
    monkeypatch.setenv("LUMA_API_KEY", "luma-secret")
    async with LumaProvider() as luma:
        with pytest.raises(NotConfirmed, match=r"(?s)\$0.71.*budget=Decimal\('0.71'\)") as error:
            await luma.generate("a quiet harbour at dawn")
    assert "luma-secret" not in str(error.value)
    assert shop.creates == []


SCRIPT = """
import asyncio, sys
from studio.library import LumaProvider

async def main():
    async with LumaProvider("ray-flash-2") as luma:
        videos = await luma.generate_continuous(
            [{"prompt": "a harbour at dawn"}, {"prompt": "a boat leaves the harbour"}], width=960, height=540
        )
    print("\\n".join(video.video_id for video in videos))

asyncio.run(main())
"""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_in_the_middle(workplace: Path, tmp_path: Path) -> None:
    """The same call after kill -9 awaits the first of two that was being made: two creates in all."""
    sandbox = Sandbox(tmp_path / "sandbox", latency=3600)  # nothing is ready before the kill
    sandbox.start()
    try:
        environment = {**os.environ, "LUMAAI_BASE_URL": sandbox.url}
        (workplace / "script.py").write_text(SCRIPT)
        line = [sys.executable, "script.py"]
        run = subprocess.Popen(line, cwd=workplace, env=environment, start_new_session=True)
        deadline = time.monotonic() + 300
        while not sandbox.books()["creates"] and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        (before,) = sandbox.books()["creates"]
        sandbox.again(latency=0)
        environment["LUMAAI_BASE_URL"] = sandbox.url
        again = subprocess.run(line, cwd=workplace, env=environment, capture_output=True, text=True, timeout=540)
        assert again.returncode == 0, again.stderr
        made = [create["id"] for create in sandbox.books()["creates"]]
        assert made == again.stdout.split()
        assert made[0] == before["id"]
        assert booked(workplace) == 2 * CHEAP
    finally:
        sandbox.stop()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_cancelled_call_is_gone_on_with(shop: Shop, workplace: Path, luma: LumaProvider) -> None:
    """A call that is cancelled while its clip is being made leaves the order in the ledger; the next one awaits it."""
    call = asyncio.create_task(luma.generate("a slow tide", **SMALL))
    while not await asyncio.to_thread(lambda: shop.creates):
        assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    video = await luma.generate("a slow tide", **SMALL)
    assert [create["id"] for create in shop.creates] == [video.video_id]
    assert booked(workplace) == shop.charged == CHEAP


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_other_api(shop: Shop, workplace: Path, luma: LumaProvider, local_picture: Path) -> None:
    """A call may name a model of the other API: a local picture is uploaded to it, and its generation can be asked
    for.
    """
    video = await luma.generate(
        "the sketch comes to life",
        model="ray-3",
        resolution="360p",
        start_image_url=local_picture,
        camera_motion="orbit",
    )
    (request,) = shop.requests
    assert request["model"] == "ray-3.2"
    assert set(request["video"]["start_frame"]) == {"file_id"}
    assert "the camera orbits the subject to the right" in request["prompt"].lower()
    assert video.metadata["prompt"] == "the sketch comes to life"
    assert (video.provider, video.metadata["model"], video.metadata["keyframes"]) == ("luma", "ray-3", True)
    assert (await luma.check_status(video.video_id))["video_url"]
    assert booked(workplace) == shop.charged == video.generation_cost


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_documented_example_runs_without_prefect(workplace: Path, root: Path) -> None:
    """The documented example runs unchanged, without a key in the sandbox, which it reports, and without
    Prefect. It leaves its two files.
    """
    (example,) = re.findall(r"```python\n(.*?)```", (root / "docs" / "library.md").read_text("utf-8"), re.DOTALL)
    (workplace / "example.py").write_text(f"{example}\nimport sys\nassert 'prefect' not in sys.modules\n")
    environment = os.environ | {"STUDIO_SANDBOX_LATENCY": "0"}
    line = [sys.executable, "example.py"]
    done = subprocess.run(line, cwd=workplace, env=environment, capture_output=True, text=True, timeout=840)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["video 5.0 0.14 False", "scene-1 5.0 0.14 False"]
    assert done.stderr.strip() == "no API key is set: the sandbox makes the videos, and nothing is billed"
    assert {path.name for path in workplace.glob("*.mp4")} == {"video.mp4", "scene-1.mp4"}
    assert booked(workplace) == 2 * CHEAP
