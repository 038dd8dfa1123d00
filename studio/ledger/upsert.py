"""Inserts that may meet a row that exists, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert with ``on_conflict_do_nothing`` and ``on_conflict_do_update``, of the connection's database."""
    if connection.dialect.name == "postgresql":
        # A ledger in a file does not wait for PostgreSQL's types to load.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
