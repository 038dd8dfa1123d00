"""Seed assets, looked at before anything is paid: they exist, and are images by their content."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import httpx
from PIL import Image, UnidentifiedImageError

from studio.errors import AssetError

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
FETCH_SECONDS = 30.0
KINDS = {"PNG": ("image/png", ".png"), "JPEG": ("image/jpeg", ".jpg"), "WEBP": ("image/webp", ".webp")}


class AssetSource(Protocol):
    """What a production says of an asset: a local ``path`` or a ``url``."""

    @property
    def id(self) -> str: ...
    @property
    def path(self) -> str | None: ...
    @property
    def url(self) -> str | None: ...


@dataclass(frozen=True)
class SeedImage:
    """An image by its content. ``url`` may be signed: it is sent, and shown nowhere. Sizes in pixels."""

    name: str
    sha256: str
    media_type: str
    suffix: str
    width: int
    height: int
    path: Path | None = None
    url: str | None = field(default=None, repr=False)


def source_key(source: AssetSource) -> str:
    """What tells two sources apart: the path, or the URL."""
    return source.path or source.url or ""


async def look_at(
    sources: Mapping[str, AssetSource], *, client: httpx.AsyncClient, folder: Path
) -> dict[str, SeedImage]:
    """Read every source (by ``source_key``) and check it. Raises AssetError that names the asset and its place.

    Every image is kept in ``folder`` by its content: a purchase is named by it, so a file that is edited while a run
    goes on must not change what is sent. A remote image is fetched for the same reason.
    """
    images: dict[str, SeedImage] = {}
    for key, source in sources.items():
        where = f"asset '{source.id}'"
        local = bool(source.path)
        data = _read(where, Path(source.path or "")) if local else await _fetch(where, source.url or "", client)
        image = _examine(where, source, data)
        kept = folder / f"{image.sha256}{image.suffix}"
        if not kept.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f"{image.sha256}.{os.getpid()}.part"
            part.write_bytes(data)
            part.replace(kept)
        images[key] = replace(image, path=kept)
    return images


def _read(where: str, path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AssetError(f"{path} is larger than {MAX_BYTES // 1024**2} MB", where=where)
        return path.read_bytes()
    except OSError as error:
        raise AssetError(f"{path} cannot be read: {error.strerror}", where=where) from None


async def _fetch(where: str, url: str, client: httpx.AsyncClient) -> bytes:
    body = bytearray()
    try:
        async with client.stream("GET", url, follow_redirects=True, timeout=FETCH_SECONDS) as response:
            if response.status_code != 200:
                raise AssetError(f"its URL answers with status {response.status_code}", where=where)
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise AssetError(f"it is larger than {MAX_BYTES // 1024**2} MB", where=where)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kind = type(error).__name__
        hint = "the URL must be public: the service reads it from the internet"
        raise AssetError(f"its URL cannot be read ({kind})", where=where, hint=hint) from None
    return bytes(body)


def _examine(where: str, source: AssetSource, data: bytes) -> SeedImage:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                width, height, kind = image.width, image.height, image.format or ""
                if kind in KINDS and width * height <= MAX_PIXELS:
                    image.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombWarning) as error:
        detail = (
            "damaged" if isinstance(error, OSError) and not isinstance(error, UnidentifiedImageError) else "no image"
        )
        raise AssetError(f"its content is {detail}", where=where, hint="use a PNG, JPEG or WebP image") from None
    if kind not in KINDS:
        raise AssetError(f"a {kind} image", where=where, hint="use a PNG, JPEG or WebP image")
    if width * height > MAX_PIXELS:
        raise AssetError(f"{width}×{height} is more than {MAX_PIXELS // 10**6} million pixels", where=where)
    media_type, suffix = KINDS[kind]
    sha256 = hashlib.sha256(data).hexdigest()
    return SeedImage(source.id, sha256, media_type, suffix, width, height, url=source.url)
