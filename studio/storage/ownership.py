"""Ownership of the files in a film's folder: a run replaces those of its own production, and no others.

A note in the folder names the production that writes there and the films it has made, by SHA-256, so that a film is
recognised even if the run was killed before its manifest was written. Without a note, the manifest is used.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.atomic import write_atomic
from studio.digests import Digests
from studio.errors import SettingsError
from studio.remedies import Words

NOTE = ".studio-producer.json"
FILM = "film.mp4"
MANIFEST = "manifest.json"
CONTACT_SHEET = "contact-sheet.jpg"
CONTACT_PAGE = "contact-sheet.html"
POSTER = "poster.jpg"
TIMELINES = ("timeline.otio", "timeline.fcpxml", "timeline.edl")
FILES = (FILM, "report.html", "costs.csv", MANIFEST, *TIMELINES, CONTACT_SHEET, CONTACT_PAGE, POSTER)
DELIVERIES = "deliveries"  # the folder of what the film was made into
LINKED = "clips"  # the folder of the clips that the timeline links to
NAMED = 8  # digits of a clip's SHA-256 in its name there, so that another take has another name
MOST_BYTES = 64 * 1024 * 1024  # size of a manifest
MOST_FILMS = 100  # films that a note remembers


@dataclass(frozen=True)
class Owner:
    """A production, by its slug, and the SHA-256 of the films that it has made, as far as known."""

    slug: str
    films: tuple[str, ...] = field(default=())


def check_ours(out: Path, slug: str, names: Iterable[str], *, where: Words, digests: Digests | None = None) -> None:
    """Check that every file that a run of production ``slug`` will replace in ``out`` is its own.

    Raises SettingsError. Hashes a film that exists already, unless it is unchanged by ``digests``: call it from a
    thread.
    """
    there = [name for name in names if os.path.lexists(out / name)]
    if not there:
        return
    owners = [owner for owner in (_of_note(out), _of_manifest(out)) if owner is not None]
    hint = "choose another folder, or move what is there away; nothing was ordered"
    for name in there:
        if not (out / name).is_file() or (out / name).is_symlink():
            raise SettingsError(f"{out / name} is in the way, and is no file of ours", where=where, hint=hint)
    others = sorted({owner.slug for owner in owners if owner.slug != slug})
    if others:
        told = f"{out} holds {there[0]} of another production, '{others[0]}'"
        raise SettingsError(told, where=where, hint=hint)
    if not owners or (MANIFEST in there and _of_manifest(out) is None):
        name = MANIFEST if owners else there[0]
        raise SettingsError(f"{out / name} was not made by this production ('{slug}')", where=where, hint=hint)
    if FILM in there and (digests or Digests()).of(out / FILM) not in {sha for owner in owners for sha in owner.films}:
        told = f"{out / FILM} is not the film that this production ('{slug}') made there"
        raise SettingsError(told, where=where, hint=hint)


def claim(out: Path, slug: str) -> None:
    """Note in the folder that production ``slug`` writes its films there from now on. Raises OSError."""
    known = [owner for owner in (_of_note(out), _of_manifest(out)) if owner is not None and owner.slug == slug]
    _write(out, Owner(slug, tuple(dict.fromkeys(sha for owner in known for sha in owner.films))))


def sign(film: Path, sha256: str) -> None:
    """Add a film that is about to be renamed to ``film`` to the folder's note, where there is one. Raises OSError."""
    owner = _of_note(film.parent)
    if owner is not None and sha256 not in owner.films:
        _write(film.parent, Owner(owner.slug, (*owner.films, sha256)))


def _of_note(out: Path) -> Owner | None:
    found = _object(out / NOTE)
    slug, films = found.get("production"), found.get("films")
    if not isinstance(slug, str) or not isinstance(films, list):
        return None
    return Owner(slug, tuple(sha for sha in films if isinstance(sha, str)))


def _of_manifest(out: Path) -> Owner | None:
    found = _object(out / MANIFEST)
    slug, run, film = found.get("slug"), found.get("run"), found.get("film")
    if not isinstance(found.get("schema_version"), int) or not isinstance(slug, str):
        return None
    if not isinstance(run, dict) or not isinstance(run.get("id"), str):
        return None
    sha256 = film.get("sha256") if isinstance(film, dict) else None
    return Owner(slug, (sha256,) if isinstance(sha256, str) else ())


def _object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        with path.open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
        if isinstance(found, dict):
            return found
    return {}


def _write(out: Path, owner: Owner) -> None:
    told = {"production": owner.slug, "films": list(owner.films[-MOST_FILMS:])}
    write_atomic(out / NOTE, (json.dumps(told) + "\n").encode())
