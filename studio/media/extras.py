"""Captions, chapters and a title put into a film's file by copy: its pictures and its sound stay, packet by packet."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import ffmpeg as build

from studio.cleaning import printable
from studio.errors import FilmMismatch
from studio.media import ffmpeg
from studio.media.container import opened
from studio.media.encoding import plain_mp4
from studio.media.packets import scan

_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "=;#\\"})


@dataclass(frozen=True)
class TextTrack:
    """A track of captions: its file (WebVTT), its language in three letters (ISO 639-2), and its name for people."""

    path: Path
    language: str
    name: str


@dataclass(frozen=True)
class Mark:
    """A chapter: its title, its first frame, and the first frame after it."""

    title: str
    start: int
    end: int


def add_extras(
    film: Path, fps: Fraction, *, tracks: Sequence[TextTrack] = (), marks: Sequence[Mark] = (), title: str = ""
) -> None:  # fmt: skip
    """Put them into the MP4 ``film``, which is replaced by the file that has them.

    The first track is the one that players show first, where they show any. Raises FilmMismatch where pictures or sound
    did not stay as they are, then ``film`` is as it was; FfmpegError, CannotWrite, BadClip.
    """
    before = _heard_and_seen(film)
    with tempfile.TemporaryDirectory(dir=film.parent, prefix=".extras-") as folder:
        told, made = Path(folder) / "told.txt", Path(folder) / "film.mp4"
        told.write_text(_metadata(fps, marks, title), encoding="utf-8")
        texts = [
            build.input(f"file:{track.path.absolute()}", f="webvtt", protocol_whitelist="file") for track in tracks
        ]
        words = build.input(f"file:{told.absolute()}", f="ffmetadata", protocol_whitelist="file")
        source = ffmpeg.clip_input(film)
        streams = [source["v:0"], *([source["a:0"]] if before.sound else [])]
        options: dict[str, Any] = {**plain_mp4(fps), "vcodec": "copy", "acodec": "copy", "scodec": "mov_text"}
        for number, track in enumerate(tracks):
            options[f"metadata:s:s:{number}"] = f"language={track.language}"
            options[f"metadata:s:{len(streams) + number}"] = f"title={track.name}"  # the same track, by its place
            options[f"disposition:s:{number}"] = 0 if number else "default"
        streams += [*(text["s:0"] for text in texts), words["?"]]  # the words have no stream of their own
        place = _place(build.output(*streams, "out").compile(), str(told.absolute()))
        options |= {"map_metadata": place, "map_chapters": place}
        frames = len(before.times)
        ffmpeg.run(build.output(*streams, f"file:{made.absolute()}", **options), timeout=600 + frames / 10)
        if _heard_and_seen(made) != before:
            raise FilmMismatch(
                "the film's pictures or its sound changed when captions and chapters were put into its file",
                hint="this is a fault of Studio Producer or of its ffmpeg: report it",
            )
        made.replace(film)


@dataclass(frozen=True)
class _Tracks:
    """The contents and times of a file's pictures and of its first sound."""

    pictures: str
    times: tuple[tuple[int | None, int | None, bool], ...]
    tick: Fraction
    setup: str
    sound: tuple[tuple[int | None, int | None, int], ...]


def _heard_and_seen(path: Path) -> _Tracks:
    track = scan(path)
    sound = []
    with opened(path) as (container, _):
        for one in container.streams.audio[:1]:
            sound = [(p.pts, p.duration, zlib.crc32(bytes(p))) for p in container.demux(one) if p.size]
    times = tuple((p.pts, p.dts, p.key) for p in track.packets)
    return _Tracks(track.fingerprint(), times, track.tick, track.setup, tuple(sound))


def _place(command: list[str], told: str) -> int:
    """The place of the words among the inputs of a command."""
    inputs = [value for option, value in pairwise(command) if option == "-i"]
    return next(n for n, name in enumerate(inputs) if name == f"file:{told}")


def _metadata(fps: Fraction, marks: Sequence[Mark], title: str) -> str:
    """The title and the chapters as ffmpeg reads them (ffmetadata)."""
    lines = [";FFMETADATA1", *([f"title={_told(title)}"] if title.strip() else [])]
    for mark in marks:
        lines += ["[CHAPTER]", f"TIMEBASE={fps.denominator}/{fps.numerator}", f"START={mark.start}", f"END={mark.end}"]
        lines.append(f"title={_told(mark.title)}")
    return "\n".join(lines) + "\n"


def _told(text: str) -> str:
    """A text on one line; a backslash at its end is left out, which ffmpeg would take for one that goes on."""
    return printable(" ".join(text.split())).rstrip("\\ ").translate(_ESCAPED)
