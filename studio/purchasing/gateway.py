"""The purchase gateway: ``PurchaseGateway.purchase`` is the only function that sends a create.

====================================================  ==================================================================
what happens                                          what follows
====================================================  ==================================================================
bought before (by any run, process or host)           nothing is sent; the generation that stands is returned
an attempt ends without a purchase, and an earlier    nothing is sent: the order takes up that generation
one turns out to be bought
another process is sending it now                     wait for what comes of it
a cap has no room                                     OverBudget; nothing is written, nothing is sent
the account is at its limits                          waits for a slot, in turn with other productions
never sent (connect error, pool time-out)             released, NotSent: the caller may place it again
429                                                   released; every process holds back the creates of the account's
                                                      pool, as long as the service asks, or, where too many are being
                                                      made, until one ends; then placed again
moderation refused this very input before             Moderated: final, nothing is sent
a refusal that the service documents (``REFUSALS``)   released, Refused: final
time-out, reset, a redirect, any other status, an     in doubt: looked for on the account's list, and adopted; where a
unreadable answer, cancelled                          list that is proven complete does not show it: sent again, once
killed between intent and id                          the same, as soon as the holder is dead or its lease has run out
the id cannot be booked                               tried for minutes, then kept in a file that the next run books
asleep between intent and sending                     given back unsent, and asked for anew: another process may have
                                                      bought it meanwhile
in doubt, and the service has no list, or its list    InDoubt: a person settles it; it is never sent again by itself
proves nothing, or it was sent again once before
its generation is no longer at the service            GenerationGone: paid for; a person may let it be sent again
no slot comes free, and nothing moves                 NoSlot, with the names of those that hold them
====================================================  ==================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from studio.errors import (
    Ambiguous,
    LedgerError,
    LimitKind,
    NoSlot,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    ServiceError,
    Untrusted,
)
from studio.ledger import Cap, Doubt, Intent, Ledger, Limits, OrderRow, OrderState, Reservation
from studio.ledger.clock import since_start
from studio.providers import Generation, GenerationService
from studio.providers.order_trace import ORDER_QUERY, traceable
from studio.providers.registry import provider_of
from studio.purchasing.listing import whole_list
from studio.purchasing.order_errors import gone, held_back, in_doubt, refused_before
from studio.purchasing.recovery import Grace, LostOrderResolver
from studio.purchasing.unbooked import Unbooked
from studio.remedies import AGAIN, IN_TERMINAL, Reconcile, text_of

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

HELD_POLL = 0.5
SLOT_POLL = 1.0
REFRESH = timedelta(seconds=15)
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0
# The least time left of a lease when its create is sent: a create takes 65 s at most, and then its id is booked.
LEAST_LEASE = timedelta(seconds=75)
# Seconds between tries to book an id that is known: three minutes in all.
BOOKING_PAUSES = (0.5, 1, 2, 5, 10, 20, 30, 30, 40, 40)


@dataclass(frozen=True)
class Placed:
    """An order that the service has accepted. ``bought`` is True if this call bought it."""

    order: str
    attempt: int
    generation_id: str
    completed: bool
    bought: bool


class PurchaseGateway:
    """Buys shots, each once, within the caps. ``caps`` gives those that hold now; ``patience`` is seconds to wait.

    ``provider`` gives the service, and is called only when the service is needed: earlier purchases need none.
    ``unbooked`` keeps ids that the ledger could not take. ``restored``: the ledger is an older copy and may lack
    purchases, so the account's list is read before anything is sent. ``user_id``: an opaque id of the user it is
    bought for, sent where the API takes one; no part of an order. ``passed``: seconds on this machine, by a clock
    that goes on while it sleeps.
    """

    def __init__(
        self,
        ledger: Ledger,
        provider: Callable[[], GenerationService],
        *,
        run: str,
        caps: Callable[[], Iterable[Cap]] = tuple,
        limits: Limits | None = None,
        patience: float = 1800,
        grace: Grace | None = None,
        callback_url: str = "",
        user_id: str = "",
        retry_moderation: int = 0,
        unbooked: Unbooked | None = None,
        restored: bool = False,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        passed: Callable[[], float] = since_start,
    ) -> None:
        self._ledger, self._provider = ledger, provider
        self._run, self._caps, self._limits = run, caps, limits or Limits()
        self._patience, self._grace, self._callback_url = patience, grace or Grace(), callback_url
        self._retry_moderation, self._user_id = retry_moderation, user_id
        self._restored = restored
        self._told: int | None = None  # creates a minute, as the service told last
        self._unbooked, self._sleep, self._jitter, self._passed = unbooked, sleep, jitter, passed
        # The account's generations before this gateway's first order, where the ledger may lack some of them.
        self._before: Mapping[str, Generation] | None = None
        # One shot at a time asks for a slot, so a thousand that wait for ten read the ledger once a second.
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """Say that a generation of this account has ended: a shot that waits for a slot asks again at once."""
        self._moved.set()

    async def purchase(
        self, intent: Intent, params: Mapping[str, Any], *, on_wait: Callable[[str], None] = print
    ) -> Placed:
        """Buy ``intent`` by sending ``params``, unless it is bought already.

        ``on_wait`` is called with a short reason for each longer wait.
        Raises OverBudget, InDoubt, Moderated, NotSent (RateLimited), Refused, GenerationGone or NoSlot; in each case
        the ledger records what happened.
        """
        known = await asyncio.to_thread(self._ledger.order, intent.key)
        if known is not None and known.moderated and known.attempt > self._retry_moderation:
            raise refused_before(known)
        intent = replace(intent, sent=traceable(params))
        waited, pause, tries, ours = 0.0, 0.0, 0, False
        limited_at: datetime | None = None
        while True:
            reservation = await self._reserve(intent, on_wait)
            row = reservation.order
            if reservation.outcome == "standing":
                return _placed(row, bought=ours)
            if reservation.outcome == "in doubt":
                await self._settle(row, intent.account, on_wait)
                continue
            if reservation.outcome == "gone":
                return await self._found(row)
            if reservation.outcome == "held":
                on_wait("another run is sending this order")
                await self._sleep(HELD_POLL)
                continue
            if self._restored:
                await self._not_bought_before(row)
            asked = self._passed()
            now = await asyncio.to_thread(self._ledger.now)
            # The ledger's answer may have been slow: the time since the question counts, too.
            now += timedelta(seconds=max(0.0, self._passed() - asked))
            if row.lease_until is None or row.lease_until - now < LEAST_LEASE:
                # This machine slept, or the process was stopped: another process may hold the order by now.
                await _unbroken(self._ledger.release, row.key, row.attempt, "its sender slept before it was sent")
                continue
            try:
                ours = True
                return await self._send(row, params)
            except Ambiguous as error:
                on_wait(f"the answer was lost ({error.message}): looking for it")
            except RateLimited as limited:
                waited += min(pause, (now - (limited_at or now)).total_seconds())
                pause = _pause(limited.retry_after, tries, self._jitter())
                await self._hold_back(intent, limited, pause)
                # The length of a wait for a generation's end is unknown.
                least = SHORTEST_WAIT if limited.kind is LimitKind.JOBS else pause
                if waited + least > self._patience:
                    raise
                on_wait(f"the service limits creates: trying again in {pause:.0f} s")
                limited_at, tries = now, tries + 1

    async def _reserve(self, intent: Intent, on_wait: Callable[[str], None]) -> Reservation:
        """Reserve an order in the ledger, as soon as the account has room.

        Raises NoSlot where nothing changes for ``patience`` seconds, RateLimited where the service takes no creates for
        longer than that.
        """
        began = looked = await asyncio.to_thread(self._ledger.now)
        async with self._turn:
            while True:
                self._moved.clear()
                reservation = await _unbroken(
                    self._ledger.reserve, intent, run=self._run, caps=self._caps(), limits=self._limits
                )
                if reservation.outcome != "full":
                    return reservation
                on_wait(reservation.why)
                now = await asyncio.to_thread(self._ledger.now)
                if now - looked > REFRESH:
                    # Slots of runs that died are free once the service says that their generations have ended.
                    looked = now
                    await self._settler().refresh(intent.realm, intent.account, provider_of(intent))
                    await asyncio.to_thread(self._check_that_it_moves, intent, began, now)
                rest = (reservation.until - now).total_seconds() if reservation.until else 0.0
                if reservation.limited and rest > self._patience:
                    raise held_back(intent.scene, rest)
                await self._until_moved(max(rest, SLOT_POLL * (1 + 0.25 * self._jitter())), early=not rest)

    async def _until_moved(self, seconds: float, *, early: bool) -> None:
        """Sleep; ``early``: only until a generation of this process has ended, if that is sooner."""
        if not early:
            return await self._sleep(seconds)
        sleeping, moving = asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._moved.wait())
        try:
            await asyncio.wait({sleeping, moving}, return_when=asyncio.FIRST_COMPLETED)
            if sleeping.done():
                sleeping.result()
        finally:
            sleeping.cancel()
            moving.cancel()

    async def _hold_back(self, intent: Intent, limited: RateLimited, seconds: float) -> None:
        """Record a 429 in the ledger, for all processes."""
        await self._learn(intent.account, intent.pool, limited.per_minute)
        await _unbroken(self._ledger.hold_back, intent.account, intent.pool, limited.kind, seconds)

    async def _learn(self, account: str, pool: str, per_minute: int | None) -> None:
        """Record the number of creates a minute that the service allows, if it told a new one."""
        if per_minute is not None and per_minute != self._told:
            with contextlib.suppress(LedgerError):  # the next create tells it again, so no purchase fails for this
                await _unbroken(self._ledger.learn_limit, account, pool, per_minute)
                self._told = per_minute

    def _check_that_it_moves(self, intent: Intent, began: datetime, now: datetime) -> None:
        moved = self._ledger.last_change(intent.account, intent.pool, since=began) or began
        idle = now - max(began, moved)
        if idle.total_seconds() < self._patience:
            return
        holders = self._ledger.slot_holders(intent.account, intent.pool)
        held = ", ".join(f"{name} ({count})" for name, count in sorted(holders.items()))
        raise NoSlot(
            f"no slot of the account came free, and nothing moved for {idle.total_seconds() / 60:.0f} minutes; "
            f"the slots are held by {held or 'nobody'}",
            where=f"scene '{intent.scene}'",
            hint=text_of(
                "nothing was bought for this scene. ", Reconcile(), " books what has ended, and says what is in doubt",
                IN_TERMINAL, "; then ", AGAIN,
            ),
        )  # fmt: skip

    def _settler(self) -> LostOrderResolver:
        return LostOrderResolver(self._ledger, self._provider(), grace=self._grace)

    async def _found(self, row: OrderRow) -> Placed:
        """Check whether the service has the generation of a gone order again. Raises GenerationGone where not."""
        try:
            await self._provider().get(row.generation_id or "")
        except NotFound:
            raise gone(row) from None
        return _placed(row, bought=False)

    async def _not_bought_before(self, row: OrderRow) -> None:
        """Check that the account has no generation like an order's that no order has. Raises InDoubt where it has."""
        if not self._provider().has_list:
            return
        try:
            if self._before is None:
                self._before = await whole_list(self._provider())
            found = await asyncio.to_thread(self._settler().unclaimed, row, self._before)
        except ServiceError as error:
            await _unbroken(self._ledger.release, row.key, row.attempt, "the account's list could not be read")
            if isinstance(error, Untrusted):
                raise
            raise NotSent(error.message, hint=error.hint_text) from error
        if found is not None:
            why = f"the ledger was restored, and generation {found} of the account was asked for in the same words"
            raise in_doubt(await _unbroken(self._ledger.doubt, row.key, row.attempt, why))

    async def _send(self, row: OrderRow, params: Mapping[str, Any]) -> Placed:
        """Send the create of an order that this process has reserved, and commit its outcome."""
        if self._callback_url:
            joint = "&" if "?" in self._callback_url else "?"
            params = {**params, "callback_url": f"{self._callback_url}{joint}{ORDER_QUERY}={row.token}"}
        try:
            generation = await self._provider().create(
                row.endpoint, params, request_id=row.token, user_id=self._user_id
            )
        except (NotSent, Refused) as error:
            await _unbroken(self._ledger.release, row.key, row.attempt, error.message)
            error.where = error.where or f"scene '{row.scene}'"
            raise
        except Ambiguous as error:
            kind = Doubt.ANSWERED if error.answered else Doubt.UNANSWERED
            name = error.request_id
            await _unbroken(self._ledger.doubt, row.key, row.attempt, error.message, kind, request_id=name)
            raise
        except BaseException as error:
            # Cancelled, or an error of ours, before the outcome was known: it may have been accepted.
            await _unbroken(self._ledger.doubt, row.key, row.attempt, f"broken off ({type(error).__name__})")
            raise
        booked = await self._book(row, generation)
        await self._learn(row.account, row.pool, generation.per_minute)
        if booked.generation_id is None:
            raise Ambiguous(booked.reason or "the order was settled before its answer came")
        return _placed(booked, bought=True)

    async def _book(self, row: OrderRow, generation: Generation) -> OrderRow:
        """Commit the id of a purchase, trying for minutes. Raises LedgerError where it is kept in a file instead."""
        bought, name = (row.key, row.attempt, generation.id), generation.request_id
        try:
            for pause in BOOKING_PAUSES:
                try:
                    return await _unbroken(self._ledger.submitted, *bought, request_id=name)
                except LedgerError:
                    await self._sleep(pause)
            return await _unbroken(self._ledger.submitted, *bought, request_id=name)
        except BaseException as error:
            # The id is known and must not be lost, whether the database failed or the task was cancelled.
            kept = self._unbooked.keep(self._ledger.id, row.key, row.attempt, generation.id) if self._unbooked else None
            if isinstance(error, LedgerError):
                where = f"its id is kept in {kept}, and the next run books it" if kept else "write its id down"
                error.hint = f"generation {generation.id} was bought for scene '{row.scene}' and not booked: {where}"
            raise

    async def _settle(self, row: OrderRow, account: str, on_wait: Callable[[str], None]) -> None:
        """Wait until the order is no longer in doubt. Raises InDoubt where it cannot be settled."""
        if row.account != account:
            # This account's list does not show the other account's generations.
            raise in_doubt(row, "it was sent with another API key")
        provider = self._provider()
        settler = self._settler()
        waited = 0.0
        while provider.has_list:
            try:
                outcome = await settler.settle(row)
                if outcome == "unclear":
                    break
                if outcome != "waiting":
                    return
            except Refused as error:
                raise in_doubt(row, error.message) from error
            except ServiceError as error:
                if waited > self._patience:
                    raise in_doubt(row, error.message) from error
            now = await asyncio.to_thread(self._ledger.order, row.key)
            if now is None or now.state is not OrderState.IN_DOUBT or now.attempt != row.attempt:
                return
            if waited > self._patience:
                break
            pause = await settler.pause(row)
            on_wait("looking for the lost answer on the account's list")
            await self._sleep(pause)
            waited += pause
        raise in_doubt(row, settler.why if provider.has_list else "the service has no list of generations")


def _placed(row: OrderRow, *, bought: bool) -> Placed:
    assert row.generation_id is not None, "an order that stands has a generation"  # noqa: S101
    return Placed(row.key, row.attempt, row.generation_id, row.state is OrderState.COMPLETED, bought)


def _pause(asked: float | None, tries: int, jitter: float) -> float:
    """Seconds to wait after a 429: those that the service asked for, else more each time; spread, so that not all
    return at once."""
    base = min(SHORTEST_WAIT * 2.0 ** min(tries, 10), LONGEST_WAIT) if asked is None else max(asked, SHORTEST_WAIT)
    return base * (1 + 0.25 * jitter)


async def _unbroken(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a transaction in a thread, to its end even if the caller is cancelled: the ledger must not miss it."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    # Its error is read even after a cancellation, so that asyncio does not warn; the cancellation is what is raised.
    work.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
