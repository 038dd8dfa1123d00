"""The clips themselves: size, frames, sameness, and how they join."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from luma_sandbox import renderer
from luma_sandbox.picture import planes, scenery, stage
from tests.support.decoding import Grey, decoded, score, ssim
from tests.support.sandbox_in_process import Sandbox, opened


def luma(picture: planes.Picture) -> Grey:
    """The luma of a picture."""
    return np.asarray(picture.y, np.float64)


def _covering(content: bytes, size: tuple[int, int]) -> Grey:
    """The luma of an image that fills a frame."""
    fitted = planes.cover(Image.open(io.BytesIO(content)), size)
    return np.asarray(planes.Picture.from_rgb(fitted).y, np.float64)


@pytest.fixture(scope="module")
def images() -> Iterator[dict[str, bytes]]:
    """Two pictures that a publisher on this machine serves until the test is over."""
    rng = np.random.default_rng(5)
    pictures: dict[str, bytes] = {}
    for name in ("/one.png", "/two.jpg"):
        small = Image.fromarray(rng.integers(0, 255, (9, 16, 3), dtype=np.uint8))
        stored = io.BytesIO()
        small.resize((1600, 900), Image.Resampling.BICUBIC).save(stored, "PNG" if name.endswith("png") else "JPEG")
        pictures[name] = stored.getvalue()

    class Publisher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(pictures[self.path])

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Publisher) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        yield {f"{base}{name}": content for name, content in pictures.items()}
        server.shutdown()


@pytest.mark.long
def test_the_form_of_a_clip(tmp_path: Path) -> None:
    """H.264 in yuv420p and BT.709, 24 frames a second, exactly 216 frames for 9 s, and the header in front."""
    renderer.render(score(tmp_path, frames=216, width=624, height=832))
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), format="mp4") as container:
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")
        assert (stream.width, stream.height, float(stream.average_rate or 0)) == (624, 832, 24.0)
        assert str(stream.time_base) == "1/12288"
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert sum(1 for _ in container.decode(video=0)) == 216
    head = clip.read_bytes()[:200_000]
    assert 0 < head.index(b"moov") < head.index(b"mdat")
    with Image.open(tmp_path / "clip.jpg") as poster:
        assert poster.size == (480, 640)


def test_the_same_score_makes_the_same_bytes(tmp_path: Path) -> None:
    """Rendering twice gives one digest; another prompt, another."""
    one = renderer.render(score(tmp_path, "one", frames=24))
    two = renderer.render(score(tmp_path, "two", frames=24))
    other = renderer.render(score(tmp_path, "other", frames=24, prompt="a lighthouse at dawn"))
    assert one == two != other


def test_a_prompt_is_the_same_picture_in_every_size(tmp_path: Path) -> None:
    """A draft shows what the final will: the same composition, smaller."""
    small, large = (
        stage.at_rest(scenery.paint("a coffee shop at dawn", size)).y.resize((240, 135), Image.Resampling.BOX)
        for size in ((480, 270), (960, 540))
    )
    assert ssim(np.asarray(small, np.float64), np.asarray(large, np.float64)) > 0.9


def test_the_camera_moves(tmp_path: Path) -> None:
    """Half a clip later the picture is another one."""
    work = renderer.compose(score(tmp_path, concepts=["push_in"], prompt="rain over a city at night"))
    first, middle = (luma(work.frame(index, captioned=False)) for index in (0, 60))
    assert ssim(first, middle) < 0.9


@pytest.mark.parametrize("concept", ["push_in", "pan_left", "roll_right", "handheld"])
def test_a_loop_has_no_seam(tmp_path: Path, concept: str) -> None:
    """The step from a loop's last frame to its first is no larger than any other."""
    work = renderer.compose(score(tmp_path, loop=True, concepts=[concept], prompt="snow on the mountains"))
    before, last, first = (luma(work.frame(index, captioned=False)) for index in (118, 119, 0))
    assert np.abs(last - first).mean() < 1.5 * np.abs(before - last).mean() + 1


def test_a_static_camera_stands_still(tmp_path: Path) -> None:
    """`static` without weather and without its caption shows one picture."""
    work = renderer.compose(score(tmp_path, concepts=["static"], prompt="stars over a planet in space"))
    assert work.frame(3, captioned=False).to_bytes() == work.frame(90, captioned=False).to_bytes()


def test_the_caption_keeps_the_ends_clean(tmp_path: Path) -> None:
    """Letters are there in the middle, and not in the first 0.4 s and the last 0.5 s."""
    work = renderer.compose(score(tmp_path, prompt="words to be read"))
    for index in (0, 9, 108, 119):
        assert work.frame(index).to_bytes() == work.frame(index, captioned=False).to_bytes()
    assert work.frame(60).to_bytes() != work.frame(60, captioned=False).to_bytes()


