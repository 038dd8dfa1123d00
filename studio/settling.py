"""Finding lost answers again: an order in doubt, and the generations that the account has.

The list of the account is read back to the moment of the order. A generation that was asked for in the same words,
within the window, and that no other order has, is what the order bought: it is adopted. Where there is none, even after
the grace period, the create was not accepted, and the order may be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from studio.errors import LedgerError, ServiceError
from studio.ledger import Ledger, OrderRow, OrderState
from studio.matching import NAMELESS, Likeness, likeness, order_token
from studio.models import Api, api_of
from studio.providers import Generation, VideoProvider

PAGE = 100
MOST_PAGES = 50
# How far the service's clock and ours may be apart.
SKEW = timedelta(minutes=10)
RANK: dict[Likeness, int] = {"certain": 0, "exact": 1, "likely": 2}


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


async def account_since(provider: VideoProvider, since: datetime) -> list[Generation]:
    """The account's generations back to ``since`` by the service's clock, newest first. Raises ServiceError."""
    found: dict[str, Generation] = {}
    offset = 0
    for _ in range(MOST_PAGES):
        page = await provider.list(limit=PAGE, offset=offset)
        found |= {g.id: g for g in page.generations}
        offset += len(page.generations)
        dated = [g.created_at for g in page.generations if g.created_at is not None]
        # Creates that come in meanwhile push others to the next page: seen twice, never missed.
        if not page.has_more or not page.generations or (dated and min(dated) < since):
            return list(found.values())
    raise ServiceError(
        f"the account's list goes on after {offset} generations: it cannot be read back to {since:%H:%M} UTC"
    )


def choose(row: OrderRow, generations: Sequence[Generation], claimed: Callable[[str], bool]) -> Generation | None:
    """The generation that an order in doubt bought: the likest, and of equals the one nearest in time; or None."""
    fits: list[tuple[int, float, Generation]] = []
    for generation in generations:
        apart = _apart(row, generation)
        if apart is None or claimed(generation.id):
            continue
        like = likeness(row.sent, generation.request, token=row.token, endpoint=row.endpoint)
        if like is not None:
            fits.append((RANK[like], apart, generation))
    return min(fits, key=lambda fit: fit[:2])[2] if fits else None


def _apart(row: OrderRow, generation: Generation) -> float | None:
    """Seconds between the order and the generation; None outside the window, in which clocks may differ by minutes."""
    if generation.created_at is None:
        return SKEW.total_seconds()
    seconds = (generation.created_at - row.reserved_at).total_seconds()
    return abs(seconds) if abs(seconds) <= SKEW.total_seconds() else None


def _named_by_callback(row: OrderRow, generation: Generation) -> bool:
    return order_token(generation.request.get("callback_url")) == row.token


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
        found = choose(row, generations, claimed.__contains__)
        if found is not None and row.endpoint in NAMELESS and not _named_by_callback(row, found):
            rival = await asyncio.to_thread(self._rival, row)
            others = choose(row, generations, {*claimed, found.id}.__contains__)
            if rival is not None or others is not None:
                return "waiting" if rival is OrderState.RESERVED else "unclear"
        if found is not None:
            try:
                await asyncio.to_thread(self._ledger.adopt, row.key, found.id, "found again on the account's list")
            except LedgerError:
                return "waiting"  # another process was quicker, with this order or with this generation
            return "adopted"
        if (looked_at - row.reserved_at).total_seconds() < self._grace.over(row):
            return "waiting"
        note = "not on the account's list after the grace period: it was never accepted"
        await asyncio.to_thread(self._ledger.release, row.key, row.attempt, note)
        return "released"

    def _rival(self, row: OrderRow) -> OrderState | None:
        """The state of another unsettled order that would look the same on the list; None where there is none."""
        states = (OrderState.RESERVED, OrderState.IN_DOUBT)
        alike = [
            other.state
            for other in self._ledger.open_orders(*states)
            if other.key != row.key
            and (other.account, other.endpoint) == (row.account, row.endpoint)
            and {**other.sent, "id": ""} == {**row.sent, "id": ""}
        ]
        return max(alike, key=states.index) if alike else None

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
