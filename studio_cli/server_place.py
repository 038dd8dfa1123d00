"""The place of a Prefect server that stays for the next command: its folder, its announcement, and the line to it.

A server announces itself in a file that its user alone can read. It is used only if the process in the file lives, and
proves over the line that it has the file's secret: a stale file, or another program at that port, is not taken for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import platform
import secrets
import socket
import stat
import sys
import uuid
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

FOLDER = "prefect-server"  # in STUDIO_HOME
ANNOUNCED, LOCK, LOG = "server.json", "server.lock", "server.log"
PROTOCOL = "1"
HANDSHAKE_SECONDS = 5.0
NONCE = 32  # bytes
LEASE, STATE, STOP = b"L", b"?", b"S"
#: Files in the working folder from which Prefect reads settings.
SETTINGS_FILES = (".env", "prefect.toml", "pyproject.toml")


def place_of(home: Path) -> Path:
    """The folder of the server that a command here may use.

    One for each Prefect (version and environment of Python), its settings and home, host and working folder: a server
    that differs in one of them is another one.
    """
    package = metadata.distribution("prefect")
    here = Path.cwd()
    prefect_home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    settings = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
    files = [here / name for name in SETTINGS_FILES] + [prefect_home / "profiles.toml"]
    told = [
        PROTOCOL, sys.prefix, sys.version, platform.node(), str(here), str(prefect_home.absolute()), package.version,
        # Changes when anything is installed beside it.
        str(Path(str(package.locate_file(""))).stat().st_mtime_ns),
        hashlib.sha256(Path(__file__).with_name("prefect_server.py").read_bytes()).hexdigest(),
        *(f"{name}={settings[name]}" for name in sorted(settings)), *(_digest(file) for file in files),
    ]  # fmt: skip
    return home.absolute() / FOLDER / hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


@dataclass(frozen=True)
class Announcement:
    """A server's word on itself: its process (``started``: seconds since 1970) and where it is reached on loopback."""

    pid: int
    started: float
    port: int
    secret: str

    def write(self, folder: Path) -> None:
        """Announce it in ``folder``, readable by its user alone. Raises OSError."""
        part = folder / f".{ANNOUNCED}-{uuid.uuid4().hex[:8]}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - of a descriptor
            json.dump(asdict(self), file)
        part.replace(folder / ANNOUNCED)


def announced(folder: Path) -> Announcement | None:
    """The announcement in ``folder``; None if there is none, others could have written it, or its process is gone."""
    try:
        descriptor = os.open(folder / ANNOUNCED, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(descriptor, encoding="utf-8") as file:  # noqa: PTH123 - of a descriptor
            it = os.fstat(file.fileno())
            said = json.load(file)
        found = Announcement(int(said["pid"]), float(said["started"]), int(said["port"]), str(said["secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    own = not hasattr(os, "getuid") or (it.st_uid == os.getuid() and not stat.S_IMODE(it.st_mode) & 0o077)
    return found if own and started(found.pid) == found.started else None


def started(pid: int) -> float | None:
    """The time at which a process began, in seconds since 1970; None if there is no such process."""
    import psutil

    with contextlib.suppress(psutil.Error, ValueError, OverflowError):
        return float(psutil.Process(pid).create_time())
    return None


def connect(folder: Path, asked: bytes) -> socket.socket | None:
    """Open a line to the server in ``folder``, for ``LEASE``, ``STATE`` or ``STOP``; None where there is none."""
    found = announced(folder)
    if found is None:
        return None
    line = None
    try:
        line = socket.create_connection(("127.0.0.1", found.port), HANDSHAKE_SECONDS)
        nonce = secrets.token_bytes(NONCE)
        line.sendall(nonce)
        answer = received(line, 2 * NONCE)
        if hmac.compare_digest(answer[:NONCE], proof(found.secret, b"server", nonce)):
            line.sendall(proof(found.secret, b"client", answer[NONCE:]) + asked)
            return line
    except OSError:
        pass
    if line is not None:
        line.close()
    return None


def admit(line: socket.socket, secret: str) -> bytes:
    """The server's side of ``connect``: what is asked for; empty for a stranger."""
    line.settimeout(HANDSHAKE_SECONDS)
    nonce = secrets.token_bytes(NONCE)
    line.sendall(proof(secret, b"server", received(line, NONCE)) + nonce)
    if not hmac.compare_digest(received(line, NONCE), proof(secret, b"client", nonce)):
        return b""
    return received(line, 1)


def proof(secret: str, side: bytes, nonce: bytes) -> bytes:
    return hmac.new(secret.encode(), side + nonce, hashlib.sha256).digest()


def received(line: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes. Raises ConnectionError if the other side ends before."""
    data = b""
    while len(data) < size:
        block = line.recv(size - len(data))
        if not block:
            raise ConnectionError("the other side has ended")
        data += block
    return data
