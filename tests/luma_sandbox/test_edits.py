"""Clips made from clips: modify, reframe, upscale, audio, and continuations with their parent in front."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import lumaai
import numpy as np
import pytest
from PIL import Image

from luma_sandbox import edit_rules, footage, sizes
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.picture import look
from luma_sandbox.refusal import Refusal
from luma_sandbox.server_state import Options
from luma_sandbox.soundtrack import compose
from studio.media import ffmpeg
from tests.support.decoding import Grey, decoded, ssim
from tests.support.edited_clips import SIZE, clip, moving, parent_of
from tests.support.publisher import published
from tests.support.sandbox_in_process import Sandbox, blank, opened

STRICT = Assumptions({"null_fields": "refused", "unknown_fields": "refused"})
URL = "http://127.0.0.1:1/a.mp4"
MODIFY: dict[str, Any] = {
    "model": "ray-2", "generation_type": "modify_video", "mode": "flex_1", "media": {"url": URL},
}  # fmt: skip
REFRAME: dict[str, Any] = {
    "model": "ray-2", "generation_type": "reframe_video", "aspect_ratio": "1:1", "media": {"url": URL},
}  # fmt: skip


@pytest.fixture(scope="module")
def base(files: dict[str, bytes]) -> Iterator[str]:
    """The URL at which the files are published."""
    with published(files) as url:
        yield url


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"mode": ...}, 422, "mode"),
        ({"mode": "flex_4"}, 422, "mode"),
        ({"model": ...}, 422, "model"),
        ({"model": "photon-1"}, 422, "model"),
        ({"generation_type": ...}, 422, "generation_type"),
        ({"generation_type": "video"}, 422, "generation_type"),
        ({"media": ...}, 422, "media"),
        ({"media": URL}, 422, "media"),
        ({"media": {}}, 422, "url"),
        ({"media": {"url": "a.mp4"}}, 400, "media.url"),
        ({"first_frame": {"url": "a.png"}}, 400, "first_frame.url"),
        ({"callback_url": "nowhere"}, 400, "callback_url"),
        ({"prompt": "ab"}, 400, "too short"),
        ({"prompt": "x" * 5001}, 400, "too long"),
        ({"resolution": "720p"}, 422, "resolution"),
        ({"duration": "5s"}, 422, "duration"),
        ({"prompt": None}, 422, "prompt"),
    ],
)
def test_refused_modifies(body: dict[str, Any], status: int, text: str) -> None:
    """Each mistake in a modify is refused with its status, and the answer names it."""
    wanted = {name: value for name, value in (MODIFY | body).items() if value is not ...}
    with pytest.raises(Refusal, match=text) as refused:
        edit_rules.modify(wanted, STRICT, "dream-machine")
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"aspect_ratio": ...}, 422, "aspect_ratio"),
        ({"aspect_ratio": "5:4"}, 422, "aspect_ratio"),
        ({"generation_type": "reframe_image"}, 422, "generation_type"),
        ({"model": "photon-1"}, 422, "model"),
        ({"mode": "flex_1"}, 422, "mode"),
        ({"format": "jpg"}, 422, "format"),
        ({"media": {"url": "a.mp4"}}, 400, "media.url"),
        ({"x_start": 20, "x_end": 10}, 400, "x_end"),
        ({"resized_height": 100}, 400, "together"),
        ({"grid_position_x": "left"}, 422, "grid_position_x"),
    ],
)
def test_refused_reframes(body: dict[str, Any], status: int, text: str) -> None:
    """Each mistake in a video reframe is refused with its status, and the answer names it."""
    wanted = {name: value for name, value in (REFRAME | body).items() if value is not ...}
    with pytest.raises(Refusal, match=text) as refused:
        edit_rules.reframe(wanted, STRICT, "dream-machine")
    assert refused.value.status == status


def test_source_limits() -> None:
    """Each model's documented limit is what its source is held to."""
    for judge, body, limits in (
        (edit_rules.modify, MODIFY, {"ray-2": 10, "ray-flash-2": 15}),
        (edit_rules.reframe, REFRAME, {"ray-2": 10, "ray-flash-2": 30}),
    ):
        for model, seconds in limits.items():
            draft = judge(body | {"model": model}, Assumptions(), "dream-machine")
            assert draft.order_form["inputs"]["source"]["max_seconds"] == seconds


