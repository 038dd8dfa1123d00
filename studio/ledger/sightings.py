"""Sightings of known generations on the account's list: how late they came, and whether while they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from studio.ledger.journal import Journal
from studio.ledger.schema import sightings

# Older ones say nothing of the service as it is now.
FRESH = timedelta(days=30)


@dataclass(frozen=True)
class Sighting:
    """A known generation stood on its account's list.

    late:       seconds after which it first did, where an earlier look had missed it; else 0
    unfinished: whether it was still being made then
    """

    generation_id: str
    late: float
    unfinished: bool


@dataclass(frozen=True)
class FirstSight:
    """The moment at which a generation was first seen on the list, aware UTC, by the ledger's clock.

    ``unfinished``: whether the list has shown it while it was still being made.
    """

    at: datetime
    unfinished: bool


def keep_sightings(ledger: Journal, account: str, seen: Iterable[Sighting]) -> None:
    """Write sightings down. Of one generation the first lateness counts."""
    rows = list(seen)
    if not rows:
        return
    with ledger.writing() as connection:
        now = ledger.moment(connection)
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        for sighting in rows:
            new = dialect.insert(sightings).values(
                account=account, generation_id=sighting.generation_id, late=sighting.late,
                unfinished=sighting.unfinished, at=now,
            )  # fmt: skip
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=[sightings.c.account, sightings.c.generation_id],
                    set_={"unfinished": or_(sightings.c.unfinished, new.excluded.unfinished)},
                )
            )


def latest_by(ledger: Journal, account: str) -> float:
    """Seconds by which the account's list was late at most, lately; 0 where it never was."""
    query = select(func.max(sightings.c.late)).where(
        sightings.c.account == account, sightings.c.at >= ledger.now() - FRESH
    )
    (row,) = ledger.ask(query)
    return float(row[0] or 0.0)


def first_sights(ledger: Journal, account: str) -> Mapping[str, FirstSight]:
    """By generation, when the list was first seen to show it."""
    columns = (sightings.c.generation_id, sightings.c.at, sightings.c.unfinished)
    query = select(*columns).where(sightings.c.account == account, sightings.c.at >= ledger.now() - FRESH)
    return {row.generation_id: FirstSight(row.at, bool(row.unfinished)) for row in ledger.ask(query)}


def seen_unfinished(ledger: Journal, account: str) -> Mapping[str, bool]:
    """By generation, whether the list has shown it while it was still being made."""
    return {name: seen.unfinished for name, seen in first_sights(ledger, account).items()}
