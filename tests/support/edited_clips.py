"""Clips to edit, and the server that publishes them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from lumaai.types import Generation
from PIL import Image, ImageDraw

from luma_sandbox import encoder
from luma_sandbox.picture.planes import Picture
from tests.support.sandbox_in_process import Sandbox

SIZE = (320, 180)


def moving(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """One frame of a light disc that goes from left to right over hills."""
    image = Image.new("RGB", size, (70, 120, 170))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 180), (0, 120), (90, 70), (170, 130), (250, 90), (320, 150), (320, 180)], fill=(40, 70, 40))
    draw.ellipse((number * 5, 30, number * 5 + 50, 80), fill=(250, 240, 200))
    return Picture.from_rgb(image)


def clip(folder: Path, frames: int, size: tuple[int, int] = SIZE) -> bytes:
    """An MP4 of such frames."""
    place = folder / f"{frames}.mp4"
    encoder.encode((moving(number, size) for number in range(frames)), size, size, place)
    return place.read_bytes()


def flipped(content: bytes) -> bytes:
    """The file with the second half of its media data overwritten."""
    start = (content.index(b"mdat") + len(content)) // 2
    return content[:start] + bytes(len(content) - start)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A server with published files: two seconds of footage, longer and broken ones, and a picture."""
    folder = tmp_path_factory.mktemp("footage")
    stored = io.BytesIO()
    Image.new("RGB", (64, 36), (255, 0, 0)).save(stored, "PNG")
    whole = clip(folder, 48)
    return {
        "/flipped.mp4": flipped(whole),
        "/clip.mp4": whole, "/10.mp4": clip(folder, 240, (64, 36)), "/11.mp4": clip(folder, 264, (64, 36)),
        "/cut.mp4": whole[: len(whole) // 2], "/red.png": stored.getvalue(), "/list.mp4": b"#EXTM3U\nfile:///etc/passwd",
    }  # fmt: skip


async def parent_of(sandbox: Sandbox) -> Generation:
    """A finished 540p clip."""
    (done,) = await sandbox.finish(await sandbox.create(prompt="a lake at dawn, birds"))
    return done
