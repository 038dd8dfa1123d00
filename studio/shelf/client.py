"""A client's folder: the film and a report of it, without a price, an id of a generation, or a path of this machine.

Both the page and its manifest are made from what they show; nothing is taken out of the producer's own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from studio.report.formats import clean, rate, seconds, timecode
from studio.report.thumbnails import Thumbnails
from studio.shelf.films import ShelvedFilm, read_manifest
from studio.shelf.package import copy_captions, copy_deliveries, copy_film
from studio.storage.kept import Kept

HERE = Path(__file__).parent


@dataclass(frozen=True)
class ClientScene:
    """A scene as a client sees it: its place and length in the film, and the words that it was made from."""

    number: int
    id: str
    at: str
    starts: float
    seconds: float
    words: str
    slate: bool


def write_client(film: ShelvedFilm, folder: Path, *, home: Path) -> None:
    """Write film, report.html and manifest.json. Raises BadInput, OSError; ValueError for a damaged manifest."""
    found, name = read_manifest(film.folder), copy_film(film, folder)
    made, fps = found["film"], Fraction(str(found["film"]["fps"]))
    shots = {str(shot["id"]): shot for shot in found["shots"]}
    cuts = sorted(found["cuts"], key=lambda cut: cut["start_frame"])
    scenes = tuple(_scene(number, cut, shots, fps) for number, cut in enumerate(cuts, 1))
    frames = [_frames(film, cut, shots) for cut in cuts]
    pictures = Thumbnails([path for pair in frames for path in pair], kept=Kept(home / "kept"))
    about: dict[str, Any] = {
        "title": clean(film.title),
        "version": film.version,
        "made_at": film.made_at.isoformat().replace("+00:00", "Z"),
        "film": {
            "name": name, "sha256": made["sha256"], "frames": made["frames"], "fps": rate(fps),
            "seconds": round(float(film.seconds or 0), 3), "width": made["width"], "height": made["height"],
            "has_audio": made["has_audio"],
        },
    }  # fmt: skip
    if delivered := copy_deliveries(film, found, folder):
        about["deliveries"] = delivered
    if captions := copy_captions(film, found, folder):
        about["captions"] = captions
    page = _environment().get_template("client.html").render(
        about=about,
        length=seconds(film.seconds or Fraction(0)),
        scenes=scenes,
        pictures=[[pictures.uri(path) for path in pair] for pair in frames],
        made_at=f"{film.made_at:%Y-%m-%d}",
    )  # fmt: skip
    (folder / "report.html").write_bytes(page.encode(errors="replace"))
    told = json.dumps(about | {"scenes": [asdict(scene) for scene in scenes]}, indent=2)
    (folder / "manifest.json").write_text(f"{told}\n", "utf-8")


def _scene(number: int, cut: dict[str, Any], shots: dict[str, dict[str, Any]], fps: Fraction) -> ClientScene:
    start, frames = int(cut["start_frame"]), int(cut["frames"])
    words = dict.fromkeys(str(shots[shot]["prompt"]).strip() for shot in cut["shots"] if shot in shots)
    return ClientScene(
        number, clean(str(cut["scene"])), timecode(start, fps), round(float(start / fps), 3),
        round(float(frames / fps), 3), clean("\n".join(filter(None, words))), bool(cut["slate"]),
    )  # fmt: skip


def _frames(film: ShelvedFilm, cut: dict[str, Any], shots: dict[str, dict[str, Any]]) -> tuple[Path | None, ...]:
    """The first and the last picture of a scene; None where there is none."""
    used = [] if cut["slate"] else [shots[name] for name in cut["shots"] if name in shots]
    if not used:
        return None, None
    named = used[0].get("first_frame"), used[-1].get("last_frame")
    return tuple(film.folder / str(path) if path else None for path in named)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
