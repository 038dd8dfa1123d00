"""Single frames of a clip: finding them by number, converting them to pictures, reducing them to luma."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from studio.atomic import atomic
from studio.errors import BadClip
from studio.media.container import opened
from studio.media.form import UNSPECIFIED, guess_is_bt709

THUMB_WIDTH = 480
MIDDLE = "middle.jpg"  # the thumbnail of a clip's middle frame, beside its first and last frame
Luma = NDArray[np.uint8]


def picture(frame: VideoFrame, *, width: int | None = None) -> Image.Image:
    """The frame as an RGB picture as a player would show it; scaled to `width` pixels where that is given."""
    height = None if width is None else max(2, round(frame.height * width / frame.width))
    rgb = frame.reformat(
        width=width,
        height=height,
        format="rgb24",
        src_colorspace=_matrix(frame),
        src_color_range=_range(frame),
        dst_color_range=ColorRange.JPEG,
    ).to_ndarray()
    turns = round(frame.rotation / 90) % 4
    return Image.fromarray(np.ascontiguousarray(np.rot90(rgb, turns)))


def luma(frame: VideoFrame, *, width: int | None = None, height: int | None = None) -> Luma:
    """The frame's luma as an array of (height, width), in video range (black 16, white 235); scaled if a size is
    given."""
    plain = frame.reformat(
        width=width,
        height=height,
        format="yuv420p",
        src_color_range=_range(frame),
        dst_color_range=ColorRange.MPEG,
    )
    plane = plain.planes[0]
    rows = np.frombuffer(bytes(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return np.array(rows[: plain.height, : plain.width])


def save(frame: VideoFrame, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write `<stem>.png`, lossless, and `<stem>.jpg`, a thumbnail 480 pixels wide. Returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    png = folder / f"{stem}.png"
    thumb = thumbnail_of(png)
    whole = picture(frame)
    with atomic(png) as part:
        part.write_bytes(_png(whole))
    _save_small(whole, thumb)
    return png, thumb


def save_thumb(frame: VideoFrame, path: Path) -> None:
    """Write a thumbnail alone, 480 pixels wide."""
    _save_small(picture(frame), path)


def _save_small(whole: Image.Image, path: Path) -> None:
    small = whole.copy()
    small.thumbnail((THUMB_WIDTH, THUMB_WIDTH * 4), Image.Resampling.LANCZOS, reducing_gap=1.0)
    with atomic(path) as part:
        small.save(part, "JPEG", quality=85)


def cut_name(index: int) -> str:
    """The name, without its suffix, of the picture of frame `index` of a clip, beside its first and last frame."""
    return f"frame-{index}"


def thumbnail_of(png: Path) -> Path:
    """The place of the thumbnail that `save` writes beside a frame's picture."""
    return png.with_suffix(".jpg")


@dataclass(frozen=True)
class Rhythm:
    """The times of a clip's frames, as measured before: `frames` of them, frame n at n times `step` ticks."""

    frames: int
    step: int


def frames_from(path: Path, start: int, rhythm: Rhythm | None = None) -> Generator[VideoFrame, None, None]:
    """The frames of a clip from frame `start` on, counted from 0 as shown; -1 is the last.

    Decodes only from the keyframe before it, and where the clip's `rhythm` is known, reads only from there. Raises
    BadClip where the clip has no such frame.
    """
    with opened(path) as (container, stream):
        wanted = _time_of(start, container, stream, rhythm, path)
        container.seek(wanted, stream=stream, backward=True)
        for frame in container.decode(stream):
            if isinstance(frame, VideoFrame) and frame.pts is not None and frame.pts >= wanted:
                yield frame


def _time_of(index: int, container: InputContainer, stream: VideoStream, rhythm: Rhythm | None, path: Path) -> int:
    """The time of frame `index`, in ticks of the stream."""
    times: Sequence[int]
    if rhythm is not None:
        times = range(0, rhythm.frames * rhythm.step, rhythm.step)
    else:
        times = sorted(p.pts for p in container.demux(stream) if p.size and p.pts is not None and not p.is_discard)
    if not -len(times) <= index < len(times):
        raise BadClip(f"has {len(times)} frames, and no frame {index}", path=str(path))
    return times[index]


def frame_at(path: Path, index: int, rhythm: Rhythm | None = None) -> VideoFrame:
    """Frame `index` of a clip, counted as in `frames_from`."""
    with contextlib.closing(frames_from(path, index, rhythm)) as found:
        for frame in found:
            return frame
    raise BadClip(f"frame {index} cannot be decoded", path=str(path))


def _matrix(frame: VideoFrame) -> Colorspace | None:
    if frame.colorspace != UNSPECIFIED:
        return None  # the frame says it itself
    return Colorspace.ITU709 if guess_is_bt709(frame.width, frame.height) else Colorspace.ITU601


def _range(frame: VideoFrame) -> ColorRange | None:
    full = frame.format.name.startswith("yuvj") or frame.format.is_rgb
    return None if frame.color_range or full else ColorRange.MPEG


def _png(image: Image.Image) -> bytes:
    """The picture as a PNG, by ffmpeg's encoder, which takes half of Pillow's time for a file a quarter larger."""
    rgb = VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
    encoder = VideoCodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = rgb.width, rgb.height, "rgb24", Fraction(1)
    encoder.options = {"compression_level": "1", "pred": "up"}
    return b"".join(bytes(packet) for packet in (*encoder.encode(rgb), *encoder.encode(None)))
