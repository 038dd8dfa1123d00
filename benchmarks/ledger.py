"""How quick the books are over months of work: reservations, and costs over 100,000 orders.

python benchmarks/ledger.py [--orders 100000] [--url URL]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, insert

from studio.ledger import Cap, Intent, costs, open_ledger
from studio.ledger.schema import entries, orders


def fill(url: str, count: int) -> None:
    """Months of orders, written in bulk past the door."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    models = ("ray-2", "ray-flash-2")
    for first in range(0, count, 5000):
        numbers = range(first, min(first + 5000, count))
        common = [
            {
                "production": f"film-{n % 200}", "scene": f"scene-{n % 40}", "seller": "luma", "run": f"run-{n // 12}",
                "model": models[n % 2], "price_table": "t", "attempt": 1, "generation_id": f"g-{n}",
            }
            for n in numbers
        ]  # fmt: skip
        rows = [
            row
            | {
                "key": f"{n:064}", "family": f"{n:064}", "account": "luma-1", "pool": "ray", "endpoint": "video",
                "shot": row["scene"], "take": 1, "request": {}, "sent": {}, "state": "completed",
                "price": Decimal("0.71"), "reserved_at": start + timedelta(minutes=n),
            }
            for n, row in zip(numbers, common, strict=True)
        ]  # fmt: skip
        lines = [
            row | {"order": f"{n:064}", "at": start + timedelta(minutes=n), "kind": kind, "amount": amount}
            for n, row in zip(numbers, common, strict=True)
            for kind, amount in (("reserved", Decimal("0.71")), ("submitted", Decimal(0)), ("completed", Decimal(0)))
        ]
        with engine.begin() as connection:
            connection.execute(insert(orders), rows)
            connection.execute(insert(entries), lines)
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--url", help="an empty database; default: a SQLite file of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="books-") as folder:
        url = options.url or f"sqlite:///{folder}/ledger.db"
        open_ledger(url).close()
        fill(url, options.orders)
        ledger = open_ledger(url)
        table = Table(title=f"{options.orders} orders", title_justify="left")
        table.add_column("")
        table.add_column("median", justify="right")
        for by in ("production", "scene", "model", "month"):
            table.add_row(f"costs by {by}", f"{measure(lambda by=by: costs(ledger, by=by), 5):.3f} s")
        since = datetime(2026, 2, 1, tzinfo=UTC)
        table.add_row("costs since a day", f"{measure(lambda: costs(ledger, since=since), 5):.3f} s")
        table.add_row("reservation under three caps", f"{measure(buyer(ledger), 200) * 1000:.1f} ms")
        Console(width=80).print(table)
        ledger.close()


def buyer(ledger: object) -> object:
    """A call that reserves one more order each time."""
    numbers = iter(range(10**6))
    scopes = (("run", "r"), ("production", "film-1"), ("month", "2026-11"))
    caps = [Cap(scope, name, Decimal(10**6)) for scope, name in scopes]

    def buy() -> None:
        key = f"new{next(numbers):061}"
        intent = Intent(key, key, "luma", "luma-1", "video", "ray-2", "film-1", "s", "s", 1, {}, Decimal("0.71"), "t")
        ledger.reserve(intent, run="r", caps=caps)

    return buy


def measure(call: object, times: int) -> float:
    """Median seconds of a call."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
