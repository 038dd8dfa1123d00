"""Locks by which it is known which runs are at work in a home, so that nothing they use is removed.

Each run holds a lock on a file of its own. The operating system lets go of it when the process ends, however that
happens.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from filelock import FileLock, Timeout

FOLDER = "running"
GATE = ".gate.lock"  # held while a run enters itself, and while something is removed
LOCK = ".lock"


class AtWork:
    """A run that is entered as being at work in ``home``, until ``end``. Raises OSError."""

    def __init__(self, home: Path, run: str) -> None:
        folder = home / FOLDER
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
