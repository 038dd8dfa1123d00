"""The results of the Luma Agents API: clips, stills, edits and reframes, looked at pixel by pixel."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from luma_agents.types import Generation
from numpy.typing import NDArray
from PIL import Image

from luma_sandbox import footage
from tests.support.agents_api import finished, order, png
from tests.support.edited_clips import clip as clip_of_a_disc
from tests.support.sandbox_in_process import Sandbox, opened

Pixels = NDArray[np.float32]
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


async def clip(sandbox: Sandbox, to: Path, video: dict[str, Any] | None = None, **wanted: Any) -> tuple[str, Path]:
    """A finished clip: its id, and its file."""
    done = await finished(sandbox, await order(sandbox, video, **wanted))
    return done.id, await fetched(sandbox, done, 0, to)


async def fetched(sandbox: Sandbox, done: Generation, number: int, to: Path) -> Path:
    """One output of a finished generation."""
    assert done.state == "completed", sandbox.server_state.books.any(done.id)
    assert done.output is not None
    answer = await sandbox.http.get(done.output[number].url)
    assert answer.status_code == 200
    to.write_bytes(answer.content)
    return to


def frames(place: Path) -> list[Pixels]:
    """Every frame's luma."""
    with av.open(str(place)) as container:
        return [frame.to_ndarray(format="gray").astype(np.float32) for frame in container.decode(video=0)]


def colours(place: Path, index: int) -> list[int]:
    """The middle colour of one frame."""
    with av.open(str(place)) as container:
        shown = [frame for number, frame in enumerate(container.decode(video=0)) if number == index]
    rgb = np.asarray(Image.fromarray(shown[0].to_ndarray(format="rgb24")).resize((9, 9)))
    return [int(level) for level in rgb[3, 4]]


async def test_drafts_and_extensions(sandbox: Sandbox, tmp_path: Path) -> None:
    """A draft is 640 × 360; an extension goes on where its parent ended; in a fresh home it is the same bytes."""
    parent, first = await clip(sandbox, tmp_path / "a.mp4")
    facts = footage.examine(first)
    assert (facts.width, facts.height, facts.frames) == (640, 360, 120)
    async with opened(tmp_path / "fresh") as fresh:
        _, again = await clip(fresh, tmp_path / "b.mp4")
    assert again.read_bytes() == first.read_bytes()
    _, more = await clip(sandbox, tmp_path / "c.mp4", {"start_frame": {"generation_id": parent}}, prompt="a forest")
    seam = np.abs(frames(first)[-1] - frames(more)[0]).mean()
    assert seam < 2 < np.abs(frames(first)[-1] - frames(more)[-1]).mean()


async def test_guide_frames_stand_where_they_were_pinned(sandbox: Sandbox, tmp_path: Path) -> None:
    """At its index each guide frame is what is seen, also the last place of the grid."""
    guides = {"keyframes": [png("red"), png("lime"), png("blue")], "keyframe_indexes": [0, 60, 120]}
    _, made = await clip(sandbox, tmp_path / "a.mp4", guides)
    for index, wanted in ((0, (255, 0, 0)), (60, (0, 255, 0)), (119, (0, 0, 255))):
        assert np.abs(np.array(colours(made, index)) - wanted).max() < 12


async def test_stills(sandbox: Sandbox, tmp_path: Path) -> None:
    """A still is 2K in the format asked for, shows its references, and can be edited."""
    wanted: dict[str, Any] = {"model": "uni-1", "type": "image", "aspect_ratio": "3:2", "output_format": "png"}
    plain = await finished(sandbox, await order(sandbox, **wanted))
    place = await fetched(sandbox, plain, 0, tmp_path / "a.png")
    with_reference = await finished(sandbox, await order(sandbox, **wanted, image_ref=[png("red")]))
    other = await fetched(sandbox, with_reference, 0, tmp_path / "b.png")
    change: dict[str, Any] = {"model": "uni-1-max", "type": "image_edit", "prompt": "golden sunset"}
    edited = await finished(sandbox, await order(sandbox, **change, source={"generation_id": plain.id}))
    third = await fetched(sandbox, edited, 0, tmp_path / "c.jpg")
    with Image.open(place) as a, Image.open(other) as b, Image.open(third) as c:
        assert (a.format, a.size, c.format, c.size) == ("PNG", (2048, 1366), "JPEG", (2048, 1366))
        red = [(np.asarray(image)[..., 0] > 180) & (np.asarray(image)[..., 1] < 60) for image in (a, b)]
        assert red[1].sum() > red[0].sum() + 20_000
        assert np.abs(np.asarray(a, np.float32) - np.asarray(c, np.float32)).mean() > 5


