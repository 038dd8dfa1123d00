"""Files that can be removed because they can be had again for nothing: each is made again from clips that are here.

Nothing else is ever named here: not the ledger, not the log of purchases, no clip and no still. A service's address of
a clip expires, and nothing documents how long it keeps one, so a clip that was paid for is not free to fetch again.
Sent assets, the sandbox's state and everything of Prefect's stays, too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.digests import Digests
from studio.errors import BadInput
from studio.shelf.everywhere import Films
from studio.shelf.films import ShelvedFilm, read_manifest
from studio.storage.clip_store import ClipStore
from studio.storage.film_store import FilmStore
from studio.storage.ownership import DELIVERIES, FILM, LINKED, NAMED
from studio.storage.running import FOLDER, at_work, nobody_begins
from studio.storage.shared_files import SharedFiles
from studio.storage.still_store import StillStore

#: Folders of STUDIO_HOME that are made again, with what is in them and what that takes.
CACHES = (
    ("pieces", "pieces of films", "encoded again by the next film that needs them"),
    ("kept", "measurements, thumbnails and digests", "measured again by the next run"),
)
#: What is kept, whatever it takes: told, so that nobody looks for it among what is removed.
NEVER = (("clips", "clips"), ("stills", "stills"))


@dataclass(frozen=True)
class Removable:
    """Files that can be made again at no cost: their number and bytes, and how they are had again.

    ``paths`` are files, and folders that are removed with all that is in them; ``keys`` files of the store of films.
    """

    name: str
    again: str
    paths: tuple[Path, ...]
    files: int
    bytes: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cleanup:
    """The files that can be removed, what is never removed (name and bytes), and what was left out, with the reason."""

    removable: tuple[Removable, ...]
    kept: tuple[tuple[str, int], ...]
    left: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Bytes of all that can be removed."""
        return sum(part.bytes for part in self.removable)


def survey(
    home: Path, films: Films, *, older_than: int | None = None, of: Callable[[ShelvedFilm], bool] | None = None,
    clips: SharedFiles | None = None,
) -> Cleanup:  # fmt: skip
    """Look at what can be removed. Removes nothing.

    ``older_than``: films of which so many newer ones of the same version are there are looked at, too (None: no film);
    ``of`` chooses among these. ``clips``: the store of clips that machines share. Raises StoreError.
    """
    found = [
        _removable(name, again, tuple(_inside(home / folder))) for folder, name, again in CACHES
    ]  # fmt: skip
    left: list[str] = []
    if older_than is not None:
        older = tuple(_older_films(home, films, older_than, of or (lambda _: True), left, clips))
        found.append(_older(films, older))
    copies = [path for path in films.copies() if all(path not in part.paths for part in found)]
    found.append(_removable("copies of films in the store", "fetched again from there", copies))
    kept = tuple((name, _size(_inside(home / folder))[1]) for folder, name in NEVER)
    return Cleanup(tuple(part for part in found if part.paths or part.keys), kept, tuple(left))


def remove(home: Path, look: Callable[[], Cleanup], store: FilmStore | None = None) -> Cleanup:
    """Remove what ``look`` finds, while no run begins. Returns what was removed. ``store``: the store of films.

    Raises BadInput where a run is at work in this home: it may use any of it. Raises OSError, StoreError.
    """
    with nobody_begins(home):
        runs = at_work(home)
        if runs:
            raise BadInput(
                f"a run is at work here ({', '.join(runs)}): nothing was removed", where=str(home),
                hint="wait until it has ended, then do it again",
            )  # fmt: skip
        found = look()
        for part in found.removable:
            if store is not None:
                store.objects.delete(part.keys)
            for path in part.paths:
                _delete(path)
        for path in (home / FOLDER).glob("[!.]*.lock"):
            path.unlink(missing_ok=True)  # of runs that were killed
        return found


