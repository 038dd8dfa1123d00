"""The interface of the hostile histories to the code under attack: only this file must change with that code.

It uses ``open_engine``, ``Ledger``, ``PurchaseGateway``, ``LostOrderResolver``, ``GenerationPoller``,
``await_end``, ``by_hand`` and the schema's tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hostile_time import MACHINE, Killed, Machine
from hostile_world import Wanted
from sqlalchemy import Engine, delete, func, insert, select, update

from studio.errors import LedgerError, ServiceError
from studio.execution.poll_schedule import PollSchedule
from studio.execution.polling import GenerationPoller
from studio.execution.steps import await_end as real_await_end
from studio.ledger import Cap, Intent, Ledger, Limits, OrderRow, OrderState, by_hand
from studio.ledger.engine import open_engine
from studio.ledger.lease import this_process
from studio.ledger.schema import entries, metadata, orders
from studio.ledger.sightings import keep_sightings
from studio.providers import GenerationService
from studio.providers.registry import video_model
from studio.purchasing.gateway import Placed, PurchaseGateway
from studio.purchasing.recovery import LostOrderResolver
from studio.purchasing.unbooked import Unbooked

REALM, ACCOUNT, API = "luma", "acct", video_model("ray-2").api
OPEN = (OrderState.RESERVED, OrderState.IN_DOUBT, OrderState.SUBMITTED)
WAIT = 1500.0  # seconds that a producer waits for a generation
PACE = PollSchedule(part=0.3, shortest=4.0, longest=60.0)  # polls seldom: how soon an end is seen is not tested
Granted = Callable[[str, int, str], None]


class WatchedLedger(Ledger):
    """A ledger that records the granted orders: key, attempt, run. Its clock is read without a transaction."""

    granted: Granted = staticmethod(lambda *_: None)

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime]) -> None:
        super().__init__(engine, clock=clock)
        self._true_clock = clock

    def now(self) -> datetime:
        return self._true_clock()

    def reserve(self, intent: Intent, *, run: str, **more: Any) -> Any:
        found = super().reserve(intent, run=run, **more)
        if found.outcome == "granted":
            self.granted(found.order.key, found.order.attempt, run)
        return found


class MortalUnbooked(Unbooked):
    """Ids that could not be booked, in a folder; a killed process writes nothing there any more."""

    def keep(self, ledger: str, order: str, attempt: int, generation_id: str) -> Path | None:
        machine = MACHINE.get()
        if machine is not None and machine.dead:
            raise Killed
        return super().keep(ledger, order, attempt, generation_id)


@dataclass(frozen=True)
class Tools:
    """The tools of one process: the ledger as it opened it, the service, and the ids that it could not book."""

    ledger: Ledger
    provider: GenerationService
    unbooked: Unbooked
    poller: GenerationPoller


def tools(
    books: Books,
    provider: GenerationService,
    machine: Machine,
    *,
    granted: Granted,
    host: str,
    true_clock: Callable[[], datetime],
) -> Tools:
    """Open the tools of a process on a host. No decision about money uses the machine's own clock."""
    ledger = books.ledger(true_clock)
    ledger.granted = granted

    async def sighted(seen: Any) -> None:
        await asyncio.to_thread(keep_sightings, ledger, ACCOUNT, seen)

    poller = GenerationPoller(
        provider, schedule=PACE, outage=600.0, on_sight=sighted, clock=machine.loop.time, sleep=machine.pause
    )  # fmt: skip
    return Tools(ledger, provider, MortalUnbooked(books.home / host), poller)


