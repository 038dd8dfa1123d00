"""What a local file is, by its content: an image or a video that Luma reads, or something else."""

from __future__ import annotations

import os
import stat
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from studio.contents import Content, content_of
from studio.production.values import shown


def kind_of_file(path: str | None) -> Literal["image", "video"] | None:
    """image (PNG, JPEG, WebP), video (MP4, MOV), or None if it is neither or cannot be read."""
    try:
        return _content(Path(path)).kind if path is not None else None
    except (OSError, ValueError):
        return None


def bad_file(path: str, want: str | None, *, base: str = "the production file") -> tuple[str, str]:
    """What is wrong with a file that should be a ``want`` (None: either), and what to do; empty if nothing is."""
    file = Path(path)
    name = shown(file.name)
    try:
        content = _content(file)
        empty = not file.stat().st_size
    except FileNotFoundError:
        return f"there is no file {shown(path) if len(path) < 60 else name}", _near(file, base)
    except IsADirectoryError:
        return f"{name} is a folder", "name a file in it"
    except (OSError, ValueError) as error:
        return f"{name} cannot be read: {getattr(error, 'strerror', None) or 'not the name of a file'}", ""
    if empty:
        return f"{name} is empty", "put the picture or footage there again"
    if content.kind is None:
        return f"{name} is {content.said or 'neither an image nor a video'}", content.hint
    if want is not None and content.kind != want:
        return f"{name} is {with_article(content.kind)}, not {with_article(want)}", ""
    return "", ""


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
    try:
        there = os.listdir(file.parent)  # noqa: PTH208  names only
    except (OSError, ValueError):
        return f"there is no such folder either; paths are relative to {base}"
    near = get_close_matches(file.name, there, n=1, cutoff=0.6)
    return f"did you mean {shown(near[0])}?" if near else f"paths are relative to {base}"
