"""Writing the books. Every method is one transaction; each is safe to repeat."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Insert, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from studio.errors import LedgerError
from studio.ledger import admission
from studio.ledger.engine import ledger_errors, open_engine
from studio.ledger.holder import is_dead, this_process
from studio.ledger.reading import Clock, Reader, as_order, known_order, read_order, utc_now
from studio.ledger.schema import entries, meta, orders, runs
from studio.ledger.values import Cap, EntryKind, Intent, Limits, OrderRow, OrderState
from studio.money import ZERO

# Longer than any create may take (60 s and 5 s to connect): who still holds an order after that is dead or asleep.
LEASE = timedelta(seconds=120)


@dataclass(frozen=True)
class Reservation:
    """What came of asking to buy. Only ``granted`` may be sent.

    ``standing``: bought already (submitted or completed). ``held``: another live process is sending it now.
    ``in doubt``: it may have been bought. ``full``: the account has no room now; ``why``, and ``until`` when at least.
    """

    outcome: Literal["granted", "standing", "held", "in doubt", "full"]
    row: OrderRow | None
    why: str = ""
    until: datetime | None = None

    @property
    def order(self) -> OrderRow:
        """The order as it stands; there is none yet where the account is full."""
        if self.row is None:
            raise LedgerError("a reservation without an order")
        return self.row


class Ledger(Reader):
    """The books in one database, shared by any number of threads, processes and hosts."""

    def __init__(self, engine: Engine, *, clock: Clock = utc_now) -> None:
        super().__init__(engine, clock=clock)
        self._writer = engine.execution_options(write=True)
        self.id = self._identify()

    def write(self, statement: Insert) -> None:
        """One statement, in a transaction of its own."""
        with self._writing() as connection:
            connection.execute(statement)

    def begin_run(self, run: str, *, production: str, seller: str) -> None:
        """Note that a run has begun; again is no error (a retried flow run keeps its id)."""
        values = {"id": run, "production": production, "seller": seller, "started_at": self._clock()}
        with self._writing() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(runs).values(values).on_conflict_do_nothing())

    def end_run(self, run: str, outcome: str) -> None:
        """Note how a run ended."""
        with self._writing() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(finished_at=self._clock(), outcome=outcome))

    def reserve(self, intent: Intent, *, run: str, caps: Iterable[Cap], limits: Limits | None = None) -> Reservation:
        """Commit the intent to buy, if nobody holds the order and every cap has room: the only way to spend.

        Raises OverBudget, with nothing written.
        """
        now = self._clock()
        with self._writing() as connection:
            self._admit_one_at_a_time(connection)
            row = read_order(connection, intent.key)
            if row is not None:
                if row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):
                    return Reservation("standing", row)
                if row.state is OrderState.RESERVED and not self._abandoned(row, now):
                    return Reservation("held", row)
                if row.state is OrderState.RESERVED:
                    self._move(connection, row, OrderState.IN_DOUBT, "in doubt", note="its sender died", reason=None)
                    return Reservation("in doubt", known_order(connection, intent.key))
                if row.state is OrderState.IN_DOUBT:
                    return Reservation("in doubt", row)
            admission.check_caps(connection, caps, intent)
            full = admission.find_room(connection, intent, limits or Limits(), now)
            if full is not None:
                return Reservation("full", None, full.why, full.until)
            values = _intent_values(intent) | {
                "state": OrderState.RESERVED.value,
                "attempt": row.attempt + 1 if row else 1,
                "run": run,
                "generation_id": None,
                "reason": None,
                "holder": str(this_process()),
                "lease_until": now + LEASE,
                "reserved_at": now,
                "submitted_at": None,
                "finished_at": None,
                "clip": None,
            }
            if row is None:
                connection.execute(insert(orders).values(key=intent.key, **values))
            else:
                connection.execute(update(orders).where(orders.c.key == intent.key).values(**values))
            granted = known_order(connection, intent.key)
            self._write(connection, granted, "reserved", amount=intent.price)
            return Reservation("granted", granted)

    def submitted(self, key: str, attempt: int, generation_id: str) -> OrderRow:
        """The create was accepted: commit the generation's id.

        An answer that comes late, after the order was given up, is booked all the same: it has been paid for.
        Where another order, whose own answer was lost, has taken up this generation meanwhile, this one is in doubt in
        its place: of the two that were asked for in the same words, the other one is its own, if there is one.
        """
        with self._writing() as connection:
            self._admit_one_at_a_time(connection)
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.generation_id == generation_id:
                return row
            owner = self._owner(connection, row.seller, generation_id)
            if owner is not None:
                if row.attempt == attempt and row.state in (OrderState.RESERVED, OrderState.RELEASED):
                    amount = ZERO if row.state.held else row.price
                    note = f"order {owner[:12]} has taken up its generation"
                    self._move(connection, row, OrderState.IN_DOUBT, "in doubt", amount=amount, note=note, reason=note)
                return known_order(connection, key)
            if row.attempt != attempt or row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):
                note = "answered late: a second generation of this order"
                self._write(connection, row, "adopted", amount=row.price, generation_id=generation_id, note=note)
                return row
            amount = ZERO if row.state.held else row.price
            self._move(
                connection,
                row,
                OrderState.SUBMITTED,
                "submitted",
                amount=amount,
                generation_id=generation_id,
                reason=None,
            )
            return known_order(connection, key)

    def release(self, key: str, attempt: int, note: str) -> OrderRow:
        """The create was certainly not accepted: give its price back. Orders that stand are left as they are."""
        with self._writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.state in (OrderState.RESERVED, OrderState.IN_DOUBT):
                self._move(connection, row, OrderState.RELEASED, "released", amount=-row.price, note=note, reason=note)
            return known_order(connection, key)

    def doubt(self, key: str, attempt: int, note: str) -> OrderRow:
        """Nobody knows whether the create was accepted. Its price stays reserved."""
        with self._writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.state is OrderState.RESERVED:
                self._move(connection, row, OrderState.IN_DOUBT, "in doubt", note=note, reason=note)
            return known_order(connection, key)

    def doubt_abandoned(self) -> list[OrderRow]:
        """Put every order in doubt whose sender is dead, or has held it for longer than a create can take."""
        now, moved = self._clock(), []
        with self._writing() as connection:
            query = select(orders).where(orders.c.state == OrderState.RESERVED.value).with_for_update()
            for row in map(as_order, connection.execute(query).all()):
                if self._abandoned(row, now):
                    self._move(connection, row, OrderState.IN_DOUBT, "in doubt", note="its sender died")
                    moved.append(known_order(connection, row.key))
        return moved

    def adopt(self, key: str, generation_id: str, note: str) -> OrderRow:
        """Settle an order in doubt: this generation is its purchase. Raises LedgerError where that cannot be."""
        with self._writing() as connection:
            self._admit_one_at_a_time(connection)
            row = known_order(connection, key, lock=True)
            if row.generation_id == generation_id:
                return row
            if row.state is not OrderState.IN_DOUBT:
                raise LedgerError(f"order {key[:12]} is {row.state.value}, not in doubt")
            owner = self._owner(connection, row.seller, generation_id)
            if owner is not None:
                raise LedgerError(f"generation {generation_id} belongs to order {owner[:12]}")
            self._move(
                connection, row, OrderState.SUBMITTED, "adopted", generation_id=generation_id, note=note, reason=None
            )
            return known_order(connection, key)

    def completed(self, key: str, generation_id: str) -> OrderRow:
        """The service finished the generation."""
        with self._writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.state is OrderState.SUBMITTED and row.generation_id == generation_id:
                self._move(connection, row, OrderState.COMPLETED, "completed")
            return known_order(connection, key)

    def failed(self, key: str, generation_id: str, reason: str) -> OrderRow:
        """The service failed the generation, and refunds it in full."""
        with self._writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.state is OrderState.SUBMITTED and row.generation_id == generation_id:
                self._move(connection, row, OrderState.FAILED, "failed", amount=-row.price, note=reason, reason=reason)
            return known_order(connection, key)

    def keep_clip(self, key: str, sha256: str) -> None:
        """Note which clip an order brought."""
        with self._writing() as connection:
            connection.execute(update(orders).where(orders.c.key == key).values(clip=sha256))

    # Inside

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with ledger_errors(self._name), self._writer.begin() as connection:
            yield connection

    def _identify(self) -> str:
        with self._writing() as connection:
            for name, value in (("id", uuid.uuid4().hex), ("door", "one at a time")):
                dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                connection.execute(dialect.insert(meta).values(name=name, value=value).on_conflict_do_nothing())
            return str(connection.scalar(select(meta.c.value).where(meta.c.name == "id")))

    def _admit_one_at_a_time(self, connection: Connection) -> None:
        # On SQLite the transaction holds the whole file. On PostgreSQL this row serialises the sums that caps need.
        if connection.dialect.name != "sqlite":
            connection.execute(select(meta.c.value).where(meta.c.name == "door").with_for_update())

    def _owner(self, connection: Connection, seller: str, generation_id: str) -> str | None:
        """The key of the order that has a generation."""
        owner = select(orders.c.key).where(orders.c.seller == seller, orders.c.generation_id == generation_id)
        return connection.scalar(owner)

    def _abandoned(self, row: OrderRow, now: datetime) -> bool:
        return is_dead(row.holder) or row.lease_until is None or row.lease_until < now

    def _move(
        self,
        connection: Connection,
        row: OrderRow,
        state: OrderState,
        kind: EntryKind,
        *,
        amount: Decimal = ZERO,
        generation_id: str | None = None,
        note: str | None = None,
        reason: str | None = None,
    ) -> None:
        now = self._clock()
        values: dict[str, Any] = {"state": state.value, "holder": None, "lease_until": None, "reason": reason}
        if generation_id is not None:
            values |= {"generation_id": generation_id, "submitted_at": now}
        if state in (OrderState.COMPLETED, OrderState.FAILED, OrderState.RELEASED):
            values["finished_at"] = now
        connection.execute(update(orders).where(orders.c.key == row.key).values(**values))
        self._write(connection, row, kind, amount=amount, generation_id=generation_id or row.generation_id, note=note)

    def _write(
        self,
        connection: Connection,
        row: OrderRow,
        kind: EntryKind,
        *,
        amount: Decimal,
        generation_id: str | None = None,
        note: str | None = None,
    ) -> None:
        values = {
            "order": row.key,
            "attempt": row.attempt,
            "at": self._clock(),
            "kind": kind,
            "amount": amount,
            "run": row.run,
            "production": row.production,
            "scene": row.scene,
            "seller": row.seller,
            "model": row.model,
            "price_table": row.price_table,
            "generation_id": generation_id,
            "note": note,
        }
        connection.execute(insert(entries).values(values))


def open_ledger(url: str, *, clock: Clock = utc_now) -> Ledger:
    """Open the ledger at a SQLAlchemy URL, creating or migrating it as needed. Raises LedgerError."""
    return Ledger(open_engine(url), clock=clock)


def _intent_values(intent: Intent) -> dict[str, Any]:
    values = {name: getattr(intent, name) for name in intent.__dataclass_fields__ if name != "key"}
    values |= {"request": dict(intent.request), "sent": dict(intent.sent)}
    return values
