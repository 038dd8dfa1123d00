"""The life of a generation: its inputs are read, it is rendered, and its clock runs; both must be done to complete it.

Every step is in the books before the next one begins, so a restarted server goes on where the last one stopped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.sandbox.books import Books, Generation
from studio.sandbox.clock import Clock
from studio.sandbox.darkroom import Darkroom, RenderFailed
from studio.sandbox.home import Home
from studio.sandbox.reader import Reader, Unreadable

log = logging.getLogger("studio.sandbox")

UNREADABLE_INPUT = "Failed to read user input frames"
JOB_FAILED = "Job failed"
FRAMES = ("frame0", "frame1")


class Lifecycle:
    """Leads every unfinished generation to its end."""

    def __init__(
        self,
        *,
        books: Books,
        home: Home,
        darkroom: Darkroom,
        reader: Reader,
        clock: Clock,
        latency: float,
        queued: float,
    ) -> None:
        self._books = books
        self._home = home
        self._darkroom = darkroom
        self._reader = reader
        self._clock = clock
        self._latency = latency
        self._queued = queued
        self._lives: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Take up what an earlier server left unfinished."""
        for generation in self._books.unfinished():
            self.begin(generation)

    def begin(self, generation: Generation) -> None:
        """Start, or go on with, the life of a generation."""
        life = asyncio.get_running_loop().create_task(self._live(generation), name=f"life of {generation.id}")
        self._lives.add(life)
        life.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stop where everything stands. Nothing is lost: the books know how far each one came."""
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)

    def _ended(self, life: asyncio.Task[None]) -> None:
        self._lives.discard(life)
        if not life.cancelled() and (error := life.exception()) is not None:
            log.error("%s ended with an error; it goes on at the next start", life.get_name(), exc_info=error)

    async def _live(self, generation: Generation) -> None:
        making = asyncio.create_task(self._make(generation))
        try:
            await self._until(generation.created_at + self._latency * self._queued)
            await asyncio.to_thread(self._books.dream, generation.id)
            digest = await making
            await self._until(generation.created_at + self._latency)
            await asyncio.to_thread(self._books.complete, generation.id, digest, self._clock.now())
        except Unreadable as error:
            await self._fail(generation, UNREADABLE_INPUT, str(error))
        except RenderFailed as error:
            await self._fail(generation, JOB_FAILED, str(error))
        finally:
            making.cancel()

    async def _make(self, generation: Generation) -> str:
        inputs = generation.inputs
        if inputs is None:
            inputs = await self._read(generation.order_form)
            await asyncio.to_thread(self._books.keep_inputs, generation.id, inputs)
        return await self._darkroom.render(self._score(generation, inputs))

    async def _read(self, order_form: Mapping[str, Any]) -> dict[str, Any]:
        """Each keyframe by its content: an image is fetched and kept, a parent's clip is pinned."""
        inputs: dict[str, Any] = {}
        for name in FRAMES:
            frame = order_form.get(name)
            if frame is None:
                continue
            if frame["type"] == "image":
                content = await self._reader.image(frame["url"])
                digest = await asyncio.to_thread(self._home.keep_input, content)
                inputs[name] = {"kind": "image", "path": str(self._home.input(digest)), "sha256": digest}
            else:
                parent = await asyncio.to_thread(self._books.any, frame["id"])
                clip = self._home.clip(frame["id"])
                if parent is None or parent.digest is None or not clip.exists():
                    raise Unreadable(f"the clip of generation {frame['id']} is gone from {clip.parent}")
                inputs[name] = {"kind": "clip", "path": str(clip), "sha256": parent.digest}
        return inputs

    def _score(self, generation: Generation, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What the darkroom needs to know; nothing in it but the paths depends on ids or URLs."""
        form = {name: value for name, value in generation.order_form.items() if name not in FRAMES}
        start, end = (inputs.get(name) for name in FRAMES)
        out: Path = self._home.clip(generation.id)
        poster: Path = self._home.poster(generation.id)
        return form | {"start": start, "end": end, "out": str(out), "poster": str(poster)}

    async def _fail(self, generation: Generation, reason: str, note: str) -> None:
        log.warning("generation %s: %s: %s", generation.id, reason, note)
        await asyncio.to_thread(self._books.fail, generation.id, reason, note, self._clock.now())

    async def _until(self, moment: float) -> None:
        remaining = moment - self._clock.now()
        if remaining > 0:
            await self._clock.sleep(remaining)
