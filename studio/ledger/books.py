"""Writing to the ledger. Every method is one transaction, and safe to repeat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import URL, Connection, insert, select, update

from studio.errors import LedgerError, LimitKind
from studio.failures import FailureClass
from studio.ledger import admission
from studio.ledger.clock import Clock
from studio.ledger.engine import open_engine
from studio.ledger.journal import Journal
from studio.ledger.lease import is_dead, this_process
from studio.ledger.limits import hold, learn
from studio.ledger.queries import as_order, journal_of, known_order, read_order
from studio.ledger.schema import orders, runs
from studio.ledger.upsert import insert_into
from studio.ledger.values import Cap, Doubt, Intent, Limits, OrderRow, OrderState
from studio.money import ZERO

# Longer than any create may take (60 s, and 5 s to connect): a process that still holds an order is dead or asleep.
LEASE = timedelta(seconds=120)


@dataclass(frozen=True)
class Reservation:
    """The answer to a request to buy. Only a ``granted`` one may be sent.

    ``standing``: bought already (submitted or completed). ``held``: another live process is sending it now.
    ``in doubt``: it may have been bought. ``full``: the account has no room now; ``why``, and the earliest time to ask
    again in ``until``. ``limited``: the service itself accepts no creates for now.
    """

    outcome: Literal["granted", "standing", "held", "in doubt", "gone", "full"]
    row: OrderRow | None
    why: str = ""
    until: datetime | None = None
    limited: bool = False

    @property
    def order(self) -> OrderRow:
        """The order as it is now. Raises LedgerError while the account is full, when there is no order yet."""
        if self.row is None:
            raise LedgerError("a reservation without an order")
        return self.row


class Ledger(Journal):
    """A ledger in one database, shared by any number of threads, processes and hosts."""

    def begin_run(self, run: str, *, production: str, realm: str) -> None:
        """Record that a run has begun. Repeating it is no error (a retried flow run keeps its id)."""
        with self.writing() as connection:
            values = {"id": run, "production": production, "realm": realm, "started_at": self.moment(connection)}
            connection.execute(insert_into(connection, runs).values(values).on_conflict_do_nothing())

    def end_run(self, run: str, outcome: str) -> None:
        """Record how a run ended."""
        with self.writing() as connection:
            ended = {"finished_at": self.moment(connection), "outcome": outcome}
            connection.execute(update(runs).where(runs.c.id == run).values(ended))

    def reserve(self, intent: Intent, *, run: str, caps: Iterable[Cap], limits: Limits | None = None) -> Reservation:
        """Commit the intent to buy, if no process holds the order and every cap has room. The only way to spend.

        Raises OverBudget, with nothing written.
        """
        with self.writing() as connection:
            self.admit_one_at_a_time(connection)
            now = self.moment(connection)
            row = read_order(connection, intent.key)
            if row is not None:
                if row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):
                    return Reservation("standing", row)
                if row.state is OrderState.RESERVED and not self._abandoned(row, now):
                    return Reservation("held", row)
                if row.state is OrderState.RESERVED:
                    self.move(
                        connection, row, OrderState.IN_DOUBT, "in doubt", note="its sender died", doubt=Doubt.ABANDONED
                    )
                    return Reservation("in doubt", known_order(connection, intent.key))
                if row.state is OrderState.IN_DOUBT:
                    return Reservation("in doubt", row)
                if row.state is OrderState.GONE:
                    return Reservation("gone", row)
                if self._take_up(connection, row):
                    return Reservation("standing", known_order(connection, intent.key))
            admission.check_caps(connection, caps, intent, now)
            full = admission.find_room(connection, intent, limits or Limits(), now)
            if full is not None:
                return Reservation("full", None, full.why, full.until, full.limited)
            attempt = row.attempt + 1 if row else 1
            token = self._token(intent.key, attempt)
            values = _intent_values(intent) | {
                "state": OrderState.RESERVED.value,
                "attempt": attempt,
                "token": token,
                "request_id": token,
                "run": run,
                "failure": None,
                "doubted_at": None,
                "doubt": None,
                "generation_id": None,
                "reason": None,
                "holder": str(this_process()),
                "lease_until": now + LEASE,
                "reserved_at": now,
                "submitted_at": None,
                "finished_at": None,
                "clip": None,
            }
            self._put(connection, intent.key, values, known=row is not None)
            granted = known_order(connection, intent.key)
            self.note(connection, granted, "reserved", amount=intent.price, request_id=token)
            return Reservation("granted", granted)

    def submitted(self, key: str, attempt: int, generation_id: str, *, request_id: str | None = None) -> OrderRow:
        """Book an accepted create: commit the generation's id, and the service's id for the request.

        An answer that arrives late, after the order was given up, is booked as well, since it has been paid for. Two
        orders may have had equal requests: if the other one, whose own answer was lost, has adopted this generation
        meanwhile, this order is put in doubt instead, because its purchase may be the other generation.
        """
        with self.writing() as connection:
            self.admit_one_at_a_time(connection)
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.generation_id == generation_id:
                return row
            owner = self.owner(connection, row.realm, row.provider, generation_id)
            if owner is not None:
                if row.attempt == attempt and row.state in (OrderState.RESERVED, OrderState.RELEASED):
                    back = self.in_suspense(connection, key, attempt)
                    amount = ZERO if row.state.held else row.price
                    note = f"order {owner[:12]} has taken up its generation"
                    self.move(
                        connection, row, OrderState.IN_DOUBT, "in doubt", amount=amount, suspense=-back, note=note,
                        reason=note, request_id=request_id,
                    )  # fmt: skip
                return known_order(connection, key)
            back = self.in_suspense(connection, key, attempt)
            if row.attempt != attempt or row.state in (OrderState.SUBMITTED, OrderState.COMPLETED, OrderState.GONE):
                self._second(connection, row, attempt, generation_id, back, request_id)
                return row
            amount = ZERO if row.state.held else row.price
            self.move(
                connection, row, OrderState.SUBMITTED, "submitted", amount=amount, suspense=-back,
                generation_id=generation_id, request_id=request_id,
            )  # fmt: skip
            return known_order(connection, key)

    def _second(
        self, connection: Connection, row: OrderRow, attempt: int, generation_id: str, suspense: Decimal,
        request_id: str | None,
    ) -> None:  # fmt: skip
        """Book a late generation of an attempt that was given up, when the order has another one: both were paid
        for."""
        begun = self.reserved(connection, row.key, attempt)
        self.note(
            connection, row, "adopted", amount=row.price if begun is None else begun.amount, suspense=-suspense,
            attempt=attempt, generation_id=generation_id, text="answered late: a second generation of this order",
            request_id=request_id,
        )  # fmt: skip

    def _take_up(self, connection: Connection, row: OrderRow) -> bool:
        """Give an order that ended the generation of an earlier attempt of its own, where one is paid for and unused.

        True if there is one: then nothing has to be sent again.
        """
        last = {line.generation_id: line for line in connection.execute(journal_of(row.key)) if line.generation_id}
        spare = next((line for line in last.values() if line.kind == "adopted"), None)
        if spare is None:
            return False
        self.move(
            connection, replace(row, attempt=spare.attempt), OrderState.SUBMITTED, "adopted",
            generation_id=spare.generation_id, note="a second generation of this order, paid for before: now its own",
        )  # fmt: skip
        return True

    def book_found(self, intent: Intent, *, run: str, attempt: int, generation_id: str, note: str) -> OrderRow:
        """Book a purchase that is missing from this ledger, with its generation, at its price.

        Does nothing if the ledger has this order already. Raises LedgerError if the generation belongs to another
        order.
        """
        with self.writing() as connection:
            self.admit_one_at_a_time(connection)
            row = read_order(connection, intent.key, lock=True)
            if row is not None and row.state not in (OrderState.RELEASED, OrderState.FAILED):
                return row
            owner = self.owner(connection, intent.realm, intent.provider, generation_id)
            if owner is not None:
                raise LedgerError(f"generation {generation_id} belongs to order {owner[:12]}")
            number = max(attempt, row.attempt + 1 if row else 1)
            values = _intent_values(intent) | {
                "state": OrderState.RESERVED.value, "attempt": number, "token": self._token(intent.key, number),
                "run": run, "generation_id": None, "reason": None, "failure": None, "holder": None,
                "lease_until": None, "reserved_at": self.moment(connection), "submitted_at": None, "finished_at": None,
                "clip": None, "doubted_at": None, "doubt": None, "request_id": None,
            }  # fmt: skip
            self._put(connection, intent.key, values, known=row is not None)
            begun = known_order(connection, intent.key)
            self.note(connection, begun, "reserved", amount=intent.price, text=note)
            self.move(connection, begun, OrderState.SUBMITTED, "adopted", generation_id=generation_id, note=note)
            return known_order(connection, intent.key)

    def release(self, key: str, attempt: int, note: str) -> OrderRow:
        """Release an order whose create was certainly not accepted: give its price back. Leaves submitted orders
        alone."""
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.state in (OrderState.RESERVED, OrderState.IN_DOUBT):
                self.move(connection, row, OrderState.RELEASED, "released", amount=-row.price, note=note, reason=note)
            return known_order(connection, key)

    def release_absent(self, key: str, attempt: int, note: str) -> OrderRow:
        """Release an order that the account's list does not show: it may be sent once more. Caps still count its
        price."""
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.state is OrderState.IN_DOUBT:
                self.move(
                    connection, row, OrderState.RELEASED, "absent", amount=-row.price, suspense=row.price, note=note,
                    reason=note, absences=row.absences + 1,
                )  # fmt: skip
            return known_order(connection, key)

    def settle_absent(self, key: str, attempt: int, note: str) -> None:
        """Record that an attempt, released because it was not on the list, was certainly never accepted."""
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            back = self.in_suspense(connection, key, attempt)
            if back:
                self.note(connection, row, "settled", suspense=-back, attempt=attempt, text=note)

    def doubt(
        self, key: str, attempt: int, note: str, kind: Doubt = Doubt.UNANSWERED, *, request_id: str | None = None
    ) -> OrderRow:
        """Put an order in doubt: it is unknown whether its create was accepted; ``kind`` says why. Its price stays
        reserved.

        ``request_id``: the service's id for the request, where it answered.
        """
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.attempt == attempt and row.state is OrderState.RESERVED:
                self.move(
                    connection, row, OrderState.IN_DOUBT, "in doubt", note=note, reason=note, doubt=kind,
                    request_id=request_id,
                )  # fmt: skip
            return known_order(connection, key)

    def doubt_abandoned(self) -> list[OrderRow]:
        """Put in doubt every order whose sender is dead, or has held it for longer than a create can take."""
        moved = []
        with self.writing() as connection:
            now = self.moment(connection)
            query = select(orders).where(orders.c.state == OrderState.RESERVED.value).with_for_update()
            for row in map(as_order, connection.execute(query).all()):
                if self._abandoned(row, now):
                    self.move(
                        connection, row, OrderState.IN_DOUBT, "in doubt", note="its sender died", doubt=Doubt.ABANDONED
                    )
                    moved.append(known_order(connection, row.key))
        return moved

    def adopt(
        self, key: str, generation_id: str, note: str, *, attempt: int | None = None, by_hand: bool = False
    ) -> OrderRow:
        """Settle an order in doubt, or one released as absent, by the generation that it bought.

        ``attempt``: the one that the generation was found for, since the order may have been sent again. Raises
        LedgerError if the order is in another state, or the generation belongs to another order or attempt.
        """
        with self.writing() as connection:
            self.admit_one_at_a_time(connection)
            row = known_order(connection, key, lock=True)
            if row.generation_id == generation_id:
                return row
            back = self.in_suspense(connection, key, row.attempt)
            if row.state is not OrderState.IN_DOUBT and not (row.state is OrderState.RELEASED and back):
                raise LedgerError(f"order {key[:12]} is {row.state.value}, not in doubt")
            if attempt not in (None, row.attempt):
                raise LedgerError(f"order {key[:12]} was sent again since: attempt {attempt} is over")
            owner = self.owner(connection, row.realm, row.provider, generation_id)
            if owner is not None:
                whose = f"order {owner[:12]}" if owner != key else f"an earlier attempt of order {key[:12]}"
                raise LedgerError(f"generation {generation_id} belongs to {whose}")
            self.move(
                connection, row, OrderState.SUBMITTED, "adopted", amount=ZERO if row.state.held else row.price,
                suspense=-back, generation_id=generation_id, note=note, by_hand=by_hand,
            )  # fmt: skip
            return known_order(connection, key)

    def completed(self, key: str, generation_id: str) -> OrderRow:
        """Record that the service finished the generation."""
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.state in (OrderState.SUBMITTED, OrderState.GONE) and row.generation_id == generation_id:
                self.move(connection, row, OrderState.COMPLETED, "completed")
            return known_order(connection, key)

    def failed(self, key: str, generation_id: str, reason: str, failure: FailureClass) -> OrderRow:
        """Record that the service failed the generation and refunds it in full. ``failure``: whose failure it was."""
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.state in (OrderState.SUBMITTED, OrderState.GONE) and row.generation_id == generation_id:
                attempt, price = self.bought_in(connection, row)
                self.move(
                    connection, replace(row, attempt=attempt), OrderState.FAILED, "failed", amount=-price, note=reason,
                    reason=reason, failure=failure,
                )  # fmt: skip
            return known_order(connection, key)

    def gone(self, key: str, generation_id: str) -> OrderRow:
        """Record that the generation is no longer at the service. It stays paid for, and holds no slot."""
        with self.writing() as connection:
            row = known_order(connection, key, lock=True)
            if row.state is OrderState.SUBMITTED and row.generation_id == generation_id:
                note = f"generation {generation_id} is no longer at the service"
                self.move(connection, row, OrderState.GONE, "gone", note=note, reason=note)
            return known_order(connection, key)

    def learn_limit(self, account: str, pool: str, per_minute: int) -> None:
        """Store how many creates a minute the service allows an account's pool of models."""
        with self.writing() as connection:
            learn(connection, account, pool, per_minute, self.moment(connection))

    def hold_back(self, account: str, pool: str, kind: LimitKind, seconds: float) -> None:
        """Admit no create of an account's pool for this many seconds, as the service asked; for the limit of
        generations at once, until one of them ends.
        """
        with self.writing() as connection:
            self.admit_one_at_a_time(connection)
            hold(connection, account, pool, kind, seconds, self.moment(connection))

    def keep_clip(self, key: str, sha256: str) -> None:
        """Record the clip that an order brought."""
        with self.writing() as connection:
            connection.execute(update(orders).where(orders.c.key == key).values(clip=sha256))

    def _put(self, connection: Connection, key: str, values: dict[str, Any], *, known: bool) -> None:
        if known:
            connection.execute(update(orders).where(orders.c.key == key).values(**values))
        else:
            connection.execute(insert(orders).values(key=key, absences=0, **values))

    def _token(self, key: str, attempt: int) -> str:
        """A token of an order's attempt in this ledger: another ledger makes a different one for the same order."""
        return f"{self.token_prefix}{key[:40]}.{attempt}"

    def _abandoned(self, row: OrderRow, now: datetime) -> bool:
        return is_dead(row.holder) or row.lease_until is None or row.lease_until < now


def open_ledger(url: str | URL, *, clock: Clock | None = None) -> Ledger:
    """Open the ledger at a SQLAlchemy URL, creating or migrating it as needed. Raises LedgerError.

    ``clock`` replaces the database's own, in tests.
    """
    return Ledger(open_engine(url), clock=clock)


def _intent_values(intent: Intent) -> dict[str, Any]:
    values = {name: getattr(intent, name) for name in intent.__dataclass_fields__ if name != "key"}
    values |= {"request": dict(intent.request), "sent": dict(intent.sent), "film": intent.film or intent.production}
    return values
