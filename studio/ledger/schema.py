"""Tables of the ledger, as SQLAlchemy Core. Migrations in ``migrations/versions`` bring a database to this form."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    literal_column,
    text,
)

from studio.money import from_micros, to_micros

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)


class Usd(TypeDecorator[Decimal]):
    """USD as whole micro-dollars: exact, and summable by the database. ``Decimal`` on the Python side."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else from_micros(int(value))


class Utc(TypeDecorator[datetime]):
    """Aware UTC on the Python side; SQLite stores no zone, so it is stored without one there."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("production", String(80), nullable=False, index=True),
    Column("seller", String(20), key="realm", nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("outcome", String(40)),
)

orders = Table(
    "orders",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("family", String(64), nullable=False, index=True),
    Column("seller", String(20), key="realm", nullable=False),
    Column("account", String(40), nullable=False),
    Column("pool", String(20), nullable=False),
    Column("endpoint", String(40), nullable=False),
    Column("model", String(40), nullable=False),
    Column("production", String(80), nullable=False, index=True),
    Column("scene", String(80), nullable=False),
    Column("shot", String(80), nullable=False),
    Column("take", Integer, nullable=False),
    Column("request", JSON, nullable=False),
    Column("sent", JSON, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("price", Usd, nullable=False),
    Column("price_table", String(120), nullable=False),
    Column("run", String(80), nullable=False),
    Column("generation_id", String(120)),
    Column("reason", Text),
    Column("holder", String(200)),
    Column("lease_until", Utc),
    Column("reserved_at", Utc, nullable=False),
    Column("submitted_at", Utc),
    Column("finished_at", Utc),
    Column("clip", String(64)),
    Column("film", String(80), nullable=False),
    Column("token", String(80), nullable=False),
    Column("failure", String(12)),
    Column("absences", Integer, nullable=False, default=0),
    Column("doubted_at", Utc),
    Column("doubt", String(12)),
    Column("request_id", String(120)),
    Column("provider", String(40), nullable=False, server_default=""),
    # One generation belongs to one order: the database itself refuses a second adoption. Its id is its service's own.
    Index("uq_orders_generation", "realm", "provider", "generation_id", unique=True),
    Index("ix_orders_account", "account", "pool", "state"),
    # The latest ones: how long generations take, and what a list of generations is held against.
    Index("ix_orders_finished", "realm", "finished_at"),
    Index("ix_orders_submitted", "account", "submitted_at"),
)
_UNFETCHED = (orders.c.state == "completed") & orders.c.clip.is_(None)
Index("ix_orders_unfetched", orders.c.realm, postgresql_where=_UNFETCHED, sqlite_where=_UNFETCHED)
# A film whose title was changed is found by its prompts. SQLite's ledgers are small enough to be read through.
Index("ix_orders_prompt", text("(request ->> 'prompt')"), postgresql_using="hash", _table=orders).ddl_if("postgresql")

# Orders that wait for a slot of an account, so that productions are admitted in turn.
waiting = Table(
    "waiting",
    metadata,
    Column("order", String(64), primary_key=True),
    Column("account", String(40), nullable=False),
    Column("pool", String(20), nullable=False),
    Column("production", String(80), nullable=False),
    Column("since", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
)

# Every reading of the account's balance, with the ledger's total for the account at that moment.
balances = Table(
    "balances",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", String(40), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("balance", Usd, nullable=False),
    Column("booked", Usd, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("order", String(64), ForeignKey("orders.key"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("amount", Usd, nullable=False),
    Column("run", String(80), nullable=False, index=True),
    Column("production", String(80), nullable=False),
    Column("scene", String(80), nullable=False),
    Column("seller", String(20), key="realm", nullable=False),
    Column("model", String(40), nullable=False),
    Column("price_table", String(120), nullable=False),
    Column("generation_id", String(120), index=True),
    Column("note", Text),
    Column("suspense", Usd, nullable=False),
    Column("counted_at", Utc, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("film", String(80), nullable=False),
    Column("request_id", String(120)),
    # The sums of caps are read from one of these indexes alone.
    Index("ix_entries_film", "film", "realm", "kind", "amount", "suspense"),
    Index("ix_entries_month", "counted_at", "realm", "kind", "amount", "suspense"),
    # All columns that sums need, so that costs over months are read from the index alone.
    Index("ix_entries_costs", "production", "realm", "scene", "model", "kind", "amount", "at"),
)
#: Entries that change a sum, a third of all, and those of money that may have been spent, very few. Literals: a partial
#: index is used where a query has its very words.
MOVES_MONEY = (entries.c.amount != literal_column("0")) | (entries.c.suspense != literal_column("0"))
UNSURE = entries.c.suspense != literal_column("0")
Index(
    "ix_entries_money", entries.c.counted_at, entries.c.realm, entries.c.amount, entries.c.suspense,
    postgresql_where=MOVES_MONEY, sqlite_where=MOVES_MONEY,
)  # fmt: skip
Index("ix_entries_unsure", entries.c.order, postgresql_where=UNSURE, sqlite_where=UNSURE)

# New takes that a command asked for: each is open until a run of that command has ended with a film.
retakes = Table(
    "retakes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("production", String(80), nullable=False),
    Column("seller", String(20), key="realm", nullable=False),
    Column("command", String(64), nullable=False),
    Column("scene", String(80), nullable=False),
    Column("take", Integer, nullable=False),
    Column("run", String(80), nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("outcome", String(20)),
    Index("ix_retakes_production", "production", "realm"),
)

# First sightings of known generations on their account's list: seconds late, and whether still being made.
sightings = Table(
    "sightings",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("generation_id", String(120), primary_key=True),
    Column("late", Float, nullable=False),
    Column("unfinished", Boolean, nullable=False),
    Column("at", Utc, nullable=False),
    Index("ix_sightings_at", "account", "at"),
)

# Creates a minute that the service allows an account, by pool of models.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("pool", String(20), primary_key=True),
    Column("per_minute", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)

# The end of each hold that the service asked for, by account, pool of models and kind of limit.
holds = Table(
    "holds",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("pool", String(20), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)

# Films that share a budget, since one was made out of the other: each with the first of them; a separated one with
# itself.
budgets = Table(
    "budgets",
    metadata,
    Column("film", String(80), primary_key=True),
    Column("seller", String(20), key="realm", primary_key=True),
    Column("first", String(80), nullable=False),
    Column("at", Utc, nullable=False),
)

# Callbacks that came for orders. They say when to poll, and nothing else is believed of them.
callbacks = Table(
    "callbacks",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("order", String(64), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("generation_id", String(120), nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# Bookings by the run in whose costs.csv they stand; ``written``: that file was written.
filed = Table(
    "filed",
    metadata,
    Column(
        "entry", BigInteger().with_variant(Integer, "sqlite"), ForeignKey("entries.id"), primary_key=True,
        autoincrement=False,
    ),
    Column("run", String(80), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("written", Boolean, nullable=False),
)  # fmt: skip
_OPEN = filed.c.written.is_(False)
Index("ix_filed_open", filed.c.at, postgresql_where=_OPEN, sqlite_where=_OPEN)

# Answers to the questions that a run asked before it went on; ``amount``: what the run may have spent by its end.
answers = Table(
    "answers",
    metadata,
    Column("run", String(80), primary_key=True),
    Column("question", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("amount", Usd, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("given", JSON, nullable=False),
    Column("at", Utc, nullable=False),
)

# The file of a generation, once some machine has fetched it, and the lease of the one that fetches it now.
fetched = Table(
    "fetched",
    metadata,
    Column("seller", String(20), key="realm", primary_key=True),
    Column("provider", String(40), primary_key=True),
    Column("generation_id", String(120), primary_key=True),
    Column("part", String(12), primary_key=True),
    Column("sha256", String(64)),
    Column("bytes", BigInteger),
    Column("holder", String(200)),
    Column("until", Utc),
    Column("at", Utc, nullable=False),
)

# Runs that share a budget, such as the rows of a table: admission sums over all runs of a batch.
batches = Table(
    "batches",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("seller", String(20), key="realm", nullable=False),
    Column("budget", Usd),
    Column("at", Utc, nullable=False),
)

batch_runs = Table(
    "batch_runs",
    metadata,
    Column("run", String(80), primary_key=True),
    Column("batch", String(80), ForeignKey("batches.id"), nullable=False, index=True),
    Column("production", String(80), nullable=False),
    Column("at", Utc, nullable=False),
)

# Work that one process at a time does, such as a film of a watched folder; until a time that its holder moves on.
claims = Table(
    "claims",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("told", String(200), nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)

# Productions of watched folders, by place and path (as digests): the content that was last seen, and what became of it.
watched = Table(
    "watched",
    metadata,
    Column("place", String(64), primary_key=True),
    Column("file", String(64), primary_key=True),
    Column("seller", String(20), key="realm", primary_key=True),
    Column("path", Text, nullable=False),
    Column("content", String(64), nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("state", String(12), nullable=False),
    Column("told", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)

# What was announced and still holds, so that no other run or process announces it again.
announced = Table(
    "announced",
    metadata,
    Column("what", String(200), primary_key=True),
    Column("at", Utc, nullable=False),
)
