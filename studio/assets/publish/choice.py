"""The choice of a publisher, by the realm and the settings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from studio.addresses import web_address
from studio.assets.publish.base import PublicUrls, Publisher, is_private
from studio.assets.publish.folder import FolderFiles
from studio.assets.publish.loopback import LoopbackFiles
from studio.assets.publish.s3 import S3Files
from studio.errors import SettingsError
from studio.settings import Service, Settings

MARGIN = 900.0  # seconds that an asset must stay readable after the longest time that a run waits


def choose_publisher(settings: Settings, service: Service) -> Publisher:
    """Choose the publisher. For Luma: the bucket or folder of STUDIO_PUBLISH_URL, else the assets' own URLs. For a
    server on this machine: the one in the settings, else a server on loopback; for the sandbox always that. Raises
    SettingsError."""
    internet = service.realm == "luma"
    target, base_url = (settings.publish_url or "").strip(), (settings.publish_base_url or "").strip()
    lives = settings.wait_timeout + MARGIN
    if service.realm == "sandbox":
        return LoopbackFiles()
    if not target:
        if base_url:
            raise SettingsError(
                "is set, but no folder that it serves", where="STUDIO_PUBLISH_BASE_URL", hint="set STUDIO_PUBLISH_URL"
            )
        return PublicUrls(lives=lives) if internet else LoopbackFiles()
    if target.startswith("s3://"):
        if base_url:
            raise SettingsError(
                "is for folders; a bucket's URLs are signed", where="STUDIO_PUBLISH_BASE_URL", hint="unset it"
            )
        return S3Files(target, seconds=settings.publish_seconds, lives=lives, internet=internet)
    return FolderFiles(_folder(target), _base(base_url, internet=internet), lives=lives)


def _folder(target: str) -> Path:
    try:
        parts = urlsplit(target)
    except ValueError:  # an unclosed bracket, which a folder's name may have
        return Path(target).expanduser().absolute()
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return Path(unquote(parts.path))
    if "://" in target or parts.scheme == "file":
        raise SettingsError(
            "is neither s3://bucket/prefix nor a folder", where="STUDIO_PUBLISH_URL", hint="such as /srv/www/seeds"
        )
    return Path(target).expanduser().absolute()


def _base(base_url: str, *, internet: bool) -> str:
    where = "STUDIO_PUBLISH_BASE_URL"
    if not base_url:
        raise SettingsError(
            "is not set, and a folder is named in STUDIO_PUBLISH_URL", where=where,
            hint="set it to the address that serves the folder, such as https://example.com/seeds",
        )  # fmt: skip
    web_address(base_url, where)
    if internet and is_private(base_url):
        raise SettingsError("is on this machine or network, which the service cannot read", where=where)
    return base_url
