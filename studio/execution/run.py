"""One run of a production: its spending limits, its film's folder, and the record of how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from studio.disk import disk_errors
from studio.errors import LedgerError, NotConfirmed, OverBudget, SettingsError
from studio.execution.accounts import ask_services, clock_notes
from studio.execution.cap_watch import watch_caps
from studio.execution.delivery import Ordered, orders_of
from studio.execution.lookups import check_existing
from studio.execution.preflight import (
    check_deliveries,
    check_places,
    check_publishing,
    check_signing,
    check_stores,
    check_transitions,
)
from studio.execution.progress import listener
from studio.execution.projects import budget_notes, in_words, settle_project
from studio.execution.retries import Attempts
from studio.execution.session import Session, caps_of
from studio.ledger.batches import Batch, join_batch
from studio.ledger.budgets import keep_name, part, share
from studio.ledger.clock import TOLD
from studio.ledger.filing import Booking, claim, give_up, written
from studio.ledger.new_takes import end_retakes, keep_retakes
from studio.money import ZERO, usd
from studio.planning.context import Seed
from studio.planning.plan import Plan, Shot, ShotState
from studio.purchasing.gateway import PurchaseGateway
from studio.remedies import Aside, Words, option, text_of
from studio.storage.running import AtWork, at_work

T = TypeVar("T")


class Run:
    """A plan being carried out. Opaque, so that Prefect passes it on without walking through it.

    ``beside`` gives the ids of other runs that share ``budget`` by now; ``batch`` is the one that the run is of.
    """

    def __init__(
        self, session: Session, plan: Plan, seeds: Mapping[str, Seed], *, run_id: str, out: Path,
        budget: Decimal | None, started_at: datetime, allow_odd: bool = False,
        beside: Callable[[], tuple[str, ...]] = tuple, batch: Batch | None = None,
    ) -> None:  # fmt: skip
        #: Whether clips of another size or length than ordered are used; and, by shot, how those that are used differ.
        self.allow_odd, self.odd = allow_odd, dict[str, str]()
        #: What was told of colours that drift, by the first shot of each chain.
        self.drift: dict[str, str] = {}
        self.session, self.plan, self.seeds = session, plan, seeds
        self.beside, self.batch = beside, batch
        self.id, self.out, self.budget, self.started_at = run_id, out, budget, started_at
        #: USD that this run was planned to need at most: a budget of as much is the price that was agreed to.
        self.agreed = plan.limit
        self.warnings: tuple[Words, ...] = ()
        self._at_work: AtWork | None = None
        #: Ids of shots whose generation was awaited by this process: the ledger knows their end.
        self.awaited: set[str] = set()
        self._gateways: dict[tuple[str, str], PurchaseGateway] = {}
        self._begun: set[asyncio.Task[Any]] = set()

    @property
    def production(self) -> str:
        return self.plan.production.slug

    @property
    def attempts(self) -> Attempts:
        """The rule for ordering again after a failure at the service."""
        return Attempts(self.session.settings.create_attempts, self.session.settings.retry_moderation)

    @cached_property
    def ordered(self) -> Mapping[str, Ordered]:
        """The expected measures of each shot, by its id."""
        return orders_of(self.plan, self.seeds)

    @property
    def to_send(self) -> tuple[str, ...]:
        """SHA-256 of the seed assets that orders of this run will name."""
        ordered = (s for s in self.plan.shots if s.state in (ShotState.NEW, ShotState.IN_DOUBT))
        return tuple(dict.fromkeys(sha for shot in ordered for sha in shot.images))

    def gateway(self, shot: Shot) -> PurchaseGateway:
        """The gateway through which a shot is ordered: one for each API and pool of models."""
        which = shot.api, shot.pool
        if which not in self._gateways:
            self._gateways[which] = self.session.gateway(
                *which, run=self.id, plan=self.plan, budget=self.budget, beside=self.beside, batch=self.batch
            )
        return self._gateways[which]

    def beginning(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin work that goes on beside the caller, at most until the run's shots have ended. Its error is the
        caller's to read, or nobody's."""
        task = asyncio.create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def stop(self) -> None:
        """Cancel what was begun beside the steps of the run's shots, and wait until it has ended."""
        begun = tuple(self._begun)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    async def begin(self) -> None:
        """Begin the run: check its budget and that its files can be written, connect to the service, record the start
        in the ledger.

        Raises NotConfirmed, OverBudget, SettingsError, LedgerError, or ProductionError for an existing generation that
        is not there, before anything is bought.
        """
        await asyncio.to_thread(check_ledger, self.session, self.plan)
        allowed = await asyncio.to_thread(
            check_budget, self.session, self.plan, self.budget, run=self.id, beside=self.beside(), batch=self.batch
        )
        if self.session.service.billed and allowed is None and self.plan.to_pay > 0:
            raise NotConfirmed(
                f"this run would be billed {usd(self.plan.to_pay)}, nobody was asked, and there is no budget",
                where=self.plan.production.title,
                hint=text_of("give the run a budget (", option("budget"), "), or write one into the production"),
            )
        self.warnings = await asyncio.to_thread(self._told_before)
        for line in self.warnings:
            listener.get().note(f"warning: {line}")
        to_do = [s for s in self.plan.shots if s.state not in (ShotState.CACHED, ShotState.OWN)]
        for api in {s.api for s in to_do}:
            self.session.service.access(api)  # a missing key is reported before anything is bought
        await asyncio.to_thread(check_stores, self.session, self.out)
        await asyncio.to_thread(check_publishing, self.session, self.plan)
        await asyncio.to_thread(check_transitions, self.plan)
        await asyncio.to_thread(check_deliveries, self.plan)
        await asyncio.to_thread(check_signing, self.session, self.plan)
        await asyncio.to_thread(check_places, self.session, self.plan, self.out)
        with disk_errors("the lock of a run", self.session.home):
            self._at_work = await asyncio.to_thread(AtWork, self.session.home, self.id)
        if to_do:
            await self.session.connect()
            await check_existing(self.session, self.plan)
            if self.plan.to_buy:
                others = await ask_services(self.session)
                self.warnings += others
                for line in (*clock_notes(self.session), *others):
                    listener.get().note(f"warning: {line}")
        realm = self.session.service.realm
        await asyncio.to_thread(self.session.ledger.begin_run, self.id, production=self.production, realm=realm)
        if self.batch is not None:
            await asyncio.to_thread(join_batch, self.session.ledger, self.batch.id, self.id, self.production)
        await asyncio.to_thread(self._write_down)
        await watch_caps(self)

    def _write_down(self) -> None:
        """Record in the ledger the takes that the run is to make, and the budget that it belongs to."""
        ledger, realm, plan = self.session.ledger, self.session.service.realm, self.plan
        if plan.retaking is not None:
            retaking = plan.retaking
            keep_retakes(ledger, self.production, realm, retaking.command, self.id, retaking.takes, retaking.refused)
        film = plan.production.budget_name
        if plan.budgeting.begun_as:
            keep_name(ledger, plan.budgeting.made, plan.budgeting.begun_as, realm)
        if plan.budgeting.project:
            settle_project(ledger, plan.budgeting, realm)
        elif plan.budgeting.apart:
            part(ledger, film, realm)
        elif plan.budgeting.made_out_of:
            share(ledger, film, plan.budgeting.made_out_of, realm)

    def bookings(self) -> tuple[Booking, ...]:
        """The ledger's bookings that stand in this run's costs.csv: its own, and late ones of earlier runs."""
        session = self.session
        return claim(
            session.ledger, self.id, film=self.plan.production.budget_name, realm=session.service.realm,
            running=[other for other in at_work(session.home) if other != self.id],
        )  # fmt: skip

    @contextmanager
    def filing(self) -> Iterator[None]:
        """A block that writes the run's files: with an error, its bookings are left to the next run's file."""
        try:
            yield
        except BaseException:
            with suppress(LedgerError):  # then they are free again in ten minutes
                give_up(self.session.ledger, self.id)
            raise
        written(self.session.ledger, self.id)

    def end(self, made: Collection[str], *, film: bool) -> None:
        """Record in the ledger how the run ended. ``made``: the ids of the shots that were made."""
        session = self.session
        session.ledger.end_run(self.id, "film" if film else "incomplete")
        self.close()
        if film and self.plan.retaking is not None:
            missing = {s.scene for s in self.plan.shots if s.id not in made}
            asked = set(self.plan.retaking.takes)
            # They were asked for together, and end together: the same command continues until each is in its film.
            if asked <= {s.scene for s in self.plan.shots} - missing:
                end_retakes(session.ledger, self.id, asked)

    def close(self) -> None:
        """Let go of the lock by which it is at work, however it ended. Safe to repeat."""
        if self._at_work is not None:
            self._at_work.end()

    def _told_before(self) -> tuple[Words, ...]:
        """Warnings and notes before the run buys anything."""
        lines: list[Words] = []
        if self.session.restored:
            lines.append(
                "the ledger is older than it was: a copy was restored. What it lacks is adopted where it is found "
                "(docs/backup.md)"
            )
        if day := self.session.mark.used_since(self.session.ledger.id, self.session.accounts):
            lines.append(
                f"another ledger has purchases of this account, the last booked from here on {day}: neither knows the "
                "other's clips and caps. Set STUDIO_LEDGER_URL to one for all that run from here (docs/backup.md)"
            )
        ahead = self.session.ledger.clock_difference()
        if abs(ahead) > TOLD:
            lines.append(f"this machine's clock is {ahead.total_seconds():+.0f} s off the ledger's")
        lines += [n for n in budget_notes(replace(self.plan.budgeting, begun_as="")) if self.plan.budgeting.made_out_of]
        return (*lines, *self._near_caps())

    def _near_caps(self) -> tuple[str, ...]:
        """A warning for every cap that this run will almost use up."""
        ledger, realm = self.session.ledger, self.session.service.realm
        lines, most = [], Decimal(self.session.settings.cap_near) / 100
        known = {"run": self.id, "budget": self.budget, "beside": self.beside(), "batch": self.batch}
        for cap in caps_of(self.session.settings, self.plan, **known):  # type: ignore[arg-type]
            if cap.limit and self.plan.to_pay > 0:
                spent = ledger.spent(cap.scope, cap.scope_id, realm=realm, others=cap.others)
                after = spent + self.plan.to_pay
                agreed = cap.scope == "run" and cap.limit == self.agreed  # somebody was shown this price
                if after >= cap.limit * most and not agreed:
                    share = f"{after / cap.limit:.0%}"
                    lines.append(f"this run brings the {cap.scope} to {usd(after)} of {usd(cap.limit)} ({share})")
        return tuple(lines)

    async def next_attempt(self, shot: Shot) -> int:
        """The number that a shot's present or next attempt has."""
        row = await asyncio.to_thread(self.session.ledger.order, shot.key)
        if row is None:
            return 1
        return row.attempt if row.state.held else row.attempt + 1


