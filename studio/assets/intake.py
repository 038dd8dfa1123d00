"""Intake of seed assets: each is read once, from its file or URL, within limits, and checked by its content."""

from __future__ import annotations

import asyncio
import hashlib
import stat
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, overload

from studio.assets.derived_files import disk, part_of, sweep
from studio.assets.seeds import MAX_BYTES, SeedFootage, SeedImage
from studio.connections import trouble_of
from studio.errors import AssetError
from studio.file_types import content_of
from studio.log_redaction import unlogged

if TYPE_CHECKING:
    import httpx

    OpenClient = Callable[[], httpx.AsyncClient]

FETCH_SECONDS = 30.0  # without a byte
FETCH_SECONDS_IN_ALL = 600.0
BLOCK = 1 << 20
NO_MORE = "Luma reads no more"
PUBLIC = "the URL must be public: the service reads it from the internet"


class AssetSource(Protocol):
    """An asset as a production names it: a local ``path`` or a ``url``, and optionally a ``kind`` (image, video)."""

    @property
    def id(self) -> str: ...
    @property
    def path(self) -> str | None: ...
    @property
    def url(self) -> str | None: ...


def source_key(source: AssetSource) -> str:
    """The identity of a source: its path, or its URL."""
    return source.path or source.url or ""


@overload
async def look_at(sources: Mapping[str, AssetSource], *, client: OpenClient, folder: Path) -> dict[str, SeedImage]: ...


@overload
async def look_at(
    sources: Mapping[str, AssetSource],
    *,
    client: OpenClient,
    folder: Path,
    footage: Collection[str],
) -> dict[str, SeedImage | SeedFootage]: ...


async def look_at(
    sources: Mapping[str, AssetSource],
    *,
    client: OpenClient,
    folder: Path,
    footage: Collection[str] = (),
) -> dict[str, SeedImage] | dict[str, SeedImage | SeedFootage]:
    """Read every source (by ``source_key``) and check it. Raises AssetError that names the asset.

    The keys in ``footage`` must be footage, all others images. Every asset is stored in ``folder`` by its content: a
    purchase is named by it, so editing a file during a run must not change what is sent. A remote asset is fetched for
    the same reason, by ``client``, which is called if there is one.
    """
    found: dict[str, SeedImage | SeedFootage] = {}
    await asyncio.to_thread(sweep, folder)
    for key, source in sources.items():
        where = f"asset '{source.id}'"
        part = part_of(folder)
        try:
            if source.path:
                sha256 = await asyncio.to_thread(copied, where, Path(source.path), part)
            else:
                sha256 = await fetched(where, source.url or "", client(), part)
            wanted = "video" if key in footage else "image"
            found[key] = await asyncio.to_thread(_judge, where, source, part, sha256, folder, wanted)
        finally:
            part.unlink(missing_ok=True)
    return found


def _judge(
    where: str, source: AssetSource, part: Path, sha256: str, folder: Path, wanted: str
) -> SeedImage | SeedFootage:
    # The decoders are loaded where there is an asset to decode.
    from studio.assets.images import examine_image, picture_name

    # Only the file's head decides: neither its name nor a server's content type does.
    content = content_of(part)
    kind = content.kind
    if kind is None:
        said = content.said or picture_name(part) or "neither an image nor footage"
        raise AssetError(f"is {said}", where=where, hint=content.hint)
    told: str | None = getattr(source, "kind", None)
    if told is not None and told != kind:
        raise AssetError(
            f"is {_called(kind)}, and the production says that it is {_called(told)}", where=where,
            hint="correct its kind, or leave it out",
        )  # fmt: skip
    if kind != wanted:
        raise AssetError(f"is {_called(kind)}, and {_called(wanted)} is needed", where=where)
    url = None if source.path else source.url
    if kind == "video":
        from studio.assets.footage import examine_footage

        return examine_footage(part, where=where, name=source.id, sha256=sha256, folder=folder, url=url)
    return examine_image(part, where=where, name=source.id, sha256=sha256, folder=folder, url=url)


def _called(kind: str) -> str:
    return "footage" if kind == "video" else "an image"


def copied(where: str, path: Path, part: Path, *, most: int = MAX_BYTES, hint: str = NO_MORE) -> str:
    """Copy a local file of at most ``most`` bytes, block by block, and return its SHA-256. Raises AssetError, whose
    ``hint`` is for a file that is larger."""
    seen = hashlib.sha256()
    size = 0
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise AssetError(f"{path} is a folder", where=where, hint="name a file in it")
        if not stat.S_ISREG(mode):
            raise AssetError(f"{path} is not a regular file", where=where)
        with path.open("rb") as file, disk(part.parent), part.open("wb") as copy:
            while block := file.read(BLOCK):
                size += len(block)
                if size > most:
                    raise _too_big(where, most, hint)
                seen.update(block)
                copy.write(block)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not the name of a file"
        raise AssetError(f"{path} cannot be read: {reason}", where=where) from None
    if not size:
        raise AssetError(f"{path} is empty", where=where, hint="put the picture or footage there again")
    return seen.hexdigest()


async def fetched(
    where: str, url: str, client: httpx.AsyncClient, part: Path, *, most: int = MAX_BYTES, hint: str = NO_MORE,
    public: str = PUBLIC,
) -> str:  # fmt: skip
    """Fetch a remote file as ``copied`` copies one. ``public``: the hint for an address that does not give it."""
    import httpx

    from studio.storage.download import IDENTITY, is_encoded  # which loads the decoders

    seen = hashlib.sha256()
    size = 0
    try:
        async with asyncio.timeout(FETCH_SECONDS_IN_ALL):
            with unlogged(), disk(part.parent), part.open("wb") as copy:
                async with client.stream(
                    "GET", url, headers=IDENTITY, follow_redirects=True, timeout=FETCH_SECONDS
                ) as response:
                    if response.status_code != 200:
                        raise AssetError(
                            f"its URL answers with status {response.status_code}", where=where, hint=public
                        )
                    if is_encoded(response):
                        raise AssetError("its URL sends it compressed, against the request", where=where, hint=public)
                    length = response.headers.get("Content-Length", "")
                    if length.isdecimal() and len(length) < 19 and int(length) > most:
                        raise _too_big(where, most, hint)
                    async for block in response.aiter_bytes(BLOCK):
                        size += len(block)
                        if size > most:
                            raise _too_big(where, most, hint)
                        seen.update(block)
                        copy.write(block)
    except TimeoutError:
        raise AssetError(f"its URL took longer than {FETCH_SECONDS_IN_ALL:.0f} s", where=where) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
        trouble = trouble_of(error)
        said = trouble.said if trouble else type(error).__name__
        told = trouble.hint if trouble and trouble.untrusted else public
        raise AssetError(f"its URL cannot be read ({said})", where=where, hint=told) from None
    if not size:
        raise AssetError("its URL gives an empty file", where=where)
    return seen.hexdigest()


def _too_big(where: str, most: int, hint: str) -> AssetError:
    return AssetError(f"it is larger than {most >> 20} MB", where=where, hint=hint)
