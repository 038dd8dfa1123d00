"""The letters that a font has, by its own table of characters (``cmap``). Read without a library; nothing is drawn."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

HEADS = (b"\x00\x01\x00\x00", b"OTTO", b"true")
COLLECTION, WEB = b"ttcf", (b"wOFF", b"wOF2")
OUTLINES = (b"glyf", b"CFF ", b"CFF2")
#: Tables by platform and encoding: all of Unicode before the basic plane alone.
BEST = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))


class BadFont(ValueError):
    """The fault of a file that is no font which texts can be set in, in words that follow its name."""


@dataclass(frozen=True)
class Letters:
    """The letters of one font: ``has`` is True for a code point that it has a picture of."""

    has: Callable[[int], bool]


def letters_in(data: bytes) -> Letters:
    """The letters of a TrueType or OpenType font; of a collection, those of its first font. Raises BadFont."""
    if data[:4] in WEB:
        raise BadFont("is a web font (WOFF), and a .ttf or .otf file is needed")
    try:
        start = struct.unpack_from(">I", data, 12)[0] if data[:4] == COLLECTION else 0
        if data[start : start + 4] not in HEADS:
            raise BadFont("is no TrueType or OpenType font")
        (count,) = struct.unpack_from(">H", data, start + 4)
        tables = {}
        for n in range(count):
            tag, _, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * n)
            tables[tag] = (offset, length)
        if not any(tag in tables for tag in OUTLINES):
            raise BadFont("has pictures of letters of one size alone, and outlines are needed")
        offset, length = tables[b"cmap"]
        return Letters(_reader(data[offset : offset + length]))
    except (struct.error, KeyError, IndexError):
        raise BadFont("is a damaged font") from None


def _reader(cmap: bytes) -> Callable[[int], bool]:
    (count,) = struct.unpack_from(">H", cmap, 2)
    found = {}
    for n in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * n)
        found[platform, encoding] = offset
    for kind in BEST:
        if kind in found:
            table = cmap[found[kind] :]
            (form,) = struct.unpack_from(">H", table)
            if form in _FORMS:
                return _FORMS[form](table)
    raise BadFont("has no table of Unicode letters")


def _bytes(table: bytes) -> Callable[[int], bool]:
    glyphs = table[6:262]
    return lambda code: code < len(glyphs) and glyphs[code] != 0


def _trimmed(table: bytes) -> Callable[[int], bool]:
    first, count = struct.unpack_from(">HH", table, 6)
    glyphs: tuple[int, ...] = struct.unpack_from(f">{count}H", table, 10)
    return lambda code: first <= code < first + count and bool(glyphs[code - first])


def _segments(table: bytes) -> Callable[[int], bool]:
    half = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{half}H", table, 14)
    starts = struct.unpack_from(f">{half}H", table, 16 + 2 * half)
    deltas = struct.unpack_from(f">{half}H", table, 16 + 4 * half)
    places = 16 + 6 * half
    offsets = struct.unpack_from(f">{half}H", table, places)

    def has(code: int) -> bool:
        n = next((n for n, end in enumerate(ends) if code <= end), None)
        if n is None or code < starts[n]:
            return False
        if not offsets[n]:
            return bool((code + deltas[n]) % 0x10000)
        at = places + 2 * n + offsets[n] + 2 * (code - starts[n])
        glyph = struct.unpack_from(">H", table, at)[0] if at + 2 <= len(table) else 0
        return bool(glyph and (glyph + deltas[n]) % 0x10000)

    return has


def _groups(table: bytes) -> Callable[[int], bool]:
    (count,) = struct.unpack_from(">I", table, 12)
    groups: list[tuple[int, int, int]] = [struct.unpack_from(">III", table, 16 + 12 * n) for n in range(count)]
    return lambda code: any(first <= code <= last and (glyph > 0 or code > first) for first, last, glyph in groups)


_FORMS: dict[int, Callable[[bytes], Callable[[int], bool]]] = {0: _bytes, 4: _segments, 6: _trimmed, 12: _groups}
