"""The delay in noticing the end of a generation, and the number of calls that it costs.

    python benchmarks/wait.py [--generations 200] [--seed 1] [--round-trip 0.2]

The studio's poller (``studio/execution/polling.py``) waits for generations of several lengths, with a history of 200
earlier ones, without any, and with callbacks as ``studio callbacks`` books them; so does a loop as most people write
it, which asks for each one separately every 5 s. All of them use the lumaai SDK with a service that answers at the
transport. A chain is six generations, each created when the one before it was noticed to have ended; its poller knows
nothing of other chains but its history. Time is virtual: sleeping advances the clock, so an hour takes seconds, and the
figures are the same on every machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import httpx
import lumaai
from rich.console import Console
from rich.table import Table

from studio.callbacks.feed import EVERY
from studio.execution.hearing import Hearing
from studio.execution.poll_schedule import PollSchedule
from studio.execution.polling import GenerationPoller
from studio.providers.luma.dream_machine import DreamMachine

BASE = "https://luma.example/dream-machine/v1"
KIND = "ray-2 720p 5s"
ROUND_TRIP = 0.2  # seconds until a call is answered
POLL = 5.0
EARLIER = 200
LINKS = 6

Lengths = Callable[[random.Random], float]
Wait = Callable[[str], Awaitable[None]]


class VirtualTime(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """A selector for virtual time: waiting takes no real time."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Look for events without waiting, and advance the clock by the timeout."""
        ready: list[Any] = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self) -> None:
        self.virtual = VirtualTime()
        super().__init__(self.virtual)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self.virtual.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Call it at once: virtual time would run on without a thread, up to the next time-out."""
        del executor
        called = self.create_future()
        called.set_result(func(*args))
        return called


@dataclass
class Service:
    """Luma at the transport. ``ends``: when each generation will have ended; ``calls``: the number of polls."""

    clock: Callable[[], float]
    round_trip: float = ROUND_TRIP
    ends: dict[str, float] = field(default_factory=dict)
    calls: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a poll of one generation, or of the newest hundred."""
        self.calls += 1
        await asyncio.sleep(self.round_trip)
        last = request.url.path.rpartition("/")[2]
        if last != "generations":
            return httpx.Response(200, json=self.shown(last))
        limit, offset = int(request.url.params["limit"]), int(request.url.params["offset"])
        newest = list(reversed(self.ends))
        page = [self.shown(name) for name in newest[offset : offset + limit]]
        return httpx.Response(200, json={"generations": page, "has_more": offset + limit < len(newest)})

    def shown(self, name: str) -> dict[str, Any]:
        """One generation as the service shows it."""
        ended = self.ends[name] <= self.clock()
        return {
            "id": name, "state": "completed" if ended else "dreaming", "generation_type": "video", "model": "ray-2",
            "created_at": "2026-01-01T00:00:00Z", "request": {}, "failure_reason": None,
            "assets": {"video": "https://cdn.example/clip.mp4"} if ended else None,
        }  # fmt: skip


@dataclass(frozen=True)
class Work:
    """The generations of a measurement: how long they take, and how many at once; ``chain``: in chains of six."""

    name: str
    at_once: int
    lengths: Lengths
    chain: bool = False


def uniform(low: float, high: float) -> Lengths:
    """Between two lengths, in seconds."""
    return lambda chance: chance.uniform(low, high)


def lognormal(middle: float, spread: float) -> Lengths:
    """Mostly near ``middle`` seconds, some much longer."""
    return lambda chance: middle * chance.lognormvariate(0, spread)


WORK = (
    Work("10 at once, 60 to 120 s", 10, uniform(60, 120)),
    Work("10 at once, 40 s and some much longer", 10, lognormal(40, 0.4)),
    Work("10 at once, 20 to 25 s", 10, uniform(20, 25)),
    Work("40 at once, 60 to 120 s", 40, uniform(60, 120)),
    Work("1 at a time, 60 to 120 s", 1, uniform(60, 120)),
    Work("chain, 3 s (± 2 %)", 1, lognormal(3, 0.02), chain=True),
    Work("chain, 20 s (± 10 %)", 1, lognormal(20, 0.1), chain=True),
    Work("chain, 60 s (± 10 %)", 1, lognormal(60, 0.1), chain=True),
    Work("chain, 120 s (± 20 %)", 1, lognormal(120, 0.2), chain=True),
    Work("chain, 60 to 120 s", 1, uniform(60, 120), chain=True),
)


