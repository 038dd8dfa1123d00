"""Partly downloaded files: the bytes on disk, and a note on the file they are a part of.

A part survives the process that wrote it. Only one process writes to it, and it is resumed only for the same file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from studio.atomic import part_beside


@dataclass(frozen=True)
class Source:
    """The identity of the file being downloaded, from the server's headers. A part is resumed only for the same
    file."""

    etag: str = ""
    modified: str = ""
    total: int | None = None

    @property
    def validator(self) -> str:
        """The value for If-Range: a strong tag, or a date."""
        return self.etag if self.etag.startswith('"') else "" if self.etag else self.modified

    def contradicts(self, other: Source) -> bool:
        """True if the two cannot be the same file."""
        return any(
            mine and theirs and mine != theirs for mine, theirs in ((self.etag, other.etag), (self.total, other.total))
        )


class Part:
    """A partly downloaded file, locked, with a note beside it on the file that it is a part of."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.note = path.with_name(f"{path.name}.json")
        self.file = file
        self.size = file.seek(0, os.SEEK_END)
        try:
            self.source = Source(**json.loads(self.note.read_text()))
        except (OSError, ValueError, TypeError):
            self._discard(Source())

    @property
    def complete(self) -> bool:
        """True if all the bytes that the server announced are here."""
        return self.size > 0 and self.size == self.source.total

    def restart(self, source: Source) -> None:
        """Discard the bytes on disk, and begin a part of `source`."""
        self._discard(source)
        # Not synced: a power cut may lose it, and then the download begins again.
        new = part_beside(self.note)
        new.write_text(json.dumps(asdict(source)))
        new.replace(self.note)

    def _discard(self, source: Source) -> None:
        self.file.truncate(0)
        self.size = 0
        self.source = source

    def write(self, data: bytearray) -> None:
        """Append without buffering, so that a killed process loses nothing."""
        view = memoryview(data)
        while view:
            view = view[self.file.write(view) :]
        self.size += len(data)


@contextlib.contextmanager
def part_file(folder: Path, name: str, generation: str) -> Iterator[Part]:
    """Open the part of this name; while another process holds it, a private part that is never resumed."""
    wanted = f"{name}-{generation}" if generation else name
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", wanted)[:100]
    if stem != wanted:
        stem = f"{stem}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
    path = folder / f"{stem}.part"
    file = _locked(path)
    private = file is None
    if file is None:
        path = folder / f"{stem}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part"
        file = path.open("ab", buffering=0)
    with file:
        part = Part(path, file)
        try:
            yield part
        finally:
            if private or not part.size:
                path.unlink(missing_ok=True)
                part.note.unlink(missing_ok=True)


def _locked(path: Path) -> BinaryIO | None:
    """The file, open to append and locked for us; None where another process has it."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where two processes are not kept apart
        return path.open("ab", buffering=0)
    while True:
        file = path.open("ab", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        with contextlib.suppress(OSError):
            # between opening and locking, its last owner may have moved it into the store
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()
