"""Digests of files, remembered: a file that did not change is not read again to be hashed."""

from __future__ import annotations

import json
import os
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from studio.atomic import digest, write_atomic

Stamp = tuple[int, int, int, int]
SETTLED = 2_000_000_000  # ns after its last change from which a file's times tell every later change: FAT counts 2 s
MOST = 50_000  # lines of a journal, about 10 MB; with more, the older half is dropped


class Digests:
    """The SHA-256 of files, each remembered with the file's size, times of change, and inode.

    A file is hashed again where any of these differs, and as long as its last change is younger than 2 s, since
    another one may then have the same time. With ``journal``, a file that several processes may share, digests are
    remembered after this process, too; a line that is damaged is ignored. ``now`` gives nanoseconds since 1970,
    ``hashed`` the SHA-256 of a file.
    """

    def __init__(
        self, journal: Path | None = None, *, now: Callable[[], int] = time.time_ns,
        hashed: Callable[[Path], str] = digest,
    ) -> None:  # fmt: skip
        self._journal, self._now, self._hashed = journal, now, hashed
        self._known: dict[str, tuple[Stamp, str]] | None = None
        self._lock = threading.Lock()

    def of(self, path: Path) -> str:
        """The SHA-256 of a file, in hexadecimal. Raises OSError."""
        name = str(path.absolute())
        known = self._loaded()
        before = _stamp(path)
        if name in known and known[name][0] == before:
            return known[name][1]
        began = self._now()
        found = self._hashed(path)
        if _stamp(path) == before and began - max(before[1], before[2]) > SETTLED:
            known[name] = before, found
            self._note(name, before, found)
        return found

    def is_sound(self, path: Path, sha256: str) -> bool:
        """True if the file exists and has this SHA-256."""
        try:
            return self.of(path) == sha256
        except OSError:
            return False

    def _loaded(self) -> dict[str, tuple[Stamp, str]]:
        with self._lock:
            if self._known is None:
                self._known = {} if self._journal is None else _read(self._journal)
            return self._known

    def _note(self, name: str, stamp: Stamp, sha256: str) -> None:
        if self._journal is None:
            return
        line = _line(name, stamp, sha256)
        with suppress(OSError), self._lock:  # on a full disk it is hashed again the next time
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            # One write at the file's end, so that the lines of several processes do not mix.
            journal = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(journal, line)
            finally:
                os.close(journal)


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _line(name: str, stamp: Stamp, sha256: str) -> bytes:
    body = json.dumps([name, *stamp, sha256]).encode()
    return b"%08x %b\n" % (zlib.crc32(body), body)


def _read(journal: Path) -> dict[str, tuple[Stamp, str]]:
    """The digests in a journal; of several lines for one file, the last."""
    known: dict[str, tuple[Stamp, str]] = {}
    try:
        lines = journal.read_bytes().split(b"\n")
    except OSError:
        return known
    for line in lines:
        checksum, _, body = line.partition(b" ")
        if not body or checksum != b"%08x" % zlib.crc32(body):
            continue  # cut by a crash, or merged with another
        name, size, changed, altered, inode, sha256 = json.loads(body)
        known.pop(name, None)
        known[name] = (size, changed, altered, inode), sha256
    if len(lines) > MOST:
        known = dict(list(known.items())[-MOST // 2 :])
        with suppress(OSError):  # another process may add lines meanwhile: what these say is hashed once more
            write_atomic(journal, b"".join(_line(name, *facts) for name, facts in known.items()))
    return known
