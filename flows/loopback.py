"""Servers on this machine, past any proxy of the environment: Prefect's own, the sandbox, published seed assets."""

from __future__ import annotations

import os
from urllib.request import getproxies_environment

LOCAL = ("127.0.0.1", "localhost", "::1")


def past_proxies() -> None:
    """Have this process and those that it starts reach loopback directly. The service is still reached by the proxy."""
    proxies = getproxies_environment()
    if not proxies.keys() - {"no"}:
        return  # without a proxy in the environment, a system's own settings stay in force
    before = [host.strip() for host in proxies.get("no", "").split(",") if host.strip()]
    if "*" not in before:
        hosts = ",".join(dict.fromkeys((*before, *LOCAL)))
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = hosts
