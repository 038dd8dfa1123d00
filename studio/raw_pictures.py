"""Detection of camera raw files of every make by content: by a signature, or by the tables of a TIFF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

Order = Literal["little", "big"]

#: Signatures of makers that have a format of their own.
SIGNATURES = (
    (b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (b"IIRO", "Olympus ORF"), (b"IIRS", "Olympus ORF"), (b"MMOR", "Olympus ORF"),
    (b"IIU\0", "Panasonic RW2"),
    (b"II\x1a\0\0\0HEAPCCDR", "Canon CRW"),
    (b"FOVb", "Sigma X3F"),
    (b"\0MRM", "Minolta MRW"),
)  # fmt: skip
#: Raw formats by maker, as a TIFF names the maker in capitals.
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


def raw_picture(file: BinaryIO, head: bytes) -> str:
    """The format of a camera raw file (``Canon CR2``); empty where it is none. ``head``: its first 16 bytes or more."""
    if head[4:12] == b"ftypcrx ":
        return "Canon CR3"
    for start, name in SIGNATURES:
        if head.startswith(start) and b"\0" in head[:64]:  # not a text that begins with the same letters
            return name
    order = tiff_order(head)
    if order is None:
        return ""
    if head[8:10] == b"CR":
        return "Canon CR2"
    if head[8:12] in (b"IIII", b"MMMM"):
        return "Phase One IIQ"
    return _by_tables(file, order)


def tiff_order(head: bytes) -> Order | None:
    """The byte order of a TIFF; None for any other file."""
    if head.startswith(b"II*\0"):
        return "little"
    return "big" if head.startswith(b"MM\0*") else None


@dataclass
class _Said:
    """The contents of a TIFF's tables: all numbers by tag, and the maker."""

    numbers: dict[int, set[int]] = field(default_factory=dict)
    first_kind: int | None = None
    maker: str = ""


def _by_tables(file: BinaryIO, order: Order) -> str:
    said = _Said()
    for table, (tag, numbers, text) in _entries(file, order):
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
    # A raw file opens with its preview; the sensor's picture is described in a table below it.
    previews = said.first_kind == REDUCED or SUB_IFDS in said.numbers
    if of_a_sensor:
        return format_ or said.maker.title() or "of an unknown make"
    return format_ if previews else ""


def _entries(file: BinaryIO, order: Order) -> Iterator[tuple[int, tuple[int, list[int], str]]]:
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
            tag, numbers, text = _entry(file, entries[start : start + 12], order)
            if tag == SUB_IFDS:
                ahead += numbers
            yield number, (tag, numbers, text)


def _entry(file: BinaryIO, entry: bytes, order: Order) -> tuple[int, list[int], str]:
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