def test_nine_strengths_grow_and_keep_the_motion() -> None:
    """Each mode goes farther from the source than the one before, and what moves stays where it moves."""
    frames = [moving(number) for number in (5, 25)]
    source = [np.asarray(frame.to_rgb(), np.float64) for frame in frames]
    moved = np.abs(source[1] - source[0]).mean(-1)
    distances = []
    for mode in look.MODES:
        hand = look.look("a snowy forest at dawn", look.strength(mode), SIZE)
        shown = [np.asarray(hand.over(frame).to_rgb(), np.float64) for frame in frames]
        distances.append(np.abs(shown[0] - source[0]).mean())
        assert np.corrcoef(np.abs(shown[1] - shown[0]).mean(-1).ravel(), moved.ravel())[0, 1] > 0.5, mode
    assert distances == sorted(distances)
    assert distances[0] > 1
    assert distances[-1] > 3 * distances[0]


async def test_modify(sandbox: Sandbox, base: str, tmp_path: Path) -> None:
    """A modified clip has its source's size and frames, is echoed, and costs what its source's length costs.

    A second take has other strokes; a fresh home makes the first one again, byte for byte.
    """
    made = await sandbox.luma.generations.video.modify(
        generation_type="modify_video", model="ray-2", mode="adhere_1", media={"url": f"{base}/clip.mp4"},
        prompt="a snowy forest",
    )  # fmt: skip
    assert made.generation_type == "video"
    assert made.request is not None
    assert type(made.request).__name__ == "RequestModifyVideoRequest"
    assert sandbox.server_state.books.account().charged == 175
    (done,) = await sandbox.finish(made)
    clips = decoded(await sandbox.download(done, tmp_path / "modified.mp4"))
    (tmp_path / "source.mp4").write_bytes((await sandbox.http.get(f"{base}/clip.mp4")).content)
    assert (len(clips), clips[0].shape) == (48, SIZE[::-1])
    assert sandbox.server_state.books.account().charged == 39
    async with opened(tmp_path / "fresh") as fresh:
        for place in (sandbox, fresh):
            again = await place.luma.generations.video.modify(
                generation_type="modify_video", model="ray-2", mode="adhere_1", media={"url": f"{base}/clip.mp4?again"},
                prompt="a snowy forest",
            )  # fmt: skip
            await place.finish(again)
        (replayed,) = fresh.server_state.books.creates()
    first, second = sandbox.server_state.books.creates()
    assert first.digest == replayed.digest != second.digest


@pytest.mark.parametrize(("assumed", "cents"), [("source", 79), ("capped", 35), ("create", 175)])
async def test_an_edit_is_charged_by_its_source(
    tmp_path: Path, files: dict[str, bytes], base: str, assumed: str, cents: int
) -> None:
    """Once its footage was read, an edit's charge in the books is that of its length and tier, as it is assumed."""
    files["/large.mp4"] = clip(tmp_path, 24, (1920, 1080))
    async with opened(tmp_path / "home", Options(assume=Assumptions({"edit_price": assumed}))) as sandbox:
        sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        made = await sandbox.luma.generations.video.modify(
            generation_type="modify_video", model="ray-2", mode="flex_1", media={"url": f"{base}/large.mp4"}
        )
        assert sandbox.server_state.books.account().charged == 175
        await sandbox.finish(made)
        assert sandbox.server_state.books.account().charged == sandbox.server_state.books.creates()[0].cents == cents


async def test_footage_of_a_phone_is_upright(sandbox: Sandbox, files: dict[str, bytes], base: str) -> None:
    """Footage that is to be shown turned is turned: an upright clip comes out."""
    lying = sandbox.server_state.home.root / "lying.mp4"
    lying.write_bytes(files["/clip.mp4"])
    turned = lying.with_name("turned.mp4")
    command = [ffmpeg.binary(), "-v", "error", "-display_rotation", "90", "-i", str(lying), "-c", "copy", str(turned)]
    subprocess.run(command, check=True)
    files["/turned.mp4"] = turned.read_bytes()
    made = await sandbox.luma.generations.video.modify(
        generation_type="modify_video", model="ray-2", mode="adhere_1", media={"url": f"{base}/turned.mp4"}
    )
    (done,) = await sandbox.finish(made)
    first = decoded(await sandbox.download(done, turned))[0]
    assert first.shape == SIZE
    assert ssim(np.rot90(first, -1), np.asarray(moving(0).y, np.float64)) > 0.6


