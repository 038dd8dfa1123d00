"""The EXR frames of HDR clips: an archive beside the film, kept so that it is fetched once."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path

import httpx

from studio.errors import BadClip, DownloadError
from studio.ledger import OrderRow
from studio.plan import Shot
from studio.quiet import unlogged
from studio.run import Run

AGAIN = "it is paid for: run the same command again, and it is fetched, not bought"


async def archives_of(run: Run, made: Iterable[Shot]) -> tuple[Path, ...]:
    """Put the EXR archives of those shots that have one into the film's folder, as ``<shot>.exr.zip``.

    Raises DownloadError or ServiceError where one cannot be had now, BadClip where what comes is no archive.
    """
    placed = []
    for shot in made:
        if not shot.exr:
            continue
        row = await asyncio.to_thread(run.session.ledger.order, shot.key)
        if row is None or row.generation_id is None:
            continue
        kept = run.session.home / "exr" / f"{row.key}.zip"
        if not kept.exists():
            await _fetch(run, shot, row, kept)
        run.out.mkdir(parents=True, exist_ok=True)
        goal = run.out / f"{shot.id}.exr.zip"
        await asyncio.to_thread(shutil.copyfile, kept, goal)
        placed.append(goal)
    return tuple(placed)


async def _fetch(run: Run, shot: Shot, row: OrderRow, goal: Path) -> None:
    session, where = run.session, f"scene '{shot.scene}', field 'exr'"
    await session.connect()
    generation = await session.provider_of(shot.api).get(row.generation_id or "")
    if generation.frames_url is None:
        raise DownloadError("the service has no EXR frames for it", where=where, hint=AGAIN)
    goal.parent.mkdir(parents=True, exist_ok=True)
    part = goal.with_name(f".{row.key[:16]}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
    fault = ""
    try:
        with unlogged(), part.open("wb") as file:
            async with session.http.stream("GET", generation.frames_url) as response:
                response.raise_for_status()
                async for block in response.aiter_bytes():
                    file.write(block)
        damaged = await asyncio.to_thread(_damage, part)
        if not damaged:
            part.replace(goal)
            return
    except httpx.HTTPError as error:
        fault = type(error).__name__
    finally:
        part.unlink(missing_ok=True)
    # raised outside of any handler: the error has no context that could hold a URL
    if fault:
        raise DownloadError(f"its EXR frames could not be fetched ({fault})", where=where, hint=AGAIN)
    raise BadClip(f"what came as its EXR frames is {damaged}", where=where, hint=AGAIN)


def _damage(archive: Path) -> str:
    """What is wrong with an archive; empty if nothing is."""
    try:
        with zipfile.ZipFile(archive) as opened:
            bad = opened.testzip()
            return f"damaged at {bad}" if bad else ""
    except (zipfile.BadZipFile, OSError, EOFError):
        return "no whole archive"
