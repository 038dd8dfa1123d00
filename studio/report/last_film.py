"""The last film that was made of a production, by the manifests in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import BadInput

MOST_MANIFESTS = 500  # of a production, the latest first
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class LastFilm:
    """A film that was made: its file, and the manifest beside it."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def made_at(self) -> str:
        """The time at which its run ended, as ISO 8601."""
        return str(self.manifest["run"]["finished_at"])


def last_film(films: Path, slug: str, realm: str | None, version: str = "final") -> LastFilm | None:
    """The latest film in a production's folder that was made at the same service (None: at any), of the same version of
    the film (``final``, ``draft`` …; earlier programs wrote none); None where there is none."""
    try:
        # A link, such as `latest-9x16`, leads to another version, or to a folder that is seen by its own name.
        real = [path for path in films.glob(f"{slug}/*/manifest.json") if not path.parent.is_symlink()]
        found = sorted(real, key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return None
    read = (_film(path) for path in found[:MOST_MANIFESTS])
    made = [
        film for film in read if film is not None and realm in (None, film.manifest["service"]["name"])
        and film.manifest.get("version", version) == version
    ]  # fmt: skip
    return max(made, key=lambda film: film.made_at, default=None)


def film_at(path: Path) -> LastFilm:
    """The film in a folder that a person names, or that file. Raises BadInput where no manifest of a film is there."""
    folder = path if path.is_dir() else path.parent
    found = _film(folder / "manifest.json")
    if found is None:
        raise BadInput("no film with its manifest.json is there", where=str(path), hint="name the folder of a film")
    return found


def _film(path: Path) -> LastFilm | None:
    try:
        with path.open("rb") as file:
            manifest = json.loads(file.read(MOST_BYTES))
        film = manifest["film"]
        complete = (
            isinstance(film, dict)
            and isinstance(manifest["production"]["scenes"], list)
            and isinstance(manifest["run"]["finished_at"], str)
            and isinstance(manifest["service"]["name"], str)
        )
        return LastFilm((path.parent / str(film["path"])).resolve(), manifest) if complete else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
