"""Minimal valid files of many kinds, to be given the name of a picture or clip."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0a" * 32 + b"\nsize 1234567\n"
PAGE = b"<!-- saved from url=(0021)https://example.com/ -->\n<!DOCTYPE html>\n<html><title>a.png</title></html>"


def box(kind: bytes, content: bytes = b"") -> bytes:
    """A box of an MP4 or HEIF file."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def brand(major: bytes, *others: bytes) -> bytes:
    """The first box of a file of boxes."""
    return box(b"ftyp", major + bytes(4) + b"".join(others))


def tiff(tags: Mapping[int, int | str], below: Mapping[int, int] | None = None, order: str = "<") -> bytes:
    """A TIFF with one table of these tags; ``below``: a second table, referred to by SubIFDs (330)."""
    rows: dict[int, int | str] = dict(tags)
    end = 8 + 2 + 12 * (len(rows) + (below is not None)) + 4
    second = b""
    if below is not None:
        rows[330] = end
        second = _table({**below}, order, end, b"")
    return (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8) + _table(rows, order, 8, second)


def _table(rows: Mapping[int, int | str], order: str, place: int, behind: bytes) -> bytes:
    texts, entries = b"", b""
    start = place + 2 + 12 * len(rows) + 4 + len(behind)
    for tag, value in sorted(rows.items()):
        if isinstance(value, int):
            entries += struct.pack(f"{order}HHII", tag, 4, 1, value)
        else:
            text = value.encode() + b"\0"
            entries += struct.pack(f"{order}HHII", tag, 2, len(text), start + len(texts))
            texts += text
    return struct.pack(f"{order}H", len(rows)) + entries + bytes(4) + behind + texts


