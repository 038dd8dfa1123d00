"""The files of a run in the stores that machines share, put there at its end: its clips, and its film's folder.

A run whose film could not be uploaded ends with StoreError, and everything is here: another run, or reconciling,
uploads it, and pays nothing. The film goes last, so that a film that is seen in the store is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from studio.errors import StoreError
from studio.execution.progress import listener
from studio.execution.retries import STORE, Sleep
from studio.execution.run import Run
from studio.execution.session import Session
from studio.remedies import AGAIN, text_of
from studio.storage.film_store import FilmStore, Upload
from studio.storage.running import at_work

AT_ONCE = 4  # files under way


async def store_run(run: Run, made: Iterable[str], *, failed: bool, sleep: Sleep = asyncio.sleep) -> str:
    """Upload what a run has made, and return where its film's folder is in the store; empty where it is in none.

    ``made``: the SHA-256 of its clips and stills. ``failed``: scenes are missing, which is the error that the run ends
    with: one of the store is then told in a note. Raises StoreError.
    """
    await share_all(run.session, made, sleep=sleep)
    store = run.session.film_store
    if store is None or not store.holds(run.out):
        return ""
    try:
        await upload(store, run.out, sleep=sleep)
    except StoreError as error:
        if not failed:
            raise StoreError(
                f"the film is made, and is not in the store: {error.message}", where=str(run.out),
                hint=text_of("nothing is lost: ", AGAIN, " when ", _mended(error), ", and it is uploaded at no cost"),
            ) from None  # fmt: skip
        listener.get().note(f"the report is not in the store ({error.message}): it is in {run.out}")
        return ""
    listener.get().note(f"in the store: {store.address(run.out)}")
    await upload_pending(run.session, sleep=sleep)
    return store.address(run.out)


async def share_all(session: Session, made: Iterable[str], *, sleep: Sleep = asyncio.sleep) -> None:
    """Put clips and stills into the shared store that it does not have yet. What fails is told, and done by a later
    run."""
    files = session.shared
    if files is None:
        return
    gate, failed = asyncio.Semaphore(AT_ONCE), list[StoreError]()

    async def one(sha256: str) -> None:
        async with gate:
            if failed:  # the others would wait for the same
                return
            try:
                await STORE.calling(lambda: asyncio.to_thread(files.share, sha256), sleep=sleep)
            except StoreError as error:
                failed.append(error)

    await asyncio.gather(*(one(sha256) for sha256 in dict.fromkeys(made)))
    if failed:
        listener.get().note(f"clips are not in the store of clips ({failed[0].message}): the next run does it")


async def upload(store: FilmStore, folder: Path, *, sleep: Sleep = asyncio.sleep) -> None:
    """Upload a film's folder, the film last. Files that the store has already are left out. Raises StoreError."""
    first, last = await STORE.calling(lambda: asyncio.to_thread(store.uploads, folder), sleep=sleep)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(file: Upload) -> None:
        async with gate:
            await STORE.calling(lambda: asyncio.to_thread(store.put, file), sleep=sleep)

    ends = await asyncio.gather(*(one(file) for file in first), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    for file in last:
        await one(file)
    await asyncio.to_thread(store.stored, folder)


async def upload_pending(session: Session, *, sleep: Sleep = asyncio.sleep) -> tuple[Path, ...]:
    """Upload the folders of earlier runs here that are not in the store. What fails is told, and stays for a later
    run."""
    store = session.film_store
    if store is None:
        return ()
    done = []
    for folder in await asyncio.to_thread(lambda: store.pending(at_work(session.home))):
        try:
            await upload(store, folder, sleep=sleep)
        except StoreError as error:
            listener.get().note(f"not in the store yet: {folder} ({error.message})")
            break
        done.append(folder)
        listener.get().note(f"in the store now: {store.address(folder)}")
    return tuple(done)


def _mended(error: StoreError) -> str:
    return "that is mended" if not error.hint else f"that is mended ({error.hint.rstrip('.')})"
