"""Luma's pricing guide for ray-3.2, uni-1 and uni-1-max, cell by cell: what the sandbox charges for a request.

The numbers stand here as the guide has them, in US cents, and are computed from nothing.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from luma_sandbox import encoder
from luma_sandbox.agents import prices
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.books import Books, Draft
from luma_sandbox.picture.planes import Picture
from luma_sandbox.server_state import Options
from tests.support.agents_api import client, finished, order, png
from tests.support.sandbox_in_process import BASE, Sandbox, blank, opened

Footage = Callable[[int], bytes]
RANGES: dict[str, dict[str, bool]] = {"SDR": {}, "HDR": {"hdr": True}, "HDR+EXR": {"hdr": True, "exr_export": True}}


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """An MP4 of so many frames at 24 a second."""
    folder, size = tmp_path_factory.mktemp("footage"), (64, 36)
    picture = Picture.from_rgb(Image.new("RGB", size, "teal"))

    @cache
    def made(frames: int) -> bytes:
        place = folder / f"{frames}.mp4"
        encoder.encode((picture for _ in range(frames)), size, size, place)
        return place.read_bytes()

    return made


async def charged(sandbox: Sandbox) -> int:
    """The cost of the latest create in cents, by the sandbox's books."""
    cents: int = (await sandbox.http.get(f"{BASE}/sandbox/books")).json()["creates"][-1]["cents"]
    return cents


def source(content: bytes) -> dict[str, str]:
    """A clip as inline data."""
    return {"data": base64.b64encode(content).decode(), "media_type": "video/mp4"}


@pytest.mark.parametrize(
    ("resolution", "wide", "duration", "cents"),
    [
        ("360p", "SDR", "5s", 6), ("540p", "SDR", "5s", 15), ("720p", "SDR", "5s", 30), ("1080p", "SDR", "5s", 120),
        ("360p", "SDR", "10s", 18), ("540p", "SDR", "10s", 45), ("720p", "SDR", "10s", 90),
        ("1080p", "SDR", "10s", 360),
        ("720p", "HDR", "5s", 60), ("1080p", "HDR", "5s", 240),
        ("720p", "HDR+EXR", "5s", 90), ("1080p", "HDR+EXR", "5s", 360),
    ],
)  # fmt: skip
async def test_clips(unrendered: Sandbox, resolution: str, wide: str, duration: str, cents: int) -> None:
    """A new clip costs what its tier, range and length say."""
    await order(unrendered, {"resolution": resolution, "duration": duration} | RANGES[wide])
    assert await charged(unrendered) == cents


@pytest.mark.parametrize(("resolution", "cents"), [("360p", 6), ("540p", 15), ("720p", 30), ("1080p", 120)])
@pytest.mark.parametrize("way", ["start_frame", "end_frame"])
async def test_extensions(unrendered: Sandbox, footage: Footage, way: str, resolution: str, cents: int) -> None:
    """An extension costs its one block, in either direction; 360p is a guess."""
    parent = await order(unrendered)
    await finished(unrendered, parent)
    unrendered.server_state.home.clip(parent.id).write_bytes(footage(120))
    await order(unrendered, {"resolution": resolution, way: {"generation_id": parent.id}})
    assert await charged(unrendered) == cents


@pytest.mark.parametrize(
    ("resolution", "wide", "five", "ten"),
    [
        ("360p", "SDR", 54, 108), ("540p", "SDR", 72, 144), ("720p", "SDR", 108, 216), ("1080p", "SDR", 216, 432),
        ("360p", "HDR", 108, 216), ("540p", "HDR", 144, 288), ("720p", "HDR", 216, 432), ("1080p", "HDR", 432, 864),
        ("360p", "HDR+EXR", 162, 324), ("540p", "HDR+EXR", 216, 432), ("720p", "HDR+EXR", 324, 648),
        ("1080p", "HDR+EXR", 648, 1296),
    ],
)  # fmt: skip
@pytest.mark.parametrize("frames", [120, 121, 122, 241])
async def test_edits(
    unrendered: Sandbox, footage: Footage, frames: int, resolution: str, wide: str, five: int, ten: int
) -> None:
    """An edit of up to 5 s and one of up to 10 s cost their columns; a frame more than that is forgiven."""
    asked = {"resolution": resolution, "duration": None} | RANGES[wide]
    await order(unrendered, asked, type="video_edit", source=source(footage(frames)))
    assert await charged(unrendered) == (five if frames < 122 else ten)


@pytest.mark.parametrize(
    ("frames", "cents"),
    [(24, 3), (25, 3), (26, 6), (48, 6), (120, 15), (121, 15), (122, 18), (240, 30), (290, 39)],
)
async def test_reframes(unrendered: Sandbox, footage: Footage, frames: int, cents: int) -> None:
    """A reframe costs each begun second of its source; a frame more than that is forgiven."""
    await reframe(unrendered, "360p", footage(frames))
    assert await charged(unrendered) == cents


