"""Films of the shelf by what a person calls them: a title, a slug, a production, a folder, ``latest``."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import BadInput
from studio.production import Production, load_production
from studio.production.slugs import earlier_slugs
from studio.report.changes import written_of
from studio.shelf.films import Shelf, ShelvedFilm, film_in, read_manifest

PRODUCTIONS = (".yaml", ".yml", ".json")
LATEST = "latest"
TELLING = ("id", "prompt", "clip", "generation", "in_", "out")  # fields of a scene that no version changes
LISTED = "studio films lists those that are there"


@dataclass(frozen=True)
class Chosen:
    """The film that is meant. ``note`` says what was taken where that is not certain; else it is empty."""

    film: ShelvedFilm
    note: str = ""


def is_production(text: str) -> bool:
    """True for the name of a production file."""
    return Path(text).suffix.lower() in PRODUCTIONS


def films_called(shelf: Shelf, text: str) -> tuple[ShelvedFilm, ...]:
    """The films of a production file, or of a title or slug, the newest first. Raises BadInput where there is none,
    and what loading the file raises."""
    if is_production(text):
        return _of_production(shelf, load_production(Path(text)))
    wanted = _folded(text)
    if found := tuple(film for film in shelf.films if any(_names(film, wanted))):
        return found
    if (file := with_ending(text)) is not None:
        return _of_production(shelf, load_production(file))
    if found := tuple(film for film in shelf.films if wanted in _folded(film.title)):
        return found
    raise BadInput(f"no film is called {text!r}", where="FILM", hint=_nearest(text, shelf))


def with_ending(text: str) -> Path | None:
    """The production file whose name was given without its ending; None where there is none."""
    return next((file for ending in PRODUCTIONS if (file := Path(f"{text}{ending}")).is_file()), None)


def _of_production(shelf: Shelf, production: Production) -> tuple[ShelvedFilm, ...]:
    return tuple(film for film in shelf.films if is_of(film, production))


def is_of(film: ShelvedFilm, production: Production) -> bool:
    """True if a film was made from a production, as it is called now or was called before."""
    slugs = {production.slug, production.film_slug, *earlier_slugs(production.title)}
    return bool({film.slug, film.film_slug} & slugs) or film.project == production.budget_name


def one_film(shelf: Shelf, text: str) -> Chosen:
    """The film that is meant: a film's folder or file; ``latest``: the newest of all; else the newest final version of
    the film of that title, slug or production, or the newest of any version, whole ones first. Raises BadInput.

    Of a production's films those count that were made of these very scenes: two files may have one title. Where there
    is none, the choice says what was taken.
    """
    place = Path(text)
    if place.is_file() and not is_production(text):
        place = place.parent
    if place.is_dir():
        film = film_in(place)
        if isinstance(film, ShelvedFilm):
            return Chosen(film)
        told = {"damaged": "its manifest cannot be read", "without a film": "its run made no film, or it was removed"}
        why = told.get(film, "it is no folder of a film of ours")
        raise BadInput(why, where=str(place), hint=LISTED)
    if text == LATEST:
        if not shelf.films:
            raise BadInput("there is no film yet", where="FILM", hint="make one: studio produce FILE")
        return Chosen(shelf.films[0])
    found = films_called(shelf, text)
    if not found:
        raise BadInput("no film of this production is there", where=text, hint="make it: studio produce FILE")
    file = Path(text) if is_production(text) else None
    if file is None and not any(any(_names(film, _folded(text))) for film in found):
        file = with_ending(text)
    if file is None:
        return Chosen(_best(found))
    scenes = _scenes_in(written_of(load_production(file)))
    same = tuple(film for film in found if _scenes_of(film) == scenes)
    if same:
        return Chosen(_best(same))
    taken = _best(found)
    return Chosen(taken, (
        f"no film was made of {file.name} as it is now: this is the film {taken.title!r} of "
        f"{taken.made_at:%Y-%m-%d %H:%M} UTC, whose scenes are others"
    ))  # fmt: skip


def _best(films: Sequence[ShelvedFilm]) -> ShelvedFilm:
    return min(films, key=lambda film: (not film.whole, film.version != "final"))  # the first of equals: the newest


def _scenes_of(film: ShelvedFilm) -> list[tuple[str, ...]] | None:
    """The scenes of the production that a film was made of; None where its run left no account of it."""
    try:
        return _scenes_in(read_manifest(film.folder)["production"])
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


def _scenes_in(production: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The ids that tell the scenes of one production from another's, in every version of it."""
    return [tuple(str(scene.get(name)) for name in TELLING) for scene in production["scenes"]]


def _names(film: ShelvedFilm, wanted: str) -> Iterable[bool]:
    return (_folded(name) == wanted for name in (film.title, film.slug, film.film_slug, film.project))


def _nearest(text: str, shelf: Shelf) -> str:
    titles = list(dict.fromkeys(film.title for film in shelf.films))
    near = difflib.get_close_matches(_folded(text), [_folded(title) for title in titles], n=1, cutoff=0.5)
    named = next((title for title in titles if near and _folded(title) == near[0]), "")
    return f"is it {named!r}?" if named else LISTED


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
