"""The costs by group: sums over the journal, made by the database.

A column of the costs is a field of ``CostRow`` with its sum: the command ``costs`` shows every one that is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, literal_column, select

from studio.ledger.books import Ledger
from studio.ledger.schema import UNSURE, budgets, entries
from studio.money import ZERO

# The kinds of entry that change a sum or count a purchase; the others only tell an order's progress.
COUNTED = ("reserved", "submitted", "adopted", "failed", "released", "absent", "undone")
Group = Literal["production", "scene", "model", "month"]
_TAKEN_BACK = (entries.c.kind == "undone") & entries.c.generation_id.is_not(None)


def _sum(of: ColumnElement[Any], zero: int | Decimal) -> dict[str, Any]:
    """A column's sum over the entries of a line, and what it is where there are none."""
    return {"sum": func.sum(of), "zero": zero}


@dataclass(frozen=True)
class CostRow:
    """One line of the costs, in USD. ``creates`` counts purchases (refused and unsent ones are none)."""

    group: str
    realm: str
    creates: int = field(
        metadata=_sum(case((entries.c.kind.in_(["submitted", "adopted"]), 1), (_TAKEN_BACK, -1), else_=0), 0)
    )
    spent: Decimal = field(metadata=_sum(entries.c.amount, ZERO))
    refunded: Decimal = field(metadata=_sum(case((entries.c.kind == "failed", -entries.c.amount), else_=None), ZERO))


#: What a booking counts for: its project or film, in all versions; of films that share a budget, the first.
_OF: ColumnElement[str] = func.coalesce(budgets.c.first, entries.c.film)
_COLUMNS = {column.name: column.metadata for column in fields(CostRow) if column.metadata}
#: The columns of a line, in order: numbers, and amounts in USD.
COLUMNS = tuple(_COLUMNS)


def costs(ledger: Ledger, *, by: Group = "production", since: datetime | None = None) -> list[CostRow]:
    """Costs by production, scene, model or month (UTC), the highest first; months in order. ``since`` is aware.

    A production is a project or film in all its versions: what has one budget is one line.

    A refund counts in the month of its purchase.
    """
    shown, grouped = _group(by, ledger.dialect)
    query = (
        select(
            shown.label("what"),
            entries.c.realm.label("realm"),
            *(column["sum"].label(name) for name, column in _COLUMNS.items()),
        )
        .select_from(
            entries.outerjoin(budgets, (budgets.c.film == entries.c.film) & (budgets.c.realm == entries.c.realm))
        )
        .where(entries.c.kind.in_(COUNTED))
        .group_by(*grouped, entries.c.realm)
    )
    if since is not None:
        query = query.where(entries.c.counted_at >= since)
    rows = [
        CostRow(str(r.what), r.realm, **{name: _number(getattr(r, name), c["zero"]) for name, c in _COLUMNS.items()})
        for r in ledger.ask(query)
    ]
    if by == "month":
        return sorted(rows, key=lambda row: (row.group, row.realm))
    return sorted(rows, key=lambda row: (-row.spent, row.group, row.realm))


def _number(value: Any, zero: int | Decimal) -> Any:
    """A sum as the database gives it, as a number of its column's kind."""
    return zero if value is None else type(zero)(value)


def suspense(ledger: Ledger, realm: str) -> Decimal:
    """USD that may have been spent besides: orders released because a list did not show them, until that is certain."""
    query = select(func.coalesce(func.sum(entries.c.suspense), 0)).where(entries.c.realm == realm, UNSURE)
    return Decimal(ledger.ask(query)[0][0])


def _group(by: Group, dialect: str) -> tuple[ColumnElement[str], tuple[ColumnElement[Any], ...]]:
    """The label of a line of the costs, and the columns that it is grouped by: grouping by a computed label would be
    slow."""
    if by == "scene":
        return _OF + " / " + entries.c.scene, (_OF, entries.c.scene)
    if by == "month" and dialect == "sqlite":
        month = func.substr(entries.c.counted_at, literal_column("1"), literal_column("7"))
        return month, (month,)  # the form in which SQLite stores a time: 2026-11-22 10:00:00
    if by == "month":
        # Literals: PostgreSQL treats equal expressions with different parameters as different.
        month = func.date_trunc(literal_column("'month'"), func.timezone(literal_column("'UTC'"), entries.c.counted_at))
        return func.to_char(month, "YYYY-MM"), (month,)
    shown = entries.c.model if by == "model" else _OF
    return shown, (shown,)
