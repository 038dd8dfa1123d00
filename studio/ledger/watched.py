"""Productions of watched folders: the content in which each was last seen, and what became of it.

Kept by the digest of place and path, and by realm: what the sandbox made is made again where it is billed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, select

from studio.ledger.journal import Journal
from studio.ledger.queries import by_field
from studio.ledger.schema import watched
from studio.ledger.upsert import insert_into


class WatchState(StrEnum):
    """The state of a production that is watched."""

    SEEN = "seen"  # in this content for the first time; it may still be written
    MADE = "made"
    BAD = "bad"  # it cannot be made as it is written: left until it changes
    OVER = "over budget"  # left until it, or the budget, changes, or the month ends
    FAILED = "failed"  # its run failed for good: left until it changes
    AGAIN = "again"  # its run was interrupted, or the service was away: tried again later


@dataclass(frozen=True)
class Watched:
    """A production of a watched folder. Times aware UTC.

    content: digest of all that it is made of
    seen_at: when it was first seen in this content
    told:    the one line about it
    tries:   runs that were begun for this content
    at:      when its state changed
    """

    path: str
    content: str
    seen_at: datetime
    state: WatchState
    told: str
    tries: int
    at: datetime


def digest_of(text: str) -> str:
    """The digest by which a place or a path is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def watched_in(ledger: Journal, place: str, realm: str) -> dict[str, Watched]:
    """The facts known of a place, by path."""
    rows = ledger.ask(select(watched).where(watched.c.place == digest_of(place), watched.c.realm == realm))
    found = (_read(by_field(row)) for row in rows)
    return {one.path: one for one in found}


def first_seen(ledger: Journal, place: str, path: str, realm: str, content: str) -> Watched:
    """The facts known of a production in this content; one that is new, or was changed, is recorded as just seen."""
    with ledger.writing() as connection:
        key = _key(place, path, realm)
        row = connection.execute(select(watched).where(*_is(key))).one_or_none()
        if row is not None and row.content == content:
            return _read(by_field(row))
        now = ledger.moment(connection)
        values = {"path": path, "content": content, "seen_at": now, "state": "seen", "told": "", "tries": 0, "at": now}
        _put(connection, key, values)
        return Watched(path, content, now, WatchState.SEEN, "", 0, now)


def keep_state(
    ledger: Journal, place: str, path: str, realm: str, content: str, state: WatchState, told: str, tries: int
) -> None:
    """Record what became of a production in this content; one that was changed meanwhile stays as it is recorded."""
    with ledger.writing() as connection:
        key = _key(place, path, realm)
        row = connection.execute(select(watched).where(*_is(key))).one_or_none()
        if row is None or row.content != content:
            return
        now = ledger.moment(connection)
        values = {"path": path, "content": content, "seen_at": row.seen_at, "state": state.value, "told": told,
                  "tries": tries, "at": now}  # fmt: skip
        _put(connection, key, values)


def _key(place: str, path: str, realm: str) -> dict[str, str]:
    return {"place": digest_of(place), "file": digest_of(path), "realm": realm}


def _is(key: dict[str, str]) -> tuple[ColumnElement[bool], ...]:
    return tuple(watched.c[name] == value for name, value in key.items())


def _put(connection: Connection, key: dict[str, str], values: dict[str, object]) -> None:
    new = insert_into(connection, watched).values(**key, **values)
    connection.execute(new.on_conflict_do_update(index_elements=[watched.c[name] for name in key], set_=values))


def _read(row: dict[str, object]) -> Watched:
    kept = {name: row[name] for name in ("path", "content", "seen_at", "told", "tries", "at")}
    return Watched(state=WatchState(str(row["state"])), **kept)  # type: ignore[arg-type]
