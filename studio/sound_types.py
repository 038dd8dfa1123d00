"""The formats of files that may hold a sound, by their first bytes, as ffmpeg must be told them."""

from __future__ import annotations

HEAD = 64  # bytes that tell


def format_of(head: bytes) -> str:
    """The format of a file that may hold a sound, by its first bytes, as ffmpeg names it; empty for any other."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return "mp4"
    for start, name in (
        (b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"caff", "caf"), (b"\x1aE\xdf\xa3", "matroska"),
    ):  # fmt: skip
        if head.startswith(start):
            return name
    if head[:1] == b"\xff" and len(head) > 1:
        if head[1] & 0xF6 == 0xF0:
            return "aac"
        if head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
            return "mp3"
    return ""
