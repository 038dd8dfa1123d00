"""A Prefect server for a command without a configured one: it starts while the command loads, and ends with it.

Prefect starts one, too, but only when a flow is called, after importing the whole server into the flow's process; and
after a kill it stays behind. Where ours cannot start, Prefect's own is used.
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
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from studio.errors import SettingsError
from studio_cli.ending import without_secrets
from studio_cli.loading import loading

T = TypeVar("T")
FAILED = 1  # exit status of a server that does not start
STOP_SECONDS = 5.0  # seconds in which a server writes its last data
NAME = "PREFECT_API_URL"
UNREAD = "default_factory_not_called"  # pydantic's message for a field that only depends on another, invalid one


class PrefectServer:
    """A server in a process of its own. ``log``: the file for its output, which is empty unless it fails."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._serves = False
        self._silent = False  # it closed its output without a word

    def begin(self) -> None:
        """Start it, once, unless Prefect has a configured server, or is imported already. Returns at once."""
        if os.environ.get(NAME) or "prefect" in sys.modules or self._process is not None:
            return
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("wb") as log:
                # Its standard input ends when this process does, for whatever reason. A session of its own: Ctrl-C in
                # the terminal reaches the command, which still has to report its end to the server.
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "studio_cli.prefect_server"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                )  # fmt: skip
        except OSError:
            return  # Prefect will start its own, and report what is wrong
        # Registered before Prefect is imported, and so called after Prefect has sent all its data.
        atexit.register(self.end)

    async def ready(self, seconds: float) -> None:
        """Wait until it serves and Prefect knows of it, or until it is known to have failed. Prefect is imported by
        then."""
        if self._process is None:
            return
        from prefect.context import refresh_global_settings_context

        try:
            url = await asyncio.wait_for(in_a_thread(self._told), seconds)
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
                raise does_not_start(self._log)

    def _failed(self) -> bool:
        """True if it has ended with an error; False if it is still starting, or leaves the work to another server."""
        try:
            return self._process is not None and self._process.wait(STOP_SECONDS if self._silent else 0) != 0
        except subprocess.TimeoutExpired:
            return False

    def end(self) -> None:
        """Stop it, and wait until it has written its last data.

        One that does not serve yet is only told to stop: it may be setting up its database, and ends after that.
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


async def in_a_thread(read: Callable[[], T]) -> T:
    """The result of ``read``, in a thread of its own, since one of the loop's pool would delay a stopped command."""
    loop = asyncio.get_running_loop()
    said: asyncio.Future[T] = loop.create_future()

    def tell(found: T) -> None:
        if not said.done():
            said.set_result(found)

    def work() -> None:
        found = read()
        with contextlib.suppress(RuntimeError):  # the loop is closed: no caller is waiting
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=work, name="Prefect's server", daemon=True).start()
    return await said


def does_not_start(log: Path) -> SettingsError:
    """The error of a server that ended before it served, with the last line of its log."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    said = f": {without_secrets(lines[-1].strip())[:300]}" if lines else ""
    return SettingsError(
        f"Prefect's server does not start{said}", where=str(log),
        hint=f"see that file, correct Prefect's settings, or name a server in {NAME}; nothing was ordered",
    )  # fmt: skip


def load_prefect() -> None:
    """Import Prefect, which then reads its settings. Raises SettingsError if it cannot, without any value."""
    from pydantic import ValidationError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an error of settings, reported below
            with loading():
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
    """Run a server that ends with its command: print its address, and serve until standard input ends.

    Prints nothing if Prefect uses another one.
    """

    def tell(url: str) -> None:
        print(url, flush=True)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the pipe has lost its reader

    def until_told(leave: Callable[[], None]) -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        leave()

    run_server(tell, until_told)


def run_server(tell: Callable[[str], None], until_told: Callable[[Callable[[], None]], None]) -> bool:
    """Serve Prefect's API on a free port of loopback. Returns when it has ended, and whether it was wanted at all.

    Exits with an error if it does not start.
    ``tell`` is called with its address once it serves. ``until_told`` runs in a thread, and is given what ends it.
    """
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if settings.api.url or not settings.server.ephemeral.enabled:
        return False
    with loading():
        import uvicorn
        from prefect.server.api.server import create_app

    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                tell(url)

    server = Server(uvicorn.Config(create_app(ephemeral=True), log_level="error", lifespan="on"))

    told_to_leave = threading.Event()

    def leave() -> None:
        told_to_leave.set()
        server.should_exit = True
        if server.started:
            time.sleep(2 * STOP_SECONDS)
            os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=until_told, args=(leave,), daemon=True).start()
    server.run(sockets=[listening])
    if not server.started and not told_to_leave.is_set():
        sys.exit(FAILED)  # it has said why
    return True


if __name__ == "__main__":
    serve()