async def test_edits_and_reframes(sandbox: Sandbox, tmp_path: Path) -> None:
    """An edit keeps its source's length and shape and goes farther with its strength; a reframe has the new shape."""
    source, first = await clip(sandbox, tmp_path / "a.mp4")
    before, apart = frames(first), []
    for strength in ("adhere_1", "flex_2", "reimagine_3"):
        _, made = await clip(
            sandbox,
            tmp_path / f"{strength}.mp4",
            {"resolution": "360p", "duration": None, "edit": {"strength": strength}},
            type="video_edit",
            prompt="a neon city at night",
            source={"generation_id": source},
        )
        after = frames(made)
        assert (len(after), after[0].shape) == (120, (360, 640))
        apart.append(np.abs(before[60] - after[60]).mean())
    assert apart == sorted(apart)
    assert apart[0] > 1
    _, tall = await clip(
        sandbox,
        tmp_path / "tall.mp4",
        {"duration": None},
        type="video_reframe",
        prompt="more water",
        aspect_ratio="9:16",
        source={"generation_id": source},
    )
    facts = footage.examine(tall)
    assert (facts.width, facts.height, facts.frames) == (360, 640, 120)


async def test_controls_hold_an_edit_to_its_source(sandbox: Sandbox, tmp_path: Path) -> None:
    """The more and the firmer controls an edit has, the nearer it stays to its source; one that is off does nothing."""
    footage_of_a_disc = clip_of_a_disc(tmp_path, 24)
    (tmp_path / "source.mp4").write_bytes(footage_of_a_disc)
    before, apart = frames(tmp_path / "source.mp4"), []
    source = {"data": base64.b64encode(footage_of_a_disc).decode(), "media_type": "video/mp4"}
    names = ("pose", "depth", "normals", "trajectory", "face")
    controls: list[dict[str, Any] | None] = [
        {name: {"enabled": True} for name in names},
        {
            "pose": {"strength": "coarse"}, "depth": {"blur": 1.0}, "normals": {"augmentation": 1.0},
            "trajectory": {"sparsity": 1.0}, "face": {"enabled": False},
        },
        {name: {"enabled": False} for name in names},
        None,
    ]  # fmt: skip
    for number, held in enumerate(controls):
        edit = {"strength": "reimagine_1", "controls": held}
        made = tmp_path / f"{number}.mp4"
        options = {"duration": None, "edit": edit}
        await clip(sandbox, made, options, type="video_edit", prompt="a neon city at night", source=source)
        apart.append(np.abs(before[12] - np.asarray(resized(frames(made)[12], before[12].shape))).mean())
    assert apart[0] < apart[1] < apart[2]
    # Without controls it is the same wish as with all of them off: another take of it.
    assert apart[3] == pytest.approx(apart[2], rel=0.05)


def resized(luma: Pixels, shape: tuple[int, ...]) -> Image.Image:
    """One frame's luma at another size."""
    return Image.fromarray(luma).resize(shape[::-1])


async def test_high_dynamic_range(sandbox: Sandbox, tmp_path: Path) -> None:
    """HDR has ten bits and says which curve; the EXR archive beside it holds linear frames."""
    done = await finished(sandbox, await order(sandbox, {"resolution": "720p", "hdr": True, "exr_export": True}))
    place = await fetched(sandbox, done, 0, tmp_path / "a.mp4")
    with av.open(str(place)) as container:
        stream = container.streams.video[0]
        assert (stream.format.name, stream.width, stream.height) == ("yuv420p10le", 1280, 720)
        assert stream.codec_context.color_trc == 18  # ARIB STD-B67, as HLG is called there
    assert done.output is not None
    assert done.output[1].type == "exr"
    archive = await fetched(sandbox, done, 1, tmp_path / "a.zip")
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        assert (len(names), names[0], names[-1]) == (10, "00000.exr", "00108.exr")
        assert io.BytesIO(packed.read(names[0])).read(4) == b"\x76\x2f\x31\x01"