@pytest.mark.parametrize(
    "concept", ["push_in", "pull_out", "pan_left", "roll_right", "handheld", "dolly_zoom", "bolt_cam"]
)
def test_a_continuation_begins_with_the_very_frame(tmp_path: Path, concept: str) -> None:
    """Whatever the camera does, frame 0 of a continuation is its parent's last frame, bit by bit."""
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 255, (540, 960, 3), dtype=np.uint8))
    noise.save(tmp_path / "noise.png")
    image: Any = {"kind": "image", "path": str(tmp_path / "noise.png")}
    for edge, index in (("start", 0), ("end", 119)):
        changes: dict[str, Any] = {edge: image}
        work = renderer.compose(score(tmp_path, concepts=[concept], **changes))
        at_rest = stage.at_rest(work.acts[0 if edge == "start" else -1].stage)
        assert work.frame(index).to_bytes() == at_rest.to_bytes()
        assert work.frame(60, captioned=False).to_bytes() != at_rest.to_bytes()


@pytest.mark.long
async def test_a_chain_joins(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each continuation's first frame is its parent's last one, at SSIM above .98, and then it goes somewhere else."""
    prompts = ("a sailing boat at sunset", "dunes in the desert, a traveler", "a planet in space")
    keyframes: Any = None
    clips: list[list[Grey]] = []
    for number, prompt in enumerate(prompts):
        more = {"keyframes": keyframes} if keyframes else {}
        (done,) = await sandbox.finish(await sandbox.create(prompt=prompt, **more))
        assert done.state == "completed"
        clips.append(decoded(await sandbox.download(done, tmp_path / f"{number}.mp4")))
        keyframes = {"frame0": {"type": "generation", "id": str(done.id)}}
    for before, after in itertools.pairwise(clips):
        assert len(after) == 120
        assert ssim(before[-1], after[0]) > 0.98
        assert ssim(before[-1], after[-1]) < 0.7


@pytest.mark.long
async def test_images_at_both_ends_then_a_bridge(sandbox: Sandbox, tmp_path: Path, images: dict[str, bytes]) -> None:
    """The first frame is the start image, the last one the end image; a bridge ends where the other clip begins."""
    urls = list(images)
    shown = [_covering(content, (960, 540)) for content in images.values()]
    frames: Any = [{"type": "image", "url": url} for url in urls]
    (both,) = await sandbox.finish(await sandbox.create(keyframes={"frame0": frames[0], "frame1": frames[1]}))
    clip = decoded(await sandbox.download(both, tmp_path / "both.mp4"))
    assert ssim(clip[0], shown[0]) > 0.98
    assert ssim(clip[-1], shown[1]) > 0.98
    (bridge,) = await sandbox.finish(
        await sandbox.create(
            keyframes={"frame0": {"type": "generation", "id": both.id}, "frame1": {"type": "generation", "id": both.id}}
        )
    )
    between = decoded(await sandbox.download(bridge, tmp_path / "bridge.mp4"))
    assert ssim(between[0], clip[-1]) > 0.98
    assert ssim(between[-1], clip[0]) > 0.98


@pytest.mark.long
async def test_equal_requests_are_equal_bytes(tmp_path: Path, images: dict[str, bytes]) -> None:
    """The same request in two fresh homes, with the same image under another URL, is the same clip."""
    url = next(iter(images))
    digests = set()
    for query in ("", "#again"):
        async with opened(tmp_path / f"home{query}") as sandbox:
            frames: Any = {"frame0": {"type": "image", "url": url + query}}
            await sandbox.finish(await sandbox.create(prompt="through a desert", keyframes=frames))
            digests |= {create.digest for create in sandbox.server_state.books.creates()}
    assert len(digests) == 1
    assert None not in digests


def test_a_coarse_continuation_joins_too(tmp_path: Path) -> None:
    """Drawn small, a clip has the size and frames that were asked for, and its continuation begins where it ended."""
    first = score(tmp_path, "first", coarse=True, frames=24)
    renderer.render(first)
    renderer.render(
        score(tmp_path, "next", coarse=True, frames=24, prompt="a city", start={"kind": "clip", "path": first["out"]})
    )
    before, after = decoded(tmp_path / "first.mp4"), decoded(tmp_path / "next.mp4")
    assert (len(before), before[0].shape) == (24, (540, 960))
    assert ssim(before[-1], after[0]) > 0.95
