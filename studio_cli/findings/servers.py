"""Findings on servers that a run uses: the sandbox, and Prefect's, with its version and what it lets in."""

from __future__ import annotations

import importlib.metadata
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.connections import trouble_of
from studio.settings import Settings
from studio_cli.findings.values import ANSWER, Finding
from studio_cli.prefect_checks import API, CLOUD, check_address
from studio_cli.standing_server import standing

if TYPE_CHECKING:
    import httpx

PART = "prefect server"


def sandbox(settings: Settings) -> Iterator[Finding]:
    """The sandbox of this home."""
    from studio.execution.local_sandbox import running

    origin = running(settings.home / "sandbox")
    yield Finding("sandbox", f"runs at {origin}" if origin else "does not run; a run without a key starts it")


def prefect(settings: Settings) -> Iterator[Finding]:
    """The Prefect server of the environment, of a profile, or of this home."""
    check_address("a run starts one")
    from prefect.settings import get_current_settings

    configured = get_current_settings()
    if configured.api.url:
        yield _configured(str(configured.api.url), configured)
        return
    found = list(standing(settings.home))
    for one in found:
        used = f"in use by {one.leases}" if one.leases else f"unused, leaves in {one.leaves_in or 0:.0f} s"
        yield Finding(PART, f"stays for the next command (process {one.pid}, {one.url or 'starting'}): {used}")
    if not found:
        kept = f"it stays for {settings.prefect_idle:.0f} s" if settings.prefect_idle else "it ends with it"
        yield Finding(PART, f"none; a run starts one, and {kept}")


def _configured(url: str, configured: Any) -> Finding:
    import httpx

    parts = urlsplit(url)
    # Only name and port are shown: a URL may hold a password.
    place = f"at {parts.hostname}{f':{parts.port}' if parts.port else ''}"
    api = configured.api
    headers = {"Authorization": f"Bearer {api.key.get_secret_value()}"} if api.key else {}
    word = api.auth_string.get_secret_value() if api.auth_string else ""
    auth = httpx.BasicAuth(*word.split(":", 1)) if ":" in word else None
    verify: bool | ssl.SSLContext = not api.tls_insecure_skip_verify
    try:
        if verify and api.ssl_cert_file:
            verify = ssl.create_default_context(cafile=api.ssl_cert_file)
        with httpx.Client(verify=verify, timeout=ANSWER, follow_redirects=True, headers=headers, auth=auth) as client:
            health = client.get(f"{url.rstrip('/')}/health")
            if (parts.hostname or "").endswith(CLOUD):
                return _of_cloud(place, health)
            return _of_server(place, health, client.get(f"{url.rstrip('/')}/admin/version"))
    except (httpx.HTTPError, OSError) as error:
        trouble = trouble_of(error)
        said = trouble.said if trouble else type(error).__name__
        hint = trouble.hint if trouble is not None and trouble.untrusted else f"start that server, or correct {API}"
        return Finding(PART, f"{place}, cannot be reached: {said}", False, f"{hint}; unset, a run starts one")


def _of_cloud(place: str, health: httpx.Response) -> Finding:
    if health.status_code in (401, 403):
        return Finding(PART, f"{place}: the key is refused", False, "prefect cloud login, or set PREFECT_API_KEY")
    return Finding(PART, f"{place}: Prefect Cloud, is reached")


def _of_server(place: str, health: httpx.Response, version: httpx.Response) -> Finding:
    if version.status_code in (401, 403):
        hint = "set PREFECT_API_AUTH_STRING to user:password as the server has it in PREFECT_SERVER_API_AUTH_STRING"
        return Finding(PART, f"{place}: it answers, and lets nobody in without its password", False, hint)
    if health.status_code != 200:
        hint = f"does {API} end with /api, and is the server up?"
        return Finding(PART, f"{place}: answers with status {health.status_code}", False, hint)
    ours = importlib.metadata.version("prefect")
    try:
        theirs = str(version.json()) if version.status_code == 200 else ""
        here, there = _numbers(ours), _numbers(theirs)
    except ValueError:
        return Finding(PART, f"{place}: is reached, and tells no version", hint=f"is it Prefect's? correct {API}")
    told = f"{place}: Prefect {theirs}; here is {ours}"
    if here[0] != there[0]:
        return Finding(PART, f"{told}, which do not go together", False, f"install Prefect {here[0]} on both sides")
    if there < here:
        return Finding(PART, f"{told}, which is newer", hint=f"update the server: pip install prefect=={ours} there")
    return Finding(PART, told)


def _numbers(version: str) -> tuple[int, int]:
    """The first two numbers of a version. Raises ValueError."""
    first, second = version.split(".")[:2]
    return int(first), int(second)
