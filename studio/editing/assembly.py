"""Assembly of a plan's clips into its film: one form, one file, measured seams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from studio.assets import SeedFootage
from studio.editing import earlier_films
from studio.editing.colors import color_notes, with_colors
from studio.editing.edit import Edit, SceneSegments, segments_of
from studio.editing.film_form import film_spec
from studio.editing.film_loudness import remember
from studio.editing.mixing import mix_of, off_loudness, said_in
from studio.editing.seams import repeats, seams
from studio.editing.sounds import sounds_under
from studio.editing.titles import TitleMaker
from studio.editing.values import ColorSeam, FilmRecord, SeamRecord
from studio.media.clip import Clip
from studio.media.ffmpeg import Stop
from studio.media.film import Film, FilmSpec, Segment, concatenate
from studio.media.slate import make_slate
from studio.planning.film_items import items_of
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.title_edits import CardEdit
from studio.production.title_check import fonts_of
from studio.storage.kept import Kept
from studio.storage.probe_cache import measured


@dataclass(frozen=True)
class Assembly:
    """The finished film, the edit that it was made from, its measured seams, and the colours from clip to clip."""

    film: FilmRecord
    edit: Edit
    seams: tuple[SeamRecord, ...]
    colors: tuple[ColorSeam, ...] = ()


class Finish(Protocol):
    """A step that adds something to the complete file of a film, such as its signature.

    ``note`` tells of it, where it is not empty.
    """

    @property
    def note(self) -> str: ...

    def made_from(self, edit: Edit) -> tuple[str, ...]:
        """All that decides what is added."""
        ...

    def __call__(self, film: Path, edit: Edit) -> None:
        """Add it to the file. Raises MediaError, OSError."""
        ...


def assemble(
    plan: Plan,
    clips: Mapping[str, Clip],
    out: Path,
    *,
    pieces: Path,
    on_frames: Callable[[int, int], None] = lambda _frames, _total: None,
    stop: Stop | None = None,
    before_named: Callable[[Path, str], None] | None = None,
    kept: Kept | None = None,
    footage: Mapping[str, SeedFootage] = MappingProxyType({}),
    finish: Finish | None = None,
) -> Assembly:
    """Join the clips of a plan's shots in the producer's order into ``out``, and measure the seams of scenes that
    continue each other.

    A scene without all of its clips gets a slate. ``pieces`` is the folder of encoded pieces, ``on_frames`` gets how
    many frames are ready and how many there will be; ``stop`` and ``before_named`` are as for ``concatenate``. What
    was measured or joined before is taken from ``kept`` (None: nothing is kept). ``footage`` are the files that scenes
    modify, by SHA-256: their sound is heard under the clips that are made of them. ``finish`` completes the film's
    file before it is named. Raises FilmMismatch where the film differs from the plan, Incomplete where there is no
    clip at all.
    """
    kept = kept or Kept()
    repeated = repeats(plan, clips, kept)
    spec = film_spec(plan, clips)
    under = sounds_under(plan, clips, footage)
    scenes, maker = [], TitleMaker(partial(fonts_of, plan.production), spec, pieces, kept)
    for item in items_of(plan):
        if isinstance(item, CardEdit):
            scenes.append(maker.card(item))
            continue
        whole = all(shot in clips for shot in item.shots)
        segments = segments_of(item, clips, repeated, under) if whole else (_slate(plan, item, spec, pieces, kept),)
        if whole and item.lower_third is not None:
            segments = maker.with_text(segments, item.lower_third)
        scenes.append(SceneSegments(item, segments, slate=not whole))
    edit = Edit.of(spec, scenes, (plan.titles.fade_in, plan.titles.fade_out))
    edit, colors = with_colors(plan, edit, kept)
    edit = replace(edit, mix=mix_of(plan, edit.cuts, edit.frames, kept), said=said_in(plan, edit.cuts))
    total = edit.frames
    out.parent.mkdir(parents=True, exist_ok=True)
    made_from = [*earlier_films.made_from(edit), *(finish.made_from(edit) if finish else ())]
    film = earlier_films.find(made_from, out, kept, before_named=before_named)
    if film is None:
        joined = concatenate(
            edit.segments, out, spec=spec, pieces=pieces, on_frames=lambda frames: on_frames(frames, total), stop=stop,
            before_named=before_named, digests=kept.digests, finish=partial(finish, edit=edit) if finish else None,
            mix=edit.mix,
        )  # fmt: skip
        film = _film_record(joined)
        if joined.loudness is not None:
            remember(film.sha256, kept, joined.loudness)
            film = replace(film, notes=(*film.notes, *off_loudness(joined.loudness, edit.mix)))
        film = replace(film, notes=(*film.notes, finish.note)) if finish and finish.note else film
    else:
        on_frames(film.frames, total)
    earlier_films.keep(film, made_from, kept)
    notes = [f"{shot}: {count} frames at its start repeat its parent's footage and were cut off"
             for shot, count in repeated.items()]  # fmt: skip
    film = replace(film, notes=(*film.notes, *edit.notes, *notes, *color_notes(colors)))
    return Assembly(film, edit, seams(plan, edit.scenes, kept), colors)


def _slate(plan: Plan, cut: SceneEdit, spec: FilmSpec, pieces: Path, kept: Kept) -> Segment:
    shots = [plan.shot(i) for i in cut.shots]
    frames = cut.frames or max(1, round(sum(s.seconds for s in shots) * FPS))
    pieces.mkdir(parents=True, exist_ok=True)
    path = pieces / f"slate-{shots[0].key[:16]}-{frames}-{spec.width}x{spec.height}.mp4"
    if not path.exists():
        lines = ["Scene missing", cut.scene, shots[0].prompt]
        make_slate(path, lines=lines, frames=frames, width=spec.width, height=spec.height, fps=spec.fps)
    return Segment(path, measured(path, kept), name=cut.scene)


def _film_record(film: Film) -> FilmRecord:
    return FilmRecord(
        path=film.path, frames=film.frames, fps=film.fps, width=film.width, height=film.height, bytes=film.bytes,
        sha256=film.sha256, has_audio=film.has_audio, method=film.method, notes=film.notes,
    )  # fmt: skip
