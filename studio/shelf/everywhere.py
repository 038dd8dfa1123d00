"""The films of this machine, or of all machines where STUDIO_FILMS is a store: the list, one film's files, clean-up.

Manifests are copied here when a list is read; a film's other files when it is packaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from studio.settings import Settings
from studio.shelf.films import Shelf, ShelvedFilm, on_disk, shelf_of
from studio.shelf.latest import NAME, latest_folders
from studio.storage.chosen_stores import film_store
from studio.storage.film_store import FilmStore, target_of
from studio.storage.object_store import Stored


@dataclass(frozen=True)
class Films:
    """A films folder and, where there is one, the store behind it, with what it has (by key) when it was listed."""

    folder: Path
    store: FilmStore | None = None
    there: Mapping[str, Stored] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The place of the films, for people."""
        return str(self.folder) if self.store is None else self.store.objects.url

    def shelf(self) -> Shelf:
        """The films, the newest first. Blocks."""
        if self.store is None:
            return shelf_of(self.folder)
        shelf = shelf_of(self.folder, self.seen)
        return replace(shelf, films=tuple(self._addressed(film) for film in shelf.films))

    def seen(self, path: Path) -> datetime | None:
        """The time of a film's last change; None where it is in neither place. Without a store: on the disk alone."""
        stored = self.stored(path)
        if stored is not None:
            return stored.at
        # What came from the store and is not in it any more was removed there; what waits for its upload counts.
        return None if self.store is not None and self.store.is_stored(path.parent) else on_disk(path)

    def stored(self, path: Path) -> Stored | None:
        """The file of the store that is at this path of the folder; None where it has none."""
        try:
            return None if self.store is None else self.there.get(self.store.key_of(path))
        except ValueError:
            return None

    def inside(self, folder: Path) -> tuple[Path, ...]:
        """The paths of the files that the store has in a folder of the films folder."""
        if self.store is None:
            return ()
        prefix = f"{self.store.key_of(folder)}/"
        return tuple(self.folder / key for key in self.there if key.startswith(prefix))

    def brought(self, film: ShelvedFilm) -> ShelvedFilm:
        """The film, with all files of its folder here. Raises StoreError."""
        if self.store is not None and film.url:
            self.store.bring(film.folder)
        return film

    def latest(self) -> set[Path]:
        """The folders of films that are the latest of their version, by links or by the store."""
        found = latest_folders(self.folder)
        for key in self.there if self.store is not None else ():
            parts = PurePosixPath(key).parts
            if self.store is not None and len(parts) == 2 and parts[1].startswith(NAME) and key.endswith(".txt"):
                target = target_of(self.store.objects.read(key, most=4096) or b"")
                if target:
                    found.add((self.folder / parts[0] / target).resolve())
        return found

    def copies(self) -> tuple[Path, ...]:
        """Large files here that the store has too, as they are: films, clips beside them, archives."""
        if self.store is None:
            return ()
        paths = (self.folder / key for key in self.there if PurePosixPath(key).suffix in (".mp4", ".mov", ".zip"))
        whole = (path for path in paths if path.is_file() and not path.is_symlink())
        return tuple(p for p in whole if (s := self.stored(p)) is not None and s.size == p.stat().st_size)

    def _addressed(self, film: ShelvedFilm) -> ShelvedFilm:
        there = self.store is not None and self.stored(film.path) is not None
        return replace(film, url=self.store.address(film.path)) if there and self.store is not None else film


def films_of(settings: Settings) -> Films:
    """The films that the settings name. Lists the store and copies its manifests, where there is one. Blocks.

    Raises SettingsError, StoreError.
    """
    store = film_store(settings)
    folder = settings.films.absolute()
    return Films(folder) if store is None else Films(folder, store, store.mirror())
