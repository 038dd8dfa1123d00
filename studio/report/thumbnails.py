"""Frames made small enough to embed in the page, a few megabytes in all, however many there are."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from PIL import Image

from studio.media.frames import thumbnail_of
from studio.report.records import ShotRecord
from studio.storage.kept import Kept

TOTAL_BYTES = 2_100_000  # bytes of JPEG, before base64 makes it a third longer; the small ones are added to them
LARGEST = 26_000  # bytes of one thumbnail, where there are few
SMALLEST = 3_000
# The limits that are used, so that most thumbnails stay as they are when a film gets another scene.
LIMITS = (LARGEST, 20_000, 15_000, 11_000, 8_000, 6_000, 4_500, 3_700, SMALLEST)
WORKERS = 2
VERSION = 1  # of the thumbnails; a change makes every kept one invalid
Ladder = tuple[tuple[int, int], ...]
SMALL_PART = 3  # a small picture has a third of a thumbnail's bytes
POSTER_BYTES = 160_000
MAX_PIXELS = 40_000_000
SMALL_LADDER = ((240, 72), (200, 60), (200, 45), (160, 40), (112, 30))
LADDER = ((320, 80), (320, 66), (320, 50), (240, 50), (200, 40), (160, 30), (112, 30))
POSTER_LADDER = ((1120, 82), (1120, 66), (960, 55), (640, 55))


class Thumbnails:
    """The page's pictures as data URIs. None for a frame that is missing or unreadable.

    ``large`` and ``small`` are the frames that will be shown about 320 pixels wide, and at most 240. Each is made once,
    on all cores, and kept by the content of its file in ``kept``.
    """

    def __init__(
        self, large: Iterable[Path | None], small: Iterable[Path | None] = (), *, kept: Kept | None = None
    ) -> None:
        self._kept = kept or Kept()
        asked = {path: [False] for path in large if path}
        for path in small:
            if path and True not in asked.setdefault(path, []):
                asked[path].append(True)
        share = max(SMALLEST, min(LARGEST, TOTAL_BYTES // max(1, len(asked))))
        self._share = next(limit for limit in LIMITS if limit <= share)
        self._made: dict[tuple[Path, bool], str | None] = {}
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="thumbnail") as pool:
            for path, made in zip(asked, pool.map(lambda one: self._make(*one), asked.items()), strict=True):
                self._made |= {(path, is_small): uri for is_small, uri in made.items()}

    def uri(self, path: Path | None, *, small: bool = False) -> str | None:
        """The frame about 320 pixels wide; with ``small``, at most 240, for a second place."""
        if path is None:
            return None
        if (path, small) not in self._made:
            self._made[path, small] = self._make(path, [small])[small]
        return self._made[path, small]

    def _make(self, path: Path, sizes: Iterable[bool]) -> dict[bool, str | None]:
        near = thumbnail_of(path)  # made when the clip was measured
        picture = _Picture(near if path.suffix == ".png" and near.is_file() else path, LADDER[0][0], self._kept)
        given = {False: (LADDER, self._share), True: (SMALL_LADDER, self._share // SMALL_PART)}
        return {small: picture.uri(*given[small]) for small in sizes}


def poster(path: Path | None, kept: Kept | None = None) -> str | None:
    """The frame in a size for the film's poster."""
    if path is None:
        return None
    return _Picture(path, POSTER_LADDER[0][0], kept or Kept()).uri(POSTER_LADDER, POSTER_BYTES)


def ratio(shot: ShotRecord) -> str:
    """A shot's shape for CSS: as measured, or else as ordered, or else 16 to 9."""
    if shot.width > 0 and shot.height > 0:
        return f"{shot.width} / {shot.height}"
    wide, _, high = shot.aspect_ratio.partition(":")
    return f"{wide} / {high}" if wide.isdigit() and high.isdigit() and int(wide) and int(high) else "16 / 9"


class _Picture:
    """One picture file, read once for all sizes of it, and not at all where they are kept."""

    def __init__(self, path: Path, width: int, kept: Kept) -> None:
        self._path, self._width, self._kept = path, width, kept

    def uri(self, ladder: Ladder, limit: int) -> str | None:
        """The picture in the largest size of the ladder that is within the limit, or else the last; None where the
        file is no picture."""
        try:
            made_from = (VERSION, self._kept.digests.of(self._path), self._width, str(ladder), limit)
        except OSError:
            return None
        data = self._kept.get("thumbnails", made_from)
        if data is None:
            if self._read is None:
                return None
            data = _fitting(self._read, ladder, limit)
            self._kept.put("thumbnails", made_from, data)
        return data_uri(data)

    @cached_property
    def _read(self) -> Image.Image | None:
        try:
            with Image.open(self._path, formats=("PNG", "JPEG", "WEBP")) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    return None
                size = self._width, self._width * 5 // 4
                opened.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
                return opened.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None


def _fitting(picture: Image.Image, ladder: Ladder, limit: int) -> bytes:
    """The first size of the ladder within the limit, or else the last. Sizes fall along the ladder."""
    low, high = 0, len(ladder) - 1
    best = b""
    while low < high:
        middle = (low + high) // 2
        data = _encoded(picture, *ladder[middle])
        if len(data) <= limit:
            high, best = middle, data
        else:
            low = middle + 1
    return best or _encoded(picture, *ladder[-1])


def _encoded(picture: Image.Image, width: int, quality: int) -> bytes:
    small = picture.copy()
    small.thumbnail((width, width * 5 // 4), Image.Resampling.BICUBIC)  # never enlarges it
    return jpeg(small, quality)


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """The picture as a JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def data_uri(data: bytes, kind: str = "image/jpeg") -> str:
    """The bytes of a file of this kind, as an address that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
