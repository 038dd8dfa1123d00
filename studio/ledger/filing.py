"""The bookings of the ledger, and the run in whose costs.csv each of them stands: in exactly one.

A run's file has the bookings that the run made, and those that were made since for earlier runs of the same film: a
refund that came late, an order in doubt that was settled. A file that was written is never changed for these, since it
may have been handed over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, insert, or_, select, update

from studio.ledger.journal import Journal
from studio.ledger.queries import GIVEN_BY, by_field
from studio.ledger.schema import entries, filed, orders, runs
from studio.ledger.values import EntryKind

#: The time after which a claim whose file was never written (its run was killed in that moment) passes to another run.
ABANDONED = timedelta(minutes=10)
#: The time after which the bookings of a run that never ended are late; the run may be one of another machine.
LATE = timedelta(hours=1)


@dataclass(frozen=True)
class Booking:
    """One line of the ledger that moved money: ``amount`` in USD, negative where it was given back.

    id:         its number, unique among all ledgers
    production: the slug of the production that it was booked for
    project:    the holder of its budget, which all versions of a film share
    run:        the run that ordered it; a refund belongs to the run of its purchase
    at:         when it was booked, aware UTC
    realm:      ``luma`` for a service that bills; else made on this machine
    provider:   the id of the service; empty in ledgers of earlier versions
    """

    id: str
    production: str
    project: str
    run: str
    at: datetime
    realm: str
    provider: str
    kind: EntryKind
    amount: Decimal
    scene: str
    shot: str
    take: int
    endpoint: str
    model: str
    price_table: str
    order: str
    generation_id: str | None

    @property
    def billed(self) -> bool:
        """False for what was made on this machine: nobody asks money for it."""
        return self.realm == "luma"


def claim(ledger: Journal, run: str, *, film: str, realm: str, running: Collection[str] = ()) -> tuple[Booking, ...]:
    """Assign to a run's file its own bookings, and the late ones of earlier runs of the film; returns all that are
    assigned to it, in the ledger's order.

    ``running`` names runs that are still at work: theirs are left to them. Safe to repeat.
    """
    with ledger.writing() as connection:
        ledger.admit_one_at_a_time(connection)
        now = ledger.moment(connection)
        # A claim whose run was killed before its file was written is free again.
        given_up = and_(filed.c.written.is_(False), filed.c.at < now - ABANDONED, filed.c.run != run)
        connection.execute(delete(filed).where(given_up, filed.c.run.not_in([*running])))
        late = and_(entries.c.film == film, entries.c.realm == realm, entries.c.run.not_in([*running]))
        free = select(entries.c.id).where(or_(entries.c.run == run, late), *_free())
        numbers = connection.scalars(free).all()
        if numbers:
            values = [{"entry": number, "run": run, "at": now, "written": False} for number in numbers]
            connection.execute(insert(filed), values)
    return bookings(ledger, filed_in=run)


def written(ledger: Journal, run: str) -> None:
    """Record that a run's file was written with all that is assigned to it."""
    with ledger.writing() as connection:
        connection.execute(update(filed).where(filed.c.run == run, filed.c.written.is_(False)).values(written=True))


def give_up(ledger: Journal, run: str) -> None:
    """Free what is assigned to a run whose file could not be written."""
    with ledger.writing() as connection:
        connection.execute(delete(filed).where(filed.c.run == run, filed.c.written.is_(False)))


def late_films(ledger: Journal, running: Collection[str] = ()) -> list[tuple[str, str, str]]:
    """Films that have bookings which no file has, although their runs are over: production, budget name, realm."""
    # The time first, and runs one by one: PostgreSQL would read all runs for each entry.
    over = or_(
        entries.c.at < ledger.now() - LATE,
        exists().where(runs.c.id == entries.c.run, runs.c.finished_at.is_not(None)),
    )
    query = select(entries.c.production, entries.c.film, entries.c.realm).where(
        over, entries.c.run.not_in([*running]), *_free()
    )
    found: dict[tuple[str, str], str] = {}
    for row in ledger.ask(query.order_by(entries.c.id)):
        found[row.film, by_field(row)["realm"]] = row.production
    return [(production, film, realm) for (film, realm), production in found.items()]


def bookings(ledger: Journal, *, filed_in: str | None = None, since: datetime | None = None) -> tuple[Booking, ...]:
    """Bookings in the ledger's order: all, or those of one run's file, or those from a moment on (aware)."""
    query = _BOOKINGS
    if filed_in is not None:
        query = query.join(filed, filed.c.entry == entries.c.id).where(filed.c.run == filed_in)
    if since is not None:
        query = query.where(entries.c.counted_at >= since)
    return tuple(_booking(row, ledger.id) for row in ledger.ask(query))


def _free() -> tuple[ColumnElement[bool], ...]:
    """Entries that moved money, and stand in no run's file."""
    # Not NOT IN, for which PostgreSQL reads all of the other table.
    return entries.c.amount != 0, ~exists().where(filed.c.entry == entries.c.id)


def _booking(row: Any, ledger: str) -> Booking:
    values = by_field(row)
    given = values.pop("given")
    values |= {"id": f"{ledger[:8]}-{values['id']}", "generation_id": values["generation_id"] or given}
    return Booking(**values)


_EARLIER = entries.alias("given_by")
#: The generation that the attempt of an entry bought: a reservation was written before it was known.
_GIVEN = (
    select(_EARLIER.c.generation_id)
    .where(_EARLIER.c.order == entries.c.order, _EARLIER.c.attempt == entries.c.attempt, _EARLIER.c.kind.in_(GIVEN_BY))
    .order_by(_EARLIER.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_BOOKINGS: Select[Any] = (
    select(
        entries.c.id, entries.c.production, entries.c.film.label("project"), entries.c.run, entries.c.at,
        entries.c.realm, orders.c.provider, entries.c.kind, entries.c.amount, entries.c.scene, orders.c.shot,
        orders.c.take, orders.c.endpoint, entries.c.model, entries.c.price_table, entries.c.order,
        entries.c.generation_id, _GIVEN.label("given"),
    )
    .join_from(entries, orders, orders.c.key == entries.c.order)
    .where(entries.c.amount != 0)
    .order_by(entries.c.id)
)  # fmt: skip
