"""What a local file is, by its content: an image or a video that Luma reads, or something else."""

from __future__ import annotations

import os
import stat
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from studio.production.values import shown

_STILL_IMAGES = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_OTHERS = {
    b"GIF8": "a GIF", b"BM": "a BMP", b"II*\0": "a TIFF", b"MM\0*": "a TIFF", b"%PDF": "a PDF",
    b"8BPS": "a Photoshop file", b"\x1aE\xdf\xa3": "a Matroska or WebM video", b"<svg": "an SVG drawing",
    b"<?xml": "XML", b"<!DOCTYPE": "a web page", b"<html": "a web page", b"version http": "a Git LFS pointer",
}  # fmt: skip


def kind_of_file(path: str | None) -> Literal["image", "video"] | None:
    """image (PNG, JPEG, WebP), video (MP4, MOV), or None if it is neither or cannot be read."""
    try:
        return _kind(_head(Path(path))) if path is not None else None
    except (OSError, ValueError):
        return None


def bad_file(path: str, want: str | None) -> tuple[str, str]:
    """What is wrong with a file that should be a ``want`` (None: either), and what to do; empty if nothing is."""
    file = Path(path)
    name = shown(file.name)
    try:
        head = _head(file)
    except FileNotFoundError:
        return f"there is no file {shown(path) if len(path) < 60 else name}", _near(file)
    except IsADirectoryError:
        return f"{name} is a folder", "name a file in it"
    except (OSError, ValueError) as error:
        return f"{name} cannot be read: {getattr(error, 'strerror', None) or 'not the name of a file'}", ""
    kind = _kind(head)
    if not head:
        return f"{name} is empty", "put the picture or footage there again"
    if kind is None:
        other = next((said for magic, said in _OTHERS.items() if head.lstrip().startswith(magic)), "")
        if head[4:8] == b"ftyp":
            other = "a HEIC or AVIF picture"
        said = f"{name} is {other}, which Luma does not read" if other else f"{name} is neither an image nor a video"
        return said, "convert it to PNG, JPEG or WebP, or to MP4 or MOV"
    if want is not None and kind != want:
        return f"{name} is {with_article(kind)}, not {with_article(want)}", ""
    return "", ""


def with_article(kind: str) -> str:
    """A kind with its article."""
    return "an image" if kind == "image" else f"a {kind}"


def _head(file: Path) -> bytes:
    mode = file.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is not a regular file")
    with file.open("rb") as opened:
        return opened.read(64)


def _kind(head: bytes) -> Literal["image", "video"] | None:
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "image"
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _STILL_IMAGES else "video"
    return "video" if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip") else None


def _near(file: Path) -> str:
    try:
        there = os.listdir(file.parent)  # noqa: PTH208  names only
    except (OSError, ValueError):
        return "there is no such folder either; paths are relative to the production file"
    near = get_close_matches(file.name, there, n=1, cutoff=0.6)
    return f"did you mean {shown(near[0])}?" if near else "paths are relative to the production file"
