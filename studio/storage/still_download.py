"""Downloads of stills: fetched as clips are, examined and stored. The store itself, which a plan looks into, loads no
decoder."""

from __future__ import annotations

import asyncio
import io
import struct
import warnings
import zlib
from collections.abc import Awaitable, Callable

import httpx
from PIL import Image

from studio.file_types import FileType
from studio.storage.download import Goods, fetch
from studio.storage.partial_download import Part, Source
from studio.storage.still_store import SUFFIXES, StillStore

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 100_000_000
#: What Pillow raises for a file that is damaged, in one place or another.
DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, EOFError, RuntimeError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


async def fetch_still(
    fresh_url: Callable[[], Awaitable[str]],
    store: StillStore,
    *,
    client: httpx.AsyncClient,
    name: str,
    generation: str = "",
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str:
    """Fetch a still as a clip is fetched, check that it is a complete picture, and store it. Returns its SHA-256.

    Raises DownloadError where it cannot be fetched, BadClip where it is no picture; neither holds the URL.
    """
    incoming = store.root / "incoming"
    return await fetch(
        fresh_url, STILL, incoming, lambda part: _settled(part, store), client=client, name=name,
        generation=generation, sleep=sleep,
    )  # fmt: skip


TYPES = frozenset({FileType.PNG, FileType.JPEG, FileType.WEBP})
STILL = Goods("picture", TYPES, MAX_BYTES)


def _settled(part: Part, store: StillStore) -> tuple[str | None, str]:
    """The picture, examined and stored; or what is wrong with it."""
    data = part.path.read_bytes()
    try:
        sha256 = store.keep(data, _suffix(data))
    except _NoPicture as error:
        return None, f"it is {error}"
    part.restart(Source())  # removed from the folder of incoming files
    return sha256, ""


class _NoPicture(Exception):
    """The file is not a picture, or not a complete one."""


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
