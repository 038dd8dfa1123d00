"""Sightings of known generations on the account's list: how late each appeared, and whether while it was being made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from studio.ledger.journal import Journal
from studio.ledger.schema import meta, sightings
from studio.ledger.upsert import insert_into

# Older sightings say nothing about the service as it is now.
FRESH = timedelta(days=30)


@dataclass(frozen=True)
class Sighting:
    """The appearance of a known generation on its account's list.

    late:       seconds until it first appeared, if an earlier look had missed it; else 0
    unfinished: True if it was still being made then
    token:      the order that its callback names; None where the list tells no callback of ours
    """

    generation_id: str
    late: float
    unfinished: bool
    token: str | None = None


@dataclass(frozen=True)
class FirstSight:
    """The moment at which a generation was first seen on the list, aware UTC, by the ledger's clock.

    ``unfinished``: True if the list has shown it while it was still being made.
    """

    at: datetime
    unfinished: bool


def keep_sightings(ledger: Journal, account: str, seen: Iterable[Sighting]) -> None:
    """Store sightings. For each generation the first lateness counts."""
    rows = list(seen)
    if not rows:
        return
    if any((sighting.token or "").startswith(ledger.token_prefix) for sighting in rows):
        keep_callbacks(ledger, account)
    with ledger.writing() as connection:
        now = ledger.moment(connection)
        for sighting in rows:
            new = insert_into(connection, sightings).values(
                account=account, generation_id=sighting.generation_id, late=sighting.late,
                unfinished=sighting.unfinished, at=now,
            )  # fmt: skip
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=[sightings.c.account, sightings.c.generation_id],
                    set_={"unfinished": or_(sightings.c.unfinished, new.excluded.unfinished)},
                )
            )


def keep_callbacks(ledger: Journal, account: str) -> None:
    """Store that the account's service tells callbacks: a generation was seen with one that names an order of ours."""
    if tells_callbacks(ledger, account):
        return
    with ledger.writing() as connection:
        now = ledger.moment(connection).isoformat()
        new = insert_into(connection, meta).values(name=_callbacks_of(account), value=now)
        connection.execute(new.on_conflict_do_update(index_elements=[meta.c.name], set_={"value": now}))


def tells_callbacks(ledger: Journal, account: str) -> bool:
    """True if the account's service has told a callback of ours lately: what it tells without one is not ours."""
    found = ledger.ask(select(meta.c.value).where(meta.c.name == _callbacks_of(account)))
    return any(datetime.fromisoformat(row.value) >= ledger.now() - FRESH for row in found)


def _callbacks_of(account: str) -> str:
    return f"callbacks {hashlib.sha256(account.encode()).hexdigest()[:24]}"


def latest_by(ledger: Journal, account: str) -> float:
    """The largest recent delay of the account's list, in seconds; 0 where it was never late."""
    query = select(func.max(sightings.c.late)).where(
        sightings.c.account == account, sightings.c.at >= ledger.now() - FRESH
    )
    (row,) = ledger.ask(query)
    return float(row[0] or 0.0)


def first_sights(ledger: Journal, account: str) -> Mapping[str, FirstSight]:
    """The time at which the list was first seen to show each generation."""
    columns = (sightings.c.generation_id, sightings.c.at, sightings.c.unfinished)
    query = select(*columns).where(sightings.c.account == account, sightings.c.at >= ledger.now() - FRESH)
    return {row.generation_id: FirstSight(row.at, bool(row.unfinished)) for row in ledger.ask(query)}


def shows_unfinished(ledger: Journal, account: str) -> bool:
    """True if the list has shown a generation of late while it was still being made."""
    fresh = sightings.c.account == account, sightings.c.at >= ledger.now() - FRESH
    query = select(sightings.c.at).where(*fresh, sightings.c.unfinished.is_(True))
    return bool(ledger.ask(query.order_by(sightings.c.at.desc()).limit(1)))
