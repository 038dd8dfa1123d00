"""File types by content: what a file is, as a value and in words, and what to do about it where Luma does not read it.

``content_of`` is the one place that tells files apart. Neither a file's name nor a server's word plays a part. Formats
that are one file with many names (HEIF, AVIF, camera raw) are told by their boxes or tables, whatever brand they carry.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Literal

Kind = Literal["image", "video"]
Order = Literal["little", "big"]


class FileType(Enum):
    """A type of file, as far as anything here depends on it. ``QUICKTIME``: an old one, whose boxes tell no brand."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WebP"
    MP4 = "MP4 or MOV"
    QUICKTIME = "QuickTime without a brand"
    RAW = "camera raw"
    OTHER_PICTURE = "another picture"
    OTHER_VIDEO = "another video"
    SOUND = "sound"
    ZIP = "ZIP"
    OTHER_ARCHIVE = "another archive"
    PAGE = "web page"
    TEXT = "text"
    OTHER = "another file"
    UNKNOWN = "unknown"


#: What Luma reads, and as what.
READ: dict[FileType, Kind] = {
    FileType.PNG: "image", FileType.JPEG: "image", FileType.WEBP: "image",
    FileType.MP4: "video", FileType.QUICKTIME: "video",
}  # fmt: skip

HEAD = 4096  # bytes; a web page may begin with a long comment
MOST_BOXES = 64
UNREAD = ", which Luma does not read"
NOT_IT = ", not the file itself"
MESSAGE = ", a server's message perhaps, not a picture or footage"
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

_READ = (
    (b"\x89PNG\r\n\x1a\n", FileType.PNG, "a PNG picture"),
    (b"\xff\xd8\xff", FileType.JPEG, "a JPEG picture"),
)
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

#: What files begin with, where the maker has a format of its own.
RAW_SIGNATURES = (
    (b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (b"IIRO", "Olympus ORF"), (b"IIRS", "Olympus ORF"), (b"MMOR", "Olympus ORF"),
    (b"IIU\0", "Panasonic RW2"),
    (b"II\x1a\0\0\0HEAPCCDR", "Canon CRW"),
    (b"FOVb", "Sigma X3F"),
    (b"\0MRM", "Minolta MRW"),
)  # fmt: skip
#: A maker, as a TIFF names it in capitals, and its raw format.
MAKERS = {
    "NIKON": "Nikon NEF", "SONY": "Sony ARW", "CANON": "Canon CR2", "PENTAX": "Pentax PEF", "RICOH": "Pentax PEF",
    "ASAHI": "Pentax PEF", "SAMSUNG": "Samsung SRW", "OLYMPUS": "Olympus ORF", "OM DIGITAL": "Olympus ORF",
    "PANASONIC": "Panasonic RW2", "LEICA": "Leica RWL", "FUJIFILM": "Fujifilm RAF", "HASSELBLAD": "Hasselblad 3FR",
    "PHASE ONE": "Phase One IIQ", "LEAF": "Leaf MOS", "MAMIYA": "Mamiya MEF", "EASTMAN KODAK": "Kodak DCR",
    "KODAK": "Kodak DCR", "EPSON": "Epson ERF", "KONICA MINOLTA": "Minolta MRW", "MINOLTA": "Minolta MRW",
    "SIGMA": "Sigma X3F",
}  # fmt: skip
KIND, COMPRESSION, PHOTOMETRIC, MAKE, SUB_IFDS, DNG_VERSION = 254, 259, 262, 271, 330, 50706
SENSOR = {32803, 34892}  # photometric interpretations: a colour filter's raster, linear raw
RAW_COMPRESSIONS = {34713, 32767, 32769, 32770, 65535}  # of Nikon, Sony, Epson, Samsung and Pentax
REDUCED = 1  # a smaller version of another picture in the file
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 9: 4, 13: 4}  # bytes of a value, by its type
MOST_TABLES, MOST_ENTRIES, MOST_BYTES = 32, 1000, 256

# The beginning of a web page, after any declaration and comments.
_LEAD = r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_PAGE = re.compile(_LEAD + r"<(?:!doctype\s+html|html|head|body|meta|title|script|style|div)\b", re.I | re.S)
_OPEN_COMMENT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<!--(?!.*?-->)", re.S)
_DRAWING = re.compile(r"<(?:\w+:)?svg\b|<!doctype\s+svg\b", re.I)
_ARCHIVED = re.compile(r"(?:From: <Saved by|MIME-Version:|From:.*?multipart/related)", re.I | re.S)


@dataclass(frozen=True)
class Content:
    """The type of a file. ``name``: what it is, with its article (``a web page``); empty where nobody knows.

    ``hint``: what to do about a file that Luma does not read; empty for the others.
    """

    type: FileType
    name: str = ""
    hint: str = ""
    rest: str = UNREAD

    @property
    def kind(self) -> Kind | None:
        """image or video, as what Luma reads it; None for all that it does not read."""
        return READ.get(self.type)

    @property
    def said(self) -> str:
        """The name of a file type that Luma does not read, in words that follow ``is``; empty where nobody knows."""
        return f"{self.name}{self.rest}" if self.name and self.hint else ""


