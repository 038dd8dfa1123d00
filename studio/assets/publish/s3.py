"""Publishing to a bucket of S3 or a compatible service, read by signed URLs."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.assets.publish.base import PublicUrls, Publishable, bytes_of, file_of, is_private
from studio.assets.publish.lifetime import check_lifetime, span
from studio.assets.publish.reach import try_out
from studio.cleaning import clean
from studio.connections import trouble_of
from studio.errors import SettingsError, Untrusted

if TYPE_CHECKING:
    import httpx
    from upath import UPath

MAX_SECONDS = 7 * 24 * 3600  # of a signature: S3's own limit
WHERE = "STUDIO_PUBLISH_URL"
CONFIG = {
    "signature_version": "s3v4",  # newer regions refuse the older signatures
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"max_attempts": 2},
}

# It logs every signature at debug level.
logging.getLogger("botocore.auth").addFilter(lambda _: False)


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
        if importlib.util.find_spec("s3fs") is None:
            raise SettingsError("S3 needs s3fs", where=WHERE, hint="pip install 'studio-producer[s3]'")
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
        if self.internet and is_private(url):
            raise SettingsError(
                "the bucket's endpoint is on this machine or network, which the service cannot read",
                where="AWS_ENDPOINT_URL",
            )
        check_lifetime(url, asset.name, self.lives, self._now())
        try_out(url, asset, transport=self._transport, sleep=self._sleep)
        return url

    def close(self) -> None:
        """Do nothing: published files stay, since Luma may still read them."""
        self._place = None

    def _upload(self, asset: Publishable) -> str:
        """Upload a file unless the same bytes are there, and sign its URL."""
        from botocore.exceptions import (  # type: ignore[import-untyped]
            BotoCoreError,
            ClientError,
            NoCredentialsError,
        )

        data = bytes_of(asset)
        try:
            goal = self._root() / f"{asset.sha256}{asset.suffix}"
            if not _is_there(goal, data, asset):
                goal.fs.pipe_file(goal.path, data, ContentType=asset.media_type)
            return str(goal.fs.sign(goal.path, expiration=self.seconds))
        except NoCredentialsError:
            fault = "no credentials for S3 were found"
            hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        except FileNotFoundError:
            fault, hint = f"there is no bucket '{self.bucket}'", "create it, or correct its name"
        except PermissionError as error:
            fault = f"the bucket '{self.bucket}' may not be written to with these credentials{_code(error)}"
            hint = "they need s3:PutObject and s3:GetObject on it"
        except (OSError, BotoCoreError, ClientError, ValueError) as error:
            trouble, code = trouble_of(error), _code(error)
            # The client does not name the host it asked, and uses a file of authorities only if it is given one.
            said = trouble.said.replace("the server", "its endpoint") if trouble and not code else type(error).__name__
            fault = f"the bucket '{self.bucket}' cannot be reached: {said}{code}"
            if trouble and trouble.untrusted:
                raise Untrusted(fault, where=f"{WHERE}, asset '{asset.name}'", hint=trouble.hint) from None
            hint = "are AWS_ENDPOINT_URL and AWS_DEFAULT_REGION right?"
        raise SettingsError(fault, where=f"{WHERE}, asset '{asset.name}'", hint=hint)

    def _root(self) -> UPath:
        from upath import UPath

        with self._opening:
            if self._place is None:
                self._place = UPath(
                    self._url, config_kwargs=CONFIG, client_kwargs=_authorities(), skip_instance_cache=True
                )
            return self._place


def _authorities() -> dict[str, str]:
    """``SSL_CERT_FILE``, for a client that reads only ``AWS_CA_BUNDLE``, which takes precedence."""
    named = os.environ.get("SSL_CERT_FILE")
    return {"verify": named} if named and not os.environ.get("AWS_CA_BUNDLE") else {}


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


def _code(error: Exception) -> str:
    """The service's own code for an error, in brackets; its message may repeat the request."""
    answer = getattr(error, "response", None) or getattr(error.__cause__, "response", None) or {}
    code = clean(str(answer.get("Error", {}).get("Code", "")), limit=60)
    return f" ({code})" if code else ""
