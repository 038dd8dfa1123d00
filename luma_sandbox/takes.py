"""Takes: equal requests of one sandbox home, numbered from 1, so that each makes another clip.

A request's take is fixed in the transaction that accepts it. The first one is drawn as the request says; each later one
has the same subject and the same camera, and chance places what the prompt leaves open anew. So the same requests in
the same order make the same bytes in every fresh home.

Equal are requests that make the same thing out of the same things: what is at a URL is known by its path (the studio's
own files are named by their content there, on another port in each run), an uploaded file by its content. Where answers
go does not count.

What was refused is in no books and counts for nothing. What failed was refunded and never seen: the next equal request
is that take once more. What was deleted still counts.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

SCHEMA = """
CREATE TABLE IF NOT EXISTS takes (id TEXT PRIMARY KEY, alike TEXT NOT NULL, take INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS takes_alike ON takes (alike);
"""


class Asked(Protocol):
    """What was asked for, with every default filled in."""

    @property
    def api(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def order_form(self) -> Mapping[str, Any]: ...


def numbered(db: sqlite3.Connection, asked: Asked, identity: str) -> Mapping[str, Any]:
    """Write down which take a request is, as the generation of that id; its order form, which says so from the second
    take on. To be called inside the transaction that accepts it."""
    alike = _alike(asked)
    (before,) = db.execute(
        "SELECT coalesce(max(take), 0) FROM takes LEFT JOIN generations USING (id) "
        "WHERE alike = ? AND coalesce(state, '') != 'failed'",
        (alike,),
    ).fetchone()
    db.execute("INSERT INTO takes (id, alike, take) VALUES (?, ?, ?)", (identity, alike, before + 1))
    return {**asked.order_form, "take": before + 1} if before else asked.order_form


def _alike(asked: Asked) -> str:
    """What equal requests have in common."""
    told = json.dumps([asked.api, asked.kind, asked.model, _plain(asked.order_form)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A part of an order form without what changes from run to run."""
    if isinstance(value, Mapping):
        if value.get("type") == "stored":
            value = {name: part for name, part in value.items() if name != "id"}
        return {
            name: urlsplit(part).path if name == "url" and isinstance(part, str) else _plain(part)
            for name, part in value.items()
        }
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
