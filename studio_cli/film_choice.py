"""Films of the shelf by what a person calls them: a title, a slug, a production, a folder, ``latest``."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from studio.errors import BadInput
from studio.production import Production, load_production
from studio.production.slugs import earlier_slugs
from studio.shelf.films import Shelf, ShelvedFilm, film_in

PRODUCTIONS = (".yaml", ".yml", ".json")
LATEST = "latest"
LISTED = "studio films lists those that are there"


def is_production(text: str) -> bool:
    """True for the name of a production file."""
    return Path(text).suffix.lower() in PRODUCTIONS


def films_called(shelf: Shelf, text: str) -> tuple[ShelvedFilm, ...]:
    """The films of a production file, or of a title or slug, the newest first. Raises BadInput where there is none,
    and what loading the file raises."""
    if is_production(text):
        production = load_production(Path(text))
        return tuple(film for film in shelf.films if is_of(film, production))
    wanted = _folded(text)
    for told in (_names, _parts):
        found = tuple(film for film in shelf.films if any(told(film, wanted)))
        if found:
            return found
    raise BadInput(f"no film is called {text!r}", where="FILM", hint=_nearest(text, shelf))


def is_of(film: ShelvedFilm, production: Production) -> bool:
    """True if a film was made from a production, as it is called now or was called before."""
    slugs = {production.slug, production.film_slug, *earlier_slugs(production.title)}
    return bool({film.slug, film.film_slug} & slugs) or film.project == production.budget_name


def one_film(shelf: Shelf, text: str) -> ShelvedFilm:
    """The film that is meant: a film's folder or file; ``latest``: the newest of all; else the newest final version of
    the film of that title, slug or production, or the newest of any version, whole ones first. Raises BadInput."""
    place = Path(text)
    if place.is_file() and not is_production(text):
        place = place.parent
    if place.is_dir():
        film = film_in(place)
        if isinstance(film, ShelvedFilm):
            return film
        told = {"damaged": "its manifest cannot be read", "without a film": "its run made no film, or it was removed"}
        why = told.get(film, "it is no folder of a film of ours")
        raise BadInput(why, where=str(place), hint=LISTED)
    if text == LATEST:
        if not shelf.films:
            raise BadInput("there is no film yet", where="FILM", hint="make one: studio produce FILE")
        return shelf.films[0]
    found = films_called(shelf, text)
    if not found:
        raise BadInput("no film of this production is there", where=text, hint="make it: studio produce FILE")
    return min(found, key=lambda film: (not film.whole, film.version != "final"))  # the first of equals: the newest


def _names(film: ShelvedFilm, wanted: str) -> Iterable[bool]:
    return (_folded(name) == wanted for name in (film.title, film.slug, film.film_slug, film.project))


def _parts(film: ShelvedFilm, wanted: str) -> Iterable[bool]:
    return (wanted in _folded(film.title),)


def _nearest(text: str, shelf: Shelf) -> str:
    titles = list(dict.fromkeys(film.title for film in shelf.films))
    near = difflib.get_close_matches(_folded(text), [_folded(title) for title in titles], n=1, cutoff=0.5)
    named = next((title for title in titles if near and _folded(title) == near[0]), "")
    return f"is it {named!r}?" if named else LISTED


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
