"""The films of all machines in one place (STUDIO_FILMS is a URL): ``SLUG/RUN/film.mp4`` and what lies beside it.

A run makes its film's folder here, in STUDIO_HOME/films, and uploads all of it, the film last: a film that is seen is
whole, with its report. What is small and read by names and lists (manifests, notes, which film is the latest) is copied
here when it is asked for; the rest of a film of another machine only when it is needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from studio.atomic import part_beside, write_atomic
from studio.errors import StoreError
from studio.storage.object_store import ObjectStore, Stored
from studio.storage.ownership import FILM, MANIFEST, NOTE

COSTS = "costs.csv"
STORED = ".in-store.json"  # in a film's folder here: the store has all of it; or it came from there
MIRRORED = (MANIFEST, NOTE)
LARGEST = 64 * 1024 * 1024  # bytes of a manifest
SIGNED = "# the folder of the latest film of this version; Studio Producer writes it anew for each"
MOST_PAGE = 64 * 1024 * 1024  # bytes of a report


@dataclass(frozen=True)
class Upload:
    """A file of a film's folder to upload, and its key."""

    file: Path
    key: str


class FilmStore:
    """The films below a store's URL, and the folder ``local`` in which this machine makes its own. Methods block.

    They raise StoreError, and OSError for the local disk. ``public``: the address that serves the store; may be empty.
    """

    def __init__(self, objects: ObjectStore, local: Path, *, public: str = "") -> None:
        self.objects, self.local, self.public = objects, local.absolute(), public.rstrip("/")

    def page(self, key: str) -> bytes | None:
        """A small file of a film, by its key; None where there is none. Blocks. Raises StoreError."""
        return self.objects.read(key, most=MOST_PAGE)

    def key_of(self, path: Path) -> str:
        """The key of a file of the local folder. Raises ValueError for one outside of it."""
        return _checked(path.absolute().relative_to(self.local).as_posix())

    def address(self, path: Path) -> str:
        """The URL in the store (``s3://…``) of a file of the local folder, for people."""
        return self.objects.address(self.key_of(path))

    def holds(self, folder: Path) -> bool:
        """True if a folder is one of the local folder's: what is made there belongs into the store."""
        return folder.absolute().is_relative_to(self.local)

    def signed_url(self, key: str, seconds: int) -> str:
        """A fresh URL by which anybody reads a file for so many seconds: a secret, not to be logged or written down.

        ``key`` is relative to the films folder (``slug/run/film.mp4``). With ``public``, the address there, which is no
        secret. Raises ValueError for a path that leaves the store, SettingsError where the place signs none.
        """
        checked = _checked(key)
        if self.public:
            from urllib.parse import quote

            return f"{self.public}/{quote(checked)}"
        return self.objects.sign(checked, seconds)

    def uploads(self, folder: Path) -> tuple[tuple[Upload, ...], tuple[Upload, ...]]:
        """The files of a film's folder to upload: those of any order, and those that follow one by one, the film last.

        What the store has already, byte for byte, is left out.
        """
        there = self.objects.list(self.key_of(folder))
        files = sorted(path for path in folder.rglob("*") if _is_ours(path, folder))
        wanted = [Upload(path, self.key_of(path)) for path in files]
        wanted = [one for one in wanted if not _same(one.file, there.get(one.key))]
        last = (folder / MANIFEST, folder / FILM)
        return (
            tuple(one for one in wanted if one.file not in last),
            tuple(one for name in last for one in wanted if one.file == name),
        )

    def put(self, one: Upload) -> None:
        """Upload a file."""
        self.objects.put(one.file, one.key)

    def stored(self, folder: Path) -> None:
        """Note in a folder here that the store has all of it."""
        write_atomic(folder / STORED, (json.dumps({"store": self.objects.url}) + "\n").encode())

    def pending(self, running: Collection[str]) -> tuple[Path, ...]:
        """The folders here whose files are not in the store: of runs that were killed or could not upload them.

        ``running`` names the runs that are at work: theirs are left to them.
        """
        with contextlib.suppress(OSError):
            found = {path.parent for name in (COSTS, MANIFEST) for path in self.local.glob(f"*/*/{name}")}
            mine = (folder for folder in found if (folder / NOTE).is_file() and not folder.is_symlink())
            return tuple(sorted(f for f in mine if f.name not in running and not self.is_stored(f)))
        return ()

    def is_stored(self, folder: Path) -> bool:
        """True if a folder here was uploaded to this store, or came from it."""
        return _read(folder / STORED).get("store") == self.objects.url

    def point_latest(self, film_slug: str, name: str, folder: Path) -> str:
        """Write which folder has the latest film of a version, into ``SLUG/<name>.txt``; a bucket has no links.

        Returns what a person should know, else an empty text.
        """
        key = f"{film_slug}/{name}.txt"
        here = folder.absolute().relative_to(self.local).as_posix()
        target = here.removeprefix(f"{film_slug}/") if here.startswith(f"{film_slug}/") else f"../{here}"
        known = self.objects.read(key, most=4096)
        if known is not None and target_of(known) is None:
            return f"{self.objects.address(key)} is not ours, and stays as it is: the latest film is in {target}"
        self.objects.write(key, f"{target}\n{SIGNED}\n".encode())
        return ""

    def mirror(self) -> Mapping[str, Stored]:
        """Copy the manifests and notes that have changed to the local folder. Returns all files of the store, by key.

        A folder that this machine has made and not uploaded yet stays as it is.
        """
        found = self.objects.list()
        noted = _read(self.local / STORED)
        known = noted.get("stamps") if noted.get("store") == self.objects.url else None
        stamps = dict(known) if isinstance(known, dict) else {}
        wanted = {key for key in found if PurePosixPath(key).name in MIRRORED and key.count("/") >= 2 and _is_safe(key)}
        fresh = {key: found[key].stamp for key in wanted}
        changed = [key for key in sorted(wanted) if stamps.get(key) != fresh[key] or not (self.local / key).is_file()]
        for key in changed:
            folder = (self.local / key).parent
            if not self._is_pending(folder):
                self._mirror(key, folder)
        if changed or stamps.keys() != fresh.keys():
            self.local.mkdir(parents=True, exist_ok=True)
            write_atomic(self.local / STORED, json.dumps({"store": self.objects.url, "stamps": fresh}).encode())
        return found

    def bring(self, folder: Path) -> None:
        """Fetch what a film's folder has in the store and not here. Raises StoreError where the film came damaged."""
        for key, stored in self.objects.list(self.key_of(folder)).items():
            file = self.local / key
            if not _is_safe(key) or (file.is_file() and file.stat().st_size == stored.size):
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            part = part_beside(file)
            try:
                if self.objects.get(key, part) and part.stat().st_size == stored.size:
                    part.replace(file)
                else:
                    raise StoreError("did not come whole", where=self.objects.address(key), hint="do it again")
            finally:
                part.unlink(missing_ok=True)

    def _is_pending(self, folder: Path) -> bool:
        return (folder / NOTE).is_file() and not self.is_stored(folder)

    def _mirror(self, key: str, folder: Path) -> None:
        data = self.objects.read(key, most=LARGEST)
        if data is None:
            return  # it was removed a moment ago
        folder.mkdir(parents=True, exist_ok=True)
        if not self.is_stored(folder):
            self.stored(folder)
        write_atomic(self.local / key, data)


