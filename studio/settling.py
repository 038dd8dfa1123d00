"""Finding lost answers again: an order in doubt, and the generations that the account has.

The list of the account is read back to the moment of the order. A generation that was asked for in the same words,
within the window, and that no other order has, is what the order bought: it is adopted. Where there is none, even after
the grace period, the create was not accepted, and the order may be sent again. What may as well be another order's is
not taken. And a list proves only what it tells: where an echo is silent about what was asked, or does not fit orders of
which we know the generation, nothing is released because nothing fits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Literal

from studio.errors import LedgerError, ServiceError
from studio.ledger import Ledger, OrderRow, OrderState
from studio.matching import NAMELESS, Likeness, likeness
from studio.models import Api, api_of
from studio.providers import Generation, VideoProvider

PAGE = 100
MOST_PAGES = 50
# How far the service's clock and ours may be apart.
SKEW = timedelta(minutes=10)
# A list by time of acceptance may have its dates this much out of order.
SAME_TIME = timedelta(minutes=1)
RANK: dict[Likeness, int] = {"certain": 0, "exact": 1, "likely": 2, "possible": 3}
UNSETTLED = (OrderState.RESERVED, OrderState.IN_DOUBT)


@dataclass(frozen=True)
class Grace:
    """How long after its order a create that is not on the list may still turn up, in seconds.

    ``answered``: the service did answer, only not with an id. ``unanswered``: it may still be working on the request.
    """

    answered: float = 15.0
    unanswered: float = 90.0

    def over(self, row: OrderRow) -> float:
        """Seconds after ``reserved_at``."""
        return self.answered if (row.reason or "").startswith("the service ") else self.unanswered


Settled = Literal["adopted", "released", "waiting", "unclear"]


@dataclass(frozen=True)
class Fit:
    """A generation that an order may have bought. ``apart``: seconds between the two."""

    generation: Generation
    like: Likeness
    apart: float


async def account_since(provider: VideoProvider, since: datetime) -> list[Generation]:
    """The account's generations back to ``since`` by the service's clock. Raises ServiceError.

    Nobody promises that the list begins with the newest one: unless all that was read does, it is read to its end.
    """
    found: dict[str, Generation] = {}
    offset = 0
    for _ in range(MOST_PAGES):
        page = await provider.list(limit=PAGE, offset=offset)
        found |= {g.id: g for g in page.generations}
        offset += len(page.generations)
        dated = [g.created_at for g in found.values() if g.created_at is not None]
        reached = _newest_first(dated) and min(dated) < since
        # Creates that come in meanwhile push others to the next page: seen twice, never missed.
        if not page.has_more or not page.generations or reached:
            return list(found.values())
    raise ServiceError(
        f"the account's list goes on after {offset} generations: it cannot be read back to {since:%H:%M} UTC"
    )


def fits(row: OrderRow, generations: Iterable[Generation]) -> list[Fit]:
    """What an order in doubt may have bought: the likest first, and of equals the nearest in time."""
    found = [fit for generation in generations if (fit := _fit(row, generation)) is not None]
    return sorted(found, key=lambda fit: (RANK[fit.like], fit.apart))


def _fit(row: OrderRow, generation: Generation) -> Fit | None:
    apart = _apart(row, generation)
    echoed = {**generation.request, "model": generation.request.get("model") or generation.model}
    like = likeness(row.sent, echoed, token=row.token, endpoint=row.endpoint)
    if like == "possible" and generation.kind in ("image", "video"):
        # Of a silent echo, only what is told beside it excludes; words that are equal say more than a kind.
        like = like if (generation.kind == "image") == row.endpoint.startswith("image") else None
    return None if apart is None or like is None else Fit(generation, like, apart)


def _newest_first(dates: list[datetime]) -> bool:
    """Whether the order is proven, but for creates that came at about the same time."""
    oldest = accumulate(dates, min)
    return (
        bool(dates)
        and dates[-1] < dates[0]
        and all(date - low <= SAME_TIME for date, low in zip(dates, oldest, strict=True))
    )


def _apart(row: OrderRow, generation: Generation) -> float | None:
    """Seconds between the order and the generation; None outside the window, in which clocks may differ by minutes."""
    if generation.created_at is None:
        return SKEW.total_seconds()
    seconds = (generation.created_at - row.reserved_at).total_seconds()
    return abs(seconds) if abs(seconds) <= SKEW.total_seconds() else None


def _liker(rival: OrderRow, fit: Fit) -> bool:
    """Whether this generation is more like what another order asked for."""
    theirs = _fit(rival, fit.generation)
    return theirs is not None and RANK[theirs.like] < RANK[fit.like]


def _unsure(found: list[Fit], rivals: list[OrderRow], *, nameless: bool) -> Settled | None:
    """Why the first of them, which is only likely, is not taken: it may be another order's, or another one may be ours.

    While an answer is under way that may name it, waiting is worth it.
    """
    best, *others = found
    alike = [rival.state for rival in rivals if _fit(rival, best.generation) is not None]
    if alike:
        return "waiting" if OrderState.RESERVED in alike else "unclear"
    differs = any(fit.generation.request != best.generation.request for fit in others)
    return "unclear" if differs or (others and nameless) else None


class Settler:
    """Settles orders in doubt of one account. ``clock`` gives aware UTC."""

    def __init__(
        self, ledger: Ledger, provider: VideoProvider, *, clock: Callable[[], datetime], grace: Grace | None = None
    ) -> None:
        self._ledger, self._provider = ledger, provider
        self._clock, self._grace = clock, grace or Grace()

    async def settle(self, row: OrderRow) -> Settled:
        """Look once. Raises ServiceError: nothing is known.

        ``waiting``: not on the list, and it may still turn up. ``unclear``: the list cannot tell it from another one.
        """
        # Read before the list: a create that is accepted after it must not fall between the two.
        looked_at = self._clock()
        generations = await account_since(self._provider, row.reserved_at - SKEW)
        claimed = await asyncio.to_thread(self._ledger.claimed, row.seller, [g.id for g in generations])
        free = [g for g in generations if g.id not in claimed]
        fitting = fits(row, free)
        found = [fit for fit in fitting if fit.like != "possible"]
        silent = len(fitting) > len(found)
        if found and found[0].like == "likely":
            rivals = await asyncio.to_thread(self._rivals, row)
            found = [fit for fit in found if not any(_liker(rival, fit) for rival in rivals)]
            if found and (why := _unsure(found, rivals, nameless=row.endpoint in NAMELESS)):
                return why
        if found:
            try:
                note = "found again on the account's list"
                await asyncio.to_thread(self._ledger.adopt, row.key, found[0].generation.id, note)
            except LedgerError:
                return "waiting"  # another process was quicker, with this order or with this generation
            return "adopted"
        if (looked_at - row.reserved_at).total_seconds() < self._grace.over(row):
            return "waiting"
        if silent or (free and await asyncio.to_thread(self._misleading, row, generations)):
            return "unclear"
        note = "not on the account's list after the grace period: it was never accepted"
        await asyncio.to_thread(self._ledger.release, row.key, row.attempt, note)
        return "released"

    def _misleading(self, row: OrderRow, generations: list[Generation]) -> bool:
        """Whether the list tells another request, or another time, of a generation than its order had: then that
        nothing on it fits this order proves nothing."""
        holders = self._ledger.holders(row.seller, [g.id for g in generations])
        return any(
            g.id in holders and holders[g.id].sent and holders[g.id].endpoint == row.endpoint
            and _fit(holders[g.id], g) is None
            for g in generations
        )  # fmt: skip

    def _rivals(self, row: OrderRow) -> list[OrderRow]:
        """Other orders of the account whose end is not known yet, unless they ask for the very same."""
        self._ledger.doubt_abandoned()  # else one would wait for the answer of a sender that died
        return [
            other
            for other in self._ledger.open_orders(*UNSETTLED)
            if other.key != row.key
            and (other.seller, other.account, other.endpoint) == (row.seller, row.account, row.endpoint)
            and other.sent != row.sent
        ]

    async def refresh(self, seller: str, account: str, api: Api = "dream-machine") -> int:
        """Book the end of every generation that nobody waits for any more. Returns how many had ended.

        A service that cannot be read now is read another time: nothing depends on this.
        """
        await asyncio.to_thread(self._ledger.doubt_abandoned)  # slots of senders that died, too
        rows = [
            row
            for row in await asyncio.to_thread(self._ledger.open_orders, OrderState.SUBMITTED)
            if (row.seller, row.account, api_of(row.model)) == (seller, account, api) and row.generation_id is not None
        ]
        if not rows:
            return 0
        try:
            since = min(row.reserved_at for row in rows) - SKEW
            if self._provider.has_list:
                known = {g.id: g for g in await account_since(self._provider, since)}
            else:
                known = {row.generation_id or "": await self._provider.get(row.generation_id or "") for row in rows}
        except ServiceError:
            return 0
        ended = 0
        for row in rows:
            ended += await self._book_end(row, known.get(row.generation_id or ""))
        return ended

    async def _book_end(self, row: OrderRow, generation: Generation | None) -> bool:
        if generation is None or not generation.ended:
            return False
        if generation.state == "failed":
            reason = generation.failure_reason or ""
            await asyncio.to_thread(self._ledger.failed, row.key, generation.id, reason)
        else:
            await asyncio.to_thread(self._ledger.completed, row.key, generation.id)
        return True

    def pause(self, row: OrderRow) -> float:
        """Seconds until another look is worth it: often at first, and once when the grace period is over."""
        age = (self._clock() - row.reserved_at).total_seconds()
        rest = self._grace.over(row) - age
        return min(max(1.0, age / 4), max(rest, 1.0))
