"""Locks by which it is known which runs are at work in a home, so that nothing they use is removed, and which processes
of flow runs have ended without a word.

Each run holds a lock on a file of its own. The operating system lets go of it when the process ends, however that
happens.
"""

from __future__ import annotations

import contextlib
import platform
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from filelock import FileLock, Timeout

FOLDER = "running"
LIVES = "lives"  # the folder of the locks of flow runs' processes
GATE = ".gate.lock"  # held while a run enters itself, and while something is removed
LOCK = ".lock"


class AtWork:
    """A run that is entered as being at work in ``home``, until ``end``. Raises OSError."""

    def __init__(self, home: Path, run: str, *, kind: str = FOLDER) -> None:
        folder = home / kind
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{quote(run, safe='')}~{uuid.uuid4().hex[:8]}{LOCK}"
        self._lock = FileLock(self._path, thread_local=False)
        with FileLock(folder / GATE, thread_local=False):
            self._lock.acquire()

    def end(self) -> None:
        """Let go of the lock. Safe to repeat."""
        if self._lock.is_locked:
            self._path.unlink(missing_ok=True)  # before it is let go: nobody else waits for it
            self._lock.release()


def at_work(home: Path) -> tuple[str, ...]:
    """The runs that are at work in ``home``, on this machine."""
    found = []
    for path in sorted((home / FOLDER).glob(f"[!.]*{LOCK}")):
        try:
            with FileLock(path, timeout=0, thread_local=False):
                pass
        except Timeout:
            found.append(unquote(path.name.rpartition("~")[0]))
        except OSError:
            continue  # its run has just ended
    return tuple(found)


@contextlib.contextmanager
def nobody_begins(home: Path) -> Iterator[None]:
    """A block in which no run enters itself in ``home``: one that begins meanwhile waits for its end. Raises
    OSError."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / GATE, thread_local=False):
        yield


@dataclass(frozen=True)
class Left:
    """The lock of a process that ended without a word: killed, or lost with its machine. ``state``: the id of the state
    that its flow run had when it began. ``path``: the lock's file."""

    flow_run: str
    state: str
    path: Path

    def settled(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)


def lives(home: Path, flow_run: str, state: str) -> AtWork:
    """Enter the process of a flow run in ``home``, until ``end``. Raises OSError.

    ``state`` is the id of the run's state now: a later process of the same run begins with another one.
    """
    return AtWork(home, f"{flow_run} {state} {platform.node()}", kind=LIVES)


def left_behind(home: Path) -> tuple[Left, ...]:
    """The processes of flow runs of this machine that ended without a word. Raises OSError."""
    folder, found = home / LIVES, []
    if not folder.is_dir():
        return ()
    with FileLock(folder / GATE, thread_local=False):  # none is half entered meanwhile
        for path in sorted(folder.glob(f"[!.]*{LOCK}")):
            flow_run, _, rest = unquote(path.name.rpartition("~")[0]).partition(" ")
            state, _, host = rest.partition(" ")
            if host == platform.node() and flow_run and state and _is_free(path):
                found.append(Left(flow_run, state, path))
    return tuple(found)


def _is_free(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0, thread_local=False):
            return True
    except (Timeout, OSError):
        return False  # its process lives, or has just ended
