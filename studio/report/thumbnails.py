"""Frames made small enough to embed in the page, a few megabytes in all, however many there are."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from studio.report.records import ShotRecord

TOTAL_BYTES = 2_100_000  # bytes of JPEG, before base64 makes it a third longer; the small ones are added to them
LARGEST = 26_000  # bytes of one thumbnail, where there are few
SMALLEST = 3_000
SMALL_PART = 3  # a small picture has a third of a thumbnail's bytes
POSTER_BYTES = 160_000
MAX_PIXELS = 40_000_000
SMALL_LADDER = ((240, 72), (200, 60), (200, 45), (160, 40), (112, 30))
LADDER = ((320, 80), (320, 66), (320, 50), (240, 50), (200, 40), (160, 30), (112, 30))
POSTER_LADDER = ((1120, 82), (1120, 66), (960, 55), (640, 55))


class Thumbnails:
    """The page's pictures as data URIs; each file is read once. None for a frame that is missing or unreadable."""

    def __init__(self, paths: Iterable[Path | None]) -> None:
        wanted = {path for path in paths if path is not None}
        self._share = max(SMALLEST, min(LARGEST, TOTAL_BYTES // max(1, len(wanted))))
        self._made: dict[tuple[Path, bool], str | None] = {}

    def uri(self, path: Path | None, *, small: bool = False) -> str | None:
        """The frame about 320 pixels wide; with ``small``, at most 240, for a second place."""
        if path is None:
            return None
        if (path, small) not in self._made:
            ladder, limit = (SMALL_LADDER, self._share // SMALL_PART) if small else (LADDER, self._share)
            self._made[path, small] = _uri(path, ladder, limit)
        return self._made[path, small]


def poster(path: Path | None) -> str | None:
    """The frame in a size for the film's poster."""
    return None if path is None else _uri(path, POSTER_LADDER, POSTER_BYTES)


def ratio(shot: ShotRecord) -> str:
    """A shot's shape for CSS: as measured, or else as ordered, or else 16 to 9."""
    if shot.width > 0 and shot.height > 0:
        return f"{shot.width} / {shot.height}"
    wide, _, high = shot.aspect_ratio.partition(":")
    return f"{wide} / {high}" if wide.isdigit() and high.isdigit() and int(wide) and int(high) else "16 / 9"


def _uri(path: Path, ladder: tuple[tuple[int, int], ...], limit: int) -> str | None:
    """The largest size of the ladder that is within the limit, or else the last."""
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            opened.thumbnail((ladder[0][0], ladder[0][0] * 5 // 4), Image.Resampling.LANCZOS, reducing_gap=3.0)
            largest = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    data = b""
    for width, quality in ladder:
        small = largest
        if width < ladder[0][0]:
            small = largest.copy()
            small.thumbnail((width, width * 5 // 4), Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=quality)
        data = buffer.getvalue()
        if len(data) <= limit:
            break
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
