"""The delay in noticing the end of a generation, and the number of calls that it costs.

    python benchmarks/wait.py [--generations 200] [--seed 1]

The studio's poller (``studio/execution/polling.py``) waits for generations of several lengths, with a history of 200
earlier ones and without any; so does a loop as most people write it, which asks for each one separately every 5 s. All
of them use the lumaai SDK with a service that answers at the transport. Time is virtual: sleeping advances the clock,
so an hour takes seconds, and the figures are the same on every machine.
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

from studio.execution.poll_schedule import PollSchedule
from studio.execution.polling import GenerationPoller
from studio.providers.luma.dream_machine import DreamMachine

BASE = "https://luma.example/dream-machine/v1"
KIND = "ray-2 720p 5s"
ROUND_TRIP = 0.2  # seconds until a call is answered
POLL = 5.0
EARLIER = 200

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


@dataclass
class Service:
    """Luma at the transport. ``ends``: when each generation will have ended; ``calls``: the number of polls."""

    clock: Callable[[], float]
    ends: dict[str, float] = field(default_factory=dict)
    calls: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a poll of one generation, or of the newest hundred."""
        self.calls += 1
        await asyncio.sleep(ROUND_TRIP)
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
    """The generations of a measurement: how long they take, and how many at once."""

    name: str
    at_once: int
    lengths: Lengths


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
)


async def _loop(service: httpx.MockTransport) -> tuple[Wait, Callable[[], Awaitable[None]]]:
    """A loop as most people write it: ask, sleep 5 s, ask again."""
    http = httpx.AsyncClient(transport=service)
    luma = lumaai.AsyncLumaAI(auth_token="k", base_url=BASE, http_client=http)  # noqa: S106

    async def wait(name: str) -> None:
        while (await luma.generations.get(name)).state not in ("completed", "failed"):  # noqa: ASYNC110
            await asyncio.sleep(POLL)

    return wait, luma.close


def _watcher(
    schedule: PollSchedule,
) -> Callable[[httpx.MockTransport], Awaitable[tuple[Wait, Callable[[], Awaitable[None]]]]]:
    """The studio's own poller."""

    async def make(service: httpx.MockTransport) -> tuple[Wait, Callable[[], Awaitable[None]]]:
        provider = DreamMachine(api_key="k", base_url=BASE, transport=service)
        poller = GenerationPoller(provider, schedule=schedule, clock=asyncio.get_running_loop().time)

        async def wait(name: str) -> None:
            await poller.wait(name, timeout=3600, kind=KIND)

        async def close() -> None:
            await poller.aclose()
            await provider.aclose()

        return wait, close

    return make


async def measure(make: Any, work: Work, lengths: Sequence[float]) -> tuple[float, float, float]:
    """Calls per generation; seconds until its end was noticed: the median, and the worst twentieth's."""
    clock = asyncio.get_running_loop().time
    service = Service(clock)
    wait, close = await make(httpx.MockTransport(service))
    slots, late = asyncio.Semaphore(work.at_once), []

    async def one(number: int, length: float) -> None:
        async with slots:
            name = f"g-{number}"
            service.ends[name] = clock() + length
            await wait(name)
            late.append(clock() - service.ends[name])

    await asyncio.gather(*(one(number, length) for number, length in enumerate(lengths)))
    await close()
    return service.calls / len(lengths), median(late), sorted(late)[int(len(late) * 0.95)]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generations", type=int, default=200, help="how many are waited for in each row")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    table = Table(title=f"{chosen.generations} generations, waited for; an answer takes {ROUND_TRIP:g} s")
    for column in ("work", "way", "calls a generation", "noticed after, median s", "95 %, s"):
        table.add_column(column, justify="left" if column in ("work", "way") else "right")
    for work in WORK:
        chance = random.Random(chosen.seed)
        earlier = [work.lengths(chance) for _ in range(EARLIER)]
        lengths = [work.lengths(chance) for _ in range(chosen.generations)]
        ways = {
            "watcher, learnt": _watcher(PollSchedule({KIND: earlier})),
            "watcher, no history": _watcher(PollSchedule()),
            "each by itself, every 5 s": _loop,
        }
        for way, make in ways.items():
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                calls, middle, worst = runner.run(measure(make, work, lengths))
            figures = (f"{calls:.1f}", f"{middle:.2f}", f"{worst:.2f}")
            table.add_row(work.name, way, *figures, end_section=make is _loop)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
