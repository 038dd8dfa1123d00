"""The shape that a clip of the Luma Agents API gets: its anchor's, a reframe's, and where a reframe puts its source."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import av
import luma_agents
import numpy as np
import pytest
from PIL import Image

from luma_sandbox import encoder
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.picture.planes import Picture
from luma_sandbox.server_state import Options
from tests.support.agents_api import finished, order, png
from tests.support.agents_media import footage, inline
from tests.support.sandbox_in_process import Sandbox, blank, opened

WIDE, TALL, SQUARE = png(size=(320, 180)), png(size=(90, 160)), png(size=(100, 100))


def turned() -> dict[str, str]:
    """A picture that is stored lying, and shown standing."""
    image, out = Image.new("RGB", (160, 90), "teal"), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(out, "JPEG", exif=exif)
    return {"data": base64.b64encode(out.getvalue()).decode(), "media_type": "image/jpeg"}


def latest(sandbox: Sandbox) -> tuple[int, int]:
    """Width and height of what was ordered last."""
    form = sandbox.server_state.books.creates()[-1].order_form
    return form["width"], form["height"]


@pytest.mark.parametrize(
    ("video", "size"),
    [
        ({}, (480, 480)),
        ({"start_frame": WIDE}, (640, 360)),
        ({"start_frame": TALL}, (360, 640)),
        ({"start_frame": turned()}, (360, 640)),
        ({"end_frame": TALL}, (360, 640)),
        ({"start_frame": WIDE, "end_frame": TALL}, (640, 360)),
        ({"keyframes": [TALL], "keyframe_indexes": [0]}, (360, 640)),
        ({"keyframes": [SQUARE, WIDE, TALL], "keyframe_indexes": [60, 120, 0]}, (360, 640)),
        ({"start_frame": png(size=(400, 100))}, (832, 278)),
    ],
)
async def test_an_anchor_gives_the_shape(unrendered: Sandbox, video: dict[str, Any], size: tuple[int, int]) -> None:
    """With an anchor the clip has its first anchor's shape, upright and at most 3:1, not the one asked for."""
    await order(unrendered, video, aspect_ratio="1:1")
    assert latest(unrendered) == size


async def test_an_extension_has_its_parents_shape(unrendered: Sandbox, tmp_path: Path) -> None:
    """A clip that goes on from another has the other's shape, at its own tier."""
    parent = await order(unrendered, aspect_ratio="9:16")
    await finished(unrendered, parent)
    unrendered.server_state.home.clip(parent.id).write_bytes(footage(tmp_path, (90, 160)))
    for way in ("start_frame", "end_frame"):
        await order(unrendered, {"resolution": "720p", way: {"generation_id": parent.id}}, aspect_ratio="16:9")
        assert latest(unrendered) == (720, 1280)


async def test_an_extension_is_never_in_hdr(tmp_path: Path) -> None:
    """Also where frames in HDR are assumed to be accepted, a prior clip is not extended in HDR, and costs nothing."""
    switched = Options(assume=Assumptions({"agents_hdr_with_frames": "accepted"}))
    async with opened(tmp_path / "home", switched) as sandbox:
        sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        parent = await order(sandbox)
        await finished(sandbox, parent)
        sandbox.server_state.home.clip(parent.id).write_bytes(footage(tmp_path, (64, 36)))
        await order(sandbox, {"resolution": "720p", "hdr": True, "start_frame": WIDE})
        for way in ("start_frame", "end_frame"):
            with pytest.raises(luma_agents.UnprocessableEntityError, match="standard dynamic range"):
                await order(sandbox, {"resolution": "720p", "hdr": True, way: {"generation_id": parent.id}})
        assert sandbox.server_state.books.account().charged == 6 + 60


@pytest.mark.parametrize("video", [{}, {"start_frame": TALL}, {"edit": {"keyframes": [TALL], "keyframe_indexes": [0]}}])
async def test_an_edit_has_its_sources_shape(unrendered: Sandbox, tmp_path: Path, video: dict[str, Any]) -> None:
    """An edit has the shape of its source, whatever the shape of a frame or a guide that shows its look."""
    source = inline(footage(tmp_path, (64, 64)))
    await order(unrendered, {"duration": None} | video, type="video_edit", source=source)
    assert latest(unrendered) == (480, 480)


