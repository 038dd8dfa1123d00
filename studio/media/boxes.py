"""The top-level boxes of an MP4 file: a check of 20 microseconds that tells a whole file from a part, a page or a
playlist."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.cleaning import clean
from studio.errors import BadClip
from studio.file_types import HEAD, FileType, content_of

MAX_BOXES = 200_000
REFETCH = "download it again"
SOUND, PICTURE = b"soun", b"vide"  # handlers of tracks


def check_boxes(path: Path) -> None:
    """Walk the top-level boxes of an MP4 file.

    Raises BadClip for a file that is missing, empty, cut short, of another kind (web page, playlist, picture), or that
    lacks its index (`moov`) or its media data (`mdat`). Bit flips inside the boxes are not seen: `examine` sees them.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise BadClip("is empty", path=str(path), hint=REFETCH)
            content = content_of(file.read(HEAD))
            if content.type is not FileType.MP4:
                raise BadClip(f"is {content.name or 'not an MP4 file'}", path=str(path), hint=REFETCH)
            found = set(_walk(file, size, path))
    except OSError as error:
        raise BadClip(f"cannot be read: {error.strerror}", path=str(path)) from None
    for needed, what in ((b"moov", "index"), (b"mdat", "media data")):
        if needed not in found:
            raise BadClip(f"has no {what} ({needed.decode()} box): it was cut short", path=str(path), hint=REFETCH)


def _walk(file: BinaryIO, size: int, path: Path) -> Iterator[bytes]:
    place = 0
    for _ in range(MAX_BOXES):
        if place == size:
            return
        file.seek(place)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        smallest = 8
        if length == 1:
            length, smallest = int.from_bytes(head[8:16], "big"), 16
        elif length == 0 and kind == b"mdat":
            length = size - place  # by the standard: until the end of the file
        if len(head) < min(16, smallest) or place + length > size:
            raise BadClip(
                f"is cut short: {size} bytes of {max(place + length, size + 1)} or more", path=str(path), hint=REFETCH
            )
        if length < smallest or not all(32 <= letter < 127 or letter == 0xA9 for letter in kind):
            raise BadClip(f"is damaged: no box begins at byte {place}", path=str(path), hint=REFETCH)
        yield kind
        place += length
    raise BadClip(f"has more than {MAX_BOXES} boxes", path=str(path))


def codecs_of(path: Path, handler: bytes) -> list[str]:
    """The four-letter codec name of each of a file's tracks with that handler (``soun``, ``vide``)."""
    found: list[str] = []
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for _, start, end in _inside(file, [b"moov", b"trak"], 0, size):
                for _, media, media_end in _inside(file, [b"mdia"], start, end):
                    kind = b""
                    for _, place, _ in _inside(file, [b"hdlr"], media, media_end):
                        file.seek(place + 8)
                        kind = file.read(4)
                    for _, place, _ in _inside(file, [b"minf", b"stbl", b"stsd"], media, media_end):
                        file.seek(place + 12)
                        name = file.read(4).decode("latin-1")
                        if kind == handler:
                            found.append(clean(name, limit=4).strip() or "unknown")
    except OSError as error:
        raise BadClip(f"cannot be read: {error.strerror}", path=str(path)) from None
    return found


def _inside(file: BinaryIO, kinds: list[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes at a path of kinds: for each its kind, and where its content begins and ends."""
    place = start
    for _ in range(MAX_BOXES):
        if place + 8 > end:
            return
        file.seek(place)
        head = file.read(16)
        length, kind, opens = int.from_bytes(head[:4], "big"), head[4:8], place + 8
        if length == 1:
            length, opens = int.from_bytes(head[8:16], "big"), place + 16
        elif length == 0:
            length = end - place
        if length < 8 or place + length > end:
            return
        if kind == kinds[0]:
            if len(kinds) == 1:
                yield kind, opens, place + length
            else:
                yield from _inside(file, kinds[1:], opens, place + length)
        place += length
