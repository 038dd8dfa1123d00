"""Findings on the proxies of the environment, and on what goes through them that should not."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from studio.settings import Settings, is_loopback
from studio_cli.findings.values import Finding, listed

#: Variables with the address of a server that may stand in a network of one's own.
SERVERS = ("PREFECT_API_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "LUMAAI_BASE_URL", "LUMA_BASE_URL",
           "STUDIO_PUBLISH_BASE_URL")  # fmt: skip
NEAR = (".local", ".localdomain", ".internal", ".lan", ".home.arpa")


def proxies(_: Settings) -> Iterator[Finding]:
    """The proxies, by host alone, and the servers of one's own network that would be asked through them."""
    set_ = getproxies_environment()
    used = {scheme: url for scheme, url in set_.items() if scheme in ("http", "https", "all") and url}
    if not used:
        return
    told = ", ".join(f"{scheme}_proxy {_place(url)}" for scheme, url in sorted(used.items()))
    but = f"; not for {set_['no']}" if set_.get("no") else ""
    yield Finding("proxy", f"{told}{but}")
    caught: dict[str, list[str]] = {}
    if not proxy_bypass("127.0.0.1"):
        caught["127.0.0.1"] = ["this machine"]
    for name in SERVERS:
        scheme, host = _scheme_and_host(os.environ.get(name, ""))
        if host and used.keys() & {scheme, "all"} and _is_near(host) and not proxy_bypass(host):
            caught.setdefault(host, []).append(name)
    for host, names in caught.items():
        yield Finding(
            "proxy", f"{host} ({listed(names)}) is asked through it, and is in a network of one's own",
            hint=f"add {host} to no_proxy",
        )  # fmt: skip


def _place(url: str) -> str:
    """The host and port of a proxy; it may have a user and a password, which are not shown."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        return f"{parts.hostname or 'without a host'}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "at an address that cannot be read"


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        return urlsplit(url).scheme, urlsplit(url).hostname or ""
    except ValueError:
        return "", ""


def _is_near(host: str) -> bool:
    """True for a host of this machine, or of a network of one's own, by its name alone."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return is_loopback(f"http://{host}") or "." not in host or host.endswith(NEAR)
