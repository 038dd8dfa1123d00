"""The shots that may be begun: as many as can have a slot, the longest chains first.

A shot that waits for a slot is a task run, a listener and a row in the ledger; a thousand of them take seconds of the
event loop and a third of the memory. Those that cannot have a slot yet are not begun.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager as Entry
from contextlib import asynccontextmanager, nullcontext

from studio.planning.plan import Plan, Shot

SPARE = 4  # at least so many beyond the slots are begun, so that one is ready when a slot comes free


class Starts:
    """The bound on the shots of a run that are begun and have not ended, by API and pool of models.

    A shot with an order of an earlier run is begun at once: its generation may hold a slot that only it gives back.
    """

    def __init__(self, plan: Plan, *, slots: Callable[[str, str], int | None], ordered: Collection[str]) -> None:
        """``slots``: the generations at once of an API and a pool of models; None: unlimited. ``ordered``: the keys
        that have an order already."""
        self._remaining = remaining(plan)
        self._slots, self._ordered = slots, ordered
        self._pools: dict[tuple[str, str], _Pool] = {}

    def of(self, shot: Shot) -> Entry[None]:
        """The time in which a shot's generation is under way. Entering waits until it may be begun."""
        slots = self._slots(shot.api, shot.pool)
        if slots is None or shot.generation or shot.key in self._ordered:
            return nullcontext()
        pool = self._pools.setdefault((shot.api, shot.pool), _Pool(slots + max(SPARE, slots // 4)))
        return pool.entered(-self._remaining[shot.id])


class _Pool:
    """A semaphore that lets in the lowest rank that waits, and of equal ranks the first."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    @asynccontextmanager
    async def entered(self, rank: int) -> AsyncIterator[None]:
        if self._free:
            self._free -= 1
        else:
            turn = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (rank, self._count, turn))
            self._count += 1
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def remaining(plan: Plan) -> Mapping[str, int]:
    """The number of shots, one after another, that wait for each shot: the longest way to the end of the plan."""
    longest = {shot.id: 0 for shot in plan.shots}
    for shot in reversed(plan.shots):  # parents come before their children
        for parent in shot.parents:
            longest[parent] = max(longest[parent], longest[shot.id] + 1)
    return longest
