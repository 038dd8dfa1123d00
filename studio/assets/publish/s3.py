"""Publishing to a bucket of S3 or a compatible service, read by signed URLs."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.assets.publish.base import PublicUrls, Publishable, bytes_of, file_of, is_private, probe
from studio.assets.publish.lifetime import check_lifetime, span
from studio.assets.publish.reach import SECONDS, TRIES, read_back, try_out
from studio.errors import SettingsError, Untrusted
from studio.storage.bucket_faults import CONFIG, PIP, client_errors, client_options, fault_of, is_installed

if TYPE_CHECKING:
    import httpx
    from upath import UPath

MAX_SECONDS = 7 * 24 * 3600  # of a signature: S3's own limit
WHERE = "STUDIO_PUBLISH_URL"


class S3Files:
    """``url`` is ``s3://bucket/prefix``. An asset is uploaded once, by its hash, and its URL is signed in every run for
    ``seconds``, which must be ``lives`` or more. An asset with a URL of its own is sent by that URL.

    Endpoint, region and credentials come from the usual environment (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION,
    AWS_ACCESS_KEY_ID …, AWS_PROFILE). ``internet``: the service is not on this machine, so the bucket may not be
    either.
    """

    def __init__(
        self,
        url: str,
        *,
        seconds: int = 24 * 3600,
        lives: float = 0,
        internet: bool = True,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not is_installed():
            raise SettingsError("S3 needs s3fs", where=WHERE, hint=PIP)
        bucket = _bucket(url)
        if not lives <= seconds <= MAX_SECONDS:
            raise SettingsError(
                f"a signed URL would live for {span(seconds)}; a run may wait for {span(lives)}, and S3 signs for "
                f"{span(MAX_SECONDS)} at most",
                where="STUDIO_PUBLISH_SECONDS",
            )
        self.bucket, self._url = bucket, url.rstrip("/")
        self.seconds, self.lives, self.internet = seconds, lives, internet
        self._own = PublicUrls(lives=lives, now=now)
        self._transport, self._sleep, self._now = transport, sleep, now
        self._place: UPath | None = None
        self._opening = threading.Lock()

    def check(self, assets: Iterable[Publishable]) -> None:
        for asset in assets:
            if asset.url is not None:
                self._own.check([asset])
            else:
                file_of(asset)

    def publish(self, asset: Publishable) -> str:
        if asset.url is not None:
            return self._own.publish(asset)
        url = self._upload(asset)
        self._check_public(url)
        check_lifetime(url, asset.name, self.lives, self._now())
        try_out(url, asset, transport=self._transport, sleep=self._sleep)
        return url

    def try_place(self, *, tries: int = TRIES, seconds: float = SECONDS) -> str:
        name, data = probe()
        goal = None
        try:
            try:
                goal = self._root() / name
                goal.fs.pipe_file(goal.path, data, ContentType="image/png")
                url = str(goal.fs.sign(goal.path, expiration=self.seconds))
            except client_errors() as error:
                fault = fault_of(error, self.bucket)
                raise SettingsError(fault.said, where=WHERE, hint=fault.hint) from None
            self._check_public(url)
            read_back(
                url, data, where=WHERE, tries=tries, seconds=seconds, transport=self._transport, sleep=self._sleep
            )
        finally:
            if goal is not None:
                with contextlib.suppress(*client_errors()):  # publishing needs no right to remove
                    goal.fs.rm_file(goal.path)
        return f"{self._url}, read by signed URLs"

    def close(self) -> None:
        """Do nothing: published files stay, since Luma may still read them."""
        self._place = None

    def _check_public(self, url: str) -> None:
        if self.internet and is_private(url):
            raise SettingsError(
                "the bucket's endpoint is on this machine or network, which the service cannot read",
                where="AWS_ENDPOINT_URL",
            )

    def _upload(self, asset: Publishable) -> str:
        """Upload a file unless the same bytes are there, and sign its URL."""
        data = bytes_of(asset)
        try:
            goal = self._root() / f"{asset.sha256}{asset.suffix}"
            if not _is_there(goal, data, asset):
                goal.fs.pipe_file(goal.path, data, ContentType=asset.media_type)
            return str(goal.fs.sign(goal.path, expiration=self.seconds))
        except client_errors() as error:
            fault = fault_of(error, self.bucket)
        where = f"{WHERE}, asset '{asset.name}'"
        if fault.untrusted:
            raise Untrusted(fault.said, where=where, hint=fault.hint)
        raise SettingsError(fault.said, where=where, hint=fault.hint)

    def _root(self) -> UPath:
        from upath import UPath

        with self._opening:
            if self._place is None:
                self._place = UPath(
                    self._url, config_kwargs=CONFIG, client_kwargs=client_options(), skip_instance_cache=True
                )
            return self._place


def _bucket(url: str) -> str:
    """The bucket of ``s3://bucket/prefix``. Raises SettingsError, which repeats nothing of the URL."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "s3" and bool(parts.hostname) and parts.port is None and "@" not in url
        usable = usable and url.isprintable()
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise SettingsError(
            "is no s3://bucket/prefix", where=WHERE, hint="credentials go into AWS_ACCESS_KEY_ID …, or AWS_PROFILE"
        )
    return parts.netloc


def _is_there(goal: UPath, data: bytes, asset: Publishable) -> bool:
    """True if the object holds exactly these bytes, with the right type. Its metadata proves nothing: anybody can
    set it."""
    try:
        known: dict[str, Any] = goal.fs.info(goal.path, refresh=True)
        if known.get("size") != len(data) or known.get("ContentType") != asset.media_type:
            return False
        # The bucket's own MD5 of the object; for an object in parts, or encrypted by KMS, the tag is something else.
        if str(known.get("ETag", "")).strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest():
            return True
        return hashlib.sha256(goal.fs.cat_file(goal.path)).hexdigest() == asset.content
    except (FileNotFoundError, PermissionError):
        return False  # without permission to list, a missing object is answered by 403
