"""Reading of clips: their measures, and their pictures at 24 frames a second.

Only shown frames count: those that an edit list hides are neither charged nor drawn (assumption `source_length`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from luma_sandbox import ffmpeg
from luma_sandbox.container import MAX_PIXELS, check_whole, length, opened
from luma_sandbox.encoder import FPS, QUIET
from luma_sandbox.errors import BadClip
from luma_sandbox.picture.planes import Picture

EPSILON = 1e-4


@dataclass(frozen=True)
class Facts:
    """Measures of a clip: size as shown, length in seconds, whether it has sound, and its rotation in quarter turns
    left."""

    width: int
    height: int
    length: Fraction
    sound: bool
    turns: int = 0

    @property
    def seconds(self) -> float:
        """Its length in seconds, from the first shown frame's start to the last one's end."""
        return float(self.length)

    @property
    def frames(self) -> int:
        """Pictures at 24 a second, rounded up, which is what is charged."""
        return ceil(self.length * FPS)


def examine(clip: Path) -> Facts:
    """Measure a clip. Raises BadClip for a file that is no MP4, holds no picture, or is far too large."""
    check_whole(clip)
    try:
        lasts = length(clip)
        with opened(clip) as (container, stream):
            if lasts <= 0:
                raise BadClip("does not say how long it is", where=str(clip))
            turns = _turns(next(container.decode(stream)))
            width, height = (stream.height, stream.width) if turns % 2 else (stream.width, stream.height)
            return Facts(width, height, lasts, bool(container.streams.audio), turns)
    except StopIteration:
        raise BadClip("holds no picture", where=str(clip)) from None
    except (av.FFmpegError, ValueError) as error:
        raise BadClip(f"cannot be read: {error}", where=str(clip)) from error


def pictures(clip: Path, size: tuple[int, int] | None = None) -> Iterator[Picture]:
    """The pictures of a clip at 24 a second, stretched to ``size`` where one is given. Raises BadClip."""
    facts = examine(clip)
    size = size or even(facts.width, facts.height)
    made, shown, first = 0, None, 0.0
    try:
        with opened(clip) as (container, stream):
            for number, frame in enumerate(container.decode(stream)):
                second = frame.time if frame.time is not None else number / FPS
                first = second if shown is None else first
                second -= first
                # Until this frame is due, the one before it is shown.
                while shown is not None and made < facts.frames and made / FPS < second - EPSILON:
                    yield shown
                    made += 1
                shown = _picture(frame, size)
    except (av.FFmpegError, ValueError) as error:
        raise BadClip(f"cannot be decoded: {error}", where=str(clip)) from error
    if shown is None:
        raise BadClip("holds no picture", where=str(clip))
    while made < facts.frames:
        yield shown
        made += 1


def even(width: int, height: int) -> tuple[int, int]:
    """The nearest size that 4:2:0 allows."""
    return max(2, width // 2 * 2), max(2, height // 2 * 2)


def edge_frame(clip: Path, *, last: bool) -> Picture:
    """The first or the last frame of a clip, exactly as it is stored."""
    command = [ffmpeg.binary(), *QUIET, *(["-sseof", "-0.5"] if last else []), "-f", "mp4", "-i", str(clip)]
    facts = examine(clip)
    width, height = facts.width, facts.height
    command += ["-map", "0:v:0", *([] if last else ["-frames:v", "1"]), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    length = width * height * 3 // 2
    if done.returncode or len(done.stdout) < length:
        raise BadClip("no frame can be read from it", where=str(clip), log=done.stderr.decode("utf-8", "replace"))
    raw = done.stdout[-length:] if last else done.stdout[:length]
    return Picture.from_bytes(raw, width, height)


def _turns(frame: av.VideoFrame) -> int:
    """The quarter turns to the left with which a frame is shown."""
    return round(frame.rotation / 90) % 4


def _picture(frame: av.VideoFrame, size: tuple[int, int]) -> Picture:
    turns = _turns(frame)
    lying = _stored(frame, size[::-1] if turns % 2 else size)
    if not turns:
        return lying
    turned = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)[turns - 1]
    return Picture(lying.y.transpose(turned), lying.u.transpose(turned), lying.v.transpose(turned))


def _stored(frame: av.VideoFrame, size: tuple[int, int]) -> Picture:
    """A frame without rotation, at that size."""
    if frame.width * frame.height > MAX_PIXELS:
        raise ValueError(f"a frame of {frame.width}×{frame.height} pixels")
    if (frame.width, frame.height) == size and frame.format.name == "yuv420p":
        plain = frame
    else:
        plain = frame.reformat(
            width=size[0],
            height=size[1],
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
        )
    planes = []
    for plane in plain.planes:
        rows = np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)
        planes.append(np.ascontiguousarray(rows[: plane.height, : plane.width]).tobytes())
    return Picture.from_bytes(b"".join(planes), *size)
