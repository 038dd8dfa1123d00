"""The Prefect server of a command that was told of none: it starts while the command loads, and goes with it.

Prefect starts one too, but only once a flow is called, after importing the whole server into the flow's own process,
and one whose command was killed stays behind. Where this one cannot start, Prefect's own way is left to it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

from studio.errors import SettingsError
from studio_cli.ending import without_secrets

STOP_SECONDS = 5.0  # in which a server writes what it still holds
NAME = "PREFECT_API_URL"
UNREAD = "default_factory_not_called"  # what pydantic says of a field that only depends on another, wrong one


class PrefectServer:
    """A server in a process of its own. ``log``: the file for what it says, which is nothing unless it fails."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._serves = False
        self._silent = False  # it has closed its output without a word

    def begin(self) -> None:
        """Start it, unless Prefect has been told of a server, or has been imported before. Returns at once."""
        if os.environ.get(NAME) or "prefect" in sys.modules:
            return
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("wb") as log:
                # Its standard input ends when this process does, however that happens. A session of its own: Ctrl-C
                # in the terminal reaches the command, which still has to tell the server how it ended.
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "studio_cli.prefect_server"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                )  # fmt: skip
        except OSError:
            return  # Prefect will try by itself, and say what is wrong
        # Registered before Prefect is imported, and so called after Prefect has handed over all it has.
        atexit.register(self.end)

    async def ready(self, seconds: float) -> None:
        """Comes back once it serves and Prefect knows of it, or is known not to. Prefect is imported by then."""
        if self._process is None:
            return
        from prefect.context import refresh_global_settings_context

        try:
            url = await asyncio.wait_for(self._said(), seconds)
        except TimeoutError:
            url = ""
        else:
            self._silent = not url
        if url:
            self._serves = True
            os.environ[NAME] = url
            refresh_global_settings_context()
        else:
            failed = await asyncio.to_thread(self._failed)
            self.end()
            if failed:
                raise SettingsError(
                    f"Prefect's server does not start{self._last_words()}", where=str(self._log),
                    hint=f"see that file, correct Prefect's settings, or name a server in {NAME}; nothing was ordered",
                )  # fmt: skip

    def _failed(self) -> bool:
        """True if it has ended with an error, and not because it still starts, or leaves it to another server."""
        try:
            return self._process is not None and self._process.wait(STOP_SECONDS if self._silent else 0) != 0
        except subprocess.TimeoutExpired:
            return False

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return f": {without_secrets(lines[-1].strip())[:300]}" if lines else ""

    async def _said(self) -> str:
        """What it says first, once it does. A thread of the loop's pool would hold up the end of a stopped command."""
        loop = asyncio.get_running_loop()
        said: asyncio.Future[str] = loop.create_future()

        def tell(url: str) -> None:
            if not said.done():
                said.set_result(url)

        def read() -> None:
            url = self._told()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell, url)

        threading.Thread(target=read, name="Prefect's server", daemon=True).start()
        return await said

    def end(self) -> None:
        """Stop it, and wait until it has written what it holds.

        One that does not serve yet is only told: it may be setting up its database, and ends when it has.
        """
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return
        process.stdin.close()
        if not self._serves:
            return
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _told(self) -> str:
        process = self._process
        return process.stdout.readline().decode().strip() if process is not None and process.stdout is not None else ""


def load_prefect() -> None:
    """Load Prefect, which reads its settings then. Raises SettingsError where it cannot; no value is repeated in it."""
    from pydantic import ValidationError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of settings: what is wrong with them is told below
            import prefect.context  # noqa: F401
    except ValidationError as error:
        # ServerEphemeralSettings.startup_timeout_seconds is PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.
        group = re.sub(r"([a-z])([A-Z])", r"\1_\2", f"Prefect{error.title.removesuffix('Settings')}")
        wrong = [e for e in error.errors() if e["type"] != UNREAD]
        told = ["_".join((group, *map(str, e["loc"]))).upper() + f" ({e['msg']})" for e in wrong]
        raise SettingsError(
            f"Prefect cannot read its settings: {', '.join(told)}",
            hint="correct or remove it, in the environment or in Prefect's own profiles.toml; nothing was ordered",
        ) from None
    except (ValueError, OSError) as error:
        raise SettingsError(
            f"Prefect cannot read its settings ({type(error).__name__})", where="PREFECT_HOME",
            hint="correct or remove the profiles.toml there, or Prefect's part of a prefect.toml or pyproject.toml "
            "here; nothing was ordered",
        ) from None  # fmt: skip


def serve() -> None:
    """Be the server: say where, and serve until standard input ends. Says nothing where Prefect knows another one."""
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if settings.api.url or not settings.server.ephemeral.enabled:
        return
    import uvicorn
    from prefect.server.api.server import create_app

    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(url, flush=True)
                os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads the pipe any more: it must not fill

    server = Server(uvicorn.Config(create_app(ephemeral=True), log_level="error", lifespan="on"))

    def leave() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        server.should_exit = True
        if server.started:
            time.sleep(2 * STOP_SECONDS)
            os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=leave, daemon=True).start()
    server.run(sockets=[listening])


if __name__ == "__main__":
    serve()
