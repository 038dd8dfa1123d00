"""The ledger: the single source of truth about money. Append-only entries, one row per order, on SQLite or
PostgreSQL."""

from studio.ledger.books import Ledger, Reservation, open_ledger
from studio.ledger.clock import utc_now
from studio.ledger.costs import CostRow, costs, suspense
from studio.ledger.values import Cap, Doubt, Entry, Intent, Limits, OrderRow, OrderState, kind_of

__all__ = [
    "Cap",
    "CostRow",
    "Doubt",
    "Entry",
    "Intent",
    "Ledger",
    "Limits",
    "OrderRow",
    "OrderState",
    "Reservation",
    "costs",
    "kind_of",
    "open_ledger",
    "suspense",
    "utc_now",
]