class Books:
    """One database with a ledger, opened once, and emptied between histories. ``home``: for files of its hosts."""

    def __init__(self, url: str, home: Path) -> None:
        self.home = home
        self._engine = open_engine(url)
        self._writer = self._engine.execution_options(write=True)
        self._tables = [table for table in reversed(metadata.sorted_tables) if table.name != "meta"]

    def close(self) -> None:
        self._engine.dispose()

    def empty(self) -> None:
        """Delete everything but the ledger's id."""
        shutil.rmtree(self.home, ignore_errors=True)
        self._delete()

    def _delete(self) -> None:
        with self._writer.begin() as connection:
            for table in self._tables:
                connection.execute(delete(table))

    def copy(self) -> dict[str, list[dict[str, Any]]]:
        """Copy all rows, as a backup does."""
        with self._engine.begin() as connection:
            return {
                t.name: [{c.key: r._mapping[c] for c in t.columns} for r in connection.execute(select(t))]
                for t in self._tables
            }

    def restore(self, backup: dict[str, list[dict[str, Any]]]) -> None:
        """Replace all rows by a backup's."""
        self._delete()
        with self._writer.begin() as connection:
            for table in reversed(self._tables):
                if backup[table.name]:
                    connection.execute(insert(table), backup[table.name])

    def ledger(self, true_clock: Callable[[], datetime]) -> WatchedLedger:
        """The ledger as a process opens it. ``true_clock`` replaces its database's."""
        return WatchedLedger(self._engine, clock=true_clock)

    def bury(self, runs: Iterable[str]) -> None:
        """Make the senders of these runs look dead to every process of their machine."""
        host, pid, start, _ = str(this_process()).split("|")
        with self._writer.begin() as connection:
            held = (orders.c.run.in_(list(runs)), orders.c.state == OrderState.RESERVED.value)
            connection.execute(update(orders).where(*held).values(holder=f"{host}|{pid}|{start}|dead"))

    # The contents of the books, in plain SQL

    def rows(self) -> list[Any]:
        """Every order."""
        with self._engine.begin() as connection:
            return list(connection.execute(select(orders)))

    def spent(self) -> Decimal:
        """USD that the books say were spent, less refunds."""
        with self._engine.begin() as connection:
            return Decimal(connection.scalar(select(func.coalesce(func.sum(entries.c.amount), 0))) or 0)

    def unsure(self) -> Decimal:
        """USD that count against caps without being spent for certain."""
        with self._engine.begin() as connection:
            return Decimal(connection.scalar(select(func.coalesce(func.sum(entries.c.suspense), 0))) or 0)

    def claims(self) -> dict[str, set[str]]:
        """By generation, the orders that have it in the books, or had."""
        found: dict[str, set[str]] = {}
        with self._engine.begin() as connection:
            query = select(entries.c.generation_id, entries.c.order).where(entries.c.generation_id.is_not(None))
            for generation_id, order in connection.execute(query.distinct()):
                found.setdefault(generation_id, set()).add(order)
        return found

    def adopted(self) -> dict[str, datetime]:
        """By generation, when it was adopted."""
        with self._engine.begin() as connection:
            query = select(entries.c.generation_id, func.min(entries.c.at)).where(entries.c.kind == "adopted")
            return {g: at for g, at in connection.execute(query.group_by(entries.c.generation_id))}  # noqa: C416

    def kinds(self) -> dict[str, int]:
        """The number of entries of each kind."""
        with self._engine.begin() as connection:
            query = select(entries.c.kind, func.count()).group_by(entries.c.kind)
            return {kind: number for kind, number in connection.execute(query)}  # noqa: C416 - rows, for mypy


def intent_of(wanted: Wanted) -> Intent:
    """The intent as the plan would make it."""
    return Intent(
        key=wanted.key, family=wanted.family, realm=REALM, account=ACCOUNT, endpoint=wanted.endpoint,
        model=wanted.model, production=wanted.production, scene=wanted.name, shot=wanted.name, take=wanted.take,
        request=dict(wanted.params), price=wanted.price, price_table="t (2026-01-01)", film=wanted.production,
        pool="photon" if wanted.endpoint == "image" else "ray",
    )  # fmt: skip