def deep_png(color: int, rows: list[bytes], width: int, key: bytes = b"") -> bytes:
    """A PNG with 16 bits per colour. ``color`` is its type by the standard, ``key`` the colour that it shows as
    transparent."""
    head = struct.pack(">IIBBBBB", width, len(rows), 16, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", head), *([(b"tRNS", key)] if key else []), (b"IDAT", data), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


#: By name: a file's bytes, the expected name of its kind, and a part of the expected hint.
OTHERS: dict[str, tuple[bytes, str, str]] = {
    "heic": (brand(b"heic", b"mif1", b"heic") + box(b"meta"), "a HEIF (HEIC) picture", "PNG, JPEG or WebP"),
    "heif of a phone": (brand(b"mif1", b"mif1", b"heic") + box(b"meta"), "a HEIF (HEIC) picture", "PNG"),
    "heif of a camera": (brand(b"heix", b"mif1") + box(b"meta"), "a HEIF (HEIC) picture", "PNG"),
    "heif, H.264": (brand(b"avci", b"mif1") + box(b"meta"), "a HEIF (HEIC) picture", "PNG"),
    "heif, no brand known": (brand(b"zzzz", b"yyyy") + box(b"meta") + box(b"mdat"), "a HEIF (HEIC) picture", "PNG"),
    "heif, 64-bit box": (
        brand(b"zzzz") + b"\0\0\0\1free" + struct.pack(">Q", 16) + box(b"meta"), "a HEIF (HEIC) picture", "PNG",
    ),
    "avif": (brand(b"avif", b"mif1", b"miaf") + box(b"meta"), "an AVIF picture", "PNG"),
    "avif by its second brand": (brand(b"mif1", b"miaf", b"avif") + box(b"meta"), "an AVIF picture", "PNG"),
    "avif sequence": (brand(b"avis", b"msf1") + box(b"moov"), "an AVIF picture", "PNG"),
    "jxl": (b"\xff\x0a" + bytes(40), "a JPEG XL picture", "PNG"),
    "jxl in boxes": (b"\0\0\0\x0cJXL \r\n\x87\n" + brand(b"jxl ", b"jxl "), "a JPEG XL picture", "PNG"),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + brand(b"jp2 "), "a JPEG 2000 picture", "PNG"),
    "cr3": (brand(b"crx ", b"crx ", b"isom") + box(b"moov"), "a camera raw file (Canon CR3)", "develop"),
    "cr2": (b"II*\0\x10\0\0\0CR\2\0" + bytes(40), "a camera raw file (Canon CR2)", "develop"),
    "raf": (b"FUJIFILMCCD-RAW 0201" + bytes(40), "a camera raw file (Fujifilm RAF)", "develop"),
    "orf": (b"IIRO\x08\0\0\0" + bytes(40), "a camera raw file (Olympus ORF)", "develop"),
    "orf, other order": (b"MMOR\0\0\0\x08" + bytes(40), "a camera raw file (Olympus ORF)", "develop"),
    "rw2": (b"IIU\0\x18\0\0\0" + bytes(40), "a camera raw file (Panasonic RW2)", "develop"),
    "nef": (tiff({254: 1, 271: "NIKON CORPORATION"}, {262: 32803}, ">"), "a camera raw file (Nikon NEF)", "develop"),
    "arw": (tiff({254: 1, 259: 6, 271: "SONY"}, {259: 32767, 262: 32803}), "a camera raw file (Sony ARW)", "develop"),
    "pef": (tiff({262: 32803, 271: "PENTAX Corporation "}, order=">"), "a camera raw file (Pentax PEF)", "develop"),
    "dng": (tiff({254: 1, 271: "Google", 50706: 0x0401}, {262: 34892}), "a camera raw file (DNG)", "develop"),
    "raw of nobody": (tiff({271: "Homemade"}, {262: 32803}), "a camera raw file (Homemade)", "develop"),
    "tiff": (tiff({256: 100, 262: 2}), "a TIFF image", "PNG"),
    "tiff of a camera": (tiff({256: 100, 262: 2, 271: "NIKON CORPORATION"}), "a TIFF image", "PNG"),
    "tiff that leads in circles": (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "a TIFF image", "PNG"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing", "export it as PNG"),
    "pdf": (b"%PDF-1.7\n", "a PDF", "PNG"),
    "psd": (b"8BPS\0\1" + bytes(20), "a Photoshop file", "PNG"),
    "zip": (b"PK\3\4" + bytes(40), "a ZIP archive", "unpack"),
    "gzip": (b"\x1f\x8b\x08" + bytes(40), "a gzip file", "unpack"),
    "webm": (b"\x1aE\xdf\xa3" + bytes(40), "a Matroska or WebM video", "MP4 or MOV"),
    "avi": (b"RIFF\x24\0\0\0AVI LIST" + bytes(40), "an AVI video", "MP4 or MOV"),
    "sound": (brand(b"M4A ", b"mp42", b"isom") + box(b"moov"), "a sound file", "MP4"),
    "lfs": (LFS, "a Git LFS pointer", "git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s12--ab.png\n", "a git-annex pointer", "git annex get"),
    "page": (PAGE, "a web page", "save the picture or footage itself"),
    "page behind blanks": (b"\xef\xbb\xbf\r\n\r\n  <HTML lang=en>", "a web page", "save the picture"),
    "page in UTF-16": ("\ufeff<!doctype html><p>".encode("utf-16-le"), "a web page", "save the picture"),
    "page in Latin-1": ("<html><title>Caf\xe9</title>".encode("latin-1"), "a web page", "save the picture"),
    "page behind a long comment": (b"<!--" + b"x" * 5000 + b"--><html>", "a saved web page", "save the picture"),
    "page in one file": (b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n", "a saved web page", "save the picture"),
    "refusal of a bucket": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML", "fetch it again"),
    "refusal in JSON": (b'{"error": "not found"}', "a JSON text", "fetch it again"),
    "zeros": (bytes(5000), "nothing but zeros", "fetch it again"),
    "text": (b"BMW on a bridge\n", "neither an image nor", "it is a text file"),
    "noise": (b"\x07\x91\x02\xfe" * 20, "neither an image nor", "PNG, JPEG or WebP image"),
}  # fmt: skip
