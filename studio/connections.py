"""Connections to servers: the certificate authorities that are trusted, and the reasons why a server is not reached.

Each reason is told in words of its own, by what the network said, with what to do.

httpx, its transport and the SDKs wrap the system's error in errors of their own that no longer tell the reason, so the
chain of causes is searched.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from studio.errors import SettingsError

if TYPE_CHECKING:
    import httpx

MOST_CAUSES = 40
ENDED, NOT_YET, OTHER_NAME = 10, 9, 62  # OpenSSL's numbers for faults of a certificate
CHECK_SCHEME = "try again; where it stays so: is it https or http, and the right port?"
CHECK_PROXY = "check http_proxy, https_proxy, all_proxy, no_proxy"
CHECK_ADDRESS = "check the address for a slip, and that this machine is online"


def trusted() -> ssl.SSLContext:
    """The authorities of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` where one is set, else those that httpx brings along.

    httpx itself reads these variables only together with the proxies, which a server on this machine is reached past.
    A file is read once for as long as it stays the same, because reading takes longer than most calls do. Raises
    SettingsError for a file that cannot be used.
    """
    named = os.environ.get("SSL_CERT_FILE", "")
    try:
        if named:
            it = Path(named).stat()
            return _read(str(Path(named).absolute()), it.st_ino, it.st_size, it.st_mtime_ns)
        return _by_httpx() if os.environ.get("SSL_CERT_DIR") else _read("")
    except OSError as error:  # ssl.SSLError is one
        name = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
        told = "holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise SettingsError(
            f"{name} cannot be used: {told}",
            where=os.environ.get(name, ""),
            hint="name a file of certificates in PEM, such as the sandbox's tls/ca.pem, or unset it",
        ) from error


@lru_cache(maxsize=8)
def _read(file: str, *state: int) -> ssl.SSLContext:
    """The authorities in a file, or those that httpx brings along. Raises OSError."""
    return ssl.create_default_context(cafile=file) if file else _by_httpx()


def _by_httpx() -> ssl.SSLContext:
    import httpx  # a plan asks no server, and does not wait for it to load

    return httpx.create_ssl_context()


def check_authorities() -> None:
    """Read the authorities if the environment names some. Raises SettingsError if they cannot be used.

    Those that httpx brings along are read when a server is first asked: a plan, which asks none, does not wait.
    """
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        trusted()


@dataclass(frozen=True)
class Trouble:
    """The reason why a server could not be reached. ``said`` is a clause that names the host, where it is known.

    ``untrusted``: the fault is in the server's certificate, so every further try would fail in the same way.
    """

    said: str
    hint: str = ""
    untrusted: bool = False


def trouble_of(error: BaseException, *, called: str = "") -> Trouble | None:
    """The reason behind an error of httpx, an SDK or a bucket's client; None for an error that is not of the network.

    A URL is never repeated, since it may be signed: only its host is named. ``called`` replaces the host where the host
    is secret, too.
    """
    import httpx  # loaded by what raised the error

    host = called or _host(error)
    causes = list(_causes(error))
    unverified = [cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)]
    if unverified:  # aiohttp derives an error of its own from it, without a reason
        return _untrusted(next((e for e in unverified if hasattr(e, "verify_code")), unverified[0]), host)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            reason = (cause.reason or "SSL").replace("_", " ").lower()
            return Trouble(
                f"{host} and this machine agree on no encryption ({reason})", "is it https, and the right port?"
            )
        proxy = _proxy(error) if isinstance(cause, socket.gaierror | ConnectionRefusedError) else ""
        if proxy:
            failed = "refused" if isinstance(cause, ConnectionRefusedError) else "a name is not found"
            return Trouble(f"no connection to {host}: {failed}, there or at the proxy {proxy}", CHECK_PROXY)
        if isinstance(cause, socket.gaierror):
            return Trouble(f"the name of {host} is not found", CHECK_ADDRESS)
        if isinstance(cause, ConnectionRefusedError):
            return Trouble(f"{host} refused the connection", "is the server running, at that address and port?")
    for cause in causes:
        if isinstance(cause, httpx.ConnectTimeout):
            return Trouble(f"no connection to {host} was made in time", "check the network, a firewall, a proxy")
        if isinstance(cause, httpx.PoolTimeout):
            return Trouble("no connection came free in time", "start fewer scenes at once")
        if isinstance(cause, httpx.TimeoutException):
            return Trouble(f"{host} sent no answer in time ({type(cause).__name__})", "try again later")
        if isinstance(cause, httpx.ProxyError):
            return Trouble("the proxy of the environment did not let it through", CHECK_PROXY)
        if isinstance(cause, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError):
            name = type(cause).__name__
            return Trouble(f"{host} broke off before a whole answer in HTTP had come ({name})", CHECK_SCHEME)
    return None


def _untrusted(error: ssl.SSLCertVerificationError, host: str) -> Trouble:
    code = getattr(error, "verify_code", 0)
    if code in (ENDED, NOT_YET):
        ended = "has ended" if code == ENDED else "is not valid yet"
        return Trouble(
            f"the certificate of {host} is not trusted: it {ended}",
            "it must be renewed where the server is, if the clock of this machine is right; another authority's "
            "certificates can be named in SSL_CERT_FILE", untrusted=True,
        )  # fmt: skip
    if code == OTHER_NAME:
        return Trouble(
            f"the certificate of {host} is not trusted: it was made for another name",
            "call the server by the name that its certificate has (SSL_CERT_FILE changes nothing about a name)",
            untrusted=True,
        )
    named = " in place of the one that is set" if os.environ.get("SSL_CERT_FILE") else ""
    reason = getattr(error, "verify_message", "") or "its authority is not known"
    return Trouble(
        f"the certificate of {host} is not trusted: {reason}",
        f"if it is the right server, name its authority's certificate (PEM) in SSL_CERT_FILE{named}", untrusted=True,
    )  # fmt: skip


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all its causes, also within groups: a name with several addresses fails once for each."""
    ahead, seen = [error], set[int]()
    while ahead and len(seen) < MOST_CAUSES:
        cause = ahead.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            ahead += cause.exceptions
        ahead += [led for led in (cause.__cause__, cause.__context__) if led is not None]


def _host(error: BaseException) -> str:
    """The host and port of the failed request; "the server" where the error holds no request."""
    url = _url(error)
    if url is None:
        return "the server"
    return f"{url.host}{f':{url.port}' if url.port else ''}"


def _proxy(error: BaseException) -> str:
    """The host and port of the proxy that the failed request went through, by the environment; empty for none."""
    url, proxies = _url(error), getproxies_environment()
    if url is None or proxy_bypass(url.host):
        return ""
    try:
        parts = urlsplit(proxies.get(url.scheme) or proxies.get("all") or "")
        return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"  # it may have a user and a password
    except ValueError:
        return ""


def _url(error: BaseException) -> httpx.URL | None:
    """The address of the failed request; None where the error holds no request."""
    import httpx

    for cause in _causes(error):
        try:
            request = getattr(cause, "request", None)
        except RuntimeError:  # httpx raises it where the error was given no request
            continue
        if isinstance(request, httpx.Request) and request.url.host:
            return request.url
    return None
