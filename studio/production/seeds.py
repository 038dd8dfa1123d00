"""Detection of local seed files by content: an image or a video that Luma reads, or something else."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from studio.file_types import TO_VIDEO, Content, FileType, content_of
from studio.production.field_types import shown
from studio.spelling import nearest

READABLE = "name a file that can be read: a picture, or footage"
#: Beginnings, in small letters, of paths that are no paths here, and what to write instead.
_NO_PATHS = (
    ("~", "~ is not your home folder here: write the whole path"),
    ("$", "variables are not filled in: write the whole path"),
    ("%userprofile%", "variables are not filled in: write the whole path"),
    ("file:", "write file:/// and the whole path, or the path alone"),
    ("data:", "a data: URL is not read: save the picture as a file, and name it"),
    ("http:", "an address begins with https:// or http://"), ("https:", "an address begins with https:// or http://"),
    ("www.", "an address begins with https:// or http://"),
)  # fmt: skip


def kind_of_file(path: str | None) -> Literal["image", "video"] | None:
    """The kind of a file: image (PNG, JPEG, WebP), video (MP4, MOV), or None if it is neither or cannot be read."""
    try:
        return _content(Path(path)).kind if path is not None else None
    except (OSError, ValueError):
        return None


def bad_file(
    path: str, want: str | None, *, base: str = "the production file", finished: bool = False
) -> tuple[str, str]:  # fmt: skip
    """The fault of a file that should be a ``want`` (None: either), and what to do; empty if there is none.

    ``finished``: it is a finished clip, which the film shows as it is.
    """
    faults = cannot_be_read(path, base=base)
    if faults[0]:
        return faults
    content, name = content_of(Path(path)), shown(Path(path).name or path)
    if finished and content.kind is None:
        said, hint = no_finished_clip(content)
        return f"{name} is {said}", hint
    if content.kind is None:
        return f"{name} is {content.said or 'neither an image nor a video'}", content.hint
    if want is not None and content.kind != want:
        return f"{name} is {with_article(content.kind)}, not {with_article(want)}", ""
    return "", ""


def no_finished_clip(content: Content) -> tuple[str, str]:
    """The fault of a file that is no footage where a finished clip is needed, in words that follow ``is``, and what to
    do. The film shows such a clip, and no service reads it.
    """
    what = "an image" if content.kind == "image" else content.name or "no footage"
    hint = TO_VIDEO if content.type is FileType.OTHER_VIDEO else "name an MP4 or MOV file"
    return f"{what}, and a finished clip is an MP4 or MOV file", hint


def cannot_be_read(
    path: str, *, base: str = "the production file", again: str = "put the picture or footage there again",
    readable: str = READABLE,
) -> tuple[str, str]:  # fmt: skip
    """The fault of a file that cannot be read, whatever is in it, and what to do; empty if there is none. ``again`` and
    ``readable`` are what to do about an empty one, and about one that is no file."""
    file = Path(path)
    name = shown(file.name or path)
    try:
        _content(file)
        empty = not file.stat().st_size
    except FileNotFoundError:
        if file.is_symlink():
            return f"{name} is a link to {shown(str(file.readlink()))}, which is not there", "mend or replace the link"
        return f"there is no file {shown(path) if len(path) < 60 else name}", _near(file, base)
    except IsADirectoryError:
        return f"{name} is a folder", "name a file in it"
    except (OSError, ValueError) as error:
        return f"{name} cannot be read: {getattr(error, 'strerror', None) or 'not the name of a file'}", readable
    return (f"{name} is empty", again) if empty else ("", "")


def with_article(kind: str) -> str:
    """A kind with its article."""
    return "an image" if kind == "image" else f"a {kind}"


def _content(file: Path) -> Content:
    mode = file.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is not a regular file")
    return content_of(file)


def _near(file: Path, base: str) -> str:
    """The remedy for a missing file: by how its path is written, or by a file with a similar name."""
    plain = unquote(str(file))
    if plain != str(file) and os.path.lexists(plain):
        return f"%… is written so in URLs only: did you mean {shown(plain if len(plain) < 60 else Path(plain).name)}?"
    folder = next((folder for folder in file.parents if folder.is_dir()), None)
    missing = file.relative_to(folder).parts[0] if folder is not None else file.name
    if said := next((hint for start, hint in _NO_PATHS if missing.lower().startswith(start)), ""):
        return said
    try:
        there = os.listdir(folder or file.parent)  # noqa: PTH208  names only
    except (OSError, ValueError):
        there = []
    same_letters = [name for name in there if name.lower() == missing.lower()]
    near = same_letters or [*filter(None, [nearest(missing, there, parts=False)])]
    if missing == file.name:
        separators = "; folders are parted by /" if "\\" in missing else ""
        return (f"did you mean {shown(near[0])}?" if near else f"paths are relative to {base}") + separators
    if near:
        return f"there is no folder {shown(missing)}: did you mean {shown(near[0])}?"
    return f"there is no such folder either; paths are relative to {base}"
