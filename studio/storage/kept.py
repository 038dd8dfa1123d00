"""Measured values kept on disk, each under a digest of all that it was made from: none is ever wrong, only missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from studio.atomic import part_beside
from studio.digests import Digests

MADE_FROM = Sequence[str | int | None]


class Kept:
    """A folder of values: ``<root>/<kind>/ab/abcdef…``, each with its own checksum; and the digests of files.

    Several processes may share one. A value that is missing or damaged is made again. Without a ``root`` nothing is
    kept. ``digests`` is what is remembered of files; by default, in a journal in the same folder.
    """

    def __init__(self, root: Path | None = None, *, digests: Digests | None = None) -> None:
        self._root = None if root is None else root.absolute()
        self.digests = digests or Digests(None if self._root is None else self._root / "digests")

    def once(self, kind: str, made_from: MADE_FROM, make: Callable[[], bytes]) -> bytes:
        """The value that is made from ``made_from``: kept, or made now and kept. Raises what ``make`` raises."""
        found = self.get(kind, made_from)
        if found is None:
            found = make()
            self.put(kind, made_from, found)
        return found

    def get(self, kind: str, made_from: MADE_FROM) -> bytes | None:
        """The kept value; None where there is none, or a damaged one."""
        if self._root is None:
            return None
        with suppress(OSError):
            checksum, _, value = self._path(kind, made_from).read_bytes().partition(b"\n")
            if checksum == _checksum(value):
                return value
        return None

    def put(self, kind: str, made_from: MADE_FROM, value: bytes) -> None:
        """Keep a value. On a full disk it is not kept, which is no error: it can be made again."""
        if self._root is None:
            return
        path = self._path(kind, made_from)
        part = part_beside(path)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                # Not synced: what a power cut damages is known by its checksum.
                part.write_bytes(_checksum(value) + b"\n" + value)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def _path(self, kind: str, made_from: MADE_FROM) -> Path:
        assert self._root is not None  # noqa: S101  # asked for by every caller
        name = hashlib.sha256(json.dumps(list(made_from)).encode()).hexdigest()[:40]
        return self._root / kind / name[:2] / name


def _checksum(value: bytes) -> bytes:
    return hashlib.sha256(value).hexdigest().encode()