def check_budget(
    session: Session, plan: Plan, budget: Decimal | None, *, run: str = "", beside: tuple[str, ...] = (),
    batch: Batch | None = None,
) -> Decimal | None:  # fmt: skip
    """The USD that may still be spent, by the tightest cap; None without a cap. Raises OverBudget where the plan
    exceeds one.

    ``run`` is the id of a run that may have spent something already: a flow run that is retried keeps its id.
    """
    realm, production, left = session.service.realm, plan.production, None
    for cap in caps_of(session.settings, plan, run=run, budget=budget, beside=beside, batch=batch):
        if cap.limit is not None:
            spent = session.ledger.spent(cap.scope, cap.scope_id, realm=realm, others=cap.others)
            needed = plan.to_pay if batch is None else sum(_unbought(session, plan).values(), ZERO)
            if needed > 0 and spent + needed > cap.limit:
                raise _over(plan, cap.scope, cap.limit, spent, needed)
            left = cap.limit - spent if left is None else min(left, cap.limit - spent)
        if cap.creates is not None:
            made = session.ledger.creates(cap.scope, cap.scope_id, realm=realm, others=cap.others)
            to_buy = plan.to_buy if batch is None else len(_unbought(session, plan))
            if to_buy and made + to_buy > cap.creates:
                raise OverBudget(
                    f"this run would order {to_buy} generations; the {cap.scope} may order {cap.creates}, "
                    f"and {made} are ordered already",
                    cap=Decimal(cap.creates),
                    needed=Decimal(made + to_buy),
                    where=production.title,
                    hint=text_of("nothing was bought. Make fewer scenes", _by("only"), ", or raise the limit"),
                )
    return left


