"""The sandbox's books: state and money. A create and its charge are one transaction; so are a failure and its refund.

SQLite in WAL mode with full synchronisation, so that everything answered is on disk, even after kill -9. The balance is
not stored but computed, as credit − charged + refunded, so it cannot disagree with the creates.
"""

from __future__ import annotations

import json
import math
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from luma_sandbox import takes
from luma_sandbox.faults_fate import Fate, pending

State = Literal["queued", "dreaming", "completed", "failed"]
DEFAULT_CREDIT = 100_000
MICROS = 10_000  # micro-dollars in a cent

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS generations (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL UNIQUE,
    api            TEXT NOT NULL,
    kind           TEXT NOT NULL,
    model          TEXT NOT NULL,
    request        TEXT NOT NULL,
    order_form     TEXT NOT NULL,
    created_at     REAL NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('queued', 'dreaming', 'completed', 'failed')),
    failure_reason TEXT,
    note           TEXT,
    cents          INTEGER NOT NULL CHECK (cents >= 0),
    refunded_cents INTEGER NOT NULL DEFAULT 0 CHECK (refunded_cents IN (0, cents)),
    micros         INTEGER,
    inputs         TEXT,
    digest         TEXT,
    finished_at    REAL,
    deleted_at     REAL
);
CREATE INDEX IF NOT EXISTS generations_state ON generations (state);
CREATE TABLE IF NOT EXISTS fates (id TEXT PRIMARY KEY, fate TEXT NOT NULL);
"""
# Sums of charges and refunds in micro-dollars; rows of earlier versions have whole cents only.
SUMS = """
SELECT coalesce(sum(exact), 0), coalesce(sum(exact) FILTER (WHERE refunded_cents > 0), 0)
FROM (SELECT coalesce(micros, cents * 10000) AS exact, refunded_cents FROM generations)
"""


@dataclass(frozen=True)
class Generation:
    """One accepted create.

    seq:        its place in the order of acceptance
    api, kind:  the API that accepted it, and what it makes (`video`, …)
    request:    the request, as it is echoed
    order_form: what is to be made, with every default filled in
    inputs:     the fetched inputs, by content
    digest:     SHA-256 of the finished file
    note:       why it failed, for the person who runs the sandbox
    """

    seq: int
    id: str
    api: str
    kind: str
    model: str
    request: Mapping[str, Any]
    order_form: Mapping[str, Any]
    created_at: float
    state: State
    failure_reason: str | None
    note: str | None
    cents: Decimal
    refunded_cents: Decimal
    inputs: Mapping[str, Any] | None
    digest: str | None
    finished_at: float | None
    deleted_at: float | None


@dataclass(frozen=True)
class Account:
    """The account's money in US cents; a still may cost a fraction of one."""

    credit: int
    charged: Decimal
    refunded: Decimal

    @property
    def balance(self) -> Decimal:
        """The money that is left."""
        return self.credit - self.charged + self.refunded


@dataclass(frozen=True)
class Draft:
    """A create that is about to be accepted."""

    api: str
    kind: str
    model: str
    request: Mapping[str, Any]
    order_form: Mapping[str, Any]
    cents: int | Decimal


class NoCredit(Exception):
    """The balance does not cover the create. Nothing was written."""


