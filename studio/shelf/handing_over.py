"""Delivery of a finished film: its package for one recipient, copied to a folder or a store."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from studio.addresses import shown
from studio.disk import disk_errors
from studio.errors import BadInput
from studio.production.paths import is_file_url, local_path
from studio.remedies import Place
from studio.shelf.films import ShelvedFilm, film_in
from studio.shelf.package import Recipient, package
from studio.storage.ownership import MANIFEST
from studio.storage.places import FilePlace


@dataclass(frozen=True)
class Delivered:
    """A delivery: the film, the place, the folder in it, and the names of the files there."""

    film: ShelvedFilm
    place: str
    folder: str
    files: tuple[str, ...]


def deliver_film(film: str, to: str, recipient: Recipient, *, home: Path) -> Delivered:
    """Copy a film's package to a folder or a store; delivered again, it is the same files at the same place.

    ``film``: the film's file, or its run's folder, here or in a store. ``to``: a folder, or a URL such as
    s3://bucket/prefix. The manifest is written last, so that what has one is whole. Raises BadInput for a film that is
    not there, and for a place that cannot be reached; SettingsError for one that nothing here can write to.
    """
    place = FilePlace(to)
    with disk_errors("the package", home), tempfile.TemporaryDirectory(prefix="studio-deliver-") as work:
        with _here(film, Path(work)) as folder:
            found = film_in(folder)
            if not isinstance(found, ShelvedFilm):
                named = shown(film) if "://" in film else film
                raise BadInput(
                    f"there is no finished film ({found})", where=named, hint="name a film, or the folder of its run"
                )
            made = package(found, (recipient,), Path(work) / "package", home=home)
        version = found.version.replace(":", "x").replace(" ", "-")
        target = f"{found.slug}/{'-'.join(filter(None, (version, found.run)))}"
        for name in sorted(made.files, key=lambda name: (name == MANIFEST, name)):
            place.put(made.folder / name, f"{target}/{name}")
    return Delivered(found, place.name, target, made.files)


@contextlib.contextmanager
def _here(film: str, work: Path) -> Iterator[Path]:
    """The folder of a film on this machine; one in a store is fetched for as long as the block lasts."""
    if "://" not in film or is_file_url(film):
        path = local_path(film).absolute()
        yield path if path.is_dir() else path.parent
        return
    url = film.rstrip("/")
    source = FilePlace(url if not PurePosixPath(url).suffix else url.rpartition("/")[0])
    folder = work / "film"
    folder.mkdir()
    for name in source.files():
        source.fetch(name, folder / name)
    yield folder


def check_named(film: str, to: str) -> None:
    """Raise BadInput where no film or no place is named."""
    if not film.strip():
        raise BadInput("no film is named", where=Place("film"), hint="name a film's file, or the folder of its run")
    if not to.strip():
        raise BadInput(
            "no place is named", where=Place("to"), hint="name a folder, or a store such as s3://bucket/films"
        )
