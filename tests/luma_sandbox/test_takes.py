"""Takes in the sandbox: an equal request makes another clip, and a fresh home makes the same ones again."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import lumaai
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from luma_sandbox import renderer, soundtrack
from luma_sandbox.books import Books, Draft, NoCredit
from luma_sandbox.picture import look, mood, motion
from tests.support.agents_api import order
from tests.support.decoding import decoded, score, ssim
from tests.support.publisher import published
from tests.support.sandbox_in_process import Sandbox, opened

Grey = NDArray[np.float64]
STILL = {"model": "photon-1", "prompt": "a train"}


def draft(**changes: Any) -> Draft:
    """A create of a clip, with changes in its order form."""
    form: dict[str, Any] = {"prompt": "a quiet lake", "frames": 120, "frame0": None} | changes
    return Draft("dream-machine", "video", "ray-2", {"prompt": form["prompt"]}, form, 40)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Books of a fresh home."""
    return Books(tmp_path / "books.sqlite", credit=1000)


def take(books: Books, **changes: Any) -> int:
    """Accept a create; which take of it that is."""
    return int(books.accept(draft(**changes), 0.0).order_form.get("take", 1))


def test_equal_requests_are_numbered(books: Books) -> None:
    """The second and third of equal requests are takes two and three; another request is a first one again."""
    assert [take(books) for _ in range(3)] == [1, 2, 3]
    assert take(books, prompt="a wild sea") == 1
    assert take(books, frames=216) == 1
    assert take(books) == 4


def test_a_first_take_is_ordered_as_before(books: Books) -> None:
    """The order form of a first take is what was asked, so that it makes the bytes that it always made."""
    assert books.accept(draft(), 0.0).order_form == draft().order_form


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"type": "image", "url": "http://127.0.0.1:81/a.png"}, {"type": "image", "url": "http://[::1]:9/a.png?s"}, 1),
        ({"type": "image", "url": "http://127.0.0.1:81/a.png"}, {"type": "image", "url": "http://127.0.0.1:81/b"}, 0),
        ({"type": "stored", "sha256": "aa", "id": "file-1"}, {"type": "stored", "sha256": "aa", "id": "file-2"}, 1),
        ({"type": "stored", "sha256": "aa", "id": "file-1"}, {"type": "stored", "sha256": "bb", "id": "file-1"}, 0),
        ({"type": "generation", "id": "g-1"}, {"type": "generation", "id": "g-1"}, 1),
        ({"type": "generation", "id": "g-1"}, {"type": "generation", "id": "g-2"}, 0),
    ],
)  # fmt: skip
def test_which_requests_are_equal(books: Books, one: dict[str, str], other: dict[str, str], equal: int) -> None:
    """Equal are those made from the same: a file by its path or content wherever it lies, a clip by its id."""
    assert take(books, inputs={"image_ref.0": one}) == 1
    assert take(books, inputs={"image_ref.0": other}) == 1 + equal


def test_what_counts_as_a_take(books: Books) -> None:
    """A refused create counts for nothing, a failed one is that take once more, and a deleted one still counts."""
    first = books.accept(draft(), 0.0)
    books.delete(first.id, 1.0)

    def refuse() -> None:
        raise NoCredit

    with pytest.raises(NoCredit):
        books.accept(draft(), 2.0, refuse)
    second = books.accept(draft(), 3.0)
    assert second.order_form["take"] == 2
    books.fail(second.id, "Job failed", "a fault", 4.0)
    assert take(books) == 2
    assert take(books) == 3


def test_what_cannot_be_written_is_no_take(books: Books) -> None:
    """A take and its create are written together: where the create cannot be, the number is free again."""
    with pytest.raises(sqlite3.IntegrityError):
        books.accept(dataclasses.replace(draft(), cents=-1), 0.0)
    assert [take(books), take(books)] == [1, 2]


def test_a_take_that_fails_late_frees_no_number(books: Books) -> None:
    """Two clips never get the same number: where a later take was accepted, the next one comes after it."""
    first, second = books.accept(draft(), 0.0), books.accept(draft(), 1.0)
    books.fail(first.id, "Job failed", "a fault", 2.0)
    assert second.order_form["take"] == 2
    assert take(books) == 3


def test_takes_outlive_the_server(tmp_path: Path) -> None:
    """A restarted server goes on counting."""
    for number in (1, 2):
        again = Books(tmp_path / "books.sqlite")
        assert take(again) == number
        again.close()


async def test_creates_at_the_same_time_are_different_takes(unrendered: Sandbox) -> None:
    """Equal requests that arrive together are takes one to eight, each once."""
    await asyncio.gather(*(unrendered.create() for _ in range(8)))
    takes = [made.order_form.get("take", 1) for made in unrendered.server_state.books.creates()]
    assert sorted(takes) == list(range(1, 9))


async def test_where_answers_go_does_not_count(unrendered: Sandbox) -> None:
    """The same request with another callback address is another take of it."""
    for number in (1, 2):
        await unrendered.create(callback_url=f"http://127.0.0.1:1/?studio_order={number}")
    assert [made.order_form.get("take", 1) for made in unrendered.server_state.books.creates()] == [1, 2]


