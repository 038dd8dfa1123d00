"""A Prefect server that stays for the next command, and leaves by itself when none has used it for a while.

A command uses the one that an earlier command left running, else starts one. There is one owner of a place: whoever
holds the lock there. ``python -m studio_cli.standing_server`` is the server itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio_cli import server_place as places
from studio_cli.prefect_server import NAME, STOP_SECONDS, PrefectServer, does_not_start, in_a_thread, run_server
from studio_cli.server_place import ANNOUNCED, LEASE, LOCK, LOG, STATE, STOP

AUTH, SERVER_AUTH = "PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"
UNWANTED = 75  # its exit status where Prefect uses another server (uvicorn has 3 for a failed start)
MOST_DEAF = 3
PAUSE = 0.03  # seconds between two looks at the announcement
#: What the server has no use for, and would keep for as long as it stays.
NOT_FOR_IT = ("LUMA", "AWS_", "STUDIO_")
if TYPE_CHECKING:
    from studio.settings import Settings

_leases: list[socket.socket] = []  # open until this process ends: after Prefect has sent all its data


class StandingServer:
    """The server for a command in ``home`` (STUDIO_HOME). One that is started stays for ``idle`` seconds after its last
    command."""

    def __init__(self, home: Path, idle: float) -> None:
        self._home, self._idle = home, idle
        self._folder: Path | None = None
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Take a lease on the server that is there, or start one. Returns at once. May be repeated.

        Nothing is done where Prefect has a configured server, or is imported already.
        """
        if os.environ.get(NAME) or "prefect" in sys.modules or self._folder is not None:
            return
        try:
            folder = places.place_of(self._home)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._line = places.connect(folder, LEASE)
            if self._line is None:
                self._start(folder)
        except OSError:
            return  # Prefect will start its own, and report what is wrong
        self._folder = folder

    def _start(self, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_FOR_IT)}
        descriptor = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A session of its own: Ctrl-C in the terminal does not reach it.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "studio_cli.standing_server", str(folder), str(self._idle)],
                stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, start_new_session=True,
                env=environment,
            )  # fmt: skip
        finally:
            os.close(descriptor)

    async def ready(self, seconds: float) -> None:
        """Wait until it serves and Prefect knows of it, or until it is known to have failed. Prefect is imported by
        then. Raises SettingsError if it does not start."""
        folder = self._folder
        if folder is None:
            return
        from prefect.context import refresh_global_settings_context

        deadline = time.monotonic() + seconds
        try:
            word = await asyncio.wait_for(in_a_thread(lambda: self._word(folder, deadline)), seconds)
        except TimeoutError:
            return  # Prefect starts its own
        if isinstance(word, Exception):
            raise word
        if word:
            os.environ[NAME], os.environ[AUTH] = word["url"], word["auth"]
            refresh_global_settings_context()

    def _word(self, folder: Path, deadline: float) -> dict[str, str] | Exception | None:
        """The answer of the server: its address; None if Prefect uses another one; or the error that ended it."""
        deaf = 0  # times that a server was there and did not answer
        while time.monotonic() < deadline and deaf < MOST_DEAF:
            line = self._line = self._line or places.connect(folder, LEASE)
            if line is not None:
                try:
                    line.settimeout(max(0.1, deadline - time.monotonic()))
                    word: dict[str, str] | None = json.loads(_read_line(line))
                except (OSError, ValueError):
                    line.close()  # it ended: by itself, since nobody had used it, or by an error
                    self._line = None
                else:
                    _leases.append(line)
                    return word
            status = None if self._process is None else self._process.poll()
            if status == UNWANTED:
                return None
            if status:
                return does_not_start(folder / LOG)
            if self._process is None or status == 0:
                deaf += places.announced(folder) is not None
                try:
                    self._start(folder)  # which ends at once where there is one
                except OSError:
                    return None
            time.sleep(PAUSE)
        return None


def server_for(settings: Settings) -> StandingServer | PrefectServer:
    """The server of a command, by the settings: one that stays, or one that ends with it."""
    if settings.prefect_idle > 0:
        return StandingServer(settings.home, settings.prefect_idle)
    return PrefectServer(settings.home / "prefect-server.log")


def _read_line(line: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        data += places.received(line, 1)
    return data


@dataclass(frozen=True)
class Standing:
    """A server that stays: its process, how many commands use it, and in how many seconds it leaves (None: in use)."""

    pid: int
    url: str
    leases: int
    leaves_in: float | None


def standing(home: Path, *, stop: bool = False) -> Iterator[Standing]:
    """Every server that stays for commands in ``home``. ``stop``: tell those that nobody uses to leave."""
    for file in sorted((home.absolute() / places.FOLDER).glob(f"*/{ANNOUNCED}")):
        found = places.announced(file.parent)
        line = places.connect(file.parent, STOP if stop else STATE)
        if found is None or line is None:
            continue
        with line:
            try:
                line.settimeout(places.HANDSHAKE_SECONDS)
                said: dict[str, Any] = json.loads(_read_line(line))
            except (OSError, ValueError):
                continue
        yield Standing(found.pid, said["url"], said["leases"], said["leaves_in"])


def serve(folder: Path, idle: float) -> int:
    """Be the server of a place until no command has used it for ``idle`` seconds. Returns the exit status.

    Where another process is the server there already, it ends at once.
    """
    from filelock import FileLock, Timeout

    from studio_cli.server_lease import LeaseKeeper

    lock = FileLock(folder / LOCK)
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:  # held by the one that is announced, or by one that is about to end
            if places.announced(folder) is not None:
                return 0
    os.truncate(folder / LOG, 0)
    # Others on this machine can reach the port, and it stays open for longer than a command.
    auth = f"studio:{secrets.token_urlsafe(24)}"
    os.environ[SERVER_AUTH] = auth
    over = threading.Event()
    keeper = LeaseKeeper(idle, over.set)

    def until_over(leave: Callable[[], None]) -> None:
        over.wait()
        leave()

    try:
        keeper.announce(os.getpid(), folder)
        wanted = run_server(lambda url: keeper.tell({"url": url, "auth": auth}), until_over)
        if not wanted:
            keeper.tell(None)
            time.sleep(STOP_SECONDS)  # for whoever is still loading
        return 0 if wanted else UNWANTED
    finally:
        keeper.end()
        lock.release()


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), float(sys.argv[2])))
