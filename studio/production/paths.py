"""Paths in a production, made absolute as the operating system resolves them.

``..`` after a link leads to the folder above the link's target. An accented name is the same name, whether its accents
are stored as separate characters (NFD, as on a Mac) or not (NFC). A file:/// URL is a path.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote
from urllib.request import url2pathname

_FILE_URL = re.compile(r"(?i)file:(?://(?P<host>[^/]*)|(?!//))(?P<path>/.*)", re.DOTALL)


def is_file_url(reference: str) -> bool:
    """True for a URL of the file scheme, such as file:///home/mia/boat.png."""
    return reference[:5].lower() == "file:"


def path_of_url(url: str) -> str | None:
    """The path that a file URL of this machine names; None for any other, which ``bad_file_url`` explains."""
    found = _FILE_URL.fullmatch(url)
    if found is None or (found["host"] or "localhost").lower() != "localhost":
        return None
    try:
        path = unquote(found["path"], errors="strict")
    except UnicodeDecodeError:
        return None
    return url2pathname(found["path"]) if os.name == "nt" else path


def bad_file_url(url: str) -> tuple[str, str]:
    """The fault of a file URL that names no path, and what to write."""
    found = _FILE_URL.fullmatch(url)
    if found is None:
        return "is no file:/// URL of a whole path", "write file:/// and the whole path, or the path alone"
    if (found["host"] or "localhost").lower() != "localhost":
        return f"names the host '{found['host'][:60]}': a file of this machine is needed", "write file:/// or a path"
    return "has an escape (%…) in it that is no UTF-8", "write the path alone"


def local_path(name: str | Path) -> Path:
    """The path of a file named on a command line or in a form, which may be a file URL."""
    text = str(name)
    found = path_of_url(text) if is_file_url(text) and not os.path.lexists(text) else None
    return as_stored(Path(found if found is not None else text))


def located(reference: str, base: Path) -> str:
    """A path made absolute, without ``.`` and ``..``, relative to the folder ``base``.

    Where no such file exists, the path stays as it is written, for its reader to report.
    """
    path = os.path.join(base, reference)  # noqa: PTH118  a Path would drop nothing that matters, but is slower
    try:
        path = str(as_stored(Path(path)))
        parts = Path(path).parts
        if ".." not in parts:
            return path
        last = len(parts) - parts[::-1].index("..")
        return str(Path(os.path.realpath(Path(*parts[:last]), strict=True), *parts[last:]))
    except (OSError, ValueError):
        return path


def as_stored(path: Path) -> Path:
    """The path with its names as they are stored on disk, where these differ from the written ones only in their
    accents' form.

    A name that exists as it is written is used; so is the path itself if no name matches, or more than one.
    """
    try:
        if os.path.lexists(path) or str(path).isascii():
            return path
        found = Path(path.anchor)
        for part in path.parts[len(found.parts) :]:
            here = found / part
            if part != ".." and not os.path.lexists(here):
                like = [name for name in os.listdir(found) if _nfc(name) == _nfc(part)]  # noqa: PTH208  names only
                if len(like) != 1:
                    return path
                here = found / like[0]
            found = here
    except (OSError, ValueError):
        return path
    return found


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
