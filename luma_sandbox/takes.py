"""Takes: equal requests in one sandbox home, numbered from 1, so that each makes a different clip.

A request's take is set in the transaction that accepts it. The first take is drawn as the request says; each later one
has the same subject and camera, and what the prompt leaves open is placed anew by chance. So the same requests in the
same order make the same bytes in every fresh home.

Requests are equal if they make the same thing from the same inputs. A URL's content is identified by its path (the
studio names its own files by content, on another port in each run), an uploaded file by its content. Callback URLs do
not count.

A refused request is in no books and does not count. A failed one was refunded and never seen: the next equal request is
that take once more. A deleted one still counts.
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
    """A request with every default filled in."""

    @property
    def api(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def order_form(self) -> Mapping[str, Any]: ...


def numbered(db: sqlite3.Connection, asked: Asked, identity: str) -> Mapping[str, Any]:
    """Record the take of a request, under its generation's id, and return its order form, which has the number from
    the second take on. Call it inside the transaction that accepts the request."""
    alike = _alike(asked)
    (before,) = db.execute(
        "SELECT coalesce(max(take), 0) FROM takes LEFT JOIN generations USING (id) "
        "WHERE alike = ? AND coalesce(state, '') != 'failed'",
        (alike,),
    ).fetchone()
    db.execute("INSERT INTO takes (id, alike, take) VALUES (?, ?, ?)", (identity, alike, before + 1))
    return {**asked.order_form, "take": before + 1} if before else asked.order_form


def _alike(asked: Asked) -> str:
    """The digest that equal requests share."""
    told = json.dumps([asked.api, asked.kind, asked.model, _plain(asked.order_form)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A part of an order form without values that change from run to run."""
    if isinstance(value, Mapping):
        if value.get("type") == "stored":
            value = {name: part for name, part in value.items() if name != "id"}
        return {
            name: urlsplit(part).path if name == "url" and isinstance(part, str) else _plain(part)
            for name, part in value.items()
        }
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
