"""A run whose clips and film can be played: three scenes with sound, of which one crossfades into the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from studio.editing.values import FilmRecord, SeamRecord
from studio.media.clip import Clip, examine
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.overlap import Overlap
from studio.report import write_all
from studio.report.records import RunRecord, ShotRecord, TakeRecord
from studio.storage.ownership import claim, sign
from tests.media.clips import make
from tests.support.reports import START, cut_of, sample, shot

SCENES = ("quay", "boat", "sea")
FRAMES, OVERLAP = 48, 12
STARTS = (0, FRAMES - OVERLAP, 2 * FRAMES - OVERLAP)
LENGTH = STARTS[-1] + FRAMES
TITLE = "Out to Sea"


def clip(store: Path, name: str, number: int) -> Clip:
    """A clip of two seconds with a tone, and its first and last picture."""
    store.mkdir(parents=True, exist_ok=True)
    look = f"hue=h={number * 80}"
    path = make(store / f"{name}.mp4", frames=FRAMES, start=number * FRAMES, look=look, sound=True)
    return examine(path, frames_dir=store / f"{name}.frames")


def real_film(out: Path, store: Path) -> RunRecord:
    """The record of a run whose film is in ``out``. The first scene has two takes, and uses the second."""
    made = {name: clip(store, name, number) for number, name in enumerate(SCENES)}
    other = clip(store, "quay-1", 3)
    out.mkdir(parents=True, exist_ok=True)
    segments = [
        Segment(made[name].path, made[name], name=name, into=Overlap("fade", OVERLAP) if name == "boat" else None)
        for name in SCENES
    ]
    film = concatenate(segments, out / "film.mp4", spec=FilmSpec(320, 180), pieces=store / "pieces")
    assert film.frames == LENGTH
    shots = tuple(_shot(store, name, made[name]) for name in SCENES)
    quay = shots[0]
    takes = (
        TakeRecord(1, "1" * 64, "gen-first", Decimal("0.27"), False, other.path, None, other.first_frame,
                   other.last_frame, other.sha256, "ray-flash-2", START - timedelta(days=1)),
        TakeRecord(2, quay.order, quay.generation_id, quay.cost, True, quay.clip, None, quay.first_frame,
                   quay.last_frame, quay.sha256, "ray-2", START),
    )  # fmt: skip
    shots = (replace(quay, take=2, takes=takes), *shots[1:])
    cuts = [cut_of(known, start, frames=FRAMES) for known, start in zip(shots, STARTS, strict=True)]
    cuts[1] = replace(cuts[1], into=Overlap("fade", OVERLAP))
    return replace(
        sample(store / "painted"), title=TITLE, slug="out-to-sea", film_slug="out-to-sea", run_id=out.name, out=out,
        shots=shots, cuts=tuple(cuts), notes=(),
        seams=(SeamRecord("quay", "boat", False, expected="transition"),
               SeamRecord("boat", "sea", True, 0.99, 41.0, expected="continued")),
        film=FilmRecord(film.path, film.frames, film.fps, film.width, film.height, film.bytes, film.sha256,
                        film.has_audio, film.method, film.notes),
        production={"title": TITLE, "slug": "out-to-sea", "scenes": [{"id": name} for name in SCENES]},
    )  # fmt: skip


def shelved_film(films: Path, home: Path, run: str = "20261127-201500-beef") -> RunRecord:
    """The same run, with all files that it leaves in its folder below ``films``."""
    record = real_film(films / "out-to-sea" / run, home / "clips")
    assert record.film is not None
    claim(record.out, record.slug)
    sign(record.film.path, record.film.sha256)
    write_all(record, record.out)
    return record


def _shot(store: Path, name: str, made: Clip) -> ShotRecord:
    return shot(
        store / "painted", name, cost=Decimal("0.32"), clip=made.path, sha256=made.sha256, bytes=made.bytes,
        frames=made.frames, width=made.width, height=made.height, first_frame=made.first_frame,
        last_frame=made.last_frame, seconds=Fraction(made.frames) / made.fps,
    )  # fmt: skip