def _older_films(
    home: Path, films: Films, keep: int, of: Callable[[ShelvedFilm], bool], left: list[str], shared: SharedFiles | None
) -> Iterator[Path]:
    """The files of films that have newer ones, where they can be made again; accounts and manifests stay."""
    if keep < 1:
        raise BadInput("the newest film of each version stays", hint="keep at least 1")
    digests = Digests(home / "kept" / "digests")
    clips, stills = ClipStore(home / "clips", digests), StillStore(home / "stills", digests)

    def has(sha256: str) -> bool:
        return clips.has(sha256) or stills.has(sha256) or (shared is not None and shared.has(sha256))

    linked, seen = films.latest(), dict[tuple[str, str], int]()
    for film in films.shelf().films:
        if not film.whole or film.sha256 == "" or not of(film):
            continue
        which = film.film_slug, film.version
        seen[which] = seen.get(which, 0) + 1
        if seen[which] <= keep or film.folder.resolve() in linked:
            continue
        manifest = read_manifest(film.folder)
        missing = _not_here(manifest, has)
        if missing:
            left.append(f"{film.path}: the clip of '{missing}' is nowhere else")
        elif film.path.exists() and not digests.is_sound(film.path, film.sha256):
            left.append(f"{film.path}: it was changed after it was made")
        else:
            yield film.path
            yield from _copies(film, manifest, films)
            yield from _deliveries(film, manifest, films, digests)


def _older(films: Films, paths: tuple[Path, ...]) -> Removable:
    """The files of older films that go, here and in the store; a file that is in both counts once."""
    there = {path: stored for path in paths if (stored := films.stored(path)) is not None}
    here = [path for path in paths if os.path.lexists(path)]
    files, size = _size([path for path in here if path not in there])
    keys = tuple(films.store.key_of(path) for path in there) if films.store is not None else ()
    return Removable(
        "older films", "joined again from their clips, which are here", tuple(here), files + len(there),
        size + sum(stored.size for stored in there.values()), keys,
    )  # fmt: skip


def _not_here(manifest: dict[str, Any], has: Callable[[str], bool]) -> str:
    """A shot of a film whose clip is in no store; empty where all are."""
    shown = {name for cut in manifest["cuts"] for name in cut["shots"]}
    for shot in manifest["shots"]:
        made = shot.get("clip") or shot.get("still") or {}
        sha256 = str(made.get("sha256") or "")
        if shot["id"] in shown or made:
            whole = len(sha256) == 64 and has(sha256)
            if not whole:
                return str(shot["id"])
    return ""


def _copies(film: ShelvedFilm, manifest: dict[str, Any], films: Films) -> Iterator[Path]:
    """The copies of clips beside a film that its timeline links to, as they were made there."""
    digests, folder = Digests(), film.folder
    known = {str((shot.get("clip") or {}).get("sha256") or "") for shot in manifest["shots"]}
    if film.url:  # their bytes are in the store: by their names, which end with the beginning of their digests
        ends = {sha256[:NAMED] for sha256 in known if sha256}
        yield from (path for path in films.inside(folder / LINKED) if path.stem.rpartition("-")[2] in ends)
        return
    for path in [] if (folder / LINKED).is_symlink() else _inside(folder / LINKED):
        if path.is_file() and not path.is_symlink() and digests.of(path) in known:
            yield path


def _deliveries(film: ShelvedFilm, manifest: dict[str, Any], films: Films, digests: Digests) -> Iterator[Path]:
    """The deliveries of a film that are as they were made: they are made again from the film."""
    for made in manifest.get("deliveries") or []:
        path = film.folder / DELIVERIES / Path(str(made.get("path") or "")).name
        ours = not path.is_symlink() and digests.is_sound(path, str(made.get("sha256")))
        if made.get("path") and (films.stored(path) is not None or ours):
            yield path


def _removable(name: str, again: str, paths: Sequence[Path]) -> Removable:
    files, size = _size(paths)
    return Removable(name, again, tuple(paths), files, size)


def _inside(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(folder.iterdir())
    return []


def _size(paths: Iterable[Path]) -> tuple[int, int]:
    """The number of files, and the bytes that they take, folders with all that is in them."""
    files = size = 0
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                inner = _size(_inside(path))
                files, size = files + inner[0], size + inner[1]
            else:
                status = os.lstat(path)
                files, size = files + 1, size + status.st_size
    return files, size


def _delete(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; a link, and not what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if path.name != FILM and path.parent.name in (LINKED, DELIVERIES):
        with contextlib.suppress(OSError):
            path.parent.rmdir()  # where it is empty now