async def test_a_first_frame_shows_the_look(sandbox: Sandbox, base: str, tmp_path: Path) -> None:
    """With a red first_frame the modified clip turns red."""
    made = await sandbox.luma.generations.video.modify(
        generation_type="modify_video", model="ray-flash-2", mode="reimagine_3", media={"url": f"{base}/clip.mp4"},
        first_frame={"url": f"{base}/red.png"},
    )  # fmt: skip
    (done,) = await sandbox.finish(made)
    await sandbox.download(done, tmp_path / "red.mp4")
    red, green, blue = np.asarray(footage.edge_frame(tmp_path / "red.mp4", last=False).to_rgb()).mean((0, 1))
    assert red > green + 40
    assert red > blue + 40


@pytest.mark.parametrize(
    ("name", "model"),
    [("nobody.mp4", "ray-2"), ("11.mp4", "ray-2"), ("list.mp4", "ray-2"), ("red.png", "ray-2"), ("cut.mp4", "ray-2")],
)
async def test_footage_that_cannot_be_used(unrendered: Sandbox, base: str, name: str, model: Any) -> None:
    """Unreachable, too long, no MP4 or half of one: accepted, then failed with the documented reason, and refunded."""
    made = await unrendered.luma.generations.video.modify(
        generation_type="modify_video", model=model, mode="flex_1", media={"url": f"{base}/{name}"}
    )
    (failed,) = await unrendered.finish(made)
    assert (failed.state, failed.failure_reason) == ("failed", "Failed to read user input frames")
    assert unrendered.server_state.books.account().balance == 100_000


async def test_footage_that_cannot_be_decoded(sandbox: Sandbox, base: str) -> None:
    """Footage that fails only in the renderer has the same reason, and is refunded."""
    made = await sandbox.luma.generations.video.modify(
        generation_type="modify_video", model="ray-2", mode="flex_1", media={"url": f"{base}/flipped.mp4"}
    )
    (failed,) = await sandbox.finish(made)
    assert (failed.state, failed.failure_reason) == ("failed", "Failed to read user input frames")
    account = sandbox.server_state.books.account()
    assert (account.balance, account.charged, account.refunded) == (100_000, 39, 39)


async def test_footage_as_long_as_allowed(unrendered: Sandbox, base: str) -> None:
    """Ten seconds pass for ray-2, eleven for ray-flash-2."""
    for name, model in (("10.mp4", "ray-2"), ("11.mp4", "ray-flash-2")):
        kind: Any = model
        made = await unrendered.luma.generations.video.reframe(
            generation_type="reframe_video", model=kind, aspect_ratio="1:1", media={"url": f"{base}/{name}"}
        )
        (done,) = await unrendered.finish(made)
        assert done.state == "completed"


