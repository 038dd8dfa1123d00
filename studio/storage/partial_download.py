"""Half-fetched files: what is on disk of a clip that is still coming in, and what it is a part of.

A part survives the process that wrote it. Only one process writes to it, and only the same thing is continued.
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

from studio.atomic import write_atomic


@dataclass(frozen=True)
class Source:
    """What a half-fetched file is a part of, in the server's words. Only the same thing may be continued."""

    etag: str = ""
    modified: str = ""
    total: int | None = None

    @property
    def validator(self) -> str:
        """What If-Range may name: a strong tag, or a date."""
        return self.etag if self.etag.startswith('"') else "" if self.etag else self.modified

    def contradicts(self, other: Source) -> bool:
        """Whether the two cannot be the same thing."""
        return any(
            mine and theirs and mine != theirs for mine, theirs in ((self.etag, other.etag), (self.total, other.total))
        )


class Part:
    """A half-fetched file, locked, and the note beside it on what it is a part of."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.note = path.with_name(f"{path.name}.json")
        self.file = file
        self.size = file.seek(0, os.SEEK_END)
        try:
            self.source = Source(**json.loads(self.note.read_text()))
        except (OSError, ValueError, TypeError):
            self.restart(Source())

    @property
    def complete(self) -> bool:
        """Whether all the bytes that the server spoke of are here."""
        return self.size > 0 and self.size == self.source.total

    def restart(self, source: Source) -> None:
        """Throw away what is there, and be a part of `source` from now on."""
        self.file.truncate(0)
        self.size = 0
        self.source = source
        write_atomic(self.note, json.dumps(asdict(source)).encode())

    def write(self, data: bytearray) -> None:
        """Append, at once: a killed process loses nothing of it."""
        view = memoryview(data)
        while view:
            view = view[self.file.write(view) :]
        self.size += len(data)


@contextlib.contextmanager
def part_file(folder: Path, name: str, generation: str) -> Iterator[Part]:
    """The part of this name; where another process is at it, a part of our own that nobody resumes."""
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
    """The file, open to append and ours alone; None where it is another's."""
    try:
        import fcntl
    except ImportError:  # not on Windows: there, two at once are not told apart
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
