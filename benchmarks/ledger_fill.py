"""Years of orders for the benchmark ``ledger.py``, written by the database itself.

A day has 1,000 films of 12 shots; the last order is of today. Of 1,000 orders 980 are completed, 12 failed and were
refunded, 5 were released unsent, 2 are a new take, and 1 is gone at the service; a few in all are in doubt, or were
released because a list did not show them. Keys are digests, in no order, as those of real orders are.

What a purchase leaves in other tables is there as well: its three entries, its sighting on the account's list, its file
in ``fetched`` and its line in ``filed``; a row in ``runs`` for each film, and readings of the account's balance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from studio.ledger.schema import metadata

SHOTS, FILMS = 12, 1000  # of a film; of a day
A_DAY = SHOTS * FILMS
AT_ONCE = 500_000  # orders of one transaction
START = datetime(2000, 1, 1)
# Replaced where the two databases differ: {digest:x}, {moment}, {json:x}.
STATE = (
    "CASE WHEN n % 1000 < 12 THEN 'failed' WHEN n % 1000 < 17 THEN 'released' WHEN n % 1000 = 17 THEN 'gone' "
    "WHEN n % 1000000 = 500 THEN 'in doubt' ELSE 'completed' END"
)
PRICE = "CASE WHEN n % 3 = 0 THEN 710000 ELSE 240000 END"
MODEL = "CASE WHEN n % 3 = 0 THEN 'ray-2' ELSE 'ray-flash-2' END"
ACCOUNT = "CASE n / 12 % 3 WHEN 0 THEN '{account}' WHEN 1 THEN 'second' ELSE 'third' END"
FILM, RUN, SCENE = "'film-' || (n / 12)", "'run-' || (n / 12)", "'scene-' || (n % 12)"
GENERATION = "'gen-' || n"
REQUEST = (
    """'{"model": "' || """ + MODEL + """ || '", "prompt": "film ' || (n / 12) || ', scene ' || (n % 12) || """
    """': a woman walks along a harbour wall at dawn, slow waves, gulls, a lighthouse behind her", """
    """"aspect_ratio": "16:9", "resolution": "720p", "duration": "5s"}'"""
)  # fmt: skip
FAMILY, CLIP = "substr(digest, 33) || substr(digest, 1, 32)", "substr(digest, 17) || substr(digest, 1, 16)"
TOKEN = "'0a1b2c3d.' || substr(digest, 1, 40) || '.1'"
ORDERS = (
    "INSERT INTO orders (key, family, seller, account, pool, endpoint, model, production, scene, shot, take, request, "
    "sent, state, attempt, price, price_table, run, generation_id, reserved_at, submitted_at, finished_at, clip, film, "
    "token, absences, request_id, provider) SELECT digest, " + FAMILY + ", '{realm}', " + ACCOUNT + ", 'ray', 'video', "
    + MODEL + ", " + FILM + ", " + SCENE + ", " + SCENE + ", CASE WHEN n % 1000 IN (18, 19) THEN 2 ELSE 1 END, "
    "{json}, {json}, " + STATE + ", 1, " + PRICE + ", 'luma (2026-10-01)', " + RUN + ", "
    "CASE WHEN n % 1000 BETWEEN 12 AND 16 OR n % 1000000 = 500 THEN NULL ELSE " + GENERATION + " END, {at}, {soon}, {later}, "
    "CASE WHEN n % 1000 < 18 THEN NULL ELSE " + CLIP + " END, " + FILM + ", " + TOKEN + ", 0, " + TOKEN + ", "
    "'dream-machine' FROM numbers"
)
KINDS = (  # the number of the entry, its kind, its amount and its suspense, its time
    (1, "'reserved'", PRICE, "0", "{at}"),
    (2, "CASE WHEN n % 1000 BETWEEN 12 AND 16 THEN 'in doubt' ELSE 'submitted' END", "0", "0", "{soon}"),
    (
        3, "CASE WHEN n % 1000 < 12 THEN 'failed' WHEN n % 10000 = 12 THEN 'absent' WHEN n % 1000 < 17 THEN 'released' "
        "WHEN n % 1000 = 17 THEN 'gone' ELSE 'completed' END",
        "CASE WHEN n % 1000 < 17 THEN -(" + PRICE + ") ELSE 0 END",
        "CASE WHEN n % 1000000 = 10012 THEN " + PRICE + " ELSE 0 END", "{later}",
    ),
)  # fmt: skip