class Books:
    """The generations and the account of one sandbox home."""

    def __init__(self, path: Path, *, credit: int | None = None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA + takes.SCHEMA)
        if "micros" not in {row["name"] for row in self._db.execute("PRAGMA table_info(generations)")}:
            self._db.execute("ALTER TABLE generations ADD COLUMN micros INTEGER")  # a home of an earlier version
        # Checks that may refuse a create besides its own: the account's limits.
        self.guard: Callable[[Draft, float], None] = lambda draft, now: None
        if credit is not None:
            self.set_credit(credit)

    def close(self) -> None:
        """Close the file. The books are complete at any moment."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def accept(self, draft: Draft, now: float, check: Callable[[], None] = lambda: None) -> Generation:
        """Book and charge a create, or raise NoCredit.

        ``check`` may read the books and raise. It runs inside the transaction, so its result still holds when the
        create is written.
        """
        with self._transaction() as db:
            check()
            self.guard(draft, now)
            if draft.cents > self.account().balance:
                raise NoCredit
            identity = str(uuid.uuid4())
            db.execute(
                "INSERT INTO generations (id, api, kind, model, request, order_form, created_at, state, cents, micros) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
                (
                    identity,
                    draft.api,
                    draft.kind,
                    draft.model,
                    json.dumps(draft.request),
                    json.dumps(takes.numbered(db, draft, identity)),
                    now,
                    *_kept(draft.cents),
                ),
            )
            if (fate := pending.get()) is not None:
                db.execute("INSERT INTO fates (id, fate) VALUES (?, ?)", (identity, json.dumps(fate.stored())))
            return self._one(identity)

    def get(self, identity: str) -> Generation | None:
        """A generation that was not deleted."""
        found = self.any(identity)
        return found if found is not None and found.deleted_at is None else None

    def any(self, identity: str) -> Generation | None:
        """A generation, deleted or not."""
        rows = self._rows("SELECT * FROM generations WHERE id = ?", (identity,))
        return rows[0] if rows else None

    def page(self, api: str, limit: int, offset: int, *, first: str = "newest") -> tuple[list[Generation], int]:
        """A page of one API's generations, ``newest`` or ``oldest`` first, without deleted ones; and their total
        number."""
        way = {"newest": "DESC", "oldest": "ASC"}[first]
        seen = "FROM generations WHERE deleted_at IS NULL AND api = ?"
        with self._lock:
            rows = self._rows(f"SELECT * {seen} ORDER BY seq {way} LIMIT ? OFFSET ?", (api, limit, offset))
            total: int = self._db.execute(f"SELECT count(*) {seen}", (api,)).fetchone()[0]
        return rows, total

    def creates(self) -> list[Generation]:
        """Every create ever accepted, in order, including the deleted ones."""
        return self._rows("SELECT * FROM generations ORDER BY seq")

    def unfinished(self) -> list[Generation]:
        """Generations that are neither completed nor failed, in order."""
        return self._rows("SELECT * FROM generations WHERE state IN ('queued', 'dreaming') ORDER BY seq")

    def since(self, moment: float) -> list[Generation]:
        """Every create accepted after that moment, in order, including the deleted ones."""
        return self._rows("SELECT * FROM generations WHERE created_at > ? ORDER BY seq", (moment,))

    def fate(self, identity: str) -> Fate | None:
        """The fate that was decided for a generation in advance, if any."""
        with self._lock:
            row = self._db.execute("SELECT fate FROM fates WHERE id = ?", (identity,)).fetchone()
        return Fate.read(json.loads(row["fate"])) if row else None

    def set_credit(self, cents: int) -> None:
        """Set the total ever paid into the account; charges and refunds stay."""
        with self._transaction():
            self._set("credit_cents", str(cents))

    def account(self) -> Account:
        """Credit, charges and refunds."""
        with self._lock:
            charged, refunded = self._db.execute(SUMS).fetchone()
            credit = int(self._setting("credit_cents", str(DEFAULT_CREDIT)))
            return Account(credit, Decimal(charged) / MICROS, Decimal(refunded) / MICROS)

    def delete(self, identity: str, now: float) -> bool:
        """Hide a generation. False if there is none."""
        return self._change("UPDATE generations SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", now, identity)

    def keep_inputs(self, identity: str, inputs: Mapping[str, Any], cents: int | None = None) -> None:
        """Store the inputs that were fetched, so that nothing is fetched twice.

        ``cents`` is the price if it depends on the inputs: that of a source's own length.
        """
        whole, micros = (None, None) if cents is None else _kept(cents)
        self._change(
            "UPDATE generations SET inputs = ?, cents = coalesce(?, cents), micros = coalesce(?, micros) "
            "WHERE id = ? AND refunded_cents = 0",
            json.dumps(inputs),
            whole,
            micros,
            identity,
        )

    def dream(self, identity: str) -> bool:
        """Move a generation from queued to dreaming."""
        return self._change("UPDATE generations SET state = 'dreaming' WHERE id = ? AND state = 'queued'", identity)

    def complete(self, identity: str, digest: str, now: float) -> bool:
        """Move a generation from dreaming to completed. Its file is on disk."""
        return self._change(
            "UPDATE generations SET state = 'completed', digest = ?, finished_at = ? "
            "WHERE id = ? AND state = 'dreaming'",
            digest,
            now,
            identity,
        )

    def fail(self, identity: str, reason: str, note: str, now: float) -> bool:
        """Move a generation to failed, and refund it in full in the same transaction."""
        return self._change(
            "UPDATE generations SET state = 'failed', failure_reason = ?, note = ?, refunded_cents = cents, "
            "finished_at = ? WHERE id = ? AND state IN ('queued', 'dreaming')",
            reason,
            note,
            now,
            identity,
        )

    def signing_key(self) -> bytes:
        """The secret that signs asset URLs; it survives a restart."""
        with self._transaction():
            kept = self._setting("signing_key", "")
            if not kept:
                kept = secrets.token_hex(32)
                self._set("signing_key", kept)
            return bytes.fromhex(kept)

    def _change(self, statement: str, *values: object) -> bool:
        with self._transaction() as db:
            return db.execute(statement, values).rowcount == 1

    def _setting(self, name: str, default: str) -> str:
        row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else default

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))

    def _one(self, identity: str) -> Generation:
        return self._rows("SELECT * FROM generations WHERE id = ?", (identity,))[0]

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Generation]:
        with self._lock:
            rows = self._db.execute(statement, values).fetchall()
        return [_generation(row) for row in rows]


def _kept(cents: int | Decimal) -> tuple[int, int]:
    """A price as it is stored: in cents, rounded up, as earlier versions read it; and exactly."""
    return math.ceil(cents), int(cents * MICROS)


def _generation(row: sqlite3.Row) -> Generation:
    fields = dict(row)
    micros, whole = fields.pop("micros"), fields["cents"]
    fields["cents"] = Decimal(whole if micros is None else Decimal(micros) / MICROS)
    fields["refunded_cents"] = fields["cents"] if fields["refunded_cents"] else Decimal(0)
    for name in ("request", "order_form", "inputs"):
        fields[name] = json.loads(fields[name]) if fields[name] is not None else None
    return Generation(**fields)
