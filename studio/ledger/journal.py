"""Writing to the journal: one transaction per change, every line dated and assigned to the attempt it belongs to."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Row, bindparam, func, insert, select, update

from studio.failures import FailureClass
from studio.ledger.clock import Clock
from studio.ledger.engine import ledger_errors
from studio.ledger.queries import GIVEN, OF_PROVIDER, Reader, journal_of
from studio.ledger.schema import entries, meta, orders
from studio.ledger.upsert import insert_into
from studio.ledger.values import Doubt, EntryKind, OrderRow, OrderState
from studio.money import ZERO

ENDED = (OrderState.COMPLETED, OrderState.FAILED, OrderState.RELEASED, OrderState.GONE)
# Built once, since every purchase runs them.
_HOLDS = select(orders.c.key).where(
    orders.c.realm == bindparam("of_realm"), orders.c.generation_id == bindparam("wanted"), OF_PROVIDER
)
_HELD = (
    select(entries.c.order)
    .join(orders, orders.c.key == entries.c.order)
    .where(entries.c.realm == bindparam("of_realm"), entries.c.generation_id == bindparam("wanted"), OF_PROVIDER)
    .group_by(entries.c.order)
    .having(func.sum(GIVEN) > 0)
    .limit(1)
)
_OF_ATTEMPT = (entries.c.order == bindparam("of_order"), entries.c.attempt == bindparam("number"))
_SUSPENSE = select(func.coalesce(func.sum(entries.c.suspense), 0)).where(*_OF_ATTEMPT)
_RESERVED = select(entries).where(*_OF_ATTEMPT, entries.c.kind == "reserved").order_by(entries.c.id.desc()).limit(1)


class Journal(Reader):
    """The writable base of a ledger. What may be written is in ``Ledger`` and ``by_hand``."""

    def __init__(self, engine: Engine, *, clock: Clock | None = None) -> None:
        super().__init__(engine, clock=clock)
        self._writer = engine.execution_options(write=True)
        # SQLite has one writer at a time, and makes the others sleep: within this process they wait in line instead.
        self._line: AbstractContextManager[object] = (
            threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )
        self.id = self._identify()

    @property
    def token_prefix(self) -> str:
        """The beginning of every token that this ledger makes, and no other one."""
        return f"{self.id[:8]}."

    def write(self, statement: Insert) -> None:
        """Execute one statement in a transaction of its own."""
        with self.writing() as connection:
            connection.execute(statement)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes. Raises LedgerError."""
        with self._line, ledger_errors(self._name), self._writer.begin() as connection:
            yield connection

    def admit_one_at_a_time(self, connection: Connection) -> None:
        """Keep all other transactions from admitting a purchase, or assigning a generation to an order, until this
        one ends."""
        # On SQLite the transaction locks the whole file. On PostgreSQL this row serialises the sums that caps need.
        if connection.dialect.name != "sqlite":
            connection.execute(select(meta.c.value).where(meta.c.name == "door").with_for_update())

    def owner(self, connection: Connection, realm: str, provider: str, generation_id: str) -> str | None:
        """The key of the order that has a provider's generation, or had it in an earlier attempt."""
        given = {"of_realm": realm, "of_provider": provider, "wanted": generation_id}
        return connection.scalar(_HOLDS, given) or connection.scalar(_HELD, given)

    def in_suspense(self, connection: Connection, key: str, attempt: int) -> Decimal:
        """USD of an attempt that every cap still counts, because it may have been spent."""
        return Decimal(connection.scalar(_SUSPENSE, {"of_order": key, "number": attempt}) or 0)

    def move(
        self,
        connection: Connection,
        row: OrderRow,
        state: OrderState,
        kind: EntryKind,
        *,
        amount: Decimal = ZERO,
        suspense: Decimal = ZERO,
        generation_id: str | None = None,
        note: str | None = None,
        reason: str | None = None,
        failure: FailureClass | None = None,
        absences: int | None = None,
        doubt: Doubt | None = None,
        request_id: str | None = None,
        by_hand: bool = False,
    ) -> None:
        """Move an order into another state, and write the reason."""
        now = self.moment(connection)
        values: dict[str, Any] = {
            "state": state.value, "holder": None, "lease_until": None, "reason": reason,
            "failure": failure.value if failure else None,
        }  # fmt: skip
        if generation_id is not None:
            values |= {"generation_id": generation_id, "submitted_at": now}
        if state in ENDED:
            values["finished_at"] = now
        if state is OrderState.IN_DOUBT:
            values |= {"doubted_at": now, "generation_id": None, "submitted_at": None}
            values["doubt"] = doubt.value if doubt is not None else None
        if absences is not None:
            values["absences"] = absences
        if request_id is not None:
            values["request_id"] = request_id
        connection.execute(update(orders).where(orders.c.key == row.key).values(**values))
        self.note(
            connection, row, kind, amount=amount, suspense=suspense, generation_id=generation_id or row.generation_id,
            text=note, by_hand=by_hand, now=now, request_id=request_id,
        )  # fmt: skip

    def note(
        self,
        connection: Connection,
        row: OrderRow,
        kind: EntryKind,
        *,
        amount: Decimal = ZERO,
        suspense: Decimal = ZERO,
        attempt: int | None = None,
        generation_id: str | None = None,
        text: str | None = None,
        by_hand: bool = False,
        now: datetime | None = None,
        request_id: str | None = None,
    ) -> None:
        """Write one line. A refund counts where its attempt's price did: in the same run, film and month."""
        at = now or self.moment(connection)
        number = row.attempt if attempt is None else attempt
        begun = None if kind == "reserved" else self.reserved(connection, row.key, number)
        values = {
            "order": row.key,
            "attempt": number,
            "at": at,
            "kind": kind,
            "amount": amount,
            "suspense": suspense,
            "counted_at": begun.counted_at if begun is not None else at,
            "run": begun.run if begun is not None else row.run,
            "production": begun.production if begun is not None else row.production,
            "film": begun.film if begun is not None else row.film,
            "scene": row.scene,
            "realm": row.realm,
            "model": row.model,
            "price_table": begun.price_table if begun is not None else row.price_table,
            "generation_id": generation_id,
            "note": text,
            "by_hand": by_hand,
            "request_id": request_id,
        }
        connection.execute(insert(entries).values(values))

    def reserved(self, connection: Connection, key: str, attempt: int) -> Row[Any] | None:
        """The line that began an attempt."""
        return connection.execute(_RESERVED, {"of_order": key, "number": attempt}).first()

    def bought_in(self, connection: Connection, row: OrderRow) -> tuple[int, Decimal]:
        """The attempt that an order's generation was bought in, which may be an earlier one, and its price in USD."""
        lines = connection.execute(journal_of(row.key)).all()
        attempt = next((line.attempt for line in lines if line.generation_id == row.generation_id), row.attempt)
        if attempt == row.attempt:
            return attempt, row.price
        return attempt, sum((line.amount for line in lines if line.attempt == attempt), ZERO)

    def _identify(self) -> str:
        with self.writing() as connection:
            for name, value in (("id", uuid.uuid4().hex), ("door", "one at a time")):
                connection.execute(
                    insert_into(connection, meta).values(name=name, value=value).on_conflict_do_nothing()
                )
            return str(connection.scalar(select(meta.c.value).where(meta.c.name == "id")))
