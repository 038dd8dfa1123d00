"""The lease on an order while its create is under way: which process holds it, and whether that process is alive."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

# Unique to this process: a pid may be used again, and a fork must not inherit its parent's name.
_instance: tuple[int, str] | None = None


@dataclass(frozen=True)
class Holder:
    """``host|pid|start|nonce``; ``start`` is the kernel's start tick of the process, empty where there is no /proc."""

    host: str
    pid: int
    start: str
    nonce: str

    def __str__(self) -> str:
        return f"{self.host}|{self.pid}|{self.start}|{self.nonce}"

    @classmethod
    def parse(cls, text: str) -> Holder:
        host, pid, start, nonce = text.split("|")
        return cls(host, int(pid), start, nonce)


def this_process() -> Holder:
    """The holder for this process."""
    global _instance
    pid = os.getpid()
    if _instance is None or _instance[0] != pid:
        _instance = (pid, uuid.uuid4().hex[:8])
    return Holder(_host(), pid, _start(pid), _instance[1])


def is_dead(holder: str | None) -> bool:
    """True if the holder ran on this machine and has certainly ended. Of other machines nothing is known."""
    if holder is None:
        return True
    them = Holder.parse(holder)
    if them.host != _host():
        return False
    if them.pid == os.getpid():
        return them.nonce != this_process().nonce
    try:
        os.kill(them.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # the process of another user: alive
    return bool(them.start) and _start(them.pid) != them.start


def _host() -> str:
    # Containers may share a host name; the boot id and the pid namespace distinguish their processes.
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8]
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115 - a link to no file
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _start(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    # A zombie accepts signals, but sends nothing any more.
    return "zombie" if fields[0] == "Z" else fields[19]
