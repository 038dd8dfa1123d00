"""The life cycle of a generation: its inputs are read, it is rendered, and its latency passes; then it is completed.

Every step is in the books before the next one begins, so a restarted server continues where the last one stopped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from luma_sandbox import prices
from luma_sandbox.books import Books, Generation
from luma_sandbox.clock import Clock
from luma_sandbox.data_dir import DataDir
from luma_sandbox.faults_fate import Fate
from luma_sandbox.inputs import InputStore, score
from luma_sandbox.reader import Reader, Unreadable
from luma_sandbox.render_pool import RenderFailed, RenderPool

log = logging.getLogger("luma_sandbox")

UNREADABLE_INPUT = "Failed to read user input frames"
JOB_FAILED = "Job failed"


class Doomed(Exception):
    """The failure of a generation, decided when it was accepted."""


class Lifecycle:
    """The tasks that bring every unfinished generation to its end. ``changed`` is called for each step that clients
    can see."""

    def __init__(
        self,
        *,
        books: Books,
        home: DataDir,
        render_pool: RenderPool,
        reader: Reader,
        clock: Clock,
        latency: float,
        queued: float,
        coarse: bool = False,
        drift: float = 0.0,
        changed: Callable[[Generation], None] = lambda generation: None,
    ) -> None:
        self._books = books
        self._home = home
        self._render_pool = render_pool
        self._pantry = InputStore(home, books, reader)
        self._clock = clock
        self._latency = latency
        self._queued = queued
        self._how = ({"coarse": True} if coarse else {}) | ({"drift": drift} if drift else {})
        self._changed = changed
        self._lives: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Resume what an earlier server left unfinished."""
        for generation in self._books.unfinished():
            self.begin(generation)

    def begin(self, generation: Generation) -> None:
        """Start or resume the life cycle of a generation."""
        life = asyncio.get_running_loop().create_task(self._live(generation), name=f"life of {generation.id}")
        self._lives.add(life)
        life.add_done_callback(self._ended)

    async def at_rest(self) -> None:
        """Wait until no generation is unfinished, and ``changed`` has been called for every end."""
        while self._lives:
            await asyncio.wait(set(self._lives))

    async def close(self) -> None:
        """Stop all work. Nothing is lost: the books record each generation's progress."""
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)

    def _ended(self, life: asyncio.Task[None]) -> None:
        self._lives.discard(life)
        if not life.cancelled() and (error := life.exception()) is not None:
            log.error("%s ended with an error; it goes on at the next start", life.get_name(), exc_info=error)

    async def _live(self, generation: Generation) -> None:
        fate = await asyncio.to_thread(self._books.fate, generation.id)
        late = fate.seconds if fate is not None else 0.0
        doomed = fate is not None and not fate.ends_well
        making = asyncio.create_task(self._meet(generation, fate) if fate and doomed else self._make(generation, fate))
        try:
            await self._until(generation.created_at + self._latency * self._queued)
            if await asyncio.to_thread(self._books.dream, generation.id):
                await self._tell(generation)
            digest = await making
            await self._until(generation.created_at + self._latency + late)
            if await asyncio.to_thread(self._books.complete, generation.id, digest, self._clock.now()):
                await self._tell(generation)
        except Unreadable as error:
            await self._fail(generation, UNREADABLE_INPUT, str(error))
        except RenderFailed as error:
            await self._fail(generation, JOB_FAILED, str(error))
        except Doomed as error:
            await self._fail(generation, str(error), "a fault of the sandbox")
        finally:
            making.cancel()

    async def _meet(self, generation: Generation, fate: Fate) -> str:
        """Make nothing: fail when it would have been done, or never end."""
        if fate.kind == "stuck":
            await asyncio.get_running_loop().create_future()
        await self._until(generation.created_at + self._latency)
        raise Doomed(fate.told(generation.api))

    async def _make(self, generation: Generation, fate: Fate | None) -> str:
        inputs = generation.inputs
        if inputs is None:
            inputs = await self._pantry.gather(generation.order_form)
            cents = prices.settled(generation.order_form, inputs)
            await asyncio.to_thread(self._books.keep_inputs, generation.id, inputs, cents)
        ordered = score(self._home, generation, inputs) | self._how
        return await self._render_pool.render(fate.bent(ordered) if fate else ordered)

    async def _fail(self, generation: Generation, reason: str, note: str) -> None:
        log.warning("generation %s: %s: %s", generation.id, reason, note)
        if await asyncio.to_thread(self._books.fail, generation.id, reason, note, self._clock.now()):
            await self._tell(generation)

    async def _tell(self, generation: Generation) -> None:
        now = await asyncio.to_thread(self._books.any, generation.id)
        if now is not None:
            self._changed(now)

    async def _until(self, moment: float) -> None:
        remaining = moment - self._clock.now()
        if remaining > 0:
            await self._clock.sleep(remaining)
