"""The shared stores that the settings name: of clips (STUDIO_CLIPS) and of films (STUDIO_FILMS)."""

from __future__ import annotations

from studio.settings import Settings
from studio.storage.clip_store import ClipStore
from studio.storage.film_store import FilmStore
from studio.storage.kept import Kept
from studio.storage.object_store import ObjectStore, expanded
from studio.storage.shared_files import SharedFiles
from studio.storage.still_store import StillStore

FILMS, CLIPS = "STUDIO_FILMS", "STUDIO_CLIPS"


def clip_objects(settings: Settings) -> ObjectStore | None:
    """The place of the clips that machines share; None where this one has its own. Raises SettingsError."""
    named = settings.clips.strip()
    if not named or expanded(named) == str((settings.home / "clips").absolute()):
        return None
    return ObjectStore(expanded(named), CLIPS)


def shared_files(settings: Settings, clips: ClipStore, stills: StillStore, kept: Kept) -> SharedFiles | None:
    """The shared store of clips and stills behind the local ones; None where there is none. Raises SettingsError."""
    objects = clip_objects(settings)
    return None if objects is None else SharedFiles(objects, clips, stills, kept)


def film_store(settings: Settings) -> FilmStore | None:
    """The store of films; None where they are in a folder. Raises SettingsError."""
    if not settings.films_store:
        return None
    return FilmStore(ObjectStore(settings.films_store, FILMS), settings.films, public=settings.films_public)


def signed_url(settings: Settings, path: str, seconds: int) -> str:
    """A fresh URL of a film's file, by which anybody reads it for so many seconds; ``path`` is relative to the films
    folder, such as ``slug/run/film.mp4``. It is a secret: it is not logged, written down or shown.

    With STUDIO_FILMS_PUBLIC, the address there. Raises SettingsError where films are not in a store that signs,
    ValueError for a path that leaves the store. Sends nothing.
    """
    from studio.errors import SettingsError

    store = film_store(settings)
    if store is None:
        raise SettingsError("names a folder, whose files have no signed address", where=FILMS)
    return store.signed_url(path, seconds)
