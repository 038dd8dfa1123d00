"""Removal of metadata from a picture's file. The picture's data is copied unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

#: JPEG segments that are not needed to show the picture. Kept: APP0 (JFIF), APP14 (Adobe's colours), APP2 with a colour
#: profile.
JPEG_METADATA = {0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE}
PNG_METADATA = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
WEBP_METADATA = {b"EXIF", b"XMP "}
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def strip(data: bytes, kind: str) -> bytes:
    """The file without its metadata, and without any bytes after its end. Raises ValueError for a file that it
    cannot parse."""
    walkers: dict[str, Callable[[bytes], Iterator[bytes]]] = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}
    try:
        bare = b"".join(walkers[kind](data))
    except IndexError:
        raise ValueError("it ends too early") from None
    if kind == "WEBP":
        return b"RIFF" + (len(bare) - 8).to_bytes(4, "little") + bare[8:]
    return bare


def has_end(data: bytes) -> bool:
    """True for a JPEG whose picture data has an end marker, as far as its segments can be followed to that data."""
    place = 2
    while data[place : place + 1] == b"\xff":
        marker = data[place + 1 : place + 2]
        if marker == b"\xff":  # filling
            place += 1
        elif marker == b"\xda":
            return data.find(b"\xff\xd9", place) > 0  # within the data itself every FF is followed by 00 or a restart
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return True


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    place = 2
    while True:
        if data[place] != 0xFF:
            raise ValueError("no segment begins where one should")
        marker = data[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        if marker == 0xD9:
            yield data[place : place + 2]
            return
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        foreign = marker == 0xE2 and data[place + 4 : place + 15] != b"ICC_PROFILE"
        if marker not in JPEG_METADATA and not foreign:
            yield data[place:end]
        place = end
        if marker == 0xDA:  # the picture's data follows, until the next marker
            place = _marker(data, end)
            yield data[end:place]


def _marker(data: bytes, place: int) -> int:
    """The place of the next marker that is no part of the data (a stuffed byte, a restart)."""
    while True:
        place = data.index(b"\xff", place)  # raises ValueError
        if data[place + 1] not in (0x00, *range(0xD0, 0xD8)):
            return place
        place += 2


def _png(data: bytes) -> Iterator[bytes]:
    yield PNG_HEAD
    place = len(PNG_HEAD)
    while True:
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        kind = data[place + 4 : place + 8]
        if end > len(data) or not kind.isalpha():
            raise ValueError("no chunk begins where one should")
        if kind not in PNG_METADATA:
            yield data[place:end]
        if kind == b"IEND":
            return
        place = end


def _webp(data: bytes) -> Iterator[bytes]:
    yield data[:12]
    place = 12
    whole = 8 + int.from_bytes(data[4:8], "little")
    while place + 8 <= min(whole, len(data)):
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + length + length % 2
        if end > len(data):
            raise ValueError("it ends too early")
        chunk = data[place:end]
        if kind == b"VP8X":  # clear the flags that announce EXIF (8) and XMP (4)
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind not in WEBP_METADATA:
            yield chunk
        place = end
