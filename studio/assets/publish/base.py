"""The interface of publishers, and PublicUrls, which publishes nothing: each asset has a public URL already."""

from __future__ import annotations

import hashlib
import io
import ipaddress
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from studio.assets.publish.lifetime import check_lifetime
from studio.errors import AssetError
from studio.remedies import AGAIN, text_of
from studio.settings import is_loopback


class Publishable(Protocol):
    """A file by its content: a seed image, seed footage, a frame of a clip. ``url``: its own, where it has one.

    ``sha256`` names it, ``content`` is the SHA-256 of the bytes in ``path``: the two differ for a picture that was made
    smaller, or whose metadata was removed.
    """

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def url(self) -> str | None: ...


class Publisher(Protocol):
    """A place to which assets are published for the service to read. Its methods block: async callers use a thread.

    A URL is valid for one run: it may be signed, so it is never stored, and the next run asks for a new one.
    """

    def check(self, assets: Iterable[Publishable]) -> None:
        """Check the assets before anything is bought. Uses no network. Raises AssetError for one that cannot be
        published."""

    def publish(self, asset: Publishable) -> str:
        """Publish an asset and return a tested URL that the service can read. It may be signed: it is sent, and never
        shown.

        Raises AssetError or SettingsError.
        """

    def try_place(self, *, tries: int = 3, seconds: float = 30) -> str:
        """Write a small picture where assets go, read it at its public address, and remove it. Returns the place in
        words; empty where there is none, and nothing is tried. Raises SettingsError."""

    def close(self) -> None: ...


class PublicUrls:
    """For a service on the internet: an asset must have a public URL of its own, valid for ``lives`` more seconds."""

    def __init__(self, *, lives: float = 0, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.lives, self._now = lives, now

    def check(self, assets: Iterable[Publishable]) -> None:
        for asset in assets:
            self._url(asset)

    def publish(self, asset: Publishable) -> str:
        return self._url(asset)  # the URL was fetched a moment ago

    def try_place(self, *, tries: int = 3, seconds: float = 30) -> str:
        return ""

    def close(self) -> None:
        """Do nothing."""

    def _url(self, asset: Publishable) -> str:
        where = f"asset '{asset.name}'"
        if asset.url is None:
            raise AssetError(
                "a local file, which the service cannot read",
                where=where,
                hint="set STUDIO_PUBLISH_URL to a bucket (s3://…) or to a folder that the internet reads, and it is "
                "published there; or write its public URL in the production (url: https://…); without an API key the "
                "sandbox reads local files",
            )
        if is_private(asset.url):
            raise AssetError("its URL is on this machine or network, which the service cannot read", where=where)
        check_lifetime(asset.url, asset.name, self.lives, self._now())
        return asset.url


def is_private(url: str) -> bool:
    """True if a URL's host is this machine or in a private network, by its name alone."""
    if is_loopback(url):
        return True
    try:
        return not ipaddress.ip_address(urlsplit(url).hostname or "").is_global
    except ValueError:
        return False


def probe() -> tuple[str, bytes]:
    """The name and the bytes of a picture by which a place is tried out: like no other's, and less than 200 bytes."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "PNG")
    word = uuid.uuid4().hex
    return f"studio-check-{word}.png", file.getvalue() + word.encode()  # what follows a picture's end is not read


def file_of(asset: Publishable) -> Path:
    """The file to publish. Raises AssetError where it is gone."""
    if asset.path is None or not asset.path.is_file():
        raise AssetError("its file is gone", where=f"asset '{asset.name}'", hint=AGAIN)
    return asset.path


def bytes_of(asset: Publishable) -> bytes:
    """The bytes to publish, read and hashed now. Raises AssetError where the file is gone or has changed."""
    try:
        data = file_of(asset).read_bytes()
    except OSError as error:
        raise AssetError(f"its file cannot be read: {error.strerror}", where=f"asset '{asset.name}'") from None
    if hashlib.sha256(data).hexdigest() != asset.content:
        raise AssetError(
            "its file was changed since it was looked at", where=f"asset '{asset.name}'",
            hint=text_of(AGAIN, ": it is made anew"),
        )  # fmt: skip
    return data
