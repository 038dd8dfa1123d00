"""The film of a run: joined from the clips of its shots, in a thread that ends with the run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

from studio.assets import SeedFootage
from studio.editing.assembly import Assembly, assemble
from studio.execution.progress import listener
from studio.execution.run import Run
from studio.storage.ownership import FILM, sign
from studio.storage.probe_cache import stored_clip

__all__ = ["FILM", "make_film"]


async def make_film(run: Run, footage: Mapping[str, str]) -> Assembly:
    """Join the clips, given by shot and SHA-256, to the run's film. Errors as in ``assemble``."""
    stopped, tell = threading.Event(), listener.get().film

    def joined() -> Assembly:
        clips = {shot: stored_clip(run.session.store, sha256) for shot, sha256 in footage.items()}
        return assemble(
            run.plan, clips, run.out / FILM, pieces=run.session.pieces, on_frames=tell, stop=stopped.is_set,
            before_named=sign, kept=run.session.kept,
            footage={sha256: seed for sha256, seed in run.seeds.items() if isinstance(seed, SeedFootage)},
        )  # fmt: skip

    try:
        return await asyncio.to_thread(joined)
    finally:
        stopped.set()  # cancelled: the thread runs until its ffmpeg is told to stop
