"""What was spent, on what: sums over the journal, made by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import ColumnElement, case, func, select

from studio.ledger.books import Ledger
from studio.ledger.schema import entries
from studio.money import ZERO

# Lines that change a sum or count a purchase; the others only tell how an order went on.
COUNTED = ("reserved", "submitted", "adopted", "failed", "released")
Group = Literal["production", "scene", "model", "month"]


@dataclass(frozen=True)
class CostRow:
    """One line of the costs. ``creates`` counts what was bought (refused and unsent ones are not); USD."""

    group: str
    seller: str
    creates: int
    spent: Decimal
    refunded: Decimal


def costs(ledger: Ledger, *, by: Group = "production", since: datetime | None = None) -> list[CostRow]:
    """Costs by production, scene, model or month (UTC), the dearest first; months in order. ``since`` is aware."""
    group = _group(by, ledger.dialect).label("what")
    bought = case((entries.c.kind.in_(["submitted", "adopted"]), 1), else_=0)
    refund = case((entries.c.kind == "failed", -entries.c.amount), else_=None)
    query = (
        select(
            group,
            entries.c.seller,
            func.sum(bought).label("creates"),
            func.coalesce(func.sum(entries.c.amount), 0).label("spent"),
            func.coalesce(func.sum(refund), 0).label("refunded"),
        )
        .where(entries.c.kind.in_(COUNTED))
        .group_by(group, entries.c.seller)
    )
    if since is not None:
        query = query.where(entries.c.at >= since)
    rows = [
        CostRow(str(r.what), r.seller, int(r.creates), r.spent or ZERO, r.refunded or ZERO) for r in ledger.ask(query)
    ]
    if by == "month":
        return sorted(rows, key=lambda row: (row.group, row.seller))
    return sorted(rows, key=lambda row: (-row.spent, row.group, row.seller))


def _group(by: Group, dialect: str) -> ColumnElement[str]:
    if by == "scene":
        return entries.c.production + " / " + entries.c.scene
    if by == "month":
        if dialect == "sqlite":
            return func.substr(entries.c.at, 1, 7)  # as SQLite keeps a time: 2026-11-22 10:00:00
        return func.to_char(func.timezone("UTC", entries.c.at), "YYYY-MM")
    return entries.c[by]
