"""Announcements that were made and still hold: of one that several runs and processes notice, one of them makes it."""

from __future__ import annotations

from sqlalchemy import delete, select

from studio.ledger.journal import Journal
from studio.ledger.schema import announced
from studio.ledger.upsert import insert_into

LONGEST = 200  # characters of a name


def first_to_announce(ledger: Journal, what: str) -> bool:
    """True for the first caller of all runs and processes, until ``no_longer`` is told of it."""
    name = what[:LONGEST]
    if ledger.ask(select(announced.c.what).where(announced.c.what == name)):
        return False  # read first: nothing is locked
    with ledger.writing() as connection:
        values = {"what": name, "at": ledger.moment(connection)}
        made = insert_into(connection, announced).values(values).on_conflict_do_nothing()
        # The row that was made; its count is not known on PostgreSQL.
        return connection.execute(made.returning(announced.c.what)).first() is not None


def no_longer(ledger: Journal, what: str) -> None:
    """Record that something does not hold any more: if it holds again, it is announced again."""
    name = what[:LONGEST]
    if ledger.ask(select(announced.c.what).where(announced.c.what == name)):
        with ledger.writing() as connection:
            connection.execute(delete(announced).where(announced.c.what == name))
