"""Polling of generations: one poller per process and service, one list call per tick for all that are in flight.

A callback may bring a poll forward (``heard``). Only what a poll shows is believed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from studio.errors import NotFound, Refused, ServiceError, StillRunning, Untrusted
from studio.execution.hearing import Hearing
from studio.execution.poll_rate import PollRate
from studio.execution.poll_schedule import PollSchedule
from studio.ledger.sightings import Sighting
from studio.providers import Generation, GenerationService
from studio.providers.order_trace import order_token
from studio.remedies import AGAIN, text_of

UNSEEN = 30.0  # seconds in which a service may not yet show a generation that it has just accepted
PAGE = 100
MOST_PAGES = 5
MOST_PROOFS = 5  # polls of the list for a single generation
YOUNG = 1.0  # seconds of age below which a generation of a known kind is not polled at once


@dataclass
class _Waiting:
    kind: str
    since: float  # time of its order, by our clock
    deadline: float
    state: str = ""
    listed: bool = False  # it has appeared on the account's list
    missed: bool = False  # a poll of the list did not show it
    running: float | None = None  # time of the latest poll that showed it unfinished; its order's, if it was just made
    listeners: list[Callable[[str], None]] = field(default_factory=list)
    done: asyncio.Future[Generation] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GenerationPoller:
    """A poller of generations. ``clock``: monotonic seconds; ``outage``: seconds that the service may be unreachable.

    ``on_sight`` is called with generations that the account's list shows for the first time. Unless the list is
    ``proven`` already, it is polled at first even for a single generation: a list that has shown generations in the
    making can prove later that a create was not accepted. ``rate`` bounds the number of calls; ``hearing`` tells how
    far callbacks can be relied on.
    """

    def __init__(
        self,
        provider: GenerationService,
        *,
        schedule: PollSchedule | None = None,
        outage: float = 600.0,
        proven: bool = False,
        on_sight: Callable[[Sequence[Sighting]], Awaitable[None]] | None = None,
        rate: PollRate | None = None,
        hearing: Hearing | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._provider, self._schedule, self._outage = provider, schedule or PollSchedule(), outage
        self._clock, self._sleep, self._on_sight = clock, sleep, on_sight
        self._to_prove = 0 if proven or on_sight is None else MOST_PROOFS
        self._waiting: dict[str, _Waiting] = {}
        self._round: asyncio.Task[None] | None = None
        self._last_answer = clock()
        self._lists = provider.has_list
        self._woken = asyncio.Event()
        self._rate, self._hearing = rate or PollRate(), hearing or Hearing()
        self._urgent: set[str] = set()  # those that a callback told of, since the latest poll

    @property
    def waits(self) -> bool:
        """True if a generation is being waited for."""
        return bool(self._waiting)

    def heard(self, generation_id: str) -> None:
        """Poll a generation soon, because a callback told of its end. Costs one call at most, and is not believed."""
        if self._hearing.heard(generation_id, self._clock()) and generation_id in self._waiting:
            self._urgent.add(generation_id)
            self._woken.set()

    async def wait(
        self,
        generation_id: str,
        *,
        timeout: float,
        kind: str = "",
        age: float = 0.0,
        on_state: Callable[[str], None] = lambda _: None,
    ) -> Generation:
        """Wait for a generation, and return it once it has ended, completed or failed.

        ``kind`` and ``age`` (seconds since it was ordered) decide the poll schedule.

        Raises StillRunning after ``timeout`` seconds (nothing is lost: it goes on at the service), NotFound where the
        account does not have it, Refused where the service refuses to show it, Untrusted where its certificate is not
        trusted.
        """
        waiting = self._waiting.get(generation_id)
        if waiting is None:
            now = self._clock()
            if not self._waiting:
                self._last_answer = now
            waiting = self._waiting[generation_id] = _Waiting(kind, now - age, now + timeout)
            if age < YOUNG:
                waiting.running = now - age
            if self._hearing.told(generation_id):
                self._urgent.add(generation_id)  # its callback came before the create's answer was booked
            self._woken.set()  # a new one may need an earlier poll than the older ones
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._watch(), name="watch generations")
        waiting.listeners.append(on_state)
        return await asyncio.shield(waiting.done)

    async def aclose(self) -> None:
        """Stop polling. Waiting callers are cancelled."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)
        for waiting in self._waiting.values():
            waiting.done.cancel()

    async def _watch(self) -> None:
        if self._all_new():
            await self._rest()
        while self._waiting:
            try:
                await self._look()
                self._last_answer = self._clock()
            except (Refused, Untrusted) as error:
                self._give_up(error)
                return
            except ServiceError as error:
                if self._clock() - self._last_answer > self._outage:
                    self._give_up(error)
                    return
            except Exception as error:  # noqa: BLE001 - waiting callers must get it, or they would wait for ever
                self._give_up(error)
                return
            now = self._clock()
            for key, waiting in list(self._waiting.items()):
                if now >= waiting.deadline:
                    self._end(key, error=_still_running(key, now - waiting.since))
            if self._waiting:
                await self._rest()

    def _all_new(self) -> bool:
        """True if all that is waited for was ordered just now, so that a poll would show nothing yet."""
        now = self._clock()
        new = (now - w.since < YOUNG and self._schedule.knows(w.kind) for w in self._waiting.values())
        return not self._urgent and not (self._lists and self._to_prove) and all(new)

    async def _rest(self) -> None:
        """Sleep until the next poll is due; a newcomer, or a callback, may need it sooner."""
        due = self._clock() + self._pause()
        while (left := due - self._clock()) > 0:
            self._woken.clear()
            sleeping = asyncio.ensure_future(self._sleep(left))
            waking = asyncio.ensure_future(self._woken.wait())
            try:
                await asyncio.wait([sleeping, waking], return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleeping.cancel()
                waking.cancel()
            if not self._woken.is_set():
                return
            due = min(due, self._clock() + self._pause())

    def _pause(self) -> float:
        """Seconds until the next poll: by the schedule, or at once where a callback came, and within the rate."""
        now, pause = self._clock(), 0.0
        if not self._urgent:
            in_flight = [(w.kind, now - w.since) for w in self._waiting.values()]
            pause = self._schedule.pause(in_flight, heard=self._hearing.reliable(now))
        return max(pause, self._rate.wait())

    async def _look(self) -> None:
        """One tick: check every awaited generation once, or those alone that callbacks told of."""
        missing = self._urgent & set(self._waiting) or set(self._waiting)
        self._urgent = set()
        if self._lists and (len(missing) > 1 or self._to_prove):
            self._to_prove = max(0, self._to_prove - 1)
            missing = await self._look_at_list(missing)
        for key in missing:
            self._rate.spend()
            try:
                self._saw(await self._provider.get(key))
            except NotFound as error:
                if self._clock() - self._waiting[key].since > UNSEEN:
                    self._end(key, error=error)

    async def _look_at_list(self, missing: set[str]) -> set[str]:
        offset = 0
        seen: list[Sighting] = []
        for _ in range(MOST_PAGES):
            self._rate.spend()
            try:
                page = await self._provider.list(limit=PAGE, offset=offset)
            except Refused as error:
                if error.status in (400, 404, 405, 422):
                    self._lists = False  # a server without a list: each is asked for separately
                    return missing
                raise
            for generation in page.generations:
                if generation.id in missing:
                    seen += self._sighted(generation)
                    self._saw(generation)
                    missing = missing - {generation.id}
            offset += page.rows
            if not missing or not page.has_more or not page.generations:
                break
        for key in missing:
            self._waiting[key].missed = True
        if seen and self._on_sight is not None:
            await self._on_sight(seen)
        return missing

    def _sighted(self, generation: Generation) -> list[Sighting]:
        """Report what a generation's first appearance shows about the list."""
        waiting = self._waiting.get(generation.id)
        if waiting is None or waiting.listed:
            return []
        waiting.listed = True
        if not generation.ended:
            self._to_prove = 0
        late = self._clock() - waiting.since if waiting.missed else 0.0
        token = order_token(generation.request.get("callback_url"))
        return [Sighting(generation.id, late, unfinished=not generation.ended, token=token)]

    def _saw(self, generation: Generation) -> None:
        waiting = self._waiting.get(generation.id)
        if waiting is None:
            return
        if generation.state != waiting.state:
            waiting.state = generation.state
            for listener in waiting.listeners:
                listener(generation.state)
        if not generation.ended:
            waiting.running = self._clock()
            return
        now = self._clock()
        self._hearing.ended(generation.id, now)
        if generation.state == "completed" and waiting.kind and waiting.running is not None:
            self._schedule.learn(waiting.kind, waiting.running - waiting.since, now - waiting.since)
        self._end(generation.id, result=generation)

    def _end(self, key: str, *, result: Generation | None = None, error: Exception | None = None) -> None:
        waiting = self._waiting.pop(key)
        if waiting.done.done():
            return
        if error is not None:
            waiting.done.set_exception(error)
        elif result is not None:
            waiting.done.set_result(result)

    def _give_up(self, error: Exception) -> None:
        for key in list(self._waiting):
            self._end(key, error=error)


def _still_running(generation_id: str, seconds: float) -> StillRunning:
    return StillRunning(
        f"generation {generation_id} was not finished after {seconds:.0f} s",
        hint=text_of("it is paid for and goes on at the service: ", AGAIN, ": it is awaited, not bought again"),
    )
