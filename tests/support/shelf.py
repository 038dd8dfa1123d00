"""Finished films on a shelf, each with the files that a run leaves, and clips and pictures of its own."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from studio.report import write_costs, write_manifest, write_timeline
from studio.report.records import FilmRecord, RunRecord, ShotRecord
from studio.storage.ownership import claim, sign
from tests.support.reports import START, cuts_of, with_bookings


def clip_of(home: Path, name: str) -> tuple[Path, str]:
    """A file in the store of ``home`` in place of a clip, and its SHA-256."""
    data = f"clip {name}".encode() * 50
    sha256 = hashlib.sha256(data).hexdigest()
    path = home / "clips" / sha256[:2] / f"{sha256}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    frames = path.with_suffix(".frames")
    frames.mkdir(exist_ok=True)
    for end in ("first", "last"):
        Image.new("RGB", (64, 36), "teal").save(frames / f"{end}.png")
    return path, sha256


def record_of(folder: Path, home: Path, *, title: str = "The Quay", scenes: tuple[str, ...] = ("wake", "walk"),
              made: float = 0, **more: Any) -> RunRecord:  # fmt: skip
    """The record of a run whose film is in ``folder``."""
    shots = []
    for number, name in enumerate(scenes):
        clip, sha256 = clip_of(home, f"{title} {name}")
        shots.append(ShotRecord(
            id=name, scene=name, outcome="new", prompt=f"{name}: a quay at dawn", model="ray-2", resolution="720p",
            aspect_ratio="16:9", seconds=Fraction(5), order=hashlib.sha256(f"{title} {name}".encode()).hexdigest(),
            generation_id=f"gen-{name}-4711", cost=Decimal("0.71"), price_table="luma (2026-10)", attempts=1, clip=clip,
            sha256=sha256, bytes=clip.stat().st_size, frames=120, width=1280, height=720, take=number + 1,
            first_frame=clip.with_suffix(".frames") / "first.png", last_frame=clip.with_suffix(".frames") / "last.png",
        ))  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    film = folder / "film.mp4"
    film.write_bytes(f"film {title} {made}".encode() * 100)
    slug = more.pop("slug", title.lower().replace(" ", "-"))
    base = RunRecord(
        title=title, slug=slug, run_id=folder.name, out=folder, started_at=START + timedelta(hours=made),
        finished_at=START + timedelta(hours=made, minutes=2), service="luma", billed=True, shots=tuple(shots),
        cuts=cuts_of(shots, scenes),
        film=FilmRecord(
            path=film, frames=120 * len(shots), fps=Fraction(24), width=1280, height=720, bytes=film.stat().st_size,
            sha256=hashlib.sha256(film.read_bytes()).hexdigest(), has_audio=False, method="copy",
        ),
        production={"title": title, "slug": slug, "scenes": [{"id": name} for name in scenes]},
        notes=("this run brings the production to $1.42 of $1.50 (95%)",), project=slug,
    )  # fmt: skip
    return replace(base, **more)


def shelved(films: Path, home: Path, run: str = "20261127-101500-aaaa", **more: Any) -> Path:
    """A film's folder as its run leaves it: film, manifest, timeline with clips, costs, note. Returns the folder."""
    slug = more.get("slug", more.get("title", "The Quay").lower().replace(" ", "-"))
    record = record_of(films / slug / run, home, **more)
    folder = record.out
    claim(folder, record.slug)
    if record.film is None:
        (folder / "film.mp4").unlink()
    else:
        sign(folder / "film.mp4", record.film.sha256)
    write_timeline(record, folder)
    write_costs(with_bookings(record, realm=record.service), folder)
    (folder / "report.html").write_text("<p>$0.71</p>")
    write_manifest(record, folder)
    return folder