def target_of(data: bytes) -> str | None:
    """The folder that a text of ``latest.txt`` names; None where it is none of ours."""
    lines = data.decode("utf-8", errors="replace").splitlines()
    return lines[0] if lines[1:] == [SIGNED] else None


def _is_ours(path: Path, folder: Path) -> bool:
    """True for a file that is part of a film's folder: no part of an unfinished one, no link, no note of the upload."""
    inner = path.relative_to(folder).parts
    hidden = any(part.startswith(".") for part in inner) and inner != (NOTE,)
    return path.is_file() and not path.is_symlink() and not hidden


def _same(file: Path, there: Stored | None) -> bool:
    """True if the store has these bytes: it gives the MD5 of what was uploaded in one part as the object's tag."""
    if there is None or there.size != file.stat().st_size or len(there.stamp) != 32:
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == there.stamp


def _is_safe(key: str) -> bool:
    parts = key.split("/")
    return bool(key) and key.isprintable() and "\\" not in key and not {"", ".", ".."} & set(parts)


def _checked(key: str) -> str:
    if not _is_safe(key):
        raise ValueError("no path of a file in the films folder")
    return key


def _read(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_bytes())
        if isinstance(found, dict):
            return found
    return {}


def folders_of(keys: Collection[str]) -> Iterator[str]:
    """The folders that have a manifest or a note among the keys of a store."""
    yield from sorted({key.rpartition("/")[0] for key in keys if PurePosixPath(key).name in MIRRORED})
