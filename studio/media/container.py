"""Safe opening of an untrusted MP4: format forced, picture size capped, every error inside raised as BadClip."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from studio.errors import BadClip, Undecoded
from studio.media.boxes import PICTURE, codecs_of
from studio.media.ffmpeg import MAX_PIXELS

THREADS = 2
#: Codecs of pictures that every build of libav decodes, by their names in files.
COMMON = {
    "avc1", "avc3", "hvc1", "hev1", "mp4v", "av01", "vp09", "jpeg", "mjpa", "apco", "apcs", "apcn", "apch", "ap4h",
    "ap4x",
}  # fmt: skip
EXPORT = "export it as H.264 in an MP4 file"


@contextlib.contextmanager
def opened(path: Path, *, edits: bool = True, threads: int = THREADS) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and yield its container and picture stream. Errors of libav inside the block become BadClip, too.

    Without ``edits``, its edit lists are ignored: packets come as they are stored. ``threads`` decode its picture.
    """
    try:
        limits = {"max_pixels": str(MAX_PIXELS)}
        # find_stream_info decodes pictures on its own, so the cap is passed to it as well
        options = limits if edits else {**limits, "ignore_editlist": "1"}
        with av.open(str(path.absolute()), format="mp4", options=options) as container:
            streams = [s for s in container.streams.video if not is_cover(s)]
            if not streams:
                raise BadClip("has no picture", path=str(path))
            stream = streams[0]
            if getattr(stream, "codec_context", None) is None:
                raise _undecoded(path)
            stream.codec_context.options = limits
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = threads
            pixels = stream.codec_context.width * stream.codec_context.height
            if not 0 < pixels <= MAX_PIXELS:
                raise BadClip(
                    f"is {stream.codec_context.width}x{stream.codec_context.height}: more than {MAX_PIXELS} pixels, "
                    "or none",
                    path=str(path),
                )
            yield container, stream
    except av.error.FFmpegError as error:
        if next(iter(codecs_of(path, PICTURE)), "avc1") not in COMMON:
            raise _undecoded(path) from None  # libav guessed what it does not know
        raise BadClip(f"cannot be decoded: {error.strerror}", path=str(path)) from None


def _undecoded(path: Path) -> Undecoded:
    codec = next(iter(codecs_of(path, PICTURE)), "unknown")
    return Undecoded(f"cannot be decoded: its picture has the codec {codec}", path=str(path), hint=EXPORT)


def is_cover(stream: VideoStream) -> bool:
    """True if the stream is a still attached to the file (cover art) and no moving picture."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def time_base(stream: VideoStream) -> Fraction:
    """Seconds per tick of the stream's clock."""
    if not stream.time_base:
        raise BadClip("has no time base")
    return stream.time_base