@pytest.mark.parametrize(("resolution", "cents"), [("360p", 15), ("540p", 30), ("720p", 60), ("1080p", 180)])
async def test_reframes_by_tier(unrendered: Sandbox, footage: Footage, resolution: str, cents: int) -> None:
    """Five seconds of a source cost five times its tier's price of a second."""
    await reframe(unrendered, resolution, footage(120))
    assert await charged(unrendered) == cents


@pytest.mark.parametrize(
    ("model", "references", "cents"),
    [
        ("uni-1", 0, "4.04"), ("uni-1", 1, "4.34"), ("uni-1", 2, "4.64"), ("uni-1", 9, "6.74"),
        ("uni-1-max", 0, "10"), ("uni-1-max", 1, "10.3"), ("uni-1-max", 2, "10.6"), ("uni-1-max", 9, "12.7"),
    ],
)  # fmt: skip
async def test_stills(unrendered: Sandbox, model: Any, references: int, cents: str) -> None:
    """A still costs .0404 or .1000, with a reference .0434 or .1030, and .0030 for each further one, exactly."""
    await client(unrendered).generations.create(prompt="a lake", model=model, image_ref=[png()] * references)
    (entry,) = unrendered.server_state.books.creates()
    assert entry.cents == Decimal(cents)
    books = (await unrendered.http.get(f"{BASE}/sandbox/books")).json()
    assert Decimal(books["charged_usd"]) == Decimal(books["creates"][0]["usd"]) == Decimal(cents) / 100


@pytest.mark.parametrize(
    ("frames", "blocks", "ten_seconds"), [(242, 324, 216), (360, 324, 216), (361, 324, 216), (432, 432, 216)]
)
def test_long_edits_are_a_guess(frames: int, blocks: int, ten_seconds: int) -> None:
    """Beyond 10 s three times as much, or each begun 5 s as much as the first, or nothing more, by an assumption."""
    for switch, cents in (("threefold", 648), ("blocks", blocks), ("ten_seconds", ten_seconds)):
        assume = Assumptions({"agents_long_edit_price": switch})
        assert prices.edit("720p", frames, "SDR", assume) == cents


def test_other_guesses() -> None:
    """A reframe can be charged to the frame, and an extension at 360p can cost something else."""
    exact = Assumptions({"agents_reframe_seconds": "exact", "agents_extend_360p": "0.09"})
    assert [prices.reframe("720p", frames, exact) for frames in (1, 26, 120, 122)] == [1, 13, 60, 61]
    assert (prices.extension("360p", exact), prices.extension("540p", exact)) == (9, 15)


async def test_the_guess_of_an_extension_is_charged(tmp_path: Path, footage: Footage) -> None:
    """An extension at 360p is charged as it is assumed, and a new clip as the guide has it."""
    async with opened(tmp_path, Options(assume=Assumptions({"agents_extend_360p": "0.09"}))) as sandbox:
        sandbox.server_state.render_pool.render = blank  # type: ignore[method-assign]
        parent = await order(sandbox)
        await finished(sandbox, parent)
        sandbox.server_state.home.clip(parent.id).write_bytes(footage(120))
        await order(sandbox, {"start_frame": {"generation_id": parent.id}})
        assert [create.cents for create in sandbox.server_state.books.creates()] == [6, 9]


async def test_a_part_of_a_cent_comes_back(unrendered: Sandbox) -> None:
    """A still that fails is refunded exactly, and the account is what it was."""
    made = await client(unrendered).generations.create(prompt="a lake")
    books = unrendered.server_state.books
    assert books.fail(made.id, "Job failed", "a note", unrendered.clock.now())
    (entry,) = books.creates()
    assert (entry.cents, entry.refunded_cents) == (Decimal("4.04"), Decimal("4.04"))
    assert (books.account().charged, books.account().refunded) == (Decimal("4.04"), Decimal("4.04"))


def test_whole_cents_of_an_earlier_version(tmp_path: Path) -> None:
    """Books that know whole cents only are opened, their sums stay, and parts of a cent are added from then on."""
    draft = Draft("luma-agents", "image", "uni-1", {}, {}, Decimal("4.04"))
    books = Books(tmp_path / "books.sqlite")
    books.accept(draft, 0.0)
    books.close()
    with closing(sqlite3.connect(tmp_path / "books.sqlite")) as earlier:
        earlier.execute("ALTER TABLE generations DROP COLUMN micros")
        earlier.commit()
    again = Books(tmp_path / "books.sqlite")
    again.accept(draft, 1.0)
    assert [create.cents for create in again.creates()] == [5, Decimal("4.04")]
    assert again.account().charged == Decimal("9.04")
    again.close()


async def reframe(sandbox: Sandbox, resolution: str, content: bytes) -> None:
    """A reframe of that clip to a square."""
    video = {"resolution": resolution, "duration": None}
    await order(sandbox, video, type="video_reframe", aspect_ratio="1:1", source=source(content))