def _unbought(session: Session, plan: Plan) -> dict[str, Decimal]:
    """USD of the plan's purchases, by key, that nobody has ordered since it was made: runs of a batch share some."""
    new = {shot.key: shot.to_pay for shot in plan.shots if shot.state is ShotState.NEW}
    held = {key for key, row in session.ledger.orders(new).items() if row.state.held}
    return {key: price for key, price in new.items() if key not in held}


def check_ledger(session: Session, plan: Plan) -> None:
    """Raise SettingsError if a billed run would begin an empty ledger, although there are signs of an earlier one."""
    if not session.service.billed or session.settings.new_ledger or not plan.to_buy or not session.ledger.is_empty():
        return
    signs = []
    if session.mark.knows_another(session.ledger):
        signs.append("purchases were booked in another ledger from here")
    if any(session.store.root.glob("[0-9a-f][0-9a-f]/*.mp4")):
        signs.append(f"clips of it are in {session.store.root}")
    if any(session.settings.films.glob(f"{plan.production.slug}/*/manifest.json")):
        signs.append(f"films of it are in {session.settings.films / plan.production.slug}")
    if signs:
        raise SettingsError(
            f"the ledger is empty, but {' and '.join(signs)}: all of it would be bought again",
            where="STUDIO_LEDGER_URL" if session.settings.ledger_url else str(session.home / "ledger.db"),
            hint="nothing was bought. Restore the ledger from its backup (docs/backup.md), or set "
            "STUDIO_NEW_LEDGER=yes to begin a new ledger",
        )


