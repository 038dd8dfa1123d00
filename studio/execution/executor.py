"""The executor of a plan, for the flow and the library: it orders each shot as soon as its sources exist.

It is given a runner for the steps: plain calls (``PlainSteps``) or tasks of Prefect (``flows/shooting.py``). It alone
decides which shot waits for which, and whether a failed shot is ordered again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from studio.errors import GenerationFailed
from studio.execution.drift import DriftWatch
from studio.execution.inputs import Parent
from studio.execution.kept import Kept, kept_shots
from studio.execution.progress import listener
from studio.execution.record import ShotResult
from studio.execution.retries import FETCH, GENERATE, PUBLISH, Sleep
from studio.execution.run import Run
from studio.execution.starts import Starts
from studio.execution.steps import await_end, fetch, order, publish, use_odd
from studio.planning.plan import OF_A_FILE, Shot
from studio.purchasing.gateway import Placed
from studio.storage.probe_cache import stored_clip

S = TypeVar("S")
AT_A_TIME = 8  # shots begun in one pass of the event loop: a task run takes Prefect milliseconds to begin


class StepRunner(Protocol[S]):
    """A way to run the steps of a shot. ``S`` is its type for a step's end: a value, an error, or not begun.

    A step whose input is an end without a value is not begun. None of the methods raises the step's error.
    """

    async def reuse(self, run: Run, kept: Sequence[Kept]) -> Sequence[S]:
        """The ends of shots that were made before: of their generation and of their download alike."""

    async def publish(self, run: Run, sha256: str) -> S:
        """Publish a seed asset where the service can read it."""

    async def generate(self, run: Run, shot: Shot, parents: Sequence[S], images: Sequence[S], attempt: int) -> S:
        """Order a shot, and wait until its generation has ended.

        ``parents``: the end of each parent's generation, or of its download where a frame is needed.
        """

    async def download(self, run: Run, shot: Shot, generated: S) -> S:
        """Download what a generation made."""

    async def error(self, end: S) -> BaseException | None:
        """The error that a step raised; None where it has a value, or was not begun."""

    async def sha256(self, downloaded: S) -> str | None:
        """The SHA-256 of the download; None where it was not begun."""


@dataclass(frozen=True)
class Execution(Generic[S]):
    """The end of every shot of a plan, by its id, and the downloads that gave a clip."""

    results: Mapping[str, ShotResult]
    footage: Mapping[str, S]


async def publish_assets(run: Run, steps: StepRunner[S]) -> dict[str, S]:
    """Publish the seed assets that are not published yet. Returns the steps, by SHA-256.

    Raises the error of the first that fails; nothing was bought yet.
    """
    published = {}
    for sha256 in run.to_send:
        published[sha256] = await steps.publish(run, sha256)
        error = await steps.error(published[sha256])
        if error is not None:
            raise error
    return published


async def execute(run: Run, steps: StepRunner[S], published: Mapping[str, S]) -> Execution[S]:
    """Order, await and download every shot of the plan, except those that were made before.

    A failed shot leaves its siblings running; shots made from it are not begun.
    """
    kept = await asyncio.to_thread(kept_shots, run)
    for made_before in kept.values():
        if made_before.odd:
            use_odd(run, made_before.shot, made_before.odd)
    reused = dict(zip(kept, await steps.reuse(run, list(kept.values())), strict=True)) if kept else {}
    for name in kept:
        listener.get().shot(name, "ready")
    to_make = [shot.key for shot in run.plan.shots if shot.id not in kept]
    ordered = await asyncio.to_thread(run.session.ledger.orders, to_make)
    starts = Starts(run.plan, slots=lambda api, pool: run.session.limits(api, pool).at_once, ordered=ordered)
    drift = DriftWatch(run)
    drift.known({name: made_before.clip for name, made_before in kept.items() if made_before.clip is not None})
    generated: dict[str, asyncio.Task[S]] = {}
    fetched: dict[str, asyncio.Task[tuple[S, ShotResult]]] = {}

    async def generate(shot: Shot) -> S:
        """The end of the generation of the last attempt."""
        parents = [await made(shot, parent) for parent in shot.parents]
        images = [published[image] for image in shot.images if image in published]
        failed = 0
        while True:
            async with starts.of(shot):
                attempt = await run.next_attempt(shot)
                end = await steps.generate(run, shot, parents, images, attempt)
            error = await steps.error(end)
            failed += 1
            if not run.attempts.again(error, attempt=attempt, failed=failed, pinned=shot.generation is not None):
                return end
            listener.get().shot(shot.id, "ordering again", error.reason if isinstance(error, GenerationFailed) else "")

    async def made(shot: Shot, parent: str) -> S:
        """The end that a shot depends on: of the parent's generation, or of its download where a frame of its clip is
        needed."""
        if parent in reused:
            return reused[parent]
        if any(source.kind in OF_A_FILE and parent in source.shots for source in shot.sources):
            return (await fetched[parent])[0]
        return await generated[parent]

    async def fetch_shot(shot: Shot) -> tuple[S, ShotResult]:
        generation = await generated[shot.id]
        downloaded = await steps.download(run, shot, generation)
        result = await _result(run, shot, steps, generation, downloaded)
        if result.clip is not None:
            drift.came(shot.id, result.clip)
        return downloaded, result

    try:
        for shot in run.plan.shots:  # parents come before their children
            if shot.id in reused:
                continue
            generated[shot.id] = asyncio.create_task(generate(shot), name=f"{shot.id} · generate")
            fetched[shot.id] = asyncio.create_task(fetch_shot(shot), name=f"{shot.id} · download")
            if len(fetched) % AT_A_TIME == 0:
                await asyncio.sleep(0)
        ended = dict(zip(fetched, await asyncio.gather(*fetched.values()), strict=True))
        await drift.settled()
    finally:
        tasks = (*generated.values(), *fetched.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, run.stop(), return_exceptions=True)
    ends = {shot: end for shot, (end, _) in ended.items()} | reused
    results = {shot: result for shot, (_, result) in ended.items()} | {
        name: ShotResult(shot.shot, clip=shot.clip, still=shot.still, downloaded_at=datetime.now(UTC))
        for name, shot in kept.items()
    }
    return Execution(
        results={shot.id: results[shot.id] for shot in run.plan.shots},
        footage={shot.id: ends[shot.id] for shot in run.plan.shots if results[shot.id].clip is not None},
    )


async def _result(run: Run, shot: Shot, steps: StepRunner[S], generated: S, downloaded: S) -> ShotResult:
    for end in (generated, downloaded):
        error = await steps.error(end)
        if error is not None:
            listener.get().shot(shot.id, "failed", str(error))
            return ShotResult(shot, error=error)
    sha256 = await steps.sha256(downloaded)
    if sha256 is None:
        listener.get().shot(shot.id, "not started")
        return ShotResult(shot, begun=False)
    listener.get().shot(shot.id, "ready")
    if shot.is_still:
        return ShotResult(shot, still=run.session.stills.find(sha256), downloaded_at=datetime.now(UTC))
    clip = await asyncio.to_thread(stored_clip, run.session.store, sha256)
    return ShotResult(shot, clip=clip, downloaded_at=datetime.now(UTC))


@dataclass(frozen=True)
class End:
    """The end of a plain step: its value, or its error, or neither if it was not begun."""

    value: Parent | None = None
    error: BaseException | None = None


class PlainSteps:
    """A runner of steps as plain calls, retried by the same table as Prefect's tasks. ``placed``: the orders, by
    shot."""

    def __init__(self, *, sleep: Sleep = asyncio.sleep) -> None:
        self._sleep = sleep
        self.placed: dict[str, Placed] = {}

    async def reuse(self, run: Run, kept: Sequence[Kept]) -> Sequence[End]:
        for made in kept:
            if made.order is None:
                continue  # a finished file: nobody ordered it
            key, attempt = made.order.key, made.order.attempt
            self.placed[made.shot.id] = Placed(key, attempt, made.generation_id, completed=True, bought=False)
        return [End(Parent(made.generation_id, made.sha256)) for made in kept]

    async def publish(self, run: Run, sha256: str) -> End:
        async def put() -> Parent:
            await PUBLISH.calling(partial(publish, run, sha256), sleep=self._sleep)
            return Parent("")

        return await _ended(put())

    async def generate(self, run: Run, shot: Shot, parents: Sequence[End], images: Sequence[End], attempt: int) -> End:
        given = {name: end.value for name, end in zip(shot.parents, parents, strict=True) if end.value is not None}
        if len(given) < len(parents):
            return End()

        async def ended() -> Parent:
            placed = self.placed[shot.id] = await order(run, shot, given)
            await await_end(run, shot, placed.generation_id)
            return Parent(placed.generation_id)

        return await _ended(GENERATE.calling(ended, sleep=self._sleep))

    async def download(self, run: Run, shot: Shot, generated: End) -> End:
        made = generated.value
        if made is None:
            return End()

        async def got() -> Parent:
            sha256 = await FETCH.calling(partial(fetch, run, shot, made.generation_id), sleep=self._sleep)
            return Parent(made.generation_id, sha256)

        return await _ended(got())

    async def error(self, end: End) -> BaseException | None:
        return end.error

    async def sha256(self, downloaded: End) -> str | None:
        return None if downloaded.value is None else downloaded.value.sha256


async def _ended(step: Awaitable[Any]) -> End:
    try:
        return End(await step)
    except Exception as error:  # noqa: BLE001 - carried on as it is: the shot's siblings are not broken off half-bought
        return End(error=error)