@pytest.mark.parametrize(
    ("size", "ratio", "taken"),
    [
        ((64, 36), "16:9", False),
        ((864, 486), "16:9", False),
        ((854, 480), "16:9", False),
        ((64, 36), "9:16", True),
        ((36, 64), "9:16", False),
        ((64, 64), "1:1", False),
        ((68, 64), "1:1", True),
    ],
)
async def test_a_reframe_to_the_same_ratio(
    unrendered: Sandbox, tmp_path: Path, size: tuple[int, int], ratio: Any, taken: bool
) -> None:
    """A reframe to the ratio that its source has already is refused and costs nothing; nearly is the same."""
    asked: dict[str, Any] = {"type": "video_reframe", "aspect_ratio": ratio, "source": inline(footage(tmp_path, size))}
    if taken:
        await order(unrendered, {"duration": None}, **asked)
        return
    with pytest.raises(luma_agents.UnprocessableEntityError, match=f"the source is {ratio} already"):
        await order(unrendered, {"duration": None}, **asked)
    assert unrendered.server_state.books.account().charged == 0


async def test_a_generation_is_not_reframed_to_its_own_ratio(unrendered: Sandbox, tmp_path: Path) -> None:
    """So it is where the source is a generation."""
    parent = await order(unrendered)
    await finished(unrendered, parent)
    unrendered.server_state.home.clip(parent.id).write_bytes(footage(tmp_path, (64, 36)))
    with pytest.raises(luma_agents.UnprocessableEntityError, match="already"):
        await order(
            unrendered, {"duration": None}, type="video_reframe", aspect_ratio="16:9",
            source={"generation_id": parent.id},
        )  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("place", "box"),
    [
        ({"x_norm": 0.25, "y_norm": 0.5, "w_norm": 0.5, "h_norm": 0.25}, (120, 240, 360, 360)),
        ({"x_norm": -0.25, "y_norm": 0.75, "w_norm": 1.0, "h_norm": 0.5}, (0, 360, 360, 480)),
        (None, (0, 105, 480, 375)),
    ],
)
async def test_the_source_lies_where_it_was_put(
    sandbox: Sandbox, tmp_path: Path, place: dict[str, float] | None, box: tuple[int, int, int, int]
) -> None:
    """The source's picture fills its rectangle of the canvas, cut off at the edge, or is fitted and centred."""
    made = await order(
        sandbox, {"duration": None, "source_position": place}, type="video_reframe", aspect_ratio="1:1",
        prompt="a green meadow", source=inline(checked(tmp_path)),
    )  # fmt: skip
    done = await finished(sandbox, made)
    assert done.output is not None
    (tmp_path / "made.mp4").write_bytes((await sandbox.http.get(done.output[0].url)).content)
    with av.open(str(tmp_path / "made.mp4")) as container:
        shown = [frame.to_ndarray(format="rgb24").astype(np.float32) for frame in container.decode(video=0)]
    assert (len(shown), shown[0].shape) == (24, (480, 480, 3))
    whole = place or {"x_norm": 0.0, "y_norm": 105 / 480, "w_norm": 1.0, "h_norm": 270 / 480}
    left, top = whole["x_norm"] * 480, whole["y_norm"] * 480
    width, height = whole["w_norm"] * 480, whole["h_norm"] * 480
    for x in range(box[0] + 12, box[2] - 12, 24):
        for y in range(box[1] + 12, box[3] - 12, 24):
            across, down = (x - left) / width, (y - top) / height
            if min(abs(across - 0.5), abs(down - 0.5)) < 0.06:
                continue  # where two of the source's colours meet
            wanted = QUARTERS[(across > 0.5) + 2 * (down > 0.5)]
            assert np.abs(shown[12][y, x] - wanted).max() < 30, (x, y)


QUARTERS = np.array([(230, 20, 20), (20, 200, 20), (30, 30, 220), (240, 240, 240)], np.float32)


def checked(folder: Path) -> bytes:
    """A clip of 16:9 whose quarters are red, green, blue and white."""
    pixels = np.zeros((180, 320, 3), np.uint8)
    for number, colour in enumerate(QUARTERS):
        across, down = number % 2, number // 2
        pixels[down * 90 : down * 90 + 90, across * 160 : across * 160 + 160] = colour
    picture = Picture.from_rgb(Image.fromarray(pixels))
    place = folder / "checked.mp4"
    encoder.encode((picture for _ in range(24)), (320, 180), (320, 180), place)
    return place.read_bytes()
