"""Prefect before a run relies on it: its folders can be written, it is loaded, and its server answers."""

from __future__ import annotations

import os
import ssl
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from studio.connections import trouble_of
from studio.errors import SettingsError
from studio_cli.console import waiting
from studio_cli.prefect_server import PrefectServer, load_prefect
from studio_cli.standing_server import StandingServer

HOME, STORAGE, API = "PREFECT_HOME", "PREFECT_LOCAL_STORAGE_PATH", "PREFECT_API_URL"
SECONDS = 10.0  # seconds in which a server has to answer
PATIENCE = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"
CLOUD = ".prefect.cloud"
STARTED = "one is started for the run; nothing was ordered"
NO_ADDRESS = "is not reached by an http or https address"


@asynccontextmanager
async def prefect_of(server: PrefectServer | StandingServer) -> AsyncIterator[None]:
    """A block in which flows are imported while their server, which has begun, starts; it has when the block ends.

    Raises SettingsError. On a terminal, what is waited for is shown.
    """
    with waiting("starting Prefect …"):
        load_prefect()
        await check_prefect()
        yield
        await server.ready(float(os.environ[PATIENCE]))


def check_address(otherwise: str = STARTED) -> None:
    """Check the address of the Prefect server in the environment, if there is one, before Prefect reads it.

    ``otherwise``: what happens if it is unset, for the hint. Raises SettingsError.
    """
    try:
        parts = urlsplit(os.environ.get(API) or "http://none")
        fits = parts.port != 0 and parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        fits = False
    if not fits:  # Prefect would report it in lines of its own, with the whole value
        raise _no_server("", NO_ADDRESS, f"write http://host:port/api in {API}", otherwise)


def check_home() -> None:
    """Check that Prefect's home can be written, as far as the environment tells. Raises SettingsError."""
    try:
        home = Path(os.environ.get(HOME) or "~/.prefect").expanduser()
    except RuntimeError:
        raise SettingsError("this user has no home folder for Prefect", where=HOME, hint=f"set {HOME}") from None
    _try_out(home, HOME)


async def check_prefect() -> None:
    """Check that Prefect's folders can be written, and that its configured server answers. Raises SettingsError.

    Call it once Prefect is imported.
    """
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    _try_out(settings.home, HOME)
    _try_out(settings.results.local_storage_path, STORAGE)
    url = settings.api.url
    if url:
        api = settings.api
        verify = not api.tls_insecure_skip_verify
        await _ask(str(url), verify=verify, certificates=api.ssl_cert_file if verify else None)


async def _ask(url: str, *, verify: bool, certificates: str | None) -> None:
    import httpx

    place, fault, hint = "", NO_ADDRESS, ""
    try:
        parts = urlsplit(url)
        # Only name and port are shown: a URL may hold a password.
        port = f":{parts.port}" if parts.port else ""
        place = f" at {parts.hostname}{port}" if parts.hostname else ""
        context = ssl.create_default_context(cafile=certificates) if certificates else verify
        async with httpx.AsyncClient(verify=context, timeout=SECONDS, follow_redirects=True) as client:
            answer = await client.get(f"{url.rstrip('/')}/health")
        cloud = (parts.hostname or "").endswith(CLOUD)
        fault = f"answers with status {answer.status_code}" if answer.status_code == 404 and not cloud else ""
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
        pass
    except (httpx.HTTPError, OSError) as error:
        trouble = trouble_of(error)
        fault = f"cannot be reached: {trouble.said if trouble else type(error).__name__}"
        hint = trouble.hint if trouble is not None and trouble.untrusted else ""
    if fault:
        raise _no_server(place, fault, f"{hint or 'start that server'}, correct {API}")


def _no_server(place: str, fault: str, hint: str, otherwise: str = STARTED) -> SettingsError:
    return SettingsError(
        f"Prefect's server{place} {fault}", where=API,
        hint=f"{hint} (in the environment, or in Prefect's profile), or unset it, and {otherwise}",
    )  # fmt: skip


def _try_out(folder: Path, where: str) -> None:
    probe = folder / f".probe-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"Studio Producer")
        finally:
            probe.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        fault = getattr(error, "strerror", None) or type(error).__name__
        raise SettingsError(
            f"Prefect's folder {folder} cannot be written: {fault}", where=where,
            hint=f"set {where} to a folder that can be written; nothing was ordered",
        ) from None  # fmt: skip
