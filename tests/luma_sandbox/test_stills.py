"""Stills: what is accepted, what they show, and what they cost."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lumaai
import numpy as np
import pytest
from lumaai.types import Generation
from PIL import Image

from luma_sandbox import image_rules
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.refusal import Refusal
from tests.support.publisher import published
from tests.support.sandbox_in_process import Sandbox, opened

URL = "http://127.0.0.1:1/a.png"
GOOD: dict[str, Any] = {"model": "photon-1", "prompt": "a quiet lake"}
STRICT = Assumptions({"null_fields": "refused", "unknown_fields": "refused", "model": "required", "echo": "sent"})
REFRAME: dict[str, Any] = {
    "model": "photon-1", "generation_type": "reframe_image", "aspect_ratio": "1:1", "media": {"url": URL},
}  # fmt: skip


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """A publisher of one red and one green picture."""
    files = {}
    for name, colour in (("/red.png", (255, 0, 0)), ("/green.png", (0, 200, 0))):
        stored = io.BytesIO()
        Image.new("RGB", (400, 300), colour).save(stored, "PNG")
        files[name] = stored.getvalue()
    with published(files) as url:
        yield url


async def seen(sandbox: Sandbox, made: Generation) -> Image.Image:
    """The finished image as it is downloaded."""
    (done,) = await sandbox.finish(made)
    assert (done.state, done.generation_type) == ("completed", "image"), done
    assert done.assets is not None
    assert done.assets.video is None
    answer = await sandbox.http.get(str(done.assets.image))
    answer.raise_for_status()
    return Image.open(io.BytesIO(answer.content))


def share(image: Image.Image, channel: int) -> float:
    """The share of a picture, from 0 to 1, that is of one pure colour."""
    pixels = np.asarray(image.convert("RGB"), np.int16)
    others = [pixels[..., c] for c in range(3) if c != channel]
    return float(((pixels[..., channel] > 140) & (others[0] < 90) & (others[1] < 90)).mean())


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"prompt": ...}, 400, "Prompt is required"),
        ({"prompt": "ab"}, 400, "Prompt is too short"),
        ({"prompt": "x" * 5001}, 400, "Prompt is too long"),
        ({"model": "ray-2"}, 422, "model"),
        ({"model": ...}, 422, "model"),
        ({"aspect_ratio": "2:1"}, 422, "aspect_ratio"),
        ({"format": "webp"}, 422, "format"),
        ({"generation_type": "video"}, 422, "generation_type"),
        ({"resolution": "720p"}, 422, "resolution"),
        ({"keyframes": {}}, 422, "keyframes"),
        ({"image_ref": [{"url": URL}] * 5}, 400, "at most 4"),
        ({"style_ref": [{"url": URL}] * 5}, 400, "at most 4"),
        ({"character_ref": {"identity0": {"images": [URL] * 5}}}, 400, "at most 4"),
        ({"character_ref": {"identity0": {"images": []}}}, 400, "at least one image"),
        ({"character_ref": {"identity1": {"images": [URL]}}}, 422, "identity1"),
        ({"image_ref": {"url": URL}}, 422, "image_ref"),
        ({"image_ref": [{"weight": 1}]}, 422, "url"),
        ({"image_ref": [{"url": URL, "weight": 1.1}]}, 422, "weight"),
        ({"image_ref": [{"url": URL, "weight": -0.1}]}, 422, "weight"),
        ({"modify_image_ref": {"url": URL, "weight": "much"}}, 422, "weight"),
        ({"image_ref": [{"url": "file:///etc/passwd"}]}, 400, "image_ref.0"),
        ({"sync_timeout": 0}, 400, "sync_timeout"),
        ({"callback_url": "nowhere"}, 400, "callback_url"),
    ],
)
def test_refused_images(body: dict[str, Any], status: int, text: str) -> None:
    """Each mistake in an image create is refused with its status where all is strict, and the answer names it."""
    wanted = {name: value for name, value in (GOOD | body).items() if value is not ...}
    with pytest.raises(Refusal, match=text) as refused:
        image_rules.image(wanted, STRICT, "dream-machine")
    assert refused.value.status == status


def test_what_published_clients_send() -> None:
    """An image may leave its model out, null is as good as nothing, and a field that nobody knows is ignored."""
    plain = image_rules.image(GOOD, Assumptions(), "dream-machine")
    body = {"prompt": "a quiet lake", "image_ref": None, "style_ref": None, "character_ref": None, "format": None}
    assert image_rules.image(body | {"enhance_prompt": True}, Assumptions(), "dream-machine") == plain
    weighted = image_rules.image(GOOD | {"image_ref": [{"url": URL, "weight": None}]}, Assumptions(), "dream-machine")
    assert weighted.order_form["inputs"]["image_ref.0"]["weight"] == 0.85


def test_the_echo_is_what_is_stored() -> None:
    """`request` comes back with its ratio, and null where nothing was given; switched, as it was sent."""
    nothing = dict.fromkeys(("callback_url", "image_ref", "style_ref", "modify_image_ref"))
    stored = GOOD | {"generation_type": "image", "aspect_ratio": "16:9"} | nothing
    assert image_rules.image(GOOD, Assumptions(), "dream-machine").request == stored
    given = {"aspect_ratio": "1:1", "image_ref": [{"url": URL, "weight": 0.5}], "format": "png"}
    assert image_rules.image(GOOD | given, Assumptions(), "dream-machine").request == stored | given
    assert image_rules.image(GOOD, STRICT, "dream-machine").request == GOOD | {"generation_type": "image"}


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"generation_type": ...}, 422, "generation_type"),
        ({"generation_type": "reframe_video"}, 422, "generation_type"),
        ({"aspect_ratio": ...}, 422, "aspect_ratio"),
        ({"media": ...}, 422, "media"),
        ({"media": {"url": "x"}}, 400, "media.url"),
        ({"model": "ray-2"}, 422, "model"),
        ({"first_frame": {"url": URL}}, 422, "first_frame"),
        ({"x_start": 1.5}, 422, "x_start"),
        ({"x_start": 5, "x_end": 5}, 400, "x_end"),
        ({"y_start": -1}, 400, "y_start"),
        ({"resized_width": 100}, 400, "together"),
        ({"resized_width": 0, "resized_height": 5}, 400, "resized_width"),
    ],
)
def test_refused_reframes(body: dict[str, Any], status: int, text: str) -> None:
    """Each mistake in an image reframe is refused with its status, and the answer names it."""
    wanted = {name: value for name, value in (REFRAME | body).items() if value is not ...}
    with pytest.raises(Refusal, match=text) as refused:
        image_rules.reframe(wanted, STRICT, "dream-machine")
    assert refused.value.status == status


@pytest.mark.long
@pytest.mark.parametrize(("model", "cents"), [("photon-1", 2), ("photon-flash-1", 1)])
async def test_an_image_lives(sandbox: Sandbox, model: Any, cents: int) -> None:
    """A still is accepted, charged, echoed, and made in its ratio and as a JPEG."""
    made = await sandbox.luma.generations.image.create(model=model, prompt="a lake at dawn", aspect_ratio="3:4")
    assert (made.state, made.generation_type, made.model) == ("queued", "image", model)
    assert made.request is not None
    assert made.request.to_dict() == {
        "model": model, "prompt": "a lake at dawn", "aspect_ratio": "3:4", "generation_type": "image",
        "callback_url": None, "image_ref": None, "style_ref": None, "modify_image_ref": None,
    }  # fmt: skip
    image = await seen(sandbox, made)
    assert (image.format, image.size) == ("JPEG", (1248, 1664))
    assert sandbox.server_state.books.account().charged == cents
    page = await sandbox.http.get("/")
    assert f"/sandbox/assets/{made.id}/image.jpg?" in page.text


@pytest.mark.long
async def test_references_are_seen(sandbox: Sandbox, base: str) -> None:
    """An image_ref, a character and a modified image are there in the still; a heavier image_ref is larger."""
    create = sandbox.luma.generations.image.create
    red = f"{base}/red.png"
    shares = []
    for weight in (0.1, 1.0):
        made = await create(model="photon-1", prompt="a lake at dawn", image_ref=[{"url": red, "weight": weight}])
        shares.append(share(await seen(sandbox, made), 0))
    assert 0.01 < shares[0] < shares[1]
    who = await create(model="photon-1", prompt="a lake at dawn", character_ref={"identity0": {"images": [red]}})
    assert share(await seen(sandbox, who), 0) > 0.05
    kept = await create(model="photon-1", prompt="a lake at dawn", modify_image_ref={"url": red, "weight": 1})
    assert share(await seen(sandbox, kept), 0) > 0.5


@pytest.mark.long
async def test_a_style_colours_the_still(sandbox: Sandbox, base: str) -> None:
    """A style_ref gives the still its colours, and no picture of itself."""
    style: Any = [{"url": f"{base}/green.png", "weight": 1}]
    create = sandbox.luma.generations.image.create
    plain = await seen(sandbox, await create(model="photon-1", prompt="a lake at dusk"))
    green = await seen(sandbox, await create(model="photon-1", prompt="a lake at dusk", style_ref=style))
    red_of, green_of = (np.asarray(image.convert("RGB"), np.float64).mean((0, 1)) for image in (plain, green))
    assert green_of[1] - green_of[0] > red_of[1] - red_of[0] + 30


@pytest.mark.long
async def test_an_image_is_reframed(sandbox: Sandbox, base: str) -> None:
    """The source stands where it was asked for, in the size that was asked for, as a PNG in the new ratio."""
    made = await sandbox.luma.generations.image.reframe(
        model="photon-flash-1", generation_type="reframe_image", aspect_ratio="9:16", format="png",
        media={"url": f"{base}/green.png"}, resized_width=400, resized_height=300, grid_position_x=100,
        grid_position_y=200, prompt="a city at night",
    )  # fmt: skip
    assert made.request is not None
    assert made.request.to_dict()["generation_type"] == "reframe_image"
    image = await seen(sandbox, made)
    assert (image.format, image.size) == ("PNG", (1080, 1920))
    inside = np.asarray(image.convert("RGB"), np.int16)[200:500, 100:500].reshape(-1, 3)
    assert np.abs(inside - (0, 200, 0)).max() < 8


@pytest.mark.long
async def test_the_same_still_twice(tmp_path: Path, base: str) -> None:
    """The same request in two fresh homes gives the same bytes, also where its image lies under another URL."""
    digests = set()
    for query in ("", "?again"):
        async with opened(tmp_path / f"home{query}") as sandbox:
            create = sandbox.luma.generations.image.create
            made = await create(model="photon-1", prompt="a train", image_ref=[{"url": f"{base}/red.png{query}"}])
            await sandbox.finish(made)
            digests |= {entry.digest for entry in sandbox.server_state.books.creates()}
    assert len(digests) == 1


async def test_a_reference_that_cannot_be_read(unrendered: Sandbox, base: str) -> None:
    """An unreachable reference is accepted, then failed and refunded; the other images do not help."""
    made = await unrendered.luma.generations.image.create(
        model="photon-1", prompt="a lake", image_ref=[{"url": f"{base}/red.png"}, {"url": f"{base}/nobody.png"}]
    )
    (failed,) = await unrendered.finish(made)
    assert (failed.state, failed.failure_reason) == ("failed", "Failed to read user input frames")
    assert unrendered.server_state.books.account().balance == 100_000


async def test_a_still_is_no_parent(unrendered: Sandbox) -> None:
    """A finished still cannot be a keyframe by its id, nor be upscaled."""
    made = await unrendered.luma.generations.image.create(model="photon-1", prompt="a lake")
    await unrendered.finish(made)
    with pytest.raises(lumaai.BadRequestError, match="not a video"):
        await unrendered.create(keyframes={"frame0": {"type": "generation", "id": str(made.id)}})
    with pytest.raises(lumaai.BadRequestError, match="not a video"):
        await unrendered.luma.generations.upscale(str(made.id))


async def test_sync_waits(unrendered: Sandbox) -> None:
    """With `sync` the answer is the finished still, or, after `sync_timeout`, the still as it stands."""
    waiting = await unrendered.luma.generations.image.create(
        model="photon-1", prompt="a lake", sync=True, sync_timeout=0.2
    )
    assert waiting.state in ("queued", "dreaming")
    unrendered.server_state.lifecycle._latency = 0.0
    done = await unrendered.luma.generations.image.create(model="photon-1", prompt="a lake", sync=True)
    assert done.state == "completed"
    assert done.assets is not None
    assert str(done.assets.image).split("?")[0].endswith("/image.jpg")
