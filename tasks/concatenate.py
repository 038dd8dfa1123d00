"""Joining the scenes' clips into the film."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from studio.editing.scene_edits import SceneSegments, repeats, seams, segments_of
from studio.errors import Incomplete
from studio.execution.progress import listener
from studio.execution.run import Run
from studio.media.clip import Clip, examine
from studio.media.film import Film, FilmSpec, Segment, concatenate
from studio.media.slate import make_slate
from studio.planning.plan import FPS, Cut, canonical_json
from studio.report.records import FilmRecord, SeamRecord
from studio.storage.ownership import sign
from studio.storage.probe_cache import stored_clip
from tasks.caching import key
from tasks.values import Footage

FILM = "film.mp4"


@dataclass(frozen=True)
class Assembly:
    """The finished film, where each scene stands in it, and how well they meet."""

    film: FilmRecord
    scenes: tuple[SceneSegments, ...]
    seams: tuple[SeamRecord, ...]


def _film_key(context: TaskRunContext, inputs: dict[str, Any]) -> str | None:
    run = inputs["run"]
    # Only a retried flow run has the same folder again; where the film itself is gone, a record of it is worth nothing.
    if not (run.out / FILM).is_file():
        return None
    made_of = {
        "cuts": [asdict(cut) for cut in run.plan.cuts],
        "clips": {f.shot: f.sha256 for f in inputs["footage"]},
        "film": run.plan.production.film.model_dump(mode="json"),
        "out": str(run.out),
    }
    return key("concatenate", 1, hashlib.sha256(canonical_json(made_of).encode()).hexdigest())


@task(
    name="concatenate",
    task_run_name="film · concatenate",
    tags=["ffmpeg"],
    cache_key_fn=_film_key,
    result_serializer="pickle",
)
async def concatenate_film(run: Run, footage: Sequence[Footage]) -> Assembly:
    """Join the clips in the producer's order, write film.mp4, and measure the seams.

    A scene without footage gets a slate. Raises FilmMismatch where the film differs from the plan.
    """
    stopped = threading.Event()
    hashes = {f.shot: f.sha256 for f in footage}
    try:
        return await asyncio.to_thread(_assemble, run, hashes, listener.get().film, stopped.is_set)
    finally:
        stopped.set()  # cancelled: the thread goes on until its ffmpeg is told to stop


def _assemble(
    run: Run, hashes: dict[str, str], on_frames: Callable[[int, int], None], stop: Callable[[], bool]
) -> Assembly:
    store = run.session.store
    clips = {shot: stored_clip(store, sha256) for shot, sha256 in hashes.items()}
    repeated = repeats(run.plan, clips)
    spec = _spec(run, clips)
    scenes = []
    for cut in run.plan.cuts:
        whole = all(shot in clips for shot in cut.shots)
        segments = segments_of(cut, clips, repeated) if whole else (_slate(run, cut, spec),)
        scenes.append(SceneSegments(cut, segments, slate=not whole))
    total = sum(s.frames for s in scenes)
    run.out.mkdir(parents=True, exist_ok=True)
    film = concatenate(
        [segment for scene in scenes for segment in scene.segments],
        run.out / FILM,
        spec=spec,
        pieces=run.session.pieces,
        on_frames=lambda frames: on_frames(frames, total),
        stop=stop,
        before_named=sign,
    )
    notes = [f"{shot}: {count} frames at its start repeat its parent's footage and were cut off"
             for shot, count in repeated.items()]  # fmt: skip
    return Assembly(_film_record(film, tuple(notes)), tuple(scenes), seams(run.plan, scenes))


def _spec(run: Run, clips: dict[str, Clip]) -> FilmSpec:
    """The film's form: the size that most of the clips have. What Luma returns is measured, never presumed."""
    # Of what the film shows: clips that others are only made from do not count.
    shown = [clips[i] for cut in run.plan.cuts for i in cut.shots if i in clips] or list(clips.values())
    if not shown:
        raise Incomplete("there is no clip to make a film of", missing=[c.scene for c in run.plan.cuts])
    sizes = Counter((clip.width, clip.height) for clip in shown)
    width, height = max(sizes, key=lambda size: (sizes[size], size[0] * size[1]))
    return FilmSpec(width=width, height=height, fps=Fraction(FPS), audio=run.plan.production.film.audio)


def _slate(run: Run, cut: Cut, spec: FilmSpec) -> Segment:
    shots = [run.plan.shot(i) for i in cut.shots]
    frames = cut.frames or max(1, round(sum(s.seconds for s in shots) * FPS))
    run.session.pieces.mkdir(parents=True, exist_ok=True)
    path = run.session.pieces / f"slate-{shots[0].key[:16]}-{frames}-{spec.width}x{spec.height}.mp4"
    if not path.exists():
        lines = ["Scene missing", cut.scene, shots[0].prompt]
        make_slate(path, lines=lines, frames=frames, width=spec.width, height=spec.height, fps=spec.fps)
    return Segment(path, examine(path), name=cut.scene)


def _film_record(film: Film, notes: tuple[str, ...]) -> FilmRecord:
    return FilmRecord(
        path=film.path, frames=film.frames, fps=film.fps, width=film.width, height=film.height, bytes=film.bytes,
        sha256=film.sha256, has_audio=film.has_audio, method=film.method, notes=(*film.notes, *notes),
    )  # fmt: skip
