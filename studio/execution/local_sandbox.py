"""Starting the sandbox for a run, or joining the one that runs already on the same home."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import SettingsError, StudioError

if TYPE_CHECKING:
    import httpx

START_SECONDS = 60.0
POLL = 0.1


async def ensure_sandbox(home: Path, *, latency: float) -> str:
    """The origin (``http://127.0.0.1:port``) of a sandbox on ``home`` that runs as long as this process.

    Raises SettingsError where the sandbox on that home speaks HTTPS, StudioError if none starts.
    """
    import httpx  # a plan starts nothing

    home.mkdir(parents=True, exist_ok=True)
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    started: subprocess.Popen[bytes] | None = None
    log = home / "sandbox.log"
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        while asyncio.get_running_loop().time() < deadline:
            origin = _announced(home)
            if origin and await _attach(client, origin):
                return origin
            if started is not None and started.poll() is not None and origin and origin.startswith("https:"):
                raise SettingsError(
                    f"the sandbox in {home} was started with --tls, and a run without a key speaks plain HTTP to it",
                    hint="end it, start it with another --home, or point LUMAAI_BASE_URL and SSL_CERT_FILE at it",
                )
            if started is None or started.poll() is not None:
                # It ended at once, because another process took the home first: look for that one, then try again.
                started = _start(home, latency, log)
            await asyncio.sleep(POLL)
    raise StudioError("the sandbox did not start", where=str(home), hint=f"see {log}")


def _start(home: Path, latency: float, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "luma_sandbox", "--port", "0", "--home", str(home.absolute())]
    command += ["--latency", str(latency), "--attach", str(os.getpid())]
    with log.open("ab") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=home.absolute()
        )


def running(home: Path) -> str | None:
    """The origin of the sandbox that is announced in ``home`` by a process that lives; None if there is none."""
    return _announced(home)


def _announced(home: Path) -> str | None:
    try:
        said: Any = json.loads((home / "server.json").read_text("utf-8"))
        port, pid = int(said["port"]), int(said["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    scheme = "https" if str(said.get("url")).startswith("https:") else "http"
    return f"{scheme}://127.0.0.1:{port}"


async def _attach(client: httpx.AsyncClient, origin: str) -> bool:
    import httpx

    try:
        answer = await client.post(f"{origin}/sandbox/attach", json={"pid": os.getpid()})
    except httpx.HTTPError:
        return False
    return answer.is_success
