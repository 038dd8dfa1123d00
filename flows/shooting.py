"""Carrying out a plan: every shot as soon as what it is made from is there, all at once where nothing holds back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from studio.errors import GenerationFailed
from studio.execution.progress import listener
from studio.execution.run import Run, ShotResult
from studio.planning.plan import OF_A_FILE, Shot
from studio.storage.probe_cache import stored_clip
from tasks.download import download
from tasks.generate import booked, ended_in_the_books, submit, wait
from tasks.start_retry import begun

Made = State[Any]


@dataclass(frozen=True)
class Shooting:
    """How every shot ended, and the States of the downloads that brought a clip (passed on whole, for the edges)."""

    results: Mapping[str, ShotResult]
    footage: Mapping[str, Made]


async def shoot(run: Run, published: Mapping[str, Made]) -> Shooting:
    """Order, await and fetch every shot of the plan.

    A shot that fails leaves its siblings running; what is made from it is not begun.
    """
    finished: dict[str, asyncio.Task[tuple[Made, Made]]] = {}
    fetched: dict[str, asyncio.Task[tuple[Made, ShotResult]]] = {}

    async def finish(shot: Shot) -> tuple[Made, Made]:
        """States of the order and of the wait, of the last attempt."""
        # Shots are quoted: Prefect would take a string that a shot shares with some result for an edge.
        # States, not their values: Prefect then knows what depends on what, and begins nothing on a failed parent.
        parents = [await made(shot, parent) for parent in shot.parents]
        images = [published[image] for image in shot.images if image in published]
        failed = 0
        while True:
            attempt = await run.next_attempt(shot)
            order = await begun(submit, run, quote(shot), parents, images, attempt, return_state=True)
            if order.is_completed() and not await booked(run, shot, await order.aresult()):
                # A recorded result of what neither the books nor the service have.
                anew = submit.with_options(refresh_cache=True)
                order = await begun(anew, run, quote(shot), parents, images, attempt, return_state=True)
            done = await begun(wait, run, quote(shot), order, return_state=True)
            if done.is_completed() and not await ended_in_the_books(run, shot):
                done = await begun(wait.with_options(refresh_cache=True), run, quote(shot), order, return_state=True)
            error = await problem(done)
            failed += 1
            if not run.attempts.again(error, attempt=attempt, failed=failed, pinned=shot.generation is not None):
                return order, done
            listener.get().shot(shot.id, "ordering again", error.reason if isinstance(error, GenerationFailed) else "")

    async def made(shot: Shot, parent: str) -> Made:
        """The state of what a shot is made from: of the generation, or where a frame of its clip is needed, of that."""
        if any(s.ref == parent and s.kind in OF_A_FILE for s in shot.sources):
            return (await fetched[parent])[0]
        return (await finished[parent])[1]

    async def fetch(shot: Shot) -> tuple[Made, ShotResult]:
        order, done = await finished[shot.id]
        clip = await begun(download, run, quote(shot), done, return_state=True)
        for state in (order, done, clip):
            error = await problem(state)
            if error is not None:
                listener.get().shot(shot.id, "failed", str(error))
                return clip, ShotResult(shot, error=error)
        if not clip.is_completed():
            listener.get().shot(shot.id, "not started")
            return clip, ShotResult(shot, begun=False)
        sha256 = (await clip.aresult()).sha256
        listener.get().shot(shot.id, "ready")
        if shot.is_still:
            return clip, ShotResult(shot, still=run.session.stills.find(sha256), downloaded_at=datetime.now(UTC))
        kept = await asyncio.to_thread(stored_clip, run.session.store, sha256)
        return clip, ShotResult(shot, clip=kept, downloaded_at=datetime.now(UTC))

    for shot in run.plan.shots:  # parents come before their children
        finished[shot.id] = asyncio.create_task(finish(shot), name=f"{shot.id} · finish")
        fetched[shot.id] = asyncio.create_task(fetch(shot), name=f"{shot.id} · fetch")
    tasks = (*finished.values(), *fetched.values())
    try:
        ended = dict(zip(fetched, await asyncio.gather(*fetched.values()), strict=True))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Shooting(
        results={shot: result for shot, (_, result) in ended.items()},
        footage={shot: state for shot, (state, result) in ended.items() if result.clip is not None},
    )


async def problem(state: Made) -> BaseException | None:
    """The error of a failed state; None for one that completed, or that was never begun."""
    if state.is_completed() or state.is_pending():
        return None
    result = await state.aresult(raise_on_failure=False)
    return result if isinstance(result, BaseException) else RuntimeError(state.message or state.name)
