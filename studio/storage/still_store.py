"""Stills on disk, each under the SHA-256 of its bytes, and how one is fetched."""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from PIL import Image

from studio.atomic import is_sound, write_atomic
from studio.media.boxes import looks_like
from studio.storage.download import Goods, fetch
from studio.storage.partial_download import Part, Source

MAX_BYTES = 64 * 1024 * 1024
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
MAX_PIXELS = 100_000_000
UNKNOWN = looks_like(bytes(16))  # its words for what it does not know
#: What Pillow raises for a file that is damaged, in one place or another.
DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, EOFError, RuntimeError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class StillStore:
    """A folder of pictures: ``<root>/ab/abcdef….jpg``. Several processes may share one."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def find(self, sha256: str) -> Path | None:
        """Where a still is; None where it is not here, or damaged."""
        for path in sorted((self.root / sha256[:2]).glob(f"{sha256}.*")):
            if path.suffix in SUFFIXES.values() and is_sound(path, sha256):
                return path
        return None

    def has(self, sha256: str) -> bool:
        return self.find(sha256) is not None

    def keep(self, data: bytes, suffix: str) -> str:
        """Keep a picture, and return its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.root / sha256[:2] / f"{sha256}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
        return sha256


async def fetch_still(
    fresh_url: Callable[[], Awaitable[str]],
    store: StillStore,
    *,
    client: httpx.AsyncClient,
    name: str,
    generation: str = "",
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str:
    """Fetch a still as a clip is fetched, check that it is a whole picture, and keep it. Returns its SHA-256.

    Raises DownloadError where it does not come, BadClip where what comes is no picture; neither holds the URL.
    """
    incoming = store.root / "incoming"
    return await fetch(
        fresh_url, STILL, incoming, lambda part: _settled(part, store), client=client, name=name,
        generation=generation, sleep=sleep,
    )  # fmt: skip


def _head(head: bytes) -> str:
    """What begins so, in words; empty for a picture of a kind that is kept."""
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return ""
    said = looks_like(head)
    return {"": "an MP4 file", UNKNOWN: "no picture"}.get(said, said)


STILL = Goods("picture", _head, MAX_BYTES)


def _settled(part: Part, store: StillStore) -> tuple[str | None, str]:
    """The picture, examined and kept; or what is wrong with it."""
    data = part.path.read_bytes()
    try:
        sha256 = store.keep(data, _suffix(data))
    except _NoPicture as error:
        return None, f"it is {error}"
    part.restart(Source())  # nothing is left of it where it came in
    return sha256, ""


class _NoPicture(Exception):
    """What came is not a picture, or not the whole of one."""


def _suffix(data: bytes) -> str:
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=tuple(SUFFIXES)) as picture:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is narrower
            if picture.width * picture.height > MAX_PIXELS:
                raise _NoPicture(f"larger than {MAX_PIXELS // 10**6} million pixels")
            kind = picture.format or ""
            picture.load()
    except DAMAGED:
        raise _NoPicture("no whole picture") from None
    return SUFFIXES[kind]
