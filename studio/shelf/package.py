"""A film's folder to hand over: for an editor, a client, an accountant, or all of them.

It is built beside its place and renamed when it is whole. All files in it are copies: an editing program may write
into a clip, and the one in the store is what was paid for.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from studio.atomic import copy, digest, part_beside
from studio.disk import disk_errors
from studio.errors import BadInput
from studio.remedies import Place, option, text_of
from studio.shelf.films import ShelvedFilm
from studio.storage.ownership import DELIVERIES, MANIFEST

Recipient = Literal["editor", "client", "accountant"]
AGAIN = "make the film again: what is here costs nothing"
RECIPIENTS: tuple[Recipient, ...] = get_args(Recipient)


@dataclass(frozen=True)
class Packaged:
    """A package: its folder, the names of its files in it, and their bytes."""

    folder: Path
    files: tuple[str, ...]
    bytes: int


def package(
    film: ShelvedFilm, recipients: tuple[Recipient, ...], out: Path, *, home: Path, named: bool = True
) -> Packaged:
    """Write a film's package to ``out``: for one recipient its files, for several a folder each.

    ``home`` is where thumbnails are kept; ``named`` is True if a person named the target. Raises BadInput where the
    target is there and not empty, or something that belongs into the package is missing or was changed; CannotWrite
    for an error of the disk. Then nothing is written.
    """
    _check_target(out, named)
    if not (film.folder / MANIFEST).is_file():
        raise BadInput("its run left no manifest", where=str(film.folder), hint=AGAIN)
    with disk_errors("the package", out.parent), _made(out.parent):
        part = part_beside(out)
        try:
            part.mkdir()
            for recipient in recipients:
                folder = part if len(recipients) == 1 else part / recipient
                folder.mkdir(exist_ok=True)
                _write(recipient, film, folder, home)
            files = sorted(path for path in part.rglob("*") if path.is_file())
            packaged = Packaged(
                out, tuple(path.relative_to(part).as_posix() for path in files), sum(p.stat().st_size for p in files)
            )
            if out.exists():
                out.rmdir()  # empty, as was checked: where it is not by now, this is an error
            part.rename(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return packaged


def copy_film(film: ShelvedFilm, folder: Path) -> str:
    """Copy the film into a folder, and return its name there. Raises BadInput where it is not as its run made it."""
    goal = folder / f"{film.slug}{film.path.suffix}"
    copy(film.path, goal)
    if film.sha256 and digest(goal) != film.sha256:
        raise BadInput("the film was changed after it was made", where=str(film.path), hint=AGAIN)
    return goal.name


def copy_deliveries(film: ShelvedFilm, found: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], ...]:
    """Copy what a film was made into, as its manifest (``found``) lists it, and return what each copy is. One that was
    removed is left out. Raises BadInput for one that was changed."""
    copied = []
    for made in found.get("deliveries") or []:
        source = film.folder / DELIVERIES / Path(str(made["path"] or "")).name
        if not made["path"] or not source.is_file():
            continue
        (folder / DELIVERIES).mkdir(exist_ok=True)
        goal = folder / DELIVERIES / source.name
        copy(source, goal)
        if digest(goal) != made["sha256"]:
            raise BadInput("the delivery was changed after it was made", where=str(source), hint=AGAIN)
        copied.append({"name": f"{DELIVERIES}/{source.name}", "form": made["form"], "sha256": made["sha256"]})
    return tuple(copied)


def copy_captions(film: ShelvedFilm, found: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """Copy the files of captions that a film's manifest (``found``) lists, and return their names, which begin as the
    film's: players find them by that. One that was removed is left out."""
    names = [Path(str(name)).name for track in found.get("captions") or [] for name in track["files"]]
    copied = []
    for name in names:
        goal = f"{film.slug}.{name.partition('.')[2]}" if name.startswith("film.") else name
        if (film.folder / name).is_file():
            copy(film.folder / name, folder / goal)
            copied.append(goal)
    return tuple(copied)


def _write(recipient: Recipient, film: ShelvedFilm, folder: Path, home: Path) -> None:
    # Each is loaded when it is asked for: a client's report needs a decoder of pictures, an editor's none.
    try:
        match recipient:
            case "editor":
                from studio.shelf.editor import write_editor

                write_editor(film, folder)
            case "client":
                from studio.shelf.client import write_client

                write_client(film, folder, home=home)
            case "accountant":
                from studio.shelf.accountant import write_accountant

                write_accountant(film, folder)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        raise BadInput(
            "the manifest lacks what is needed of it", where=str(film.folder / MANIFEST), hint=AGAIN
        ) from None


def _check_target(out: Path, named: bool) -> None:
    if not os.path.lexists(out):
        return
    if not out.is_dir() or out.is_symlink():
        raise BadInput(f"{out} is there already, and is no folder", where=Place("out"), hint="name another folder")
    if any(out.iterdir()):
        if not named:
            raise BadInput(
                "this film is packaged there already", where=str(out),
                hint=text_of("use that, remove it, or name a new folder with ", option("out", "DIR")),
            )  # fmt: skip
        raise BadInput(f"{out} is there already, and is not empty", where=Place("out"), hint="name a new folder")


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A block that needs a folder: where it ends with an error, those that were made for it are gone again."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise
