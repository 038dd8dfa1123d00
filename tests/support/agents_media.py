"""Media for the Agents API."""

from __future__ import annotations

import base64
from pathlib import Path

from PIL import Image

from luma_sandbox import encoder
from luma_sandbox.picture.planes import Picture


def footage(folder: Path, size: tuple[int, int], frames: int = 24) -> bytes:
    """A clip that is red all over."""
    place, picture = folder / f"{size[0]}x{size[1]}.mp4", Picture.from_rgb(Image.new("RGB", size, (230, 20, 20)))
    encoder.encode((picture for _ in range(frames)), size, size, place)
    return place.read_bytes()


def inline(content: bytes) -> dict[str, str]:
    """A clip as inline data."""
    return {"data": base64.b64encode(content).decode(), "media_type": "video/mp4"}
