"""A test of published URLs, as the service will read them: without a key, over the network, right length and type."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.assets.publish.base import Publishable, file_of
from studio.cleaning import clean
from studio.connections import trouble_of, trusted
from studio.errors import AssetError, SettingsError, Untrusted
from studio.log_redaction import unlogged
from studio.settings import is_loopback

if TYPE_CHECKING:
    import httpx

TRIES = 3
PAUSE = 1.0  # seconds before the second try, then doubled: the folder may take a while to reach its server
SECONDS, CONNECT_SECONDS = 30, 10
SAME = {"image/jpg": "image/jpeg", "video/x-m4v": "video/mp4"}  # media types that some servers send
HINTS = {
    301: "name the bucket's own region in AWS_DEFAULT_REGION",
    400: "name the bucket's own region in AWS_DEFAULT_REGION",
    401: "the service has no password: what is published must be readable by its URL alone",
    403: "the key that signs must be allowed to read (s3:GetObject); a served folder must be readable by its server",
    404: "does STUDIO_PUBLISH_BASE_URL serve the folder that STUDIO_PUBLISH_URL names?",
}


def try_out(
    url: str,
    asset: Publishable,
    *,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Request the first byte at ``url``. Raises AssetError unless it is there with the right length and type, Untrusted
    where the certificate of its server is not trusted.

    It uses GET, because a URL that S3 signed for GET refuses HEAD. It tries again if the server cannot be reached or
    does not have the file yet.
    """
    import httpx  # here, since what chooses a publisher for a plan tries nothing out

    fault = AssetError("was never tried")
    timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
    with unlogged(), httpx.Client(
        transport=transport, timeout=timeout, follow_redirects=True, trust_env=not is_loopback(url), verify=trusted()
    ) as client:  # fmt: skip
        for number in range(TRIES):
            if number:
                sleep(PAUSE * number)
            try:
                with client.stream("GET", url, headers={"Range": "bytes=0-0", "Accept-Encoding": "identity"}) as answer:
                    found = _fault(answer, asset)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = trouble_of(error)
                if trouble and trouble.untrusted:
                    told = f"was published, but its URL cannot be read: {trouble.said}"
                    raise Untrusted(told, where=f"asset '{asset.name}'", hint=trouble.hint) from None
                said, hint = (trouble.said, trouble.hint) if trouble else (type(error).__name__, "")
                fault = _unreadable(asset, f"cannot be read ({said})", hint)
                continue
            if found is None:
                return
            fault = found
            if answer.status_code not in (404, 408, 429) and answer.status_code < 500:
                break
    raise fault


def read_back(
    url: str,
    data: bytes,
    *,
    where: str,
    tries: int = TRIES,
    seconds: float = SECONDS,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Check that ``url`` gives these bytes, as the service will read it. ``where`` is the setting of the place.

    Raises SettingsError, which does not show the URL: it may be signed.
    """
    import httpx

    told, hint = "", ""
    timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    with unlogged(), httpx.Client(
        transport=transport, timeout=timeout, follow_redirects=True, trust_env=not is_loopback(url), verify=trusted()
    ) as client:  # fmt: skip
        for number in range(tries):
            if number:
                sleep(PAUSE * number)
            try:
                with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
                    status, found = answer.status_code, _beginning(answer, len(data) + 1)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = trouble_of(error)
                told, hint = (trouble.said, trouble.hint) if trouble else (type(error).__name__, "")
                continue
            if status == 200 and found == data:
                return
            told, hint = f"it answers with status {status}", HINTS.get(status, "")
            if status == 200:
                told, hint = "it gives something else", "is something else, or a cache, in that place?"
    raise SettingsError(f"what is written there cannot be read at its public address: {told}", where=where, hint=hint)


def _beginning(answer: httpx.Response, most: int) -> bytes:
    found = b""
    for part in answer.iter_bytes():
        found += part
        if len(found) >= most:
            break
    return found[:most]


def _fault(answer: httpx.Response, asset: Publishable) -> AssetError | None:
    if answer.status_code not in (200, 206):
        return _unreadable(asset, f"answers with status {answer.status_code}", HINTS.get(answer.status_code, ""))
    whole = file_of(asset).stat().st_size
    said = answer.headers.get("content-length", "")
    if answer.status_code == 206:
        said = answer.headers.get("content-range", "").rpartition("/")[2]
    if said.isdecimal() and int(said) != whole:
        return _unreadable(asset, f"gives {said} bytes of {whole}", "is something else in that place?")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if SAME.get(kind, kind) != asset.media_type:
        told = clean(kind, limit=60) or "nothing"
        return _unreadable(
            asset, f"says {told}, not {asset.media_type}", f"have its server send {asset.media_type} for {asset.suffix}"
        )
    return None


def _unreadable(asset: Publishable, fault: str, hint: str) -> AssetError:
    # The URL is not shown: it may be signed.
    return AssetError(f"was published, but its URL {fault}", where=f"asset '{asset.name}'", hint=hint)
