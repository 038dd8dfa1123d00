"""Detection of file types by content: a picture or footage that Luma reads, or something else, with what to do about
it.

Neither the file's name nor a server's content type is used. Formats with many brands (HEIF, AVIF, camera raw) are told
apart by their boxes or tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from studio.raw_pictures import raw_picture, tiff_order

Kind = Literal["image", "video"]

HEAD = 4096  # bytes; a web page may begin with a long comment
MOST_BOXES = 64
UNREAD = ", which Luma does not read"
TO_PICTURE = "convert it to PNG, JPEG or WebP"
TO_VIDEO = "convert it to MP4 or MOV"
TO_EITHER = "use a PNG, JPEG or WebP image, or an MP4 or MOV file"
DEVELOP = "develop it: save it as PNG or JPEG in the camera's program"
UNPACK = "unpack it, and name the file in it"
THE_FILE = "save the picture or footage itself, not the page that shows it; a URL must lead to the file itself"
FETCH = "fetch it again, and see that it is the file itself that comes"

AVIF = {b"avif", b"avis", b"avio", b"MA1A", b"MA1B"}
HEIF = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"mif3", b"msf1",
    b"miaf", b"MiHA", b"MiHB", b"MiHE", b"avci", b"avcs", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi",
    b"evbs", b"unif", b"1pic",
}  # fmt: skip
SOUNDS = {b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "}
VIDEO_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}

_PICTURES = (
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"), (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"), (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"II\xbc\x01", "a JPEG XR picture"), (b"GIF8", "a GIF image"),
    (b"II+\0", "a TIFF image"), (b"MM\0+", "a TIFF image"), (b"8BPS", "a Photoshop file"), (b"gimp xcf", "a GIMP file"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"), (b"#?RADIANCE", "a Radiance HDR picture"), (b"qoif", "a QOI picture"),
    (b"\0\0\1\0", "an icon (ICO)"), (b"icns", "an icon (ICNS)"), (b"DDS ", "a DDS picture"),
    (b"BPG\xfb", "a BPG picture"),
    (b"%!PS", "a PostScript file"), (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
)  # fmt: skip
_VIDEOS = (
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"), (b"FLV\1", "a Flash video (FLV)"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file (WMV)"), (b"\0\0\1\xba", "an MPEG video"),
    (b"\0\0\1\xb3", "an MPEG video"), (b"OggS", "an Ogg file"), (b"\x06\x0e\x2b\x34", "an MXF file"),
)  # fmt: skip
_SOUNDS = (
    (b"ID3", "an MP3"),
    (b"fLaC", "a FLAC"),
    (b"FORM", "an AIFF"),
    (b"\xff\xfb", "an MP3"),
    (b"\xff\xf1", "an AAC"),
)
_PACKED = (
    (b"PK\3\4", "a ZIP archive"), (b"PK\5\6", "an empty ZIP archive"), (b"PK\7\x08", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"), (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"), (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 file"), (b"\xfd7zXZ\0", "an xz file"), (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
)  # fmt: skip
_RIFF = {b"AVI ": ("an AVI video", TO_VIDEO), b"WAVE": ("a WAV sound file", TO_EITHER)}

# The beginning of a web page, after any declaration and comments.
_LEAD = r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_PAGE = re.compile(_LEAD + r"<(?:!doctype\s+html|html|head|body|meta|title|script|style|div)\b", re.I | re.S)
_OPEN_COMMENT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<!--(?!.*?-->)", re.S)
_DRAWING = re.compile(r"<(?:\w+:)?svg\b|<!doctype\s+svg\b", re.I)
_ARCHIVED = re.compile(r"(?:From: <Saved by|MIME-Version:|From:.*?multipart/related)", re.I | re.S)


@dataclass(frozen=True)
class Content:
    """The type of a file. ``kind``: image (PNG, JPEG, WebP) or video (MP4, MOV); None for everything that Luma does
    not read.

    ``said``: what it is instead, in words that follow ``is``; empty if unknown. ``hint``: what to do about it.
    """

    kind: Kind | None
    said: str = ""
    hint: str = ""


UNKNOWN = Content(None, hint=TO_EITHER)


def content_of(path: Path) -> Content:
    """The type of the file at ``path``. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if raw := raw_picture(file, head):
            return Content(None, f"a camera raw file ({raw}){UNREAD}", DEVELOP)
        kind = _read_kind(head)
        if kind is not None:
            return Content(kind)
        if head[4:8] == b"ftyp":
            return _by_boxes(file, head)
    return _by_head(head) or _by_text(head) or UNKNOWN


def _read_kind(head: bytes) -> Kind | None:
    """The kind of a file that Luma reads, as far as its head alone tells."""
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "image"
    return "video" if head[4:8] in VIDEO_BOXES else None


