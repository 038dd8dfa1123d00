"""Reader of the URLs in a request: over http(s), with limits on size and time, from this machine only."""

from __future__ import annotations

import asyncio
import functools
import io
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import httpx
from PIL import Image, UnidentifiedImageError

from luma_sandbox import footage
from luma_sandbox.errors import BadClip

MAX_BYTES = 20 * 1024 * 1024
MAX_SECONDS = 10.0
MAX_PIXELS = 40_000_000
MAX_FOOTAGE_BYTES = 100 * 1024 * 1024
MAX_FOOTAGE_SECONDS = 60.0
LONGER = 0.06  # seconds by which a source may exceed its limit: a frame, and the rounding of containers
MAX_REDIRECTS = 3
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


class Unreadable(Exception):
    """An input that cannot be read. The text is for the person who runs the sandbox; the client learns only of the
    failure."""


class Reader:
    """A reader of images and clips. ``allow_remote`` lets it leave this machine; ``ca`` is one more authority to
    trust."""

    def __init__(self, *, allow_remote: bool = False, ca: Path | None = None) -> None:
        self._allow_remote = allow_remote
        self._ca = ca

    @functools.cached_property
    def _trusted(self) -> ssl.SSLContext:
        context = httpx.create_ssl_context()
        if self._ca is not None:  # the sandbox's own files are read through its address, too
            context.load_verify_locations(self._ca)
        return context

    async def image(self, url: str) -> bytes:
        """The bytes of the image at ``url``. Raises Unreadable if it cannot be read."""
        content = io.BytesIO()
        await self._read(url, content, MAX_BYTES, MAX_SECONDS)
        await asyncio.to_thread(_check, content.getvalue(), url)
        return content.getvalue()

    async def footage(self, url: str, to: Path, max_seconds: float) -> dict[str, Any]:
        """Store the MP4 at ``url``, and return its width, height and frames at 24 a second. Raises Unreadable."""
        with to.open("wb") as part:
            await self._read(url, part, MAX_FOOTAGE_BYTES, MAX_FOOTAGE_SECONDS)
        try:
            facts = await asyncio.to_thread(footage.examine, to)
        except BadClip as error:
            raise Unreadable(f"{_bare(url)} is not an MP4 with a video in it: {error}") from error
        if facts.seconds > max_seconds + LONGER:
            raise Unreadable(f"{_bare(url)} is {facts.seconds:.2f} s long, more than {max_seconds:g} s")
        return {"width": facts.width, "height": facts.height, "frames": facts.frames}

    async def _read(self, url: str, to: IO[bytes], most: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._fetch(url, to, most, seconds)
        except TimeoutError as error:
            raise Unreadable(f"{_bare(url)} took longer than {seconds:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise Unreadable(f"{_bare(url)} cannot be read: {type(error).__name__}: {error}") from error

    async def _fetch(self, url: str, to: IO[bytes], most: int, seconds: float) -> None:
        # No proxy for this machine; redirects are followed by hand, so that each hop is checked.
        async with httpx.AsyncClient(
            verify=self._trusted, trust_env=self._allow_remote, follow_redirects=False, timeout=seconds
        ) as client:
            for _ in range(MAX_REDIRECTS + 1):
                await self._check_host(url)
                async with client.stream("GET", url) as answer:
                    if answer.is_redirect:
                        url = urljoin(url, answer.headers["location"])
                        continue
                    if answer.status_code != 200:
                        raise Unreadable(f"{_bare(url)} answers {answer.status_code}")
                    length = 0
                    async for chunk in answer.aiter_bytes():
                        length += len(chunk)
                        if length > most:
                            raise Unreadable(f"{_bare(url)} is larger than {most >> 20} MB")
                        to.write(chunk)
                    return
        raise Unreadable(f"{_bare(url)} redirects more than {MAX_REDIRECTS} times")

    async def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreadable(f"{_bare(url)} is not an http(s) URL")
        if self._allow_remote:
            return
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)
        if not all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found):
            raise Unreadable(f"{parts.hostname} is not this machine; start the sandbox with --allow-remote to read it")


def _check(content: bytes, url: str) -> None:
    """Raise Unreadable unless the bytes are a picture of an acceptable size."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Unreadable(f"{_bare(url)} has {width}×{height} pixels, more than {MAX_PIXELS}")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable(f"{_bare(url)} is not an image ({', '.join(FORMATS)})") from error


def _bare(url: str) -> str:
    """A URL without its query, which may hold a signature."""
    return url.split("?", 1)[0]