@dataclass
class Way:
    """A way of waiting. ``heard`` takes the callback of a generation's end; None: it takes none."""

    wait: Wait
    close: Callable[[], Awaitable[None]]
    heard: Callable[[str], None] | None = None


Make = Callable[[httpx.MockTransport], Way]


def _loop(service: httpx.MockTransport) -> Way:
    """A loop as most people write it: ask, sleep 5 s, ask again."""
    http = httpx.AsyncClient(transport=service)
    luma = lumaai.AsyncLumaAI(auth_token="k", base_url=BASE, http_client=http)  # noqa: S106

    async def wait(name: str) -> None:
        while (await luma.generations.get(name)).state not in ("completed", "failed"):  # noqa: ASYNC110
            await asyncio.sleep(POLL)

    return Way(wait, luma.close)


def watcher(history: Sequence[float] = (), *, callbacks: bool = False) -> Make:
    """The studio's own poller, with this history, and with or without callbacks."""

    def make(service: httpx.MockTransport) -> Way:
        provider = DreamMachine(api_key="k", base_url=BASE, transport=service)
        schedule = PollSchedule({KIND: history} if history else {})
        clock, hearing = asyncio.get_running_loop().time, Hearing(proven=callbacks and bool(history))
        poller = GenerationPoller(provider, schedule=schedule, hearing=hearing, clock=clock)

        async def wait(name: str) -> None:
            await poller.wait(name, timeout=3600, kind=KIND)

        async def close() -> None:
            await poller.aclose()
            await provider.aclose()

        return Way(wait, close, poller.heard if callbacks else None)

    return make


@dataclass(frozen=True)
class Measured:
    """Calls per generation; seconds until its end was noticed: the median, and the worst twentieth's; and the time of
    all in relation to that of the generations alone (1.05: a twentieth was waited beyond them)."""

    calls: float
    median: float
    worst: float
    whole: float


async def measure(make: Make, work: Work, lengths: Sequence[float], round_trip: float) -> Measured:
    """Wait for generations of these lengths."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    service = Service(clock, round_trip)
    slots, late, spent = asyncio.Semaphore(work.at_once), list[float](), 0.0

    async def one(way: Way, number: int, length: float) -> None:
        async with slots:
            name = f"g-{number}"
            service.ends[name] = clock() + length
            if way.heard is not None:
                # The callback travels, is booked, and is read by the run within the time between two readings.
                loop.call_later(length + round_trip / 2 + random.Random(number).uniform(0, EVERY), way.heard, name)
            await way.wait(name)
            late.append(clock() - service.ends[name])

    numbered = list(enumerate(lengths))
    for start in range(0, len(numbered), LINKS if work.chain else len(numbered)):
        way = make(httpx.MockTransport(service))
        part = numbered[start : start + LINKS] if work.chain else numbered
        began = clock()
        if work.chain:
            for number, length in part:
                await asyncio.sleep(round_trip)  # the create
                await one(way, number, length)
        else:
            await asyncio.gather(*(one(way, number, length) for number, length in part))
        spent += clock() - began
        await way.close()
    whole = spent * work.at_once / sum(lengths)
    return Measured(service.calls / len(lengths), median(late), sorted(late)[int(len(late) * 0.95)], whole)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generations", type=int, default=200, help="how many are waited for in each row")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--round-trip", type=float, default=ROUND_TRIP, help="seconds until a call is answered")
    chosen = options.parse_args()
    table = Table(title=f"{chosen.generations} generations, waited for; an answer takes {chosen.round_trip:g} s")
    for column in ("work", "way", "calls a generation", "noticed after, median s", "95 %, s", "whole"):
        table.add_column(column, justify="left" if column in ("work", "way") else "right")
    for work in WORK:
        chance = random.Random(chosen.seed)
        earlier = [work.lengths(chance) for _ in range(EARLIER)]
        lengths = [work.lengths(chance) for _ in range(chosen.generations)]
        ways = {
            "watcher, learnt": watcher(earlier),
            "watcher, no history": watcher(),
            "watcher, callbacks": watcher(earlier, callbacks=True),
            "watcher, callbacks, no history": watcher(callbacks=True),
            "each by itself, every 5 s": _loop,
        }
        for way, make in ways.items():
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                found = runner.run(measure(make, work, lengths, chosen.round_trip))
            figures = (f"{found.calls:.1f}", f"{found.median:.2f}", f"{found.worst:.2f}", f"{found.whole:.3f}")
            table.add_row(work.name, way, *figures, end_section=make is _loop)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
