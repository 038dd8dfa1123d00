"""Virtual time for the hostile service: an event loop without real waiting, random numbers that depend on the seed
alone, and machines that can be killed between any two of their steps.

A ``Machine`` is one process of ours. All that its tasks wait for (sleeps, answers, the ledger) passes through it. A
kill is kill -9: every wait raises ``Killed``, and its clean-up reaches neither ledger nor service.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import selectors
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, TypeVar

from studio.errors import LedgerError

T = TypeVar("T")

#: The machine that the running task belongs to; None: the simulation itself.
MACHINE: ContextVar[Machine | None] = ContextVar("MACHINE", default=None)


class Killed(BaseException):
    """The process of the running task was killed."""


class Stuck(RuntimeError):
    """Every task waits, and none is due: the simulation would wait for ever."""


class Draw:
    """Random numbers that depend on the seed and their purpose, not on how many were taken before."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def unit(self, *what: object) -> float:
        """A number from 0 up to, but not including, 1."""
        text = f"{self.seed}/{'/'.join(map(str, what))}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / 2**56

    def between(self, low: float, high: float, *what: object) -> float:
        return low + (high - low) * self.unit(*what)

    def whole(self, low: int, high: int, *what: object) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.unit(*what) * (high - low + 1))

    def one(self, choices: Sequence[T], *what: object) -> T:
        return choices[int(self.unit(*what) * len(choices))]


class _Jump(selectors.SelectSelector):
    """A selector in which no file is ever ready: waiting only advances the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck("nothing is due any more")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer; a thread's work is done at once, in the caller's turn."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        machine = MACHINE.get()
        if machine is not None:
            return machine.work(func, *args)
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done


class Machine:
    """One process of ours. ``skew``: seconds that its clock is ahead; ``dies_at``: the step at which it is killed.

    ``ledger_delay`` gives the seconds that the answer to a transaction takes; ``ledger_fails``, whether the ledger is
    unreachable at that step.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        name: str,
        *,
        start: datetime,
        skew: float = 0.0,
        dies_at: int | None = None,
        ledger_delay: Callable[[int], float] = lambda _: 0.0,
        ledger_fails: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self.loop, self.name, self.start, self.skew, self.dies_at = loop, name, start, skew, dies_at
        self.dead, self.steps = False, 0
        self._ledger_delay, self._ledger_fails = ledger_delay, ledger_fails
        self._waits: set[asyncio.Future[Any]] = set()
        self._tasks: list[asyncio.Task[Any]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a task of this process, which ends with it."""
        context = contextvars.copy_context()
        context.run(MACHINE.set, self)
        task = self.loop.create_task(work, context=context)
        self._tasks.append(task)
        return task

    def clock(self) -> datetime:
        """This machine's own clock, aware UTC."""
        return self.start + timedelta(seconds=self.loop.time() + self.skew)

    def kill(self) -> None:
        """Kill the process."""
        self.dead = True
        for wait in list(self._waits):
            if not wait.done():
                wait.set_exception(Killed())
        for task in self._tasks:  # also tasks that wait for another task of the process
            self.loop.call_soon(task.cancel)

    def step(self) -> None:
        """Count one step of the process; it may be its last. Raises Killed."""
        self.steps += 1
        if not self.dead and self.steps == self.dies_at:
            self.kill()
        if self.dead:
            raise Killed

    async def pause(self, seconds: float) -> None:
        """Wait in virtual time."""
        self.step()
        wait = self._wait()
        timer = self.loop.call_later(max(0.0, seconds), _wake, wait, None)
        try:
            await wait
        finally:
            timer.cancel()

    def work(self, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Do a thread's work now; its result may come later. The machine may be killed before it, or right after it."""
        wait = self._wait()
        try:
            self.step()
            if self._ledger_fails(self.steps):
                raise LedgerError("the ledger cannot be used: connection lost")
            result = func(*args)
            self.step()
        except BaseException as error:  # noqa: BLE001 - passed to the waiting caller, as an executor does
            if not wait.done():
                wait.set_exception(error)
            return wait
        delay = self._ledger_delay(self.steps)
        if delay:
            self.loop.call_later(delay, _wake, wait, result)
        elif not wait.done():
            wait.set_result(result)
        return wait

    def _wait(self) -> asyncio.Future[Any]:
        wait: asyncio.Future[Any] = self.loop.create_future()
        self._waits.add(wait)
        wait.add_done_callback(self._waits.discard)
        return wait


def _wake(wait: asyncio.Future[Any], result: Any) -> None:
    if not wait.done():
        wait.set_result(result)
