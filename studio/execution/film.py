"""The film of a run: joined from the clips of its shots, in a thread that ends with the run; the link to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from studio.assets import SeedFootage
from studio.editing.assembly import Assembly, Finish, assemble
from studio.editing.extras import Extras, InTurn, no_captions
from studio.editing.mixing import captions_of
from studio.editing.values import FilmCut
from studio.errors import StoreError
from studio.execution.progress import listener
from studio.execution.retries import STORE
from studio.execution.run import Run
from studio.provenance.chosen import is_signed
from studio.shelf.latest import link_name, point_latest
from studio.storage.film_store import FilmStore
from studio.storage.ownership import FILM, sign
from studio.storage.probe_cache import stored_clip

__all__ = ["FILM", "make_film", "shelve"]


async def make_film(run: Run, footage: Mapping[str, str]) -> Assembly:
    """Join the clips, given by shot and SHA-256, to the run's film. Errors as in ``assemble``."""
    stopped, tell = threading.Event(), listener.get().film

    def joined() -> Assembly:
        film = run.plan.production.film
        tracks = captions_of if film.captions == "track" else no_captions
        steps: list[Finish] = [Extras(run.plan.production.title, tracks)]
        if is_signed(run.session.settings, run.plan.production.film.provenance):
            from studio.execution.provenance import film_signing  # loaded where a film is signed: an extra

            steps += [one for one in (film_signing(run),) if one is not None]
        clips = {shot: stored_clip(run.session.store, sha256) for shot, sha256 in footage.items()}
        return assemble(
            run.plan, clips, run.out / FILM, pieces=run.session.pieces, on_frames=tell, stop=stopped.is_set,
            before_named=sign, kept=run.session.kept,
            footage={sha256: seed for sha256, seed in run.seeds.items() if isinstance(seed, SeedFootage)},
            finish=InTurn(tuple(steps)),
        )  # fmt: skip

    try:
        return await asyncio.to_thread(joined)
    finally:
        stopped.set()  # cancelled: the thread runs until its ffmpeg is told to stop


async def shelve(run: Run, cuts: Iterable[FilmCut]) -> None:
    """Make a run's finished film the latest of its version, and tell what stands in the way. ``cuts``: of the film.

    One that lacks scenes, or has slates in their place, is not made the latest.
    """
    written, shown = run.plan.production, {cut.scene for cut in cuts if not cut.slate}
    if not all(scene.id in shown for scene in written.scenes):
        return
    films, store = run.session.settings.films, run.session.film_store
    told = await asyncio.to_thread(point_latest, films, written.film_slug, written.version, run.out)
    if store is not None and store.holds(run.out):
        told = await _pointed(store, written.film_slug, written.version, run.out)
    if told:
        listener.get().note(told)


async def _pointed(store: FilmStore, film_slug: str, version: str, folder: Path) -> str:
    """Name the latest film in the store of films, too. Where that fails, the film is there all the same."""
    try:
        return await STORE.calling(lambda: asyncio.to_thread(store.point_latest, film_slug, link_name(version), folder))
    except StoreError as error:
        return f"the store does not name it as the latest film ({error.message}): it is {store.address(folder)}"
