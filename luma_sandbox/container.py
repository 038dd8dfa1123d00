"""Safe opening of MP4 files from outside: complete ones only, with the format forced, measured as a player shows
them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from luma_sandbox.errors import BadClip

MAX_PIXELS = 40_000_000
MAX_BOXES = 200_000


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and yield its container and its picture stream (never cover art). Errors inside become BadClip."""
    try:
        # libav decodes pictures while it looks for streams, so the limit is passed to it as well.
        options = {"max_pixels": str(MAX_PIXELS)}
        with av.open(str(path.absolute()), format="mp4", options=options) as container:
            streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
            if not streams:
                raise BadClip("has no picture", where=str(path))
            stream = streams[0]
            if getattr(stream, "codec_context", None) is None:
                raise BadClip("cannot be decoded: its codec is not known here", where=str(path))
            stream.codec_context.options = options
            stream.thread_type = "AUTO"
            pixels = stream.codec_context.width * stream.codec_context.height
            if not 0 < pixels <= MAX_PIXELS:
                raise BadClip(f"has {pixels} pixels: more than {MAX_PIXELS}, or none", where=str(path))
            yield container, stream
    except av.error.FFmpegError as error:
        raise BadClip(f"cannot be decoded: {error.strerror}", where=str(path)) from None


def length(path: Path) -> Fraction:
    """Seconds from the start of the first shown frame to the end of the last one. Raises BadClip.

    This holds for constant and variable rates; frames that an edit list hides do not count.
    """
    with opened(path) as (container, stream):
        if not stream.time_base:
            raise BadClip("has no time base", where=str(path))
        shown = sorted(
            (p.pts, p.duration or 0)
            for p in container.demux(stream)
            if p.size and p.pts is not None and not p.is_discard
        )
        if not shown:
            return Fraction(0)
        times = [time for time, _ in shown]
        steps = {after - before for before, after in pairwise(times)}
        # Evenly spaced frames last as long as their distance, whatever the last one's own duration says.
        last = steps.pop() if len(steps) == 1 else shown[-1][1]
        return (times[-1] - times[0] + last) * stream.time_base


def check_whole(path: Path) -> None:
    """Check that a file is an MP4 from its first byte to its last. Raises BadClip for a part, or for another kind."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(8)[4:] != b"ftyp":
                raise BadClip("is not an MP4 file", where=str(path))
            kinds = set(_boxes(file, size, path))
    except OSError as error:
        raise BadClip(f"cannot be read: {error.strerror}", where=str(path)) from None
    for needed in (b"moov", b"mdat"):
        if needed not in kinds:
            raise BadClip(f"has no {needed.decode()} box: it was cut short", where=str(path))


def _boxes(file: BinaryIO, size: int, path: Path) -> Iterator[bytes]:
    place = 0
    for _ in range(MAX_BOXES):
        if place == size:
            return
        file.seek(place)
        head = file.read(16)
        box, smallest = int.from_bytes(head[:4], "big"), 8
        if box == 1:
            box, smallest = int.from_bytes(head[8:], "big"), 16
        elif box == 0:
            box = size - place  # by the standard: until the end of the file
        if len(head) < smallest or box < smallest or place + box > size:
            raise BadClip(f"is cut short or damaged at byte {place}", where=str(path))
        yield head[4:8]
        place += box
    raise BadClip(f"has more than {MAX_BOXES} boxes", where=str(path))