UNKNOWN = Content(FileType.UNKNOWN, hint=TO_EITHER)


def content_of(source: Path | bytes) -> Content:
    """The type of a file, or of one of which the first bytes are here (``HEAD`` of them tell all but some of HEIF).

    Raises OSError where the file cannot be read.
    """
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        head = file.read(HEAD)
        if raw := _raw_picture(file, head):
            return Content(FileType.RAW, f"a camera raw file ({raw})", DEVELOP)
        for start, type_, name in _READ:
            if head.startswith(start):
                return Content(type_, name)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return Content(FileType.WEBP, "a WebP picture")
        if head[4:8] in VIDEO_BOXES:
            return Content(FileType.QUICKTIME, "a QuickTime file of an old kind")
        if head[4:8] == b"ftyp":
            return _by_boxes(file, head)
    return _by_head(head) or _by_text(head) or UNKNOWN


def _by_boxes(file: BinaryIO, head: bytes) -> Content:
    """The type of a file of boxes with a brand. Whatever the brand, a still picture has no `moov`, and a film has
    one."""
    length = int.from_bytes(head[:4], "big")
    rest = head[16 : max(16, min(length, len(head)))]
    first = head[8:12]
    brands = {first, *(rest[i : i + 4] for i in range(0, len(rest) - 3, 4))}
    if first in (b"jxl ", b"jp2 ", b"jpx ", b"jph "):
        return _picture("a JPEG XL picture" if first == b"jxl " else "a JPEG 2000 picture")
    if first in SOUNDS:
        return Content(FileType.SOUND, "a sound file without a picture", TO_EITHER, rest="")
    still = first in AVIF | HEIF
    if not still:
        for kind in _boxes(file):
            if kind in (b"moov", b"moof"):
                break
            if kind == b"meta":
                still = True
    if not still:
        return Content(FileType.MP4, "an MP4 file")
    known = AVIF if first not in HEIF - {b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"} else {first} & AVIF
    return _picture("an AVIF picture" if brands & known else "a HEIF (HEIC) picture")


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


def _picture(name: str) -> Content:
    """A picture of a kind that Luma does not read."""
    return Content(FileType.OTHER_PICTURE, name, TO_PICTURE)


def _by_head(head: bytes) -> Content | None:
    if name := _beginning(head, _PICTURES):
        return _picture(name)
    if name := _beginning(head, _VIDEOS):
        return Content(FileType.OTHER_VIDEO, name, TO_VIDEO)
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return _picture("a BMP image")
    if _tiff_order(head) is not None:
        return _picture("a TIFF image")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Content(FileType.OTHER_VIDEO, "an AVI video", TO_VIDEO)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Content(FileType.SOUND, "a WAV sound file", TO_EITHER)
    if head[:1] == head[188:189] == b"G" or head[4:5] == head[196:197] == b"G":
        return Content(FileType.OTHER_VIDEO, "an MPEG transport stream", TO_VIDEO)
    if name := _beginning(head, _SOUNDS):
        return Content(FileType.SOUND, f"{name} sound file", TO_EITHER, rest="")
    if name := _beginning(head, _PACKED):
        return Content(FileType.ZIP if head.startswith(b"PK") else FileType.OTHER_ARCHIVE, name, UNPACK, rest="")
    if head[257:262] == b"ustar":
        return Content(FileType.OTHER_ARCHIVE, "a tar archive", UNPACK, rest="")
    if head.startswith(b"%PDF"):
        return Content(FileType.OTHER, "a PDF", "save its page or picture as PNG or JPEG")
    if head.startswith(b"bplist00"):
        rest = " of a Mac (a saved web page, a link), not a picture or footage"
        return Content(FileType.OTHER, "a property list", THE_FILE, rest)
    if head.startswith(b"\0\5\x16\7"):
        hint = "name the file without ._ before its name"
        return Content(FileType.OTHER, "what a Mac keeps beside a file (AppleDouble)", hint, rest="")
    if head.startswith(b"L\0\0\0\1\x14\2\0"):
        return Content(FileType.OTHER, "a Windows shortcut", "name the file that it leads to", rest="")
    if head and not head.strip(b"\0"):
        return Content(FileType.OTHER, "nothing but zeros", FETCH, ": its download or copy was never finished")
    return None


def _beginning(head: bytes, table: Iterable[tuple[bytes, str]]) -> str:
    """The name beside what a head begins with; empty where the table has none."""
    return next((name for start, name in table if head.startswith(start)), "")


def _by_text(head: bytes) -> Content | None:
    text = _text(head)
    if text is None:
        return None
    start = text.lstrip()
    if start.startswith("version http"):
        hint = "git lfs pull fetches the file; a URL must lead to it"
        return Content(FileType.TEXT, "a Git LFS pointer", hint, NOT_IT)
    if "/annex/objects/" in start[:400] or ".git/annex/" in start[:400]:
        return Content(FileType.TEXT, "a git-annex pointer", "git annex get fetches the file", NOT_IT)
    if _PAGE.match(text):
        return Content(FileType.PAGE, "a web page", THE_FILE)
    if start.startswith("<") and _DRAWING.search(text):
        return Content(FileType.OTHER_PICTURE, "an SVG drawing", "export it as PNG")
    if _OPEN_COMMENT.match(text) or _ARCHIVED.match(start):
        return Content(FileType.PAGE, "a saved web page", THE_FILE)
    if start.startswith("#EXTM3U"):
        return Content(FileType.TEXT, "a playlist", TO_VIDEO, ", not the footage itself")
    if start.startswith("<"):
        return Content(FileType.TEXT, "XML", FETCH, MESSAGE)
    if start.startswith(("{", "[{", '["')):
        return Content(FileType.TEXT, "a JSON text", FETCH, MESSAGE)
    if re.match(r"data:[\w/+.-]+;base64,", start):
        return Content(FileType.TEXT, "a data: URL written out", "decode it into a file", rest="")
    if start.startswith("[InternetShortcut]"):
        return Content(FileType.TEXT, "a link", THE_FILE, NOT_IT)
    return Content(FileType.TEXT, hint=f"it is a text file: {TO_EITHER}") if start else None


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


def _raw_picture(file: BinaryIO, head: bytes) -> str:
    """The format of a camera raw file (``Canon CR2``); empty where it is none. ``head``: its first 16 bytes or more."""
    if head[4:12] == b"ftypcrx ":
        return "Canon CR3"
    for start, name in RAW_SIGNATURES:
        if head.startswith(start) and b"\0" in head[:64]:  # and no text that begins so
            return name
    order = _tiff_order(head)
    if order is None:
        return ""
    if head[8:10] == b"CR":
        return "Canon CR2"
    if head[8:12] in (b"IIII", b"MMMM"):
        return "Phase One IIQ"
    return _raw_by_tables(file, order)


def _tiff_order(head: bytes) -> Order | None:
    """The byte order of a TIFF; None for any other file."""
    if head.startswith(b"II*\0"):
        return "little"
    return "big" if head.startswith(b"MM\0*") else None


@dataclass
class _Tiff:
    """The contents of a TIFF's tables: all numbers by tag, and the maker."""

    numbers: dict[int, set[int]] = field(default_factory=dict)
    first_kind: int | None = None
    maker: str = ""


def _raw_by_tables(file: BinaryIO, order: Order) -> str:
    said = _Tiff()
    for table, (tag, numbers, text) in _tiff_entries(file, order):
        said.numbers.setdefault(tag, set()).update(numbers)
        if tag == MAKE and not said.maker:
            said.maker = text.upper()
        if tag == KIND and table == 0 and numbers:
            said.first_kind = numbers[0]
    if DNG_VERSION in said.numbers:
        return "DNG"
    format_ = next((name for maker, name in MAKERS.items() if said.maker.startswith(maker)), "")
    of_a_sensor = (
        said.numbers.get(PHOTOMETRIC, set()) & SENSOR or said.numbers.get(COMPRESSION, set()) & RAW_COMPRESSIONS
    )
    # A raw file opens with its preview, and keeps the sensor's picture in a table below.
    previews = said.first_kind == REDUCED or SUB_IFDS in said.numbers
    if of_a_sensor:
        return format_ or said.maker.title() or "of an unknown make"
    return format_ if previews else ""


def _tiff_entries(file: BinaryIO, order: Order) -> Iterator[tuple[int, tuple[int, list[int], str]]]:
    """Each entry of the tables: the table's number, the tag, its values as numbers and as text."""
    file.seek(4)
    ahead, seen = [int.from_bytes(file.read(4), order)], set[int]()
    while ahead and len(seen) < MOST_TABLES:
        place = ahead.pop(0)
        if place < 8 or place in seen:
            continue
        number = len(seen)
        seen.add(place)
        file.seek(place)
        count = min(int.from_bytes(file.read(2), order), MOST_ENTRIES)
        entries = file.read(12 * count)
        ahead.append(int.from_bytes(file.read(4), order))
        for start in range(0, len(entries) - 11, 12):
            tag, numbers, text = _tiff_entry(file, entries[start : start + 12], order)
            if tag == SUB_IFDS:
                ahead += numbers
            yield number, (tag, numbers, text)


def _tiff_entry(file: BinaryIO, entry: bytes, order: Order) -> tuple[int, list[int], str]:
    tag, kind = int.from_bytes(entry[:2], order), int.from_bytes(entry[2:4], order)
    width = WIDTHS.get(kind, 0)
    size = min(int.from_bytes(entry[4:8], order) * width, MOST_BYTES)
    data = entry[8 : 8 + size]
    if size > 4:
        file.seek(int.from_bytes(entry[8:12], order))
        data = file.read(size)
    if kind == 2:
        return tag, [], data.decode("latin-1").partition("\0")[0].strip()
    numbers = [int.from_bytes(data[i : i + width], order) for i in range(0, len(data), width)] if width else []
    return tag, numbers, ""
