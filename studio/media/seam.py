"""Seams, where two clips meet: how similar their frames are, and whether the second clip repeats footage of the
first."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.media.clip import Clip
from studio.media.frames import Luma, frame_at, frames_from, luma, picture

VERSION = 2  # of the similarity of a seam; a change makes every kept one invalid
REPEATS_VERSION = 1  # likewise, of the count of repeated frames
C1 = (0.01 * 255) ** 2 * 64
C2 = (0.03 * 255) ** 2 * 64 * 63
SMALL = (96, 54)
SLACK = 3  # frames by which a repeated part may be longer or shorter than the surplus
ALIKE = 5.0  # largest root mean square difference, of 255, of two equal frames; re-encoding gives up to 3
TELLING = 2.0  # factor by which the repetition must fit better than a standing picture
STILL_SURPLUS = 12  # frames; a shorter surplus of standing footage proves nothing


@dataclass(frozen=True)
class Similarity:
    """The similarity of two pictures, on luma: `ssim` from 0 to 1 (1: identical), `psnr` in dB (inf: identical)."""

    ssim: float
    psnr: float


def compare(a: Path | NDArray[np.uint8], b: Path | NDArray[np.uint8]) -> Similarity:
    """Compare two pictures: image files, arrays of RGB (height, width, 3), or arrays of luma (height, width), in video
    range as `frames.luma` gives it.

    Where sizes differ, both are cropped in the middle to the ratio they share, and the larger is scaled down.
    """
    first, second = _fitted(_grey(a), _grey(b))
    return Similarity(ssim=_ssim(first, second), psnr=_psnr(first, second))


def measure_seam(
    before: Path | Clip, after: Path | Clip, *, before_end: int | None = None, after_start: int = 0
) -> Similarity:
    """Compare the last used frame of one clip with the first used frame of the next.

    `before_end` is the frame after the last used one (None: the clip's end), `after_start` the first used one. The
    first and the last frame of a measured clip are read from their pictures, where `examine` wrote them; of any other
    frame, only those that it needs are decoded. Compared as pictures, since equal luma of two color spaces does not
    look equal. Raises BadClip where there is no such frame.
    """
    last = -1 if before_end is None else before_end - 1
    return compare(picture_of(before, last), picture_of(after, after_start))


def repeated_frames(parent: Clip, child: Clip, *, asked_frames: int) -> int:
    """Count the frames at the start of `child` that repeat the end of `parent`, and so are to be cut.

    A clip of the requested length is never cut: the result is 0 unless `child` has at least two frames more than
    `asked_frames` (both in the child's own frames). The surplus frames must really be the last frames of the parent's
    whole clip, in order and one by one: the repetition must fit clearly better than a single picture standing still.
    Where the parent ends in a standing picture, the two cannot be told apart; then a surplus of half a second or more
    counts as repeated. A child that only starts on the parent's last frame repeats one frame, and the result is 0.
    """
    surplus = child.frames - asked_frames
    if surplus < 2 or asked_frames < 1:
        return 0
    longest = min(surplus + SLACK, parent.frames, child.frames - 1)
    ends = _small_frames(parent, parent.frames - longest, longest)
    starts = _small_frames(child, 0, longest)
    best: tuple[float, int] | None = None
    for length in range(max(2, surplus - SLACK), longest + 1):
        if length > min(len(ends), len(starts)):
            break
        score = _distance(starts[:length], ends[-length:])
        best = min(best, (score, length)) if best else (score, length)
    if best is None or best[0] > ALIKE:
        return 0
    score, length = best
    standing = _distance(starts[:length], ends[-1:])
    if standing > TELLING * max(score, 0.5):
        return length
    return surplus if STILL_SURPLUS <= surplus <= parent.frames else 0


def picture_of(source: Path | Clip, index: int) -> NDArray[np.uint8]:
    """Frame `index` of a clip as a player shows it, an array of RGB; -1 is the last. Of a measured clip, the first and
    the last frame are read from their pictures, where those are there. Raises BadClip."""
    if not isinstance(source, Clip):
        return np.asarray(picture(frame_at(source, index)))
    written = {0: source.first_frame, source.frames - 1: source.last_frame, -1: source.last_frame}.get(index)
    if written is not None:
        with contextlib.suppress(OSError, SyntaxError), Image.open(written) as image:  # it may be gone or damaged
            return np.asarray(image.convert("RGB"))
    return np.asarray(picture(frame_at(source.path, index, source.rhythm)))


def _small_frames(clip: Clip, start: int, count: int) -> NDArray[np.float32]:
    width, height = SMALL
    with contextlib.closing(frames_from(clip.path, start, clip.rhythm)) as found:
        shots = [luma(frame, width=width, height=height) for frame in islice(found, count)]
    return np.asarray(shots, dtype=np.float32).reshape(len(shots), height, width)


def _distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The largest root mean square difference of any pair of frames."""
    return float(np.sqrt(np.mean((a - b) ** 2, axis=(1, 2))).max())


def _grey(source: Path | NDArray[np.uint8]) -> Luma:
    if isinstance(source, Path):
        with Image.open(source) as image:
            return _video_range(image)
    return _video_range(Image.fromarray(source)) if source.ndim == 3 else source


def _video_range(image: Image.Image) -> Luma:
    full = np.asarray(image.convert("L"), dtype=np.float32)
    return np.asarray(np.rint(16 + full * (219 / 255)), dtype=np.uint8)


def _fitted(a: Luma, b: Luma) -> tuple[Luma, Luma]:
    if a.shape == b.shape:
        return a, b
    ratio = min(a.shape[1] / a.shape[0], b.shape[1] / b.shape[0])
    a, b = _cropped(a, ratio), _cropped(b, ratio)
    height, width = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
    return _scaled(a, width, height), _scaled(b, width, height)


def _cropped(picture: Luma, ratio: float) -> Luma:
    """The middle of a picture that is wider than `ratio`."""
    width = min(picture.shape[1], round(picture.shape[0] * ratio))
    left = (picture.shape[1] - width) // 2
    return picture[:, left : left + width]


def _scaled(picture: Luma, width: int, height: int) -> Luma:
    if picture.shape == (height, width):
        return picture
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.uint8)


def _psnr(a: Luma, b: Luma) -> float:
    error = float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def _ssim(a: Luma, b: Luma) -> float:
    """Mean SSIM over windows of 8x8 every 4 pixels, from sums of 4x4 blocks: as ffmpeg's filter does it."""
    height, width = a.shape[0] // 4 * 4, a.shape[1] // 4 * 4
    if height < 8 or width < 8:
        return 1.0 if np.array_equal(a, b) else 0.0
    x, y = a[:height, :width].astype(np.int32), b[:height, :width].astype(np.int32)
    s1, s2, ss, s12 = (_windows(v) for v in (x, y, x * x + y * y, x * y))
    variance = ss * 64 - s1 * s1 - s2 * s2
    covariance = s12 * 64 - s1 * s2
    score = (2 * s1 * s2 + C1) * (2 * covariance + C2) / ((s1 * s1 + s2 * s2 + C1) * (variance + C2))
    return float(np.mean(score))


def _windows(values: NDArray[np.int32]) -> NDArray[np.float64]:
    height, width = values.shape
    blocks = values.reshape(height // 4, 4, width // 4, 4).sum(axis=(1, 3)).astype(np.float64)
    return np.asarray(blocks[:-1, :-1] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[1:, 1:])