async def test_footage_that_is_too_large(unrendered: Sandbox, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit of bytes the download stops, and nothing of it stays behind."""
    monkeypatch.setattr("luma_sandbox.reader.MAX_FOOTAGE_BYTES", 2000)
    made = await unrendered.luma.generations.video.modify(
        generation_type="modify_video", model="ray-2", mode="flex_1", media={"url": f"{base}/clip.mp4"}
    )
    (failed,) = await unrendered.finish(made)
    assert failed.failure_reason == "Failed to read user input frames"
    assert list(unrendered.server_state.home.inputs.iterdir()) == []


async def test_reframe(sandbox: Sandbox, base: str, tmp_path: Path) -> None:
    """The source stands whole in the middle of the new shape, and what lies outside is painted, not black."""
    made = await sandbox.luma.generations.video.reframe(
        generation_type="reframe_video", model="ray-2", aspect_ratio="1:1", media={"url": f"{base}/clip.mp4"},
        prompt="a meadow in summer", resized_width=320, resized_height=180, grid_position_x=100, grid_position_y=200,
    )  # fmt: skip
    assert made.request is not None
    assert type(made.request).__name__ == "RequestReframeVideoRequest"
    (done,) = await sandbox.finish(made)
    clips = decoded(await sandbox.download(done, tmp_path / "reframed.mp4"))
    assert (len(clips), clips[0].shape[::-1]) == (48, sizes.of("540p", "1:1"))
    for number in (0, 30):
        assert ssim(clips[number][200:380, 100:420], np.asarray(moving(number).y, np.float64)) > 0.9
    outside = clips[0][420:]
    assert outside.mean() > 40
    assert outside.std() > 2


@pytest.mark.long
async def test_sound_then_upscale(sandbox: Sandbox, tmp_path: Path) -> None:
    """A clip gets a sound and keeps its pictures; upscaled, it is really larger, looks the same and keeps the sound."""
    parent = await parent_of(sandbox)
    made = await sandbox.luma.generations.audio(str(parent.id), prompt="birds over water", negative_prompt="music")
    assert made.id != parent.id
    assert made.request is not None
    assert type(made.request).__name__ == "RequestAudioGenerationRequest"
    (heard,) = await sandbox.finish(made)
    (larger,) = await sandbox.finish(await sandbox.luma.generations.upscale(str(heard.id), resolution="720p"))
    assert larger.request is not None
    assert larger.request.to_dict() == {"resolution": "720p", "generation_type": "upscale_video"}
    assert (larger.model, larger.generation_type) == ("ray-2", "video")
    places = [
        await sandbox.download(generation, tmp_path / f"{number}.mp4")
        for number, generation in enumerate((parent, heard, larger))
    ]
    facts = [footage.examine(place) for place in places]
    assert [(f.width, f.height, f.frames, f.sound) for f in facts] == [
        (960, 540, 120, False), (960, 540, 120, True), (1280, 720, 120, True),
    ]  # fmt: skip
    frames = [decoded(place)[60] for place in places]
    assert np.array_equal(frames[0], frames[1])
    assert ssim(small(frames[2]), frames[0]) > 0.95
    for place in places[1:]:
        assert 0.02 < loudness(place) < 0.7
    cents = [entry.cents for entry in sandbox.server_state.books.creates()]
    assert cents == [40, 14, 24]


def small(frame: Grey) -> Grey:
    """A 720p frame at 540p."""
    return np.asarray(Image.fromarray(frame.astype(np.uint8)).resize((960, 540), Image.Resampling.BICUBIC), np.float64)


def loudness(place: Path) -> float:
    """The root mean square of a clip's AAC sound."""
    with av.open(str(place), format="mp4") as container:
        (stream,) = container.streams.audio
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", 48_000, 2)
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1)
    assert abs(samples.shape[1] / 48_000 - 5) < 0.1
    return float(np.sqrt((samples**2).mean()))


def test_sounds_follow_their_words() -> None:
    """The same words sound the same, other words do not; what is not wanted is not heard."""
    rain = compose("rain in the city", "", 1.0)
    assert rain == compose("rain in the city", "", 1.0)
    assert len(rain) == 48_000 * 2 * 2
    assert rain != compose("waves at the sea", "", 1.0)
    assert not any(compose("rain", "rain, music", 1.0))


async def test_what_cannot_be_finished(unrendered: Sandbox) -> None:
    """Unknown, unfinished and deleted parents, and sizes that are no larger, are refused and cost nothing."""
    finish = unrendered.luma.generations
    for call in (finish.upscale, finish.audio):
        with pytest.raises(lumaai.NotFoundError):
            await call("nobody")
    parent = await unrendered.create(resolution="720p")
    with pytest.raises(lumaai.BadRequestError, match="queued, not completed"):
        await finish.upscale(str(parent.id))
    await unrendered.finish(parent)
    for resolution in ("540p", "720p"):
        with pytest.raises(lumaai.BadRequestError, match="not smaller"):
            await finish.upscale(str(parent.id), resolution=resolution)
    with pytest.raises(lumaai.UnprocessableEntityError):
        await finish.upscale(str(parent.id), resolution="8k")
    with pytest.raises(lumaai.UnprocessableEntityError):
        await finish.upscale(str(parent.id), extra_body={"callback_url": 5})
    with pytest.raises(lumaai.BadRequestError, match="too short"):
        await finish.audio(str(parent.id), prompt="ab")
    with pytest.raises(lumaai.UnprocessableEntityError):
        await finish.audio(str(parent.id), extra_body={"generation_type": "upscale_video"})
    assert unrendered.server_state.books.account().charged == 71
    without_a_body = await unrendered.http.post(
        f"/dream-machine/v1/generations/{parent.id}/upscale", headers={"Authorization": "Bearer k"}
    )
    assert without_a_body.status_code == 200
    assert unrendered.server_state.books.creates()[-1].order_form["resolution"] == "1080p"
    await finish.delete(str(parent.id))
    with pytest.raises(lumaai.NotFoundError):
        await finish.audio(str(parent.id))
