"""Batches: runs that share one budget, such as those of a table's rows.

The budget is kept here, by the id of the batch, before its first run begins; admission sums over all runs of the batch
in the transaction that commits a purchase. So no two of them exceed it together, in whatever processes they run.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from studio.ledger.journal import Journal
from studio.ledger.schema import batch_runs, batches, runs
from studio.ledger.upsert import insert_into


@dataclass(frozen=True)
class Batch:
    """A batch: its id, and the USD that all its runs may spend together; None: no budget of its own."""

    id: str
    budget: Decimal | None


@dataclass(frozen=True)
class BatchRun:
    """A run of a batch: its id, its production's slug, and how it ended (``film``, ``incomplete``); None: not yet."""

    run: str
    production: str
    outcome: str | None


def begin_batch(ledger: Journal, batch: Batch, realm: str) -> None:
    """Record a batch before its first run begins. One that is begun again keeps its runs, and has this budget."""
    with ledger.writing() as connection:
        values = {"id": batch.id, "realm": realm, "budget": batch.budget, "at": ledger.moment(connection)}
        new = insert_into(connection, batches).values(values)
        connection.execute(new.on_conflict_do_update(index_elements=["id"], set_={"budget": batch.budget}))


def batch_of(ledger: Journal, batch: str) -> Batch | None:
    """The batch of this id; None where there is none."""
    found = ledger.ask(select(batches.c.id, batches.c.budget).where(batches.c.id == batch))
    return Batch(str(found[0].id), found[0].budget) if found else None


def join_batch(ledger: Journal, batch: str, run: str, production: str) -> None:
    """Make a run part of a batch, before it buys anything. Safe to repeat."""
    with ledger.writing() as connection:
        values = {"run": run, "batch": batch, "production": production, "at": ledger.moment(connection)}
        connection.execute(insert_into(connection, batch_runs).values(values).on_conflict_do_nothing())


def runs_of(ledger: Journal, batch: str) -> tuple[BatchRun, ...]:
    """The runs of a batch, in the order in which they joined it."""
    query = select(batch_runs.c.run, batch_runs.c.production, runs.c.outcome)
    query = query.outerjoin_from(batch_runs, runs, runs.c.id == batch_runs.c.run).where(batch_runs.c.batch == batch)
    rows = ledger.ask(query.order_by(batch_runs.c.at, batch_runs.c.run))
    return tuple(BatchRun(str(row.run), str(row.production), row.outcome) for row in rows)