def _over(plan: Plan, scope: str, limit: Decimal, spent: Decimal, needed: Decimal) -> OverBudget:
    """The error for a plan over a cap: by how much, and what would fit."""
    over = spent + needed - limit
    before = f", {usd(spent)} are spent already" if spent else ""
    fits = plan.affordable(limit - spent)
    paid = {shot.scene for shot in plan.shots if shot.to_pay}
    left = [cut.scene for cut in plan.cuts if cut.scene not in fits]
    room: tuple[Words, ...] = ()
    if paid.intersection(fits):  # else what fits is what costs nothing: no film of this production
        room = (Aside(f"; without {in_words(left)} it fits: ", option("only", *fits)),)
    shared: tuple[Words, ...] = ()
    if scope == "production" and (others := plan.budgeting.bought_as or plan.budgeting.others):
        told = f". The budget also counts what was bought for {in_words(others)}"
        shared = (told, Aside(": ", option("apart"), " gives this film one of its own"))
    return OverBudget(
        f"this run would cost {usd(needed)}; the {scope}'s budget is {usd(limit)}{before}: {usd(over)} too much",
        cap=limit,
        needed=spent + needed,
        where=plan.production.title,
        hint=text_of(
            f"nothing was bought. Raise the budget by {usd(over)}, make fewer scenes, or a draft", _by("draft"), *room,
            *shared,
        ),
    )  # fmt: skip


def _by(name: str) -> Aside:
    """An option in brackets; nothing where there is none."""
    return Aside(" (", option(name), ")")
