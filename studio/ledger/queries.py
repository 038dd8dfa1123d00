"""Reading from the ledger. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, String, bindparam, case, func, or_, select

from studio.addresses import ledger_name
from studio.errors import LedgerError
from studio.failures import FailureClass
from studio.ledger import admission
from studio.ledger.clock import Clock, database_now, utc_now
from studio.ledger.engine import ledger_errors
from studio.ledger.schema import UNSURE, entries, orders
from studio.ledger.values import Cap, Doubt, Entry, OrderRow, OrderState, kind_of, pool_names
from studio.money import ZERO

Scope = Literal["run", "batch", "production", "month"]


class Reader:
    """The readable base of a ledger. ``clock`` replaces the database's own, in tests."""

    def __init__(self, engine: Engine, *, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._name = ledger_name(engine.url)

    def close(self) -> None:
        self._engine.dispose()

    def now(self) -> datetime:
        """The time by the ledger's clock, aware UTC, which all hosts that share the ledger use."""
        with self._reading() as connection:
            return self.moment(connection)

    def clock_difference(self, host: Clock = utc_now) -> timedelta:
        """The lead of this host's clock over the ledger's (behind it: negative)."""
        if self._clock is None and self.dialect == "sqlite":
            return timedelta(0)
        before = host()
        now = self.now()
        return before + (host() - before) / 2 - now

    def order(self, key: str) -> OrderRow | None:
        """The order, or None."""
        with self._reading() as connection:
            return read_order(connection, key)

    def orders(self, keys: Iterable[str]) -> dict[str, OrderRow]:
        """The orders among these keys that are in the ledger."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, OrderRow] = {}
        with self._reading() as connection:
            for start in range(0, len(wanted), 500):
                chunk = wanted[start : start + 500]
                for row in connection.execute(select(orders).where(orders.c.key.in_(chunk))):
                    found[row.key] = as_order(row)
        return found

    def find_orders(self, prefix: str) -> list[OrderRow]:
        """Orders whose key begins with ``prefix`` (people type the first characters of a key)."""
        with self._reading() as connection:
            rows = connection.execute(select(orders).where(orders.c.key.startswith(prefix, autoescape=True)).limit(20))
            return [as_order(row) for row in rows]

    def open_orders(self, *states: OrderState) -> list[OrderRow]:
        """Orders in one of ``states``, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(_IN_STATES, {"states": [state.value for state in states]})
            return [as_order(row) for row in rows]

    def made_for(
        self, productions: Collection[str], realm: str, shots: Collection[str], *,
        states: Collection[OrderState] = (OrderState.COMPLETED,),
    ) -> list[OrderRow]:  # fmt: skip
        """Orders for the shots of productions, by their slugs, newest first: completed ones, or those in one of
        ``states``."""
        found: list[OrderRow] = []
        wanted = list(shots)
        for start in range(0, len(wanted), 500):
            query = select(orders).where(
                orders.c.production.in_(sorted(productions)),
                orders.c.realm == realm,
                orders.c.shot.in_(wanted[start : start + 500]),
                orders.c.state.in_([state.value for state in states]),
            )
            found += [as_order(row) for row in self.ask(query.order_by(orders.c.reserved_at.desc()))]
        return found

    def unfetched(self, realm: str) -> list[OrderRow]:
        """Completed orders of a realm whose clip has not been fetched."""
        query = select(orders).where(
            orders.c.realm == realm, orders.c.state == OrderState.COMPLETED.value, orders.c.clip.is_(None)
        )
        return [as_order(row) for row in self.ask(query)]

    def has_orders(self, realm: str) -> bool:
        """True if anything was ever ordered in a realm."""
        return bool(self.ask(select(orders.c.key).where(orders.c.realm == realm).limit(1)))

    def known(self, account: str, *, since: datetime | None = None, most: int = 1000) -> list[OrderRow]:
        """Orders of an account whose generation is known and at the service, the latest first."""
        with self._reading() as connection:
            given = {"of_account": account, "since": since or LONG_AGO, "most": most}
            return [as_order(row) for row in connection.execute(_KNOWN, given)]

    def failed_attempts(self, account: str, since: datetime) -> list[OrderRow]:
        """Failed earlier attempts that were accepted since then, each as its order was at the time, the latest
        first."""
        failed = (
            select(orders, entries.c.attempt.label("failed_in"))
            .join_from(entries, orders, orders.c.key == entries.c.order)
            .where(
                orders.c.account == account, entries.c.kind == "failed", entries.c.at >= since,
                entries.c.attempt < orders.c.attempt,
            )
        )  # fmt: skip
        found = []
        for line in self.ask(failed):
            values = {name: value for name, value in by_field(line).items() if name != "failed_in"}
            row, journal = as_order(values), self.entries(values["key"])
            accepted = next((e for e in journal if e.attempt == line.failed_in and e.kind in GIVEN_BY), None)
            if accepted is None or accepted.generation_id is None or accepted.at < since:
                continue
            attempt = self._in_attempt(row, line.failed_in, journal)
            found.append(
                replace(
                    attempt, state=OrderState.FAILED, submitted_at=accepted.at, generation_id=accepted.generation_id
                )
            )
        return sorted(found, key=lambda row: row.submitted_at or row.reserved_at, reverse=True)

    def suspended(self, realm: str) -> list[OrderRow]:
        """Orders with an attempt that was released because the list did not show it, until that is certain."""
        owing = (
            select(entries.c.order)
            .where(entries.c.realm == realm, UNSURE)
            .group_by(entries.c.order)
            .having(func.sum(entries.c.suspense) > 0)
        )
        return [as_order(row) for row in self.ask(select(orders).where(orders.c.key.in_(owing)))]

    def suspended_attempts(self, row: OrderRow) -> list[OrderRow]:
        """An order's attempts that every cap still counts because they may have been accepted, each as the order was
        then."""
        found: dict[int, Decimal] = {}
        journal = self.entries(row.key)
        for entry in journal:
            found[entry.attempt] = found.get(entry.attempt, ZERO) + entry.suspense
        return [self._in_attempt(row, number, journal) for number, left in found.items() if left > 0]

    def _in_attempt(self, row: OrderRow, number: int, journal: list[Entry]) -> OrderRow:
        lines = [entry for entry in journal if entry.attempt == number]
        began = next((e.at for e in lines if e.kind == "reserved"), row.reserved_at)
        doubted = next((e.at for e in reversed(lines) if e.kind == "in doubt"), began)
        token = f"{row.token.rpartition('.')[0]}.{number}"
        named = next((e.request_id for e in reversed(lines) if e.request_id), None)
        return replace(
            row, attempt=number, token=token, reserved_at=began, doubted_at=doubted,
            request_id=named, generation_id=None, state=row.state if number == row.attempt else OrderState.RELEASED,
        )  # fmt: skip

    def slot_holders(self, account: str, pool: str) -> dict[str, int]:
        """The number of slots of an account's pool that each production holds."""
        query = (
            select(orders.c.production, func.count())
            .where(orders.c.account == account, orders.c.pool.in_(pool_names(pool)), orders.c.state.in_(admission.OPEN))
            .group_by(orders.c.production)
        )
        return dict(map(tuple, self.ask(query)))

    def last_change(self, account: str, pool: str, *, since: datetime) -> datetime | None:
        """The time since a moment at which an order of an account's pool was last reserved, accepted or ended."""
        query = (
            select(entries.c.at)
            .join(orders, orders.c.key == entries.c.order)
            .where(
                orders.c.account == account, orders.c.pool.in_(pool_names(pool)), entries.c.kind.in_(MOVED),
                entries.c.at >= since,
            )
            .order_by(entries.c.at.desc())
            .limit(1)
        )  # fmt: skip
        return next((row.at for row in self.ask(query)), None)

    def is_empty(self) -> bool:
        """True if this ledger has no order."""
        return not self.ask(select(orders.c.key).limit(1))

    def entries(self, key: str) -> list[Entry]:
        """The journal of one order, oldest first."""
        with self._reading() as connection:
            return [as_entry(row) for row in connection.execute(journal_of(key))]

    def claimed(self, realm: str, generation_ids: Iterable[str], *, provider: str = "") -> set[str]:
        """The generations of a provider (empty: of any), among these, that belong to an order, or did in an earlier
        attempt."""
        wanted, found = list(generation_ids), set[str]()
        with self._reading() as connection:
            for start in range(0, len(wanted), 500):
                chunk = wanted[start : start + 500]
                given = {"of_realm": realm, "of_provider": provider, "wanted": chunk}
                found |= set(connection.scalars(_OWNED, given))
        return found

    def holders(self, realm: str, generation_ids: Iterable[str]) -> dict[str, OrderRow]:
        """The order that has each generation now."""
        wanted, found = list(generation_ids), dict[str, OrderRow]()
        for start in range(0, len(wanted), 500):
            query = select(orders).where(
                orders.c.realm == realm, orders.c.generation_id.in_(wanted[start : start + 500])
            )
            found |= {row.generation_id: as_order(row) for row in self.ask(query)}
        return found

    def latest_take(self, family: str) -> OrderRow | None:
        """The order of the highest take of a shot; None where none was ordered."""
        query = select(orders).where(orders.c.family == family).order_by(orders.c.take.desc()).limit(1)
        rows = self.ask(query)
        return as_order(rows[0]) if rows else None

    def retaken(self, productions: Collection[str], realm: str) -> frozenset[str]:
        """The shots, by their ids, of which another take than the first was ordered for these productions in a
        realm."""
        those = orders.c.production.in_(productions), orders.c.realm == realm, orders.c.take > 1
        query = select(orders.c.shot).where(*those).distinct()
        return frozenset(str(row.shot) for row in self.ask(query))

    def spent(self, scope: Scope, scope_id: str, *, realm: str, others: tuple[str, ...] = ()) -> Decimal:
        """USD that count against a cap of a scope (as in ``Cap``): spent, reserved, or perhaps spent."""
        with self._reading() as connection:
            return admission.spent(connection, Cap(scope, scope_id, others=others), realm, self.moment(connection))

    def creates(self, scope: Scope, scope_id: str, *, realm: str, others: tuple[str, ...] = ()) -> int:
        """The number of creates within a scope that were sent, or may have been."""
        with self._reading() as connection:
            return admission.creates(connection, Cap(scope, scope_id, others=others), realm, self.moment(connection))

    def durations(self, realm: str, *, kept: int = 500) -> dict[str, list[float]]:
        """Seconds that the latest completed generations took, by kind (``model resolution duration``)."""
        query = (
            select(orders.c.request, orders.c.submitted_at, orders.c.finished_at)
            .where(orders.c.realm == realm, orders.c.state == OrderState.COMPLETED.value)
            .order_by(orders.c.finished_at.desc())
            .limit(kept)
        )
        found: dict[str, list[float]] = {}
        for row in self.ask(query):
            if row.submitted_at is not None and row.finished_at is not None:
                took = (row.finished_at - row.submitted_at).total_seconds()
                found.setdefault(kind_of(row.request), []).append(took)
        return found

    def run_costs(self, run: str) -> dict[str, tuple[Decimal, Decimal]]:
        """Money of one run by order, in USD: spent (less refunds), and refunded."""
        with self._reading() as connection:
            rows = connection.execute(
                select(entries.c.order, entries.c.kind, entries.c.amount).where(entries.c.run == run)
            )
            costs: dict[str, tuple[Decimal, Decimal]] = {}
            for key, kind, amount in rows:
                spent, refunded = costs.get(key, (ZERO, ZERO))
                costs[key] = (spent + amount, refunded - amount if kind == "failed" else refunded)
            return costs

    @property
    def file(self) -> Path | None:
        """The file of a ledger on SQLite; None where it is a server's."""
        database = self._engine.url.database
        return Path(database) if self.dialect == "sqlite" and database else None

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    def ask(self, query: Select[Any]) -> list[Row[Any]]:
        """The rows of a read-only query."""
        with self._reading() as connection:
            return list(connection.execute(query))

    def moment(self, connection: Connection) -> datetime:
        """The time by the ledger's clock, within a transaction."""
        return self._clock() if self._clock is not None else database_now(connection)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with ledger_errors(self._name), self._engine.begin() as connection:
            yield connection


# Built once, since they run most often.
_ORDER = select(orders).where(orders.c.key == bindparam("order_key"))
_ORDER_LOCKED = _ORDER.with_for_update()
_IN_STATES = (
    select(orders).where(orders.c.state.in_(bindparam("states", expanding=True))).order_by(orders.c.reserved_at)
)
_KNOWN = (
    select(orders)
    .where(
        orders.c.account == bindparam("of_account"),
        orders.c.generation_id.is_not(None),
        orders.c.submitted_at >= bindparam("since"),
        orders.c.state.in_([s.value for s in (OrderState.SUBMITTED, OrderState.COMPLETED, OrderState.FAILED)]),
    )
    .order_by(orders.c.submitted_at.desc())
    .limit(bindparam("most"))
)
GIVEN_BY = ("submitted", "adopted")
MOVED = ("reserved", *GIVEN_BY, "completed", "failed", "released", "absent", "gone")
GIVEN = case((entries.c.kind.in_(GIVEN_BY), 1), (entries.c.kind == "undone", -1), else_=0)
#: A generation's id is its service's own. Where no provider is known, as of earlier orders, the id alone is compared.
_PROVIDER = bindparam("of_provider", type_=String)
OF_PROVIDER = or_(orders.c.provider == "", orders.c.provider == _PROVIDER, _PROVIDER == "")
_OWNED = (
    select(entries.c.generation_id)
    .join(orders, orders.c.key == entries.c.order)
    .where(
        entries.c.realm == bindparam("of_realm"),
        entries.c.generation_id.in_(bindparam("wanted", expanding=True)),
        OF_PROVIDER,
    )
    .group_by(entries.c.generation_id)
    .having(func.sum(GIVEN) > 0)
)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def read_order(connection: Connection, key: str, *, lock: bool = False) -> OrderRow | None:
    row = connection.execute(_ORDER_LOCKED if lock else _ORDER, {"order_key": key}).first()
    return as_order(row) if row else None


def known_order(connection: Connection, key: str, *, lock: bool = False) -> OrderRow:
    row = read_order(connection, key, lock=lock)
    if row is None:
        raise LedgerError(f"the ledger has no order {key[:12]}")
    return row


def by_field(row: Row[Any]) -> dict[str, Any]:
    """A row's values by the names of fields: the column ``seller`` has had its name since the first version."""
    return {"realm" if name == "seller" else name: value for name, value in row._mapping.items()}


def as_order(row: Row[Any] | Mapping[str, Any]) -> OrderRow:
    values = dict(row) if isinstance(row, Mapping) else by_field(row)
    values["state"] = OrderState(values["state"])
    values["failure"] = FailureClass(values["failure"]) if values["failure"] else None
    values["doubt"] = Doubt(values["doubt"]) if values["doubt"] else None
    return OrderRow(**values)


def as_entry(row: Row[Any]) -> Entry:
    return Entry(
        row.id, row.order, row.attempt, row.at, row.kind, row.amount, row.run, row.generation_id, row.note,
        row.suspense, row.counted_at, row.by_hand, row.request_id,
    )  # fmt: skip


def journal_of(key: str) -> Select[Any]:
    """All lines of an order, in the order in which they were written."""
    return select(entries).where(entries.c.order == key).order_by(entries.c.id)
