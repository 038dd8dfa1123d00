"""The one door to spending: ``Door.place`` is the only function that sends a create.

====================================================  ==================================================================
what happens                                          what follows
====================================================  ==================================================================
bought before (by any run, process or host)           nothing is sent; the generation that stands is returned
another process is sending it now                     wait for what comes of it
a cap has no room                                     OverBudget; nothing is written, nothing is sent
the account is at its limits                          waits for a slot, in turn with other productions
never sent (connect error, pool time-out)             released, NotSent: the caller may place it again
429                                                   released; waits as the service asks, then placed again
moderation refused this very input before             Moderated: final, nothing is sent
400, 401, 402, 403, 404, 422                          released, Refused: final
time-out, reset, 408, 5xx, unreadable, cancelled      in doubt: looked for on the account's list, and adopted; where it
                                                      is not there after the grace period: released and sent again
killed between intent and id                          the same, as soon as the holder is dead or its lease has run out
asleep between intent and sending                     given back unsent, and asked for anew: another process may have
                                                      bought it meanwhile
in doubt, and the service has no list, or its list    InDoubt: a person settles it; it is never sent again by itself
cannot tell it from another order, or says too little
====================================================  ==================================================================
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from studio.errors import (
    Ambiguous,
    GenerationFailed,
    InDoubt,
    LedgerError,
    Moderated,
    NotSent,
    RateLimited,
    Refused,
    ServiceError,
    ServiceFailed,
)
from studio.failures import FailureClass, failure_class
from studio.ledger import Cap, Intent, Ledger, Limits, OrderRow, OrderState, Reservation, utc_now
from studio.matching import ORDER_QUERY, traceable
from studio.models import api_of
from studio.providers import VideoProvider
from studio.settling import Grace, Settler

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

HELD_POLL = 0.5
SLOT_POLL = 1.0
REFRESH = timedelta(seconds=15)
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0
# A reservation older than this is not sent any more: its lease (120 s) could end before the answer comes (65 s).
STALE = timedelta(seconds=45)


@dataclass(frozen=True)
class Placed:
    """An order that stands at the service. ``bought`` is True where this very call bought it."""

    order: str
    attempt: int
    generation_id: str
    completed: bool
    bought: bool


class Door:
    """Buys shots, each once, within the caps. ``caps`` gives those that hold now; ``patience`` is seconds to wait.

    ``provider`` gives the service when a create is to be sent, and only then: what was bought before needs none.
    """

    def __init__(
        self,
        ledger: Ledger,
        provider: Callable[[], VideoProvider],
        *,
        run: str,
        caps: Callable[[], Iterable[Cap]] = tuple,
        limits: Limits | None = None,
        patience: float = 1800,
        grace: Grace | None = None,
        callback_url: str = "",
        retry_moderation: int = 0,
        clock: Callable[[], datetime] = utc_now,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._ledger, self._provider = ledger, provider
        self._run, self._caps, self._limits = run, caps, limits or Limits()
        self._patience, self._grace, self._callback_url = patience, grace or Grace(), callback_url
        self._retry_moderation = retry_moderation
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        # One at a time asks for room: a thousand shots that wait for ten slots look into the books once a second.
        self._turn = asyncio.Lock()

    async def place(
        self, intent: Intent, params: Mapping[str, Any], *, on_wait: Callable[[str], None] = print
    ) -> Placed:
        """Buy ``intent`` by sending ``params``, unless it is bought already.

        ``on_wait`` is told, in a few words, what a longer wait is for.
        Raises OverBudget, InDoubt, Moderated, NotSent or Refused; in each case the books say what happened.
        """
        known = await asyncio.to_thread(self._ledger.order, intent.key)
        if known is not None and known.moderated and known.attempt > self._retry_moderation:
            raise generation_failed(known.reason, scene=intent.scene)
        intent = replace(intent, sent=traceable(params))
        waited, tries, ours = 0.0, 0, False
        while True:
            reservation, asked = await self._reserve(intent, on_wait)
            row = reservation.order
            if reservation.outcome == "standing":
                return _placed(row, bought=ours)
            if reservation.outcome == "in doubt":
                await self._settle(row, intent.account, on_wait)
                continue
            if reservation.outcome == "held":
                on_wait("another run is sending this order")
                await self._sleep(HELD_POLL)
                continue
            if self._clock() - asked > STALE:
                # This machine slept, or the process was stopped: somebody else may hold the order by now.
                await _unbroken(self._ledger.release, row.key, row.attempt, "its sender slept before it was sent")
                continue
            try:
                ours = True
                return await self._send(row, params)
            except Ambiguous as error:
                on_wait(f"the answer was lost ({error.message}): looking for it")
            except RateLimited as limited:
                pause = _pause(limited.retry_after, tries, self._jitter())
                if waited + pause > self._patience:
                    raise
                on_wait(f"the service limits creates: trying again in {pause:.0f} s")
                await self._sleep(pause)
                waited, tries = waited + pause, tries + 1

    async def _reserve(self, intent: Intent, on_wait: Callable[[str], None]) -> tuple[Reservation, datetime]:
        """Ask the books for leave to buy, until the account has room. Also says when this was asked."""
        looked = self._clock()
        async with self._turn:
            while True:
                asked = self._clock()
                reservation = await _unbroken(
                    self._ledger.reserve, intent, run=self._run, caps=self._caps(), limits=self._limits
                )
                if reservation.outcome != "full":
                    return reservation, asked
                on_wait(reservation.why)
                now = self._clock()
                if now - looked > REFRESH:
                    # Slots of runs that died are free once the service says that their generations have ended.
                    looked = now
                    await self._settler().refresh(intent.seller, intent.account, api_of(intent.model))
                rest = (reservation.until - now).total_seconds() if reservation.until else 0.0
                await self._sleep(max(rest, SLOT_POLL * (1 + 0.25 * self._jitter())))

    def _settler(self) -> Settler:
        return Settler(self._ledger, self._provider(), clock=self._clock, grace=self._grace)

    async def _send(self, row: OrderRow, params: Mapping[str, Any]) -> Placed:
        """Send the create of an order that is reserved by us, and commit what came of it."""
        if self._callback_url:
            joint = "&" if "?" in self._callback_url else "?"
            params = {**params, "callback_url": f"{self._callback_url}{joint}{ORDER_QUERY}={row.token}"}
        try:
            generation = await self._provider().create(row.endpoint, params)
        except (NotSent, Refused) as error:
            await _unbroken(self._ledger.release, row.key, row.attempt, error.message)
            error.where = error.where or f"scene '{row.scene}'"
            raise
        except Ambiguous as error:
            await _unbroken(self._ledger.doubt, row.key, row.attempt, error.message)
            raise
        except BaseException as error:
            # Cancelled, or a mistake of ours, between sending and knowing: it may have been accepted.
            await _unbroken(self._ledger.doubt, row.key, row.attempt, f"broken off ({type(error).__name__})")
            raise
        try:
            booked = await _unbroken(self._ledger.submitted, row.key, row.attempt, generation.id)
        except LedgerError as error:
            error.hint = f"generation {generation.id} was bought for scene '{row.scene}' and is not booked yet"
            raise
        if booked.generation_id is None:
            raise Ambiguous(booked.reason or "the order was settled before its answer came")
        return _placed(booked, bought=True)

    async def _settle(self, row: OrderRow, account: str, on_wait: Callable[[str], None]) -> None:
        """Return once the order is no longer in doubt. Raises InDoubt where that cannot be found out."""
        if row.account != account:
            raise in_doubt(row)  # sent with another key: what that account has, this one's list does not show
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
                raise in_doubt(row) from error
            except ServiceError as error:
                if waited > self._patience:
                    raise in_doubt(row) from error
            now = await asyncio.to_thread(self._ledger.order, row.key)
            if now is None or now.state is not OrderState.IN_DOUBT or now.attempt != row.attempt:
                return
            pause = settler.pause(row)
            on_wait("looking for the lost answer on the account's list")
            await self._sleep(pause)
            waited += pause
        raise in_doubt(row)


def in_doubt(row: OrderRow) -> InDoubt:
    """The error for an order that nobody knows the end of, with the two commands that settle it."""
    order = row.key[:12]
    return InDoubt(
        f"nobody knows whether order {order} was accepted ({row.reason or 'its sender ended before the answer came'}); "
        "it is not sent again, so that it cannot be bought twice",
        order=row.key,
        where=f"scene '{row.scene}'",
        hint=f"look at the generations of the account around {row.reserved_at:%Y-%m-%d %H:%M:%S} UTC, then either\n"
        f"      python -m flows.reconcile --adopt {order} GENERATION    it is there: use it\n"
        f"      python -m flows.reconcile --release {order}             it is not: it may be sent again",
    )


def generation_failed(reason: str | None, *, scene: str) -> GenerationFailed:
    """The error for a generation that the service failed: final where its content was refused, else worth another."""
    text = reason or "no reason given"
    where, kind = f"scene '{scene}'", failure_class(reason)
    if kind is FailureClass.MODERATION:
        part = _part(text)
        hint = f"change its {part}; or, as the verdict is not always the same, try another take: --retake {scene}"
        return Moderated(f"the service refused the {part}: {text} (refunded)", reason=text, where=where, hint=hint)
    if kind is FailureClass.INPUT:
        hint = (
            "the service must be able to read and use the image or footage: check what it is, and that its URL is "
            "public and still valid"
        )
        return GenerationFailed(f"generation failed: {text} (refunded)", reason=text, where=where, hint=hint)
    if kind is FailureClass.ACCOUNT:
        hint = "add credit to the account, then run the same command again"
        return GenerationFailed(f"generation failed: {text} (refunded)", reason=text, where=where, hint=hint)
    hint = "the failure is the service's own, and nothing was charged: run the same command again"
    return ServiceFailed(f"generation failed: {text} (refunded)", reason=text, where=where, hint=hint)


def _part(reason: str) -> str:
    """Which part of an order its moderation speaks of, by the services' own words."""
    text = reason.lower()
    if text.startswith("content_moderated"):
        return "output" if "output" in text else "prompt or a picture"
    return "start or end image" if "frame" in text else "output" if "output" in text else "prompt"


def _placed(row: OrderRow, *, bought: bool) -> Placed:
    assert row.generation_id is not None, "an order that stands has a generation"  # noqa: S101
    return Placed(row.key, row.attempt, row.generation_id, row.state is OrderState.COMPLETED, bought)


def _pause(asked: float | None, tries: int, jitter: float) -> float:
    """Seconds to wait after a 429: what the service asked for, else longer each time, spread so that not all return
    at once."""
    base = asked if asked is not None else SHORTEST_WAIT * 2.0**tries
    return min(max(base, SHORTEST_WAIT), LONGEST_WAIT) * (1 + 0.25 * jitter)


async def _unbroken(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a transaction in a thread and let it end even if we are cancelled meanwhile: the books must not miss it."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