def entries_of(number: int, kind: str, amount: str, suspense: str, at: str) -> str:
    """The statement that writes one entry of each order."""
    return (
        'INSERT INTO entries (id, "order", attempt, at, kind, amount, run, production, scene, seller, model, '
        "price_table, generation_id, suspense, counted_at, by_hand, film, request_id) SELECT "
        f"n * 3 + {number}, digest, 1, {at}, {kind}, {amount}, {RUN}, {FILM}, {SCENE}, '{{realm}}', {MODEL}, "
        f"'luma (2026-10-01)', {'NULL' if number == 1 else GENERATION}, {suspense}, {{at}}, {{false}}, {FILM}, "
        f"{TOKEN if number == 1 else 'NULL'} FROM numbers"
    )


REST = (
    "INSERT INTO sightings (account, generation_id, late, unfinished, at) SELECT " + ACCOUNT + ", " + GENERATION
    + ", 0, {true}, {soon} FROM numbers WHERE n % 1000 NOT BETWEEN 12 AND 16",
    "INSERT INTO fetched (seller, provider, generation_id, part, sha256, bytes, at) SELECT '{realm}', 'dream-machine', "
    + GENERATION + ", '', " + CLIP + ", 1040000, {later} FROM numbers WHERE n % 1000 >= 18",
    "INSERT INTO filed (entry, run, at, written) SELECT n * 3 + 1, " + RUN + ", {later}, {true} FROM numbers",
    "INSERT INTO filed (entry, run, at, written) SELECT n * 3 + 3, " + RUN + ", {later}, {true} FROM numbers "
    "WHERE n % 1000 < 17",
    "INSERT INTO runs (id, production, seller, started_at, finished_at, outcome) SELECT " + RUN + ", " + FILM
    + ", '{realm}', {at}, {later}, 'film' FROM numbers WHERE n % 12 = 0",
    "INSERT INTO balances (account, at, balance, booked) SELECT " + ACCOUNT + ", {later}, 100000000, n * 240000 "
    "FROM numbers WHERE n % 12 = 0",
)  # fmt: skip


def fill(
    url: str, count: int, *, realm: str = "luma", account: str = "first", told: Callable[[int], None] = lambda done: None
) -> None:  # fmt: skip
    """Fill an empty ledger; ``told`` is called with the number of orders that are written. ``account``: the one of a
    third of the films."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    lite = make_url(url).get_backend_name() == "sqlite"
    began = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=count / A_DAY)
    if lite:
        event.listen(engine, "connect", _functions(began))
    indexes = [] if lite else _drop_indexes(engine)
    for first in range(0, count, AT_ONCE):
        with engine.begin() as connection:
            for text in _statements(connection, lite, began, first, min(first + AT_ONCE, count)):
                statement = text.replace("{realm}", realm).replace("{account}", account)
                connection.exec_driver_sql(statement if lite else statement.replace('%', '%%'))
        told(min(first + AT_ONCE, count))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in indexes:
            connection.exec_driver_sql(statement)
        if not lite:
            connection.exec_driver_sql(f"SELECT setval('entries_id_seq', {count * 3 + 3})")
        connection.exec_driver_sql("ANALYZE" if lite else "VACUUM ANALYZE")
    engine.dispose()


def _statements(connection: Connection, lite: bool, began: datetime, first: int, end: int) -> Iterator[str]:
    second = 86400 / A_DAY
    if lite:
        yield "CREATE TEMP TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY, digest TEXT)"
        yield "DELETE FROM numbers"
        yield f"WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {end}) INSERT INTO numbers SELECT n, digest(n) FROM s"  # noqa: E501
        times = {name: f"moment(n, {late})" for name, late in (("at", 0), ("soon", 1), ("later", 90))}
        kinds = {"json": REQUEST, "true": "1", "false": "0"}
    else:
        yield "SET LOCAL synchronous_commit = off"
        yield "SET LOCAL session_replication_role = replica"  # foreign keys are right by construction
        yield f"CREATE TEMP TABLE numbers ON COMMIT DROP AS SELECT n, encode(sha256(n::text::bytea), 'hex') AS digest FROM generate_series({first}::bigint, {end - 1}::bigint) AS s(n)"  # noqa: E501
        start = f"timestamptz '{began.isoformat()}+00'"
        times = {
            name: f"({start} + (n * {second} + {late}) * interval '1 second')"
            for name, late in (("at", 0), ("soon", 1), ("later", 90))
        }
        kinds = {"json": f"({REQUEST})::json", "true": "true", "false": "false"}
    for statement in (ORDERS, *(entries_of(*kind) for kind in KINDS), *REST):
        yield _with(statement, times | kinds)


def _with(statement: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        statement = statement.replace("{" + name + "}", part)
    return statement


def _functions(began: datetime) -> Callable[[Any, Any], None]:
    """SQLite's functions for a digest, and for the time of an order in the form in which the ledger stores it."""
    second = 86400 / A_DAY

    def moment(n: int, late: int) -> str:
        return (began + timedelta(seconds=n * second + late)).isoformat(" ", "microseconds")

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