def gateway(
    with_tools: Tools,
    *,
    run: str,
    caps: Callable[[], Iterable[Cap]],
    limits: Limits,
    patience: float,
    callback_url: str,
    restored: bool,
    sleep: Callable[[float], Awaitable[None]],
    jitter: Callable[[], float],
    passed: Callable[[], float],
) -> PurchaseGateway:
    """The gateway of one run."""
    return PurchaseGateway(
        with_tools.ledger, lambda: with_tools.provider, run=run, caps=caps, limits=limits, patience=patience,
        callback_url=callback_url, unbooked=with_tools.unbooked, restored=restored, sleep=sleep, jitter=jitter,
        passed=passed,
    )  # fmt: skip


def caps_of(run: str, production: str, limits: Mapping[str, Decimal | None]) -> list[Cap]:
    """The caps that apply now, as ``studio.execution.session`` makes them."""
    scopes: dict[Any, str] = {"run": run, "production": production, "month": ""}
    return [Cap(scope, name, limits[scope]) for scope, name in scopes.items() if limits[scope] is not None]


async def await_end(with_tools: Tools, wanted: Wanted, placed: Placed, gateway: Any) -> None:
    """Wait until a generation has ended, and book it. Raises GenerationFailed, GenerationGone, StillRunning, ..."""
    session = SimpleNamespace(
        ledger=with_tools.ledger,
        poller_of=lambda _: with_tools.poller,
        told_urls={},
        settings=SimpleNamespace(wait_timeout=WAIT),
    )
    shot = SimpleNamespace(
        id=wanted.name,
        key=wanted.key,
        api=API,
        scene=wanted.name,
        request=wanted.params,
        generation=None,
        endpoint=wanted.endpoint,
        prompt=wanted.params["prompt"],
        sources=(),
        start=None,
        end=None,
        source=None,
        references=(),
        guides=(),
        strength="",
        images=(),
        is_still=wanted.endpoint == "image",
    )
    run = SimpleNamespace(session=session, gateway=lambda _: gateway)
    await real_await_end(run, shot, placed.generation_id)  # type: ignore[arg-type]


async def reconcile(with_tools: Tools) -> None:
    """Settle and refresh as ``studio.execution.reconciliation`` does."""
    ledger, provider = with_tools.ledger, with_tools.provider
    await asyncio.to_thread(with_tools.unbooked.book, ledger)
    settler = LostOrderResolver(ledger, provider)
    await asyncio.to_thread(ledger.doubt_abandoned)
    if provider.has_list:
        for row in await asyncio.to_thread(ledger.open_orders, OrderState.IN_DOUBT):
            await _tried(partial(settler.settle, row))
        for row in await asyncio.to_thread(ledger.suspended, REALM):
            for attempt in ledger.suspended_attempts(row):
                await _tried(partial(settler.look_again, attempt))
    await settler.refresh(REALM, ACCOUNT, API)


async def _tried(work: Callable[[], Awaitable[Any]]) -> None:
    with contextlib.suppress(ServiceError):  # reported, and retried by the next one
        await work()


def adopt_by_hand(ledger: Ledger, row: OrderRow, generation_id: str) -> bool:
    """Adopt a generation as a person. False if the books refuse it."""
    try:
        by_hand.adopt(ledger, row.key, generation_id)
    except LedgerError:
        return False
    return True


def release_by_hand(ledger: Ledger, row: OrderRow) -> None:
    """Release an order as a person: it was never accepted."""
    by_hand.release(ledger, row.key)


def make_certain_by_hand(ledger: Ledger, row: OrderRow) -> None:
    """Declare as a person that no attempt of this order that was released as absent was accepted."""
    by_hand.release(ledger, row.key)


def still_there(ledger: Ledger) -> list[OrderRow]:
    """The orders that a person has to decide."""
    return [*ledger.open_orders(OrderState.IN_DOUBT), *ledger.suspended(REALM)]