async def test_a_refused_create_is_no_take(unrendered: Sandbox) -> None:
    """A refused create does not count as a take."""
    unrendered.server_state.books.set_credit(0)
    with pytest.raises(lumaai.APIStatusError):
        await unrendered.create()
    unrendered.server_state.books.set_credit(1000)
    await unrendered.create()
    assert "take" not in unrendered.server_state.books.creates()[-1].order_form


@pytest.mark.long
@pytest.mark.parametrize("kind", ["clip", "still", "agents clip", "agents still"])
async def test_two_takes_differ_and_can_be_replayed(tmp_path: Path, kind: str) -> None:
    """In both APIs, of clips and stills: a second take is another picture, and a fresh home makes the same two."""

    async def dream(sandbox: Sandbox) -> None:
        await sandbox.create(prompt="a lighthouse on a cliff at dusk")

    async def photon(sandbox: Sandbox) -> None:
        await sandbox.luma.generations.image.create(model="photon-1", prompt="a lighthouse on a cliff at dusk")

    async def ray_3(sandbox: Sandbox) -> None:
        await order(sandbox, prompt="a lighthouse on a cliff at dusk")

    async def uni(sandbox: Sandbox) -> None:
        await order(sandbox, model="uni-1", type="image", prompt="a lighthouse on a cliff at dusk")

    calls: dict[str, Callable[[Sandbox], Awaitable[None]]] = {
        "clip": dream, "still": photon, "agents clip": ray_3, "agents still": uni,
    }  # fmt: skip
    seen = [await _takes(tmp_path / home, calls[kind]) for home in ("one", "other")]
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 2
    one, other = (_middle(content, tmp_path) for content in seen[0])
    assert one.shape == other.shape
    assert ssim(one, other) < 0.95


async def _takes(home: Path, call: Callable[[Sandbox], Awaitable[None]]) -> list[bytes]:
    """The files of two equal orders in a fresh home."""
    async with opened(home) as sandbox:
        for _ in range(2):
            await call(sandbox)
        await sandbox.settle(lambda: sandbox.clock.advance(1))
        made = sandbox.server_state.books.creates()
        assert {generation.state for generation in made} == {"completed"}
        places = [next(home.glob(f"clips/{generation.id}.[ms]*")) for generation in made]
        return [place.read_bytes() for place in places]


def _middle(content: bytes, folder: Path) -> Grey:
    """The luma in the middle of a clip, or of a still."""
    if content[4:8] != b"ftyp":
        return np.asarray(Image.open(io.BytesIO(content)).convert("L"), np.float64)
    (folder / "clip.mp4").write_bytes(content)
    frames = decoded(folder / "clip.mp4")
    return frames[len(frames) // 2]


@pytest.mark.long
async def test_a_clip_of_a_picture_has_takes_too(tmp_path: Path) -> None:
    """A second take of a picture moves the camera another way; both begin with the picture that was given."""
    picture = io.BytesIO()
    noise = np.random.default_rng(3).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((960, 540), Image.Resampling.BICUBIC).save(picture, "PNG")
    with published({"/start.png": picture.getvalue()}) as base:
        frames: Any = {"frame0": {"type": "image", "url": f"{base}/start.png"}}

        async def call(sandbox: Sandbox) -> None:
            await sandbox.create(keyframes=frames, concepts=[{"key": "static"}])

        contents = await _takes(tmp_path / "home", call)
    clips = []
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.mp4").write_bytes(content)
        clips.append(decoded(tmp_path / f"{number}.mp4"))
    assert ssim(clips[0][0], clips[1][0]) > 0.99
    assert np.abs(clips[0][60] - clips[1][60]).mean() > 0.5


def test_a_take_has_the_same_subject_and_camera() -> None:
    """The place, light, weather, cast and palette of the prompt and its first take stay in another take."""
    one, other = mood.read("by the river", 1), mood.read("by the river", 2)
    assert one.seed != other.seed
    assert [getattr(one, name) for name in ("place", "light", "weather", "cast", "palette")] == [
        getattr(other, name) for name in ("place", "light", "weather", "cast", "palette")
    ]
    move = motion.combine(["pan_left"])
    assert motion.varied(move, 1) == move
    assert motion.varied(move, 2).x < 0
    assert motion.varied(move, 2) != motion.varied(move, 3)


def test_looks_and_sounds_have_takes(tmp_path: Path) -> None:
    """A modified clip's strokes and an added sound are others in each take, and the same in the same take."""
    looks = [look.look("a sea", 0.6, (64, 36), take=number).grain for number in (1, 2, 2)]
    assert not np.array_equal(looks[0], looks[1])
    assert np.array_equal(looks[1], looks[2])
    sounds = [soundtrack.compose("waves at the sea", "", 0.5, number) for number in (1, 2, 2)]
    assert sounds[0] != sounds[1] == sounds[2]


def test_a_first_take_is_the_clip_of_before(tmp_path: Path) -> None:
    """A score that says no take, and one that says the first, make the same bytes."""
    made = [
        renderer.render(score(tmp_path, name, coarse=True, frames=24, **more))
        for name, more in (("plain", {}), ("first", {"take": 1}))
    ]
    assert made[0] == made[1]
