"""Years of orders for the benchmark ``ledger.py``, written by the database itself.

A day has 1,000 films of 12 shots; the last order is of now. Of 1,000 orders 982 are completed (two of them a second
take), 12 failed and were refunded, 5 were released unsent, and 1 is gone at the service; one of a million is in doubt,
and one was released because a list did not show it. Keys are digests, in no order, as those of real orders are.

What a purchase leaves in other tables is there as well: its three entries, its sighting on the account's list, its file
in ``fetched`` and its line in ``filed``; and a row in ``runs`` for each film.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

SHOTS, FILMS = 12, 1000  # of a film; of a day
A_DAY = SHOTS * FILMS
SECOND = 86400 / A_DAY  # between two orders
AT_ONCE = 500_000  # orders of one transaction
LATE = {"{at}": 0, "{soon}": 1, "{later}": 90}  # seconds after an order: itself, its answer, its end
Columns = dict[str, str]

# Expressions of the number n of an order and the digest of it. What is in braces differs by database or by ledger.
FILM, RUN, SCENE = "'film-' || (n / 12 % {films})", "'run-' || (n / 12)", "'scene-' || (n % 12)"
MODEL = "CASE WHEN n % 3 = 0 THEN 'ray-2' ELSE 'ray-flash-2' END"
PRICE = "CASE WHEN n % 3 = 0 THEN 710000 ELSE 240000 END"
ACCOUNT = "CASE n / 12 % 3 WHEN 0 THEN '{account}' WHEN 1 THEN 'second' ELSE 'third' END"
FAILED, UNSENT, GONE, DOUBTED = "n % 1000 < 12", "n % 1000 BETWEEN 12 AND 16", "n % 1000 = 17", "n % 1000000 = 500"
ABSENT = "n % 1000000 = 10012"  # one of the unsent: perhaps it was sent
GENERATION = f"CASE WHEN {UNSENT} OR {DOUBTED} THEN NULL ELSE 'gen-' || n END"
CLIP = "substr(digest, 17) || substr(digest, 1, 16)"
MARK = "'0a1b2c3d.' || substr(digest, 1, 40) || '.1'"
PROMPT = f"{FILM} || ', ' || {SCENE} || ': a woman walks along a harbour wall at dawn, slow waves, a lighthouse behind'"
REQUEST = (
    f"""('{{"model": "' || {MODEL} || '", "prompt": "' || n || ': ' || {PROMPT} || '", """
    """"aspect_ratio": "16:9", "resolution": "720p", "duration": "5s"}'){json}"""
)
ENDED = f"CASE WHEN {FAILED} THEN 'failed' WHEN {UNSENT} THEN 'released' WHEN {GONE} THEN 'gone' "
SHARED = {
    "run": RUN, "production": FILM, "film": FILM, "scene": SCENE, "seller": "'{realm}'", "model": MODEL, "attempt": "1",
    "price_table": "'luma (2026-10-01)'",
}  # fmt: skip
ORDERS = SHARED | {
    "key": "digest", "family": "substr(digest, 33) || substr(digest, 1, 32)", "account": ACCOUNT, "pool": "'ray'",
    "endpoint": "'video'", "shot": SCENE, "take": "CASE WHEN n % 1000 IN (18, 19) THEN 2 ELSE 1 END",
    "request": REQUEST, "sent": REQUEST, "state": f"{ENDED} WHEN {DOUBTED} THEN 'in doubt' ELSE 'completed' END",
    "price": PRICE, "generation_id": GENERATION, "reserved_at": "{at}", "submitted_at": "{soon}",
    "finished_at": f"CASE WHEN {DOUBTED} THEN NULL ELSE {{later}} END",
    "clip": f"CASE WHEN n % 1000 < 18 OR {DOUBTED} THEN NULL ELSE {CLIP} END", "token": MARK, "request_id": MARK,
    "absences": f"CASE WHEN {ABSENT} THEN 1 ELSE 0 END", "provider": "'dream-machine'",
}  # fmt: skip
ENTRY = SHARED | {
    '"order"': "digest", "counted_at": "{at}", "by_hand": "{false}", "suspense": "0", "generation_id": GENERATION,
}  # fmt: skip
RESERVED = ENTRY | {
    "id": "n * 3 + 1", "at": "{at}", "kind": "'reserved'", "amount": PRICE, "request_id": MARK, "generation_id": "NULL",
}  # fmt: skip
ANSWERED = ENTRY | {
    "id": "n * 3 + 2", "at": "{soon}", "amount": "0",
    "kind": f"CASE WHEN {UNSENT} OR {DOUBTED} THEN 'in doubt' ELSE 'submitted' END",
}  # fmt: skip
DONE = ENTRY | {
    "id": "n * 3 + 3", "at": "{later}", "amount": f"CASE WHEN n % 1000 < 17 THEN -({PRICE}) ELSE 0 END",
    "kind": f"CASE WHEN {ABSENT} THEN 'absent' ELSE {ENDED} ELSE 'completed' END END",
    "suspense": f"CASE WHEN {ABSENT} THEN {PRICE} ELSE 0 END",
}  # fmt: skip
SIGHTING = {
    "account": ACCOUNT, "generation_id": GENERATION, "late": "0", "unfinished": "{true}", "at": "{soon}",
}  # fmt: skip
FETCHED = {
    "seller": "'{realm}'", "provider": "'dream-machine'", "generation_id": GENERATION, "part": "''", "sha256": CLIP,
    "bytes": "1040000", "at": "{later}",
}  # fmt: skip
FILED = {"entry": "n * 3 + 1", "run": RUN, "at": "{later}", "written": "{true}"}
RUNS = {
    "id": RUN, "production": FILM, "seller": "'{realm}'", "started_at": "{at}", "finished_at": "{later}",
    "outcome": "'film'",
}  # fmt: skip
ROWS: tuple[tuple[str, Columns, str], ...] = (  # the table, its columns, and the orders that have such a row
    ("orders", ORDERS, "TRUE"),
    ("entries", RESERVED, "TRUE"),
    ("entries", ANSWERED, "TRUE"),
    ("entries", DONE, f"NOT ({DOUBTED})"),
    ("sightings", SIGHTING, f"NOT ({UNSENT} OR {DOUBTED})"),
    ("fetched", FETCHED, f"NOT (n % 1000 < 18 OR {DOUBTED})"),
    ("filed", FILED, "TRUE"),
    ("filed", FILED | {"entry": "n * 3 + 3"}, "n % 1000 < 17"),
    ("runs", RUNS, "n % 12 = 0"),
)