def _by_boxes(file: BinaryIO, head: bytes) -> Content:
    """The type of a file of boxes with a brand. Whatever the brand, a still picture has no `moov`, and a film has
    one."""
    length = int.from_bytes(head[:4], "big")
    rest = head[16 : max(16, min(length, len(head)))]
    first = head[8:12]
    brands = {first, *(rest[i : i + 4] for i in range(0, len(rest) - 3, 4))}
    if first in (b"jxl ", b"jp2 ", b"jpx ", b"jph "):
        return Content(None, f"{'a JPEG XL' if first == b'jxl ' else 'a JPEG 2000'} picture{UNREAD}", TO_PICTURE)
    if first in SOUNDS:
        return Content(None, "a sound file without a picture", TO_EITHER)
    still = first in AVIF | HEIF
    if not still:
        for kind in _boxes(file):
            if kind in (b"moov", b"moof"):
                break
            if kind == b"meta":
                still = True
    if not still:
        return Content("video")
    known = AVIF if first not in HEIF - {b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"} else {first} & AVIF
    return Content(None, f"{'an AVIF' if brands & known else 'a HEIF (HEIC)'} picture{UNREAD}", TO_PICTURE)


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    """The kinds of the file's top-level boxes, up to the first that is damaged or missing."""
    place = 0
    for _ in range(MOST_BOXES):
        file.seek(place)
        start = file.read(16)
        length, kind = int.from_bytes(start[:4], "big"), start[4:8]
        if length == 1:
            length = int.from_bytes(start[8:16], "big")
        if length < 8 or not kind:
            return
        yield kind
        place += length


def _by_head(head: bytes) -> Content | None:
    for table, hint in ((_PICTURES, TO_PICTURE), (_VIDEOS, TO_VIDEO)):
        for start, said in table:
            if head.startswith(start):
                return Content(None, said + UNREAD, hint)
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return Content(None, f"a BMP image{UNREAD}", TO_PICTURE)
    if tiff_order(head) is not None:
        return Content(None, f"a TIFF image{UNREAD}", TO_PICTURE)
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        said, hint = _RIFF[head[8:12]]
        return Content(None, said + UNREAD, hint)
    if head[:1] == head[188:189] == b"G" or head[4:5] == head[196:197] == b"G":
        return Content(None, f"an MPEG transport stream{UNREAD}", TO_VIDEO)
    for start, said in _SOUNDS:
        if head.startswith(start):
            return Content(None, f"{said} sound file", TO_EITHER)
    for start, said in _PACKED:
        if head.startswith(start):
            return Content(None, said, UNPACK)
    if head[257:262] == b"ustar":
        return Content(None, "a tar archive", UNPACK)
    if head.startswith(b"%PDF"):
        return Content(None, f"a PDF{UNREAD}", "save its page or picture as PNG or JPEG")
    if head.startswith(b"bplist00"):
        return Content(None, "a property list of a Mac (a saved web page, a link), not a picture or footage", THE_FILE)
    if head.startswith(b"\0\5\x16\7"):
        return Content(None, "what a Mac keeps beside a file (AppleDouble)", "name the file without ._ before its name")
    if head.startswith(b"L\0\0\0\1\x14\2\0"):
        return Content(None, "a Windows shortcut", "name the file that it leads to")
    if head and not head.strip(b"\0"):
        return Content(None, "nothing but zeros: its download or copy was never finished", FETCH)
    return None


def _by_text(head: bytes) -> Content | None:
    text = _text(head)
    if text is None:
        return None
    start = text.lstrip()
    if start.startswith("version http"):
        return Content(
            None, "a Git LFS pointer, not the file itself", "git lfs pull fetches the file; a URL must lead to it"
        )
    if "/annex/objects/" in start[:400] or ".git/annex/" in start[:400]:
        return Content(None, "a git-annex pointer, not the file itself", "git annex get fetches the file")
    if _PAGE.match(text):
        return Content(None, f"a web page{UNREAD}", THE_FILE)
    if start.startswith("<") and _DRAWING.search(text):
        return Content(None, f"an SVG drawing{UNREAD}", "export it as PNG")
    if _OPEN_COMMENT.match(text) or _ARCHIVED.match(start):
        return Content(None, f"a saved web page{UNREAD}", THE_FILE)
    if start.startswith("#EXTM3U"):
        return Content(None, "a playlist, not the footage itself", TO_VIDEO)
    if start.startswith("<"):
        return Content(None, "XML, a server's message perhaps, not a picture or footage", FETCH)
    if start.startswith(("{", "[{", '["')):
        return Content(None, "a JSON text, a server's message perhaps, not a picture or footage", FETCH)
    if re.match(r"data:[\w/+.-]+;base64,", start):
        return Content(None, "a data: URL written out", "decode it into a file")
    if start.startswith("[InternetShortcut]"):
        return Content(None, "a link, not the file itself", THE_FILE)
    return Content(None, hint=f"it is a text file: {TO_EITHER}") if start else None


def _text(head: bytes) -> str | None:
    """The head decoded as text; None if it is not text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    for cut in range(4):  # the head may end within a character
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            if len(head) < HEAD:
                break
        else:
            return text if all(letter >= " " or letter in "\t\r\n\f\x1b" for letter in text) else None
    latin = head.decode("latin-1")  # a page in an older encoding
    return latin if _PAGE.match(latin) else None
