"""The film of a run: joined from the clips of its shots, in a thread that ends with the run; the link to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping

from studio.assets import SeedFootage
from studio.editing.assembly import Assembly, assemble
from studio.editing.values import FilmCut
from studio.execution.progress import listener
from studio.execution.run import Run
from studio.shelf.latest import point_latest
from studio.storage.ownership import FILM, sign
from studio.storage.probe_cache import stored_clip

__all__ = ["FILM", "make_film", "shelve"]


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


def shelve(run: Run, cuts: Iterable[FilmCut]) -> None:
    """Make a run's finished film the latest of its version, and tell what stands in the way. ``cuts``: of the film.

    One that lacks scenes, or has slates in their place, is not made the latest.
    """
    written, shown = run.plan.production, {cut.scene for cut in cuts if not cut.slate}
    if not all(scene.id in shown for scene in written.scenes):
        return
    told = point_latest(run.session.settings.films, written.film_slug, written.version, run.out)
    if told:
        listener.get().note(told)
