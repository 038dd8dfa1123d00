"""Claims: work that one process at a time does, whatever machine it is on, such as a film of a watched folder.

A claim lasts until a moment that its holder moves on while it works. One whose holder has certainly ended (on this
machine), or whose moment has passed, is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from studio.ledger.journal import Journal
from studio.ledger.lease import is_dead, this_process
from studio.ledger.schema import claims
from studio.ledger.upsert import insert_into

LASTS = timedelta(minutes=5)  # unless it is moved on
RENEWED = timedelta(minutes=1)  # how often its holder moves it on


@dataclass(frozen=True)
class Held:
    """A claim that somebody else has: what they told, and since when."""

    told: str
    since: datetime


def claim(ledger: Journal, name: str, owner: str, told: str = "") -> Held | None:
    """Take a claim for an owner, or move on one that it has; returns who has it where it is taken.

    ``owner`` is unique to the work in this process; ``told`` names it to others.
    """
    holder = _holder(owner)
    with ledger.writing() as connection:
        ledger.admit_one_at_a_time(connection)
        now = ledger.moment(connection)
        row = connection.execute(select(claims).where(claims.c.name == name)).one_or_none()
        if row is not None and row.holder != holder and row.until > now and not is_dead(_process(row.holder)):
            return Held(str(row.told), row.at)
        since = row.at if row is not None and row.holder == holder else now
        values = {"name": name, "holder": holder, "told": told[:200], "at": since, "until": now + LASTS}
        new = insert_into(connection, claims).values(values)
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))
    return None


def renew(ledger: Journal, name: str, owner: str) -> None:
    """Move on a claim that the owner still has."""
    with ledger.writing() as connection:
        ours = claims.c.name == name, claims.c.holder == _holder(owner)
        connection.execute(update(claims).where(*ours).values(until=ledger.moment(connection) + LASTS))


def let_go(ledger: Journal, name: str, owner: str) -> None:
    """Give up a claim. Safe to repeat."""
    with ledger.writing() as connection:
        connection.execute(delete(claims).where(claims.c.name == name, claims.c.holder == _holder(owner)))


def _holder(owner: str) -> str:
    return f"{this_process()}#{owner}"[:200]


def _process(holder: str) -> str:
    return holder.partition("#")[0]