def fill(
    url: str, count: int, *, realm: str = "luma", account: str = "first", films: int = 10**9,
    told: Callable[[int], None] = lambda done: None,
) -> None:  # fmt: skip
    """Fill an empty ledger with so many orders, and tell how many are written.

    ``account``: the one of a third of the films; ``films``: how many there are, each of which is made again and again.
    """
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    lite = make_url(url).get_backend_name() == "sqlite"
    began = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=count * SECOND)
    if lite:
        event.listen(engine, "connect", _functions(began))
    parts = {"{realm}": realm, "{account}": account, "{films}": str(films)} | _own(lite, began)
    indexes = [] if lite else _drop_indexes(engine)
    for first in range(0, count, AT_ONCE):
        end = min(first + AT_ONCE, count)
        with engine.begin() as connection:
            for statement in (*_numbers(lite, first, end), *(_insert(*row, parts) for row in ROWS)):
                connection.exec_driver_sql(statement if lite else statement.replace("%", "%%"))
        told(end)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in indexes:
            connection.exec_driver_sql(statement)
        if not lite:
            connection.exec_driver_sql(f"SELECT setval('entries_id_seq', {count * 3 + 3})")
        connection.exec_driver_sql("ANALYZE" if lite else "VACUUM ANALYZE")
    engine.dispose()


def _own(lite: bool, began: datetime) -> dict[str, str]:
    """The words of one database for what both have, and its time of an order."""
    if lite:
        times = {name: f"moment(n, {late})" for name, late in LATE.items()}
        return times | {"{json}": "", "{true}": "1", "{false}": "0"}
    start = f"timestamptz '{began.isoformat()}+00'"
    times = {name: f"({start} + (n * {SECOND} + {late}) * interval '1 second')" for name, late in LATE.items()}
    return times | {"{json}": "::json", "{true}": "true", "{false}": "false"}


def _insert(table: str, columns: Columns, where: str, parts: dict[str, str]) -> str:
    text = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM numbers WHERE {where}"
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def _numbers(lite: bool, first: int, end: int) -> Iterator[str]:
    """Statements that make the table of these orders' numbers and digests."""
    if lite:
        yield "CREATE TEMP TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY, digest TEXT)"
        yield "DELETE FROM numbers"
        each = f"WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {end}) "
        yield f"{each} INSERT INTO numbers SELECT n, digest(n) FROM s"
        return
    yield "SET LOCAL synchronous_commit = off"
    yield "SET LOCAL session_replication_role = replica"  # orders of entries are there, and need not be looked up
    yield (
        "CREATE TEMP TABLE numbers ON COMMIT DROP AS SELECT n, encode(sha256(n::text::bytea), 'hex') AS digest "
        f"FROM generate_series({first}::bigint, {end - 1}::bigint) AS s(n)"
    )


def _functions(began: datetime) -> Callable[[Any, Any], None]:
    """SQLite's functions for a digest, and for the time of an order in the form in which the ledger stores it."""

    def moment(n: int, late: int) -> str:
        return (began + timedelta(seconds=n * SECOND + late)).isoformat(" ", "microseconds")

    def add(connection: Any, _record: Any) -> None:
        connection.create_function("digest", 1, lambda n: hashlib.sha256(str(n).encode()).hexdigest())
        connection.create_function("moment", 2, moment)

    return add


def _drop_indexes(engine: Engine) -> list[str]:
    """Drop the indexes that are no keys, and return the statements that make them again: much faster at the end."""
    query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE '%%UNIQUE%%'"
    with engine.begin() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
        for name, _ in found:
            connection.exec_driver_sql(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]
