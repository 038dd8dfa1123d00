"""The uploaded files: a table of their own in the sandbox's database; their bytes are stored with the other inputs.

A file's state is computed from its events and the clock, so that no process has to run for it to become ready: it is
pending until its ingest is over, then ready or failed, and deleted once it was deleted by hand or has expired.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS agents_files (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    created_at   REAL NOT NULL,
    mime_type    TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    size_bytes   INTEGER NOT NULL,
    filename     TEXT,
    user_id      TEXT,
    expires_at   REAL,
    sha256       TEXT,
    ready_at     REAL,
    problem      TEXT,
    seconds      REAL,
    width        INTEGER,
    height       INTEGER,
    deleted_at   REAL
);
"""


@dataclass(frozen=True)
class File:
    """One file.

    sha256:   digest of its bytes, once uploaded
    ready_at: when its ingest is over, once it was completed
    problem:  why it cannot be used, if the ingest found a reason
    seconds:  its length, if it is a clip; ``width`` and ``height`` of its picture
    """

    seq: int
    id: str
    created_at: float
    mime_type: str
    purpose: str
    size_bytes: int
    filename: str | None
    user_id: str | None
    expires_at: float | None
    sha256: str | None
    ready_at: float | None
    problem: str | None
    seconds: float | None
    width: int | None
    height: int | None
    deleted_at: float | None

    def state(self, now: float) -> str:
        """pending, ready, failed or deleted."""
        if self.gone_at(now) is not None:
            return "deleted"
        if self.ready_at is None or now < self.ready_at:
            return "pending"
        return "failed" if self.problem else "ready"

    def gone_at(self, now: float) -> float | None:
        """The time of its deletion, by hand or because it expired; None while it exists."""
        if self.deleted_at is not None:
            return self.deleted_at
        return self.expires_at if self.expires_at is not None and self.expires_at <= now else None


class FileTable:
    """The files of one sandbox home."""

    def __init__(self, books: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(books, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def add(self, **values: Any) -> File:
        """Add a new file that waits for its bytes."""
        identity = str(uuid.uuid4())
        row = {"id": identity} | values
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        with self._lock:
            self._db.execute(f"INSERT INTO agents_files ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
        found = self.get(identity)
        if found is None:
            raise RuntimeError("a file that was just written is not there")
        return found

    def get(self, identity: str) -> File | None:
        """A file, deleted or not."""
        found = self._rows("SELECT * FROM agents_files WHERE id = ?", identity)
        return found[0] if found else None

    def newest(self, before: int | None) -> list[File]:
        """Every file, newest first; with ``before``, only those accepted before the file of that number."""
        if before is None:
            return self._rows("SELECT * FROM agents_files ORDER BY seq DESC")
        return self._rows("SELECT * FROM agents_files WHERE seq < ? ORDER BY seq DESC", before)

    def receive(self, identity: str, sha256: str) -> None:
        """Record the uploaded bytes. After completion they no longer change."""
        self._change("UPDATE agents_files SET sha256 = ? WHERE id = ? AND ready_at IS NULL", sha256, identity)

    def complete(self, identity: str, ready_at: float, problem: str | None, facts: tuple[float, int, int]) -> None:
        """Record the completion: when its ingest will be over, and its result. Only the first call counts."""
        seconds, width, height = facts
        self._change(
            "UPDATE agents_files SET ready_at = ?, problem = ?, seconds = ?, width = ?, height = ? "
            "WHERE id = ? AND ready_at IS NULL",
            ready_at,
            problem,
            seconds,
            width,
            height,
            identity,
        )

    def delete(self, identity: str, now: float) -> None:
        """Delete a file: it can no longer be used."""
        self._change("UPDATE agents_files SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", now, identity)

    def _change(self, statement: str, *values: object) -> None:
        with self._lock:
            self._db.execute(statement, values)

    def _rows(self, statement: str, *values: object) -> list[File]:
        with self._lock:
            return [File(**dict(row)) for row in self._db.execute(statement, values).fetchall()]
