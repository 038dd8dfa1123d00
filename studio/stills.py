"""Stills on disk, each under the SHA-256 of its bytes, and how one is fetched."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from PIL import Image, UnidentifiedImageError

from studio.errors import BadClip, DownloadError
from studio.files import is_sound, write_atomic
from studio.quiet import unlogged

MAX_BYTES = 64 * 1024 * 1024
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
AGAIN = "it is paid for: run the same command again, and it is fetched, not bought"


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
    fresh_url: Callable[[], Awaitable[str]], store: StillStore, *, client: httpx.AsyncClient, name: str
) -> str:
    """Fetch a still, check that it is a whole picture, and keep it. Returns its SHA-256.

    Raises DownloadError where it does not come, BadClip where what comes is no picture; neither holds the URL.
    """
    fault: DownloadError | BadClip
    try:
        with unlogged():
            data = await _read(await fresh_url(), client)
        return await asyncio.to_thread(lambda: store.keep(data, _suffix(data)))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fault = DownloadError(f"could not be fetched ({type(error).__name__})", where=name, hint=AGAIN)
    except _NoPicture as error:
        fault = BadClip(f"what came is {error}", where=name, hint=AGAIN)
    raise fault  # outside of any handler: the error has no context that could hold a URL


class _NoPicture(Exception):
    """What came is not a picture, or not the whole of one."""


async def _read(url: str, client: httpx.AsyncClient) -> bytes:
    data = bytearray()
    async with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        response.raise_for_status()
        async for block in response.aiter_bytes():
            data += block
            if len(data) > MAX_BYTES:
                raise _NoPicture(f"larger than {MAX_BYTES // 1024**2} MB")
    return bytes(data)


def _suffix(data: bytes) -> str:

    try:
        with Image.open(io.BytesIO(data)) as picture:
            kind = picture.format or ""
            picture.load()
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError):
        raise _NoPicture("no whole picture") from None
    if kind not in SUFFIXES:
        raise _NoPicture(f"a {kind} picture")
    return SUFFIXES[kind]
