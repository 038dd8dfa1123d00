"""Access to servers on this machine without any proxy: Prefect's own, the sandbox, published seed assets."""

from __future__ import annotations

import os
from urllib.request import getproxies_environment

LOCAL = ("127.0.0.1", "localhost", "::1")


def past_proxies() -> None:
    """Let this process and those that it starts reach loopback directly. The service is still reached through the
    proxy."""
    proxies = getproxies_environment()
    if not proxies.keys() - {"no"}:
        return  # without a proxy in the environment, a system's own settings apply
    before = [host.strip() for host in proxies.get("no", "").split(",") if host.strip()]
    if "*" not in before:
        hosts = ",".join(dict.fromkeys((*before, *LOCAL)))
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = hosts
