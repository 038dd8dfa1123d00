"""The finished films of a films folder, read from what their runs left there: no ledger and no network is needed.

A film's folder has ``manifest.json``, written last of all. A run that was killed before that left its film and the
note of its production (``.studio-producer.json``): it is listed without length and costs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from studio.cleaning import printable
from studio.providers.registry import video_models
from studio.storage.ownership import FILM, MANIFEST, NOTE

DEPTH = 3  # folders below the films folder in which a film is looked for: films/<slug>/<run>, and one more
MOST_BYTES = 64 * 1024 * 1024  # size of a manifest
Skipped = Literal["damaged", "foreign", "without a film"]


@dataclass(frozen=True)
class ShelvedFilm:
    """A finished film. Money in USD, ``made_at`` aware UTC.

    folder:    the folder of its run, ``path`` the film in it
    film_slug: the slug of the film that it is a version of (draft, final, another shape)
    version:   ``final``, ``draft``, ``9:16``, ``9:16 draft``
    seconds:   its length; None where its run left no manifest, as with ``cost`` and ``total``
    cost:      what its run spent; ``total``: that and what earlier runs had paid for its clips
    billed:    False where it was made on this machine, for nothing; None where unknown
    whole:     False where it lacks scenes of its production, or has slates in their place
    url:       where it is in the store that machines share; empty where films are in a folder, or it is not there yet
    """

    folder: Path
    path: Path
    title: str
    slug: str
    film_slug: str
    project: str
    version: str
    run: str
    made_at: datetime
    seconds: Fraction | None = None
    cost: Decimal | None = None
    total: Decimal | None = None
    billed: bool | None = None
    service: str = ""
    sha256: str = ""
    whole: bool = True
    url: str = ""


@dataclass(frozen=True)
class Shelf:
    """The films of a folder, the newest first, and the folders that were skipped, by reason."""

    films: tuple[ShelvedFilm, ...]
    skipped: Mapping[Skipped, tuple[Path, ...]]


#: The time of a film's last change, by its path; None where there is no such film.
Seen = Callable[[Path], datetime | None]


def on_disk(path: Path) -> datetime | None:
    """The time of the last change of a file here; None where there is none."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None


def shelf_of(films: Path, seen: Seen = on_disk) -> Shelf:
    """Read a films folder. What is damaged, or no film of ours, is skipped. ``seen``: where its films are, if elsewhere
    than in the folder."""
    found: list[ShelvedFilm] = []
    skipped: dict[Skipped, list[Path]] = {"damaged": [], "foreign": [], "without a film": []}
    for folder in _folders(films):
        film = film_in(folder, seen)
        if isinstance(film, ShelvedFilm):
            found.append(film)
        else:
            skipped[film].append(folder)
    found.sort(key=lambda film: (film.made_at, str(film.folder)), reverse=True)
    return Shelf(tuple(found), {why: tuple(folders) for why, folders in skipped.items()})


def film_in(folder: Path, seen: Seen = on_disk) -> ShelvedFilm | Skipped:
    """The film of a folder, or the reason why it has none."""
    try:
        if (folder / MANIFEST).exists():
            return _of_manifest(folder, read_manifest(folder), seen)
        if (folder / NOTE).exists():
            return _of_note(folder, _object(folder / NOTE), seen)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return "damaged"
    return "foreign"


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a film's folder. Raises OSError, ValueError."""
    return _object(folder / MANIFEST)


def _folders(films: Path, depth: int = 1) -> Iterator[Path]:
    """The folders with a film or the traces of one, and those at the top that are nothing of ours."""
    for folder in _inner(films):
        if has_record(folder):
            yield folder
        elif depth < DEPTH and (inner := list(_folders(folder, depth + 1))):
            yield from inner
        else:
            yield folder


def _inner(folder: Path) -> list[Path]:
    """The folders in a folder, without hidden ones, and without links to films that are there anyhow."""
    with suppress(OSError):
        found = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
        return [path for path in found if not (path.is_symlink() and path.name.startswith("latest"))]
    return []


def has_record(folder: Path) -> bool:
    """True for a folder in which a run left its manifest, or the note of its production."""
    return (folder / MANIFEST).exists() or (folder / NOTE).exists()


def _object(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found = json.loads(file.read(MOST_BYTES))
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    return found


def _of_manifest(folder: Path, found: Mapping[str, Any], seen: Seen) -> ShelvedFilm | Skipped:
    slug, film = str(found["slug"]), found["film"]
    if film is None:
        return "without a film"
    # The name alone: the folder may have been moved since, and nothing outside of it is a film of this shelf.
    path = folder / Path(str(film["path"])).name
    if seen(path) is None:
        return "without a film"
    cost, production = found["cost"], found.get("production") or {}
    version = str(found.get("version") or _earlier_version(production))
    film_slug = str(found.get("film_slug") or _without_shape(slug, production))
    return ShelvedFilm(
        folder=folder, path=path, title=_line(found["title"]), slug=_line(slug), film_slug=_line(film_slug),
        project=_line(found.get("project") or film_slug), version=_line(version), run=_line(found["run"]["id"]),
        made_at=_moment(found["run"]["finished_at"]), seconds=_length(film), cost=_usd(cost["new_usd"]),
        total=_usd(cost["new_usd"]) + _usd(cost["reused_usd"]), billed=bool(found["service"]["billed"]),
        service=_line(found["service"]["name"]), sha256=str(film["sha256"]),
        whole=_is_whole(production, found.get("cuts") or []),
    )  # fmt: skip


def _is_whole(production: Mapping[str, Any], cuts: list[Mapping[str, Any]]) -> bool:
    shown = {cut["scene"] for cut in cuts if not cut.get("slate")}
    return all(scene["id"] in shown for scene in production.get("scenes") or [])


def _of_note(folder: Path, found: Mapping[str, Any], seen: Seen) -> ShelvedFilm | Skipped:
    """The film of a run that was killed before it had written its report."""
    slug, path = _line(str(found["production"])), folder / FILM
    made_at = seen(path)
    if made_at is None:
        return "without a film"
    return ShelvedFilm(folder, path, slug, slug, slug, slug, "unknown", _line(folder.name), made_at)


def _earlier_version(production: Mapping[str, Any]) -> str:
    """The version by a production as an earlier version of Studio Producer wrote it down.

    A draft names the cheapest tier in each of its scenes, where the production itself has another.
    """
    models, scenes = video_models(), production.get("scenes") or []
    whole = str(production.get("model", "ray-2")), str(production.get("resolution", "720p"))
    tiers = [(scene.get("model"), scene.get("resolution")) for scene in scenes]
    lowest = [str(model) in models and models[str(model)].draft == (model, tier) for model, tier in tiers]
    is_draft = bool(tiers) and all(lowest) and whole not in tiers and not any(s.get("upscale") for s in scenes)
    return " ".join(filter(None, (production.get("reframe"), "draft" if is_draft else ""))) or "final"


def _without_shape(slug: str, production: Mapping[str, Any]) -> str:
    """A slug without the shape that a reframed version adds to it."""
    shape = str(production.get("reframe") or "").replace(":", "x")
    return slug.removesuffix(f"-{shape}") if shape else slug


def _length(film: Mapping[str, Any]) -> Fraction:
    return Fraction(int(film["frames"])) / Fraction(str(film["fps"]))


def _usd(text: Any) -> Decimal:
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount") from None
    if not amount.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return amount


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _line(text: Any) -> str:
    return " ".join(printable(str(text)).split())
