"""Files of captions beside a film: SubRip (.srt) and WebVTT (.vtt), with the times of its frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor
from pathlib import Path

from studio.atomic import atomic
from studio.captions.values import CaptionRecord, Captions, Cue
from studio.disk import disk_errors

_TAG = re.compile(r"<(?=[a-zA-Z/])([^<>]*)>?")


def milliseconds(frame: int, fps: Fraction) -> int:
    """The time of a frame in whole milliseconds, halves up."""
    return floor(Fraction(frame) * 1000 / fps + Fraction(1, 2))


def srt(cues: Sequence[Cue], fps: Fraction) -> str:
    """Cues as SubRip. It has no escapes: a text that a player would take for a tag or a time gets other brackets."""
    return _written(cues, fps, "srt", lambda line: _TAG.sub(r"‹\1›", line.replace("-->", "→")))


def vtt(cues: Sequence[Cue], fps: Fraction) -> str:
    """Cues as WebVTT."""
    return _written(cues, fps, "vtt", _escaped)


def write_captions(
    cues: Sequence[Cue], fps: Fraction, language: str, out: Path, slug: str = "film"
) -> tuple[Path, Path]:  # fmt: skip
    """Write ``film.en.srt`` and ``film.en.vtt`` into the folder ``out``. Raises CannotWrite."""
    made = dict(zip(files_of(out, language, slug), (srt(cues, fps), vtt(cues, fps)), strict=True))
    with disk_errors("the captions", out):
        out.mkdir(parents=True, exist_ok=True)
        for path, text in made.items():
            with atomic(path) as part:
                part.write_bytes(text.encode())
    first, second = made
    return first, second


def files_of(out: Path, language: str, slug: str = "film") -> tuple[Path, Path]:
    """The files of a language's captions in the folder ``out``: SubRip and WebVTT."""
    return out / f"{slug}.{language}.srt", out / f"{slug}.{language}.vtt"


def write_all(
    captions: Sequence[Captions], fps: Fraction, out: Path, slug: str = "film"
) -> tuple[CaptionRecord, ...]:  # fmt: skip
    """Write the files of every language that has cues into ``out``, and return the record of them. Raises
    CannotWrite."""
    return tuple(
        CaptionRecord(one.language, one.cues, write_captions(one.cues, fps, one.language, out, slug))
        for one in captions
        if one.cues
    )


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written(cues: Sequence[Cue], fps: Fraction, kind: str, escaped: Callable[[str], str]) -> str:
    from pysubs2 import SSAEvent, SSAFile

    file = SSAFile()
    for cue in cues:
        text = r"\N".join(escaped(line) for line in cue.lines)
        file.append(SSAEvent(milliseconds(cue.start, fps), milliseconds(cue.end, fps), text))
    return str(file.to_string(kind, keep_ssa_tags=True))
