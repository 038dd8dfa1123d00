"""The server's side of its leases: it stays while a command holds one, and leaves when none has for a while.

A lease is an open connection. The operating system closes it when its command ends, however that happens.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from studio_cli.server_place import ANNOUNCED, LEASE, STATE, STOP, Announcement, admit, started


class LeaseKeeper:
    """Counts the leases on a server, and calls ``leave`` once after ``idle`` seconds without any (by ``clock``).

    ``tell`` gives what commands with a lease are told, when it is known: None, that Prefect uses another server.
    """

    def __init__(self, idle: float, leave: Callable[[], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle, self._leave, self._clock = idle, leave, clock
        self._changed = threading.Condition()
        self._leases, self._since, self._left = 0, clock(), False
        self._told = threading.Event()
        self._word: dict[str, str] | None = None
        self._secret = secrets.token_urlsafe(32)
        self._listening = socket.create_server(("127.0.0.1", 0))

    def announce(self, pid: int, folder: Path) -> None:
        """Listen for commands, and announce it in ``folder``. Raises OSError."""
        port = self._listening.getsockname()[1]
        Announcement(pid, started(pid) or 0.0, port, self._secret).write(folder)
        self._folder = folder
        for work in (self._listen, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def tell(self, word: dict[str, str] | None) -> None:
        self._word = word
        self._told.set()

    def end(self) -> None:
        """Lend nothing more, and withdraw the announcement."""
        with self._changed:
            self._left = True
            self._changed.notify_all()
        (self._folder / ANNOUNCED).unlink(missing_ok=True)
        self._listening.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return  # it has left
            # A thread for each: a stranger that says nothing holds up nobody.
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            try:
                asked = admit(line, self._secret)
                if asked == LEASE:
                    self._lend(line)
                elif asked in (STATE, STOP):
                    self._answer(line, stop=asked == STOP)
            except OSError:
                return

    def _lend(self, line: socket.socket) -> None:
        with self._changed:
            if self._left:
                return  # the command sees that the line has ended, and starts another server
            self._leases += 1
        try:
            line.settimeout(None)
            hung_up = threading.Thread(target=self._until_the_end, args=(line,), daemon=True)
            hung_up.start()
            while hung_up.is_alive() and not self._told.wait(0.2):
                pass
            if self._told.is_set():
                line.sendall(json.dumps(self._word).encode() + b"\n")
            hung_up.join()
        finally:
            with self._changed:
                self._leases -= 1
                self._since = self._clock()
                self._changed.notify_all()

    @staticmethod
    def _until_the_end(line: socket.socket) -> None:
        try:
            while line.recv(64):
                pass
        except OSError:
            return

    def _answer(self, line: socket.socket, *, stop: bool) -> None:
        with self._changed:
            free = self._leases == 0
            self._left |= stop and free
            state = {
                "leases": self._leases, "serves": self._told.is_set(), "url": (self._word or {}).get("url", ""),
                "leaves_in": max(0.0, self._since + self._idle - self._clock()) if free else None,
            }  # fmt: skip
        if stop and free:
            self.end()
        line.sendall(json.dumps(state).encode() + b"\n")
        if stop and free:
            self._leave()

    def _watch(self) -> None:
        with self._changed:
            while not self._left:
                left = self._since + self._idle - self._clock()
                if self._leases == 0 and left <= 0:
                    self._left = True  # before anybody is lent it again
                    break
                self._changed.wait(left if self._leases == 0 else None)
            else:
                return
        self.end()
        self._leave()
