"""Recovery of lost answers: it compares an order in doubt with the account's generations.

====================================================  ==================================================================
what the account's list shows                         what follows
====================================================  ==================================================================
a generation with this order's own token              adopted
one asked for in the very same words, of that time,   adopted
which no order has, and nothing speaks for another
buyer
one that is only likely, and may be another order's   waited for while an answer is under way, else left to a person
one that fits, of another time                        left to a person: clocks may be wrong, and it may be the order's
one that tells nothing of what was asked              left to a person
none that fits, on two whole readings, after the      released, once: every cap goes on counting its price, and a
grace period, on a list that is proven complete       second doubt of the same order is left to a person
none that fits, and the list is not proven            left to a person, and looked at again by every run
====================================================  ==================================================================

The proof that a list is complete is in ``studio.purchasing.absence``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from studio.errors import LedgerError, NotFound
from studio.ledger import Ledger, OrderRow, OrderState
from studio.ledger.sightings import (
    Sighting,
    first_sights,
    keep_callbacks,
    keep_sightings,
    latest_by,
    tells_callbacks,
)
from studio.providers import Generation, GenerationService
from studio.providers.order_trace import order_token
from studio.providers.registry import EARLIEST, provider_of
from studio.purchasing.absence import SKEW, WINDOW, ServiceTime, absence, service_time
from studio.purchasing.candidates import (
    Settled,
    candidates,
    fit_of,
    is_likelier_theirs,
    is_nameless,
    names_orders,
    of_its_kind,
    uncertainty,
)
from studio.purchasing.ends import book_ends
from studio.purchasing.listing import TooLong, account_since, as_far_as_it_goes, whole_list

UNSETTLED = (OrderState.RESERVED, OrderState.IN_DOUBT)
# Seconds between looks, once the grace period is over and the list proves nothing yet.
LONGEST_PAUSE = 30.0
# A list that was late once may be three times as late the next time.
LATER = 3.0
# The age from which, with another proof, an order released as absent was certainly never accepted.
CERTAIN_AFTER = timedelta(hours=24)
# The most of our generations that are asked for by id, where the list shows none of them.
MOST_ASKED = 3


@dataclass(frozen=True)
class Grace:
    """The time after its doubt, in seconds, in which a create may still come onto the list."""

    seconds: float = 90.0


@dataclass(frozen=True)
class _Look:
    """One look at the account's list.

    ``known``: orders whose generation is known, the latest first. ``names_orders``: the service echoes the callbacks
    that name our orders, so a generation whose callback names none is another buyer's.
    """

    shown: Mapping[str, Generation]
    known: tuple[OrderRow, ...]
    free: tuple[Generation, ...]
    time: ServiceTime
    names_orders: bool = False


class LostOrderResolver:
    """Settles orders in doubt of one account, by the ledger's clock.

    ``why``: the reason why the last order was not settled.
    """

    def __init__(self, ledger: Ledger, provider: GenerationService, *, grace: Grace | None = None) -> None:
        self._ledger, self._provider, self._grace = ledger, provider, grace or Grace()
        self._noted: set[tuple[str, bool]] = set()
        # Known generations that an earlier look has missed: the list shows them late.
        self._missed: set[str] = set()
        self.why = ""

    async def settle(self, row: OrderRow) -> Settled:
        """Look once for the order's generation. Raises ServiceError where the list cannot be read.

        ``waiting``: it is not on the list, but may still come. ``unclear``: only a person can tell now.
        """
        self.why = ""
        # The time before the list is read: the list proves nothing about creates accepted after that.
        began = await asyncio.to_thread(self._ledger.now)
        recent = await account_since(self._provider, row.reserved_at - SKEW)
        look = await self._look(row, {g.id: g for g in recent})
        likely = candidates(row, look.free, look.time)
        if likely and likely[0].like != "certain":
            # Only older generations may show that it is another buyer's.
            look = await self._look(row, await as_far_as_it_goes(self._provider))
        done = await asyncio.to_thread(self._adopt, row, look)
        if done is not None:
            return done
        grace = await self._patience(row)
        if (began - row.unheard_since(grace)).total_seconds() < grace:
            return "waiting"
        return await self._release(row, began)

    async def _release(self, row: OrderRow, began: datetime) -> Settled:
        """Release an order that two readings of the whole list do not show, if that proves anything."""
        try:
            first = await whole_list(self._provider)
            second = await whole_list(self._provider)
        except TooLong as error:
            return self._unclear(error.message)
        if first.keys() != second.keys():
            self.why = "the account's list changes while it is read"
            return "waiting"
        look = await self._look(row, second)
        done = await asyncio.to_thread(self._adopt, row, look)
        if done is not None:
            return done
        reason = await asyncio.to_thread(self._in_the_way, row, look)
        if reason:
            return self._unclear(reason)
        verdict, why = await asyncio.to_thread(self._absence, row, look, began)
        if verdict == "waiting":
            self.why = why
            return "waiting"
        if verdict == "unproven":
            return self._unclear(f"the account's list does not show it, which proves nothing: {why}")
        if row.absences:
            return self._unclear("it was sent again once because the list did not show it, and is not shown again")
        note = "not on the account's list after the grace period"
        await asyncio.to_thread(self._ledger.release_absent, row.key, row.attempt, note)
        return "released"

    def unclaimed(self, row: OrderRow, shown: Mapping[str, Generation]) -> str | None:
        """The id of a generation on the account's list that fits an order and that no order has; None without one."""
        look = self._looked(row, shown)
        return next((fit.generation.id for fit in candidates(row, look.free, look.time)), None)

    def _unclear(self, why: str) -> Settled:
        self.why = why
        return "unclear"

    async def _look(self, row: OrderRow, shown: Mapping[str, Generation]) -> _Look:
        """The result of one reading of the list; if it has candidates but none of ours, one of ours is asked for."""
        look = await asyncio.to_thread(self._looked, row, shown)
        likely = candidates(row, look.free, look.time)
        if not likely or likely[0].like == "certain" or any(k.generation_id in shown for k in look.known):
            return look
        for known in look.known[:MOST_ASKED]:
            try:
                generation = await self._provider.get(known.generation_id or "")
            except NotFound:
                continue
            if names_orders((known,), {generation.id: generation}):
                await asyncio.to_thread(keep_callbacks, self._ledger, row.account)
                return replace(look, names_orders=True)
            return look
        return look

    def _looked(self, row: OrderRow, shown: Mapping[str, Generation]) -> _Look:
        """The result of one reading of the list. Records the known generations on it."""
        ledger = self._ledger
        earlier = ledger.failed_attempts(row.account, row.reserved_at - WINDOW)
        found = [k for k in (*ledger.known(row.account), *earlier) if provider_of(k) == provider_of(row)]
        known = tuple(sorted(found, key=lambda k: k.submitted_at or k.reserved_at, reverse=True))
        by_date = self._provider.clock.ahead if self._provider.clock is not None else None
        if by_date is not None:
            by_date += ledger.clock_difference()
        near = [k for k in known if k.submitted_at is not None and k.submitted_at >= row.reserved_at - WINDOW]
        claimed = ledger.claimed(row.realm, list(shown), provider=provider_of(row))
        self._take_note(row.account, near, shown)
        if names_orders(known, shown):
            keep_callbacks(ledger, row.account)
        return _Look(
            shown, known, tuple(g for g in shown.values() if g.id not in claimed),
            service_time(shown, known, by_date=by_date), tells_callbacks(ledger, row.account),
        )  # fmt: skip

    def _take_note(self, account: str, near: list[OrderRow], shown: Mapping[str, Generation]) -> None:
        now = self._ledger.now()
        seen = [
            Sighting(k.generation_id, self._lateness(k, now), unfinished=not shown[k.generation_id].ended)
            for k in near
            if k.generation_id is not None and k.generation_id in shown
        ]
        self._missed |= {k.generation_id for k in near if k.generation_id is not None and k.generation_id not in shown}
        new = [s for s in seen if (s.generation_id, s.unfinished) not in self._noted]
        keep_sightings(self._ledger, account, new)
        self._noted |= {(s.generation_id, s.unfinished) for s in new}

    def _lateness(self, row: OrderRow, now: datetime) -> float:
        """Seconds after which a known generation came onto the list, where an earlier look had missed it; else 0."""
        if row.generation_id not in self._missed:
            return 0.0
        return (now - row.reserved_at).total_seconds()

    def _adopt(self, row: OrderRow, look: _Look) -> Settled | None:
        """Adopt the order's generation, if the list shows it beyond doubt. None: the list does not show it."""
        found = [f for f in candidates(row, look.free, look.time) if f.like != "possible" and f.apart is not None]
        if found and found[0].like == "likely":
            rivals = self._rivals(row)
            found = [fit for fit in found if not any(is_likelier_theirs(rival, fit, look.time) for rival in rivals)]
            if found and (why := uncertainty(found, rivals, look.time, nameless=is_nameless(row))):
                if why == "waiting":
                    return "waiting"
                return self._unclear("the account's list cannot tell it from another one")
        if not found:
            return None
        best = found[0]
        if best.like != "certain" and (twin := self._twin(row, look)):
            return self._unclear(f"another ledger orders the same on this account (generation {twin})")
        if best.like != "certain" and look.names_orders:
            return self._unclear(f"generation {best.generation.id} fits, and its callback does not name this order")
        try:
            if row.state is OrderState.RELEASED:
                self._ledger.submitted(row.key, row.attempt, best.generation.id)  # also where another attempt stands
            else:
                note = "found again on the account's list"
                self._ledger.adopt(row.key, best.generation.id, note, attempt=row.attempt)
        except LedgerError:
            return "waiting"  # another process was quicker, with this order or with this generation
        return "adopted"

    def _twin(self, row: OrderRow, look: _Look) -> str | None:
        """A generation of another buyer whose order is like one of ours; None without one."""
        for generation in look.free:
            token = order_token(generation.request.get("callback_url"))
            if token is not None and not token.startswith(self._ledger.token_prefix) and token != row.token:
                if self._ours_of_old(token):
                    continue
                return generation.id
            doubles = any(
                other.key != row.key
                and other.sent != row.sent
                and (fit := fit_of(other, generation, look.time)) is not None
                and fit.like == "exact"
                for other in look.known
            )
            if doubles and not self._may_be_ours(row, generation, look.time):
                return generation.id
        return None

    def _may_be_ours(self, row: OrderRow, generation: Generation, time: ServiceTime) -> bool:
        """True if an order of ours whose outcome is unknown may have bought a generation."""
        return any(
            other.account == row.account and fit_of(other, generation, time) is not None
            for other in (*self._ledger.open_orders(*UNSETTLED), *self._ledger.suspended(row.realm))
        )

    def _ours_of_old(self, token: str) -> bool:
        """True if a token is of an order of ours, by an earlier version, whose tokens did not name the ledger."""
        key, _, _ = token.rpartition(".")
        return len(key) == len("0" * 40) and any(row.token == token for row in self._ledger.find_orders(key))

    def _in_the_way(self, row: OrderRow, look: _Look) -> str:
        """The reason why an order may be on a list although nothing on it fits clearly; empty without one."""
        rivals = self._rivals(row)
        for fit in candidates(row, look.free, look.time):
            if any(is_likelier_theirs(rival, fit, look.time) for rival in rivals):
                continue  # another open order asked for just this
            if fit.like in ("certain", "exact"):
                return f"generation {fit.generation.id} was asked for in the same words, at another time by its clock"
            if fit.apart is not None or not look.time.measured:
                return f"generation {fit.generation.id} may be it, by what the service tells"
        if look.free and self._misleading(look):
            return "the account's list does not fit orders of which the generation is known"
        for generation in look.free:
            if of_its_kind(row, generation, look.time) and not self._anothers(generation, rivals, look.time):
                return (
                    f"generation {generation.id}, of the same time and model, is no order's: its words may be altered"
                )
        return ""

    @staticmethod
    def _anothers(generation: Generation, rivals: list[OrderRow], time: ServiceTime) -> bool:
        """True if another order whose outcome is unknown asked for exactly this."""
        return any((fit := fit_of(rival, generation, time)) is not None and fit.like == "exact" for rival in rivals)

    def _misleading(self, look: _Look) -> bool:
        """True if the list shows a generation with another request, or another time, than its order had."""
        by_id = {k.generation_id: k for k in look.known}
        for generation in look.shown.values():
            holder = by_id.get(generation.id)
            if holder is None or not holder.sent:
                continue
            fit = fit_of(holder, generation, look.time)
            if fit is None or fit.apart is None:
                return True
        return False

    def _absence(self, row: OrderRow, look: _Look, now: datetime) -> tuple[str, str]:
        seen = first_sights(self._ledger, row.account)
        grace = self._learnt(row.account)
        return absence(row, look.shown, look.known, sightings=seen, grace=grace, now=now)

    def _rivals(self, row: OrderRow) -> list[OrderRow]:
        """Other orders of the account whose outcome is unknown, except those with the same request."""
        self._ledger.doubt_abandoned()  # else one would wait for the answer of a sender that died
        return [
            other
            for other in self._ledger.open_orders(*UNSETTLED)
            if other.key != row.key
            and (other.realm, other.account, other.endpoint) == (row.realm, row.account, row.endpoint)
            and other.sent != row.sent
        ]

    async def _patience(self, row: OrderRow) -> float:
        return await asyncio.to_thread(self._learnt, row.account)

    def _learnt(self, account: str) -> float:
        """The grace period, longer where the account's list was seen to be late."""
        return max(self._grace.seconds, LATER * latest_by(self._ledger, account))

    async def look_again(self, row: OrderRow) -> Settled:
        """Look again for an attempt that was released because the list did not show it. Raises ServiceError.

        ``row`` is the order as it was in that attempt (``Ledger.suspended_attempts``); another one may stand since.
        ``adopted``: it was accepted after all. ``released``: it certainly was not; caps no longer count it.
        """
        now = await asyncio.to_thread(self._ledger.now)
        try:
            shown = await whole_list(self._provider)
        except TooLong as error:
            return self._unclear(error.message)
        look = await self._look(row, shown)
        done = await asyncio.to_thread(self._adopt, row, look)
        if done is not None:
            return done
        doubted = row.doubted_at or row.reserved_at
        in_the_way = await asyncio.to_thread(self._in_the_way, row, look)
        if now - doubted < CERTAIN_AFTER or in_the_way:
            return "waiting"
        verdict, why = await asyncio.to_thread(self._absence, row, look, now)
        if verdict != "absent":
            self.why = why
            return "waiting"
        note = "not on the account's list after a day: it was never accepted"
        await asyncio.to_thread(self._ledger.settle_absent, row.key, row.attempt, note)
        return "released"

    async def refresh(self, realm: str, account: str, api: str = EARLIEST) -> int:
        """Book the end of every generation that no run waits for. Returns the number that had ended."""
        return await book_ends(self._ledger, self._provider, realm=realm, account=account, api=api)

    async def pause(self, row: OrderRow) -> float:
        """Seconds until the next look: few at first, and at most until the grace period is over."""
        now = await asyncio.to_thread(self._ledger.now)
        grace = await self._patience(row)
        age = (now - (row.doubted_at or row.reserved_at)).total_seconds()
        rest = grace - (now - row.unheard_since(grace)).total_seconds()
        return min(max(1.0, age / 4), rest if rest > 1.0 else LONGEST_PAUSE)
