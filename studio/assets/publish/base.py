"""What a publisher is, and the one that publishes nothing: an asset has a public URL of its own."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from studio.assets.publish.lifetime import check_lifetime
from studio.errors import AssetError
from studio.remedies import again
from studio.settings import is_loopback


class Publishable(Protocol):
    """A file by its content: a seed image, seed footage, a frame of a clip. ``url``: its own, where it has one.

    ``sha256`` names it, ``content`` is the SHA-256 of what is in ``path``: of a picture that was made smaller, or bare
    of its metadata, the two differ.
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
    """Where assets go so that the service can read them. Its methods block: async callers use a thread.

    A URL holds for one run: it may be signed, so it is never stored, and asked for anew in the next.
    """

    def check(self, assets: Iterable[Publishable]) -> None:
        """Raises AssetError for what cannot be published, before anything is bought. Touches no network."""

    def publish(self, asset: Publishable) -> str:
        """A URL that the service can read, tried out. May be signed: it is sent, and shown nowhere.

        Raises AssetError or SettingsError.
        """

    def close(self) -> None: ...


class PublicUrls:
    """For a service on the internet: an asset must have a public URL of its own, that lives ``lives`` seconds more."""

    def __init__(self, *, lives: float = 0, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.lives, self._now = lives, now

    def check(self, assets: Iterable[Publishable]) -> None:
        for asset in assets:
            self._url(asset)

    def publish(self, asset: Publishable) -> str:
        return self._url(asset)  # it was fetched by it a moment ago

    def close(self) -> None:
        """Nothing to close."""

    def _url(self, asset: Publishable) -> str:
        where = f"asset '{asset.name}'"
        if asset.url is None:
            raise AssetError(
                "a local file, which Luma cannot read",
                where=where,
                hint="set STUDIO_PUBLISH_URL to a bucket (s3://…) or to a folder that the internet reads, and it is "
                "published there; or write its public URL in the production (url: https://…); without an API key the "
                "sandbox reads local files",
            )
        if is_private(asset.url):
            raise AssetError("its URL is on this machine or network, which Luma cannot read", where=where)
        check_lifetime(asset.url, asset.name, self.lives, self._now())
        return asset.url


def is_private(url: str) -> bool:
    """Whether a URL's host is this machine or an address in a private network, by its name alone."""
    if is_loopback(url):
        return True
    try:
        return not ipaddress.ip_address(urlsplit(url).hostname or "").is_global
    except ValueError:
        return False


def file_of(asset: Publishable) -> Path:
    """The file that is to be published. Raises AssetError where it is gone."""
    if asset.path is None or not asset.path.is_file():
        raise AssetError("its file is gone", where=f"asset '{asset.name}'", hint=again())
    return asset.path


def bytes_of(asset: Publishable) -> bytes:
    """What is to be published, read and hashed now. Raises AssetError where it is gone, or is not what it was."""
    try:
        data = file_of(asset).read_bytes()
    except OSError as error:
        raise AssetError(f"its file cannot be read: {error.strerror}", where=f"asset '{asset.name}'") from None
    if hashlib.sha256(data).hexdigest() != asset.content:
        raise AssetError(
            "its file was changed since it was looked at", where=f"asset '{asset.name}'",
            hint=f"{again()}: it is made anew",
        )  # fmt: skip
    return data
