"""The links ``films/<slug>/latest``, ``latest-draft``, ``latest-9x16``: each to the last film of its version.

A link is replaced in one step. Where the file system has no links (FAT, Windows without the right to make them), a
small text file of the same name and ``.txt`` has the folder's name instead. What is no link of ours stays.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from studio.atomic import write_atomic
from studio.storage.film_store import SIGNED, target_of

NAME = "latest"


def link_name(version: str) -> str:
    """The link's name for a version: ``latest`` for the final one, ``latest-draft``, ``latest-9x16``."""
    return NAME if version == "final" else f"{NAME}-{version.replace(':', 'x').replace(' ', '-')}"


def point_latest(films: Path, film_slug: str, version: str, folder: Path) -> str:
    """Make ``folder`` the latest film of its version. Returns what a person should know, else an empty text.

    A folder outside the films folder is not linked to. No error is raised: the film is finished.
    """
    films, folder = Path(os.path.abspath(films)), Path(os.path.abspath(folder))  # noqa: PTH100 - links are not followed
    home = films / film_slug
    link = home / link_name(version)
    if not folder.is_relative_to(films) or folder in (films, home, link):
        return ""
    target = os.path.relpath(folder, home)
    try:
        if _is_theirs(link, films):
            return f"{link} is not ours, and stays as it is: the latest film is in {folder}"
        home.mkdir(parents=True, exist_ok=True)
        if _linked(link, target):
            return ""
        return _written(link.with_name(f"{link.name}.txt"), target)
    except OSError as error:
        return f"{link} cannot be written ({error.strerror or type(error).__name__}): the latest film is in {folder}"


def latest_folders(films: Path) -> set[Path]:
    """The folders of films that a link, or a file in place of one, leads to."""
    found: set[Path] = set()
    for link in films.glob(f"*/{NAME}*"):
        if link.is_symlink():
            found.add(link.resolve())
        elif link.suffix == ".txt" and (target := _target(link)):
            found.add((link.parent / target).resolve())
    return found


def _is_theirs(link: Path, films: Path) -> bool:
    """True if something is there that is no link of ours: ours are relative, and lead into the films folder."""
    if not link.is_symlink():
        return os.path.lexists(link)
    target = link.readlink()
    return target.is_absolute() or not Path(os.path.normpath(link.parent / target)).is_relative_to(films)


def _linked(link: Path, target: str) -> bool:
    """Replace a link in one step. False where the file system has none."""
    part = link.with_name(f".{link.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
    try:
        part.symlink_to(target, target_is_directory=True)
    except (OSError, NotImplementedError):
        return False
    try:
        part.replace(link)
    finally:
        part.unlink(missing_ok=True)
    return True


def _written(file: Path, target: str) -> str:
    """Write the folder's name into a text file, and say so the first time."""
    known = _target(file)
    if not known and os.path.lexists(file):
        return f"{file} is not ours, and stays as it is: the latest film is in {target}"
    write_atomic(file, f"{Path(target).as_posix()}\n{SIGNED}\n".encode())
    return "" if known else f"this file system has no links: {file.name} names the folder of the latest film"


def _target(file: Path) -> str:
    """The folder that a text file of ours names; empty where it is none."""
    try:
        return target_of(file.read_bytes()) or ""
    except OSError:
        return ""
