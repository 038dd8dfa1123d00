"""Measurements of two clips, each made once: a seam, and footage of one that the other repeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.media.clip import Clip
from studio.media.color_match import corrected
from studio.media.film import Segment
from studio.media.pieces import WORKERS
from studio.media.seam import (
    REPEATS_VERSION,
    VERSION,
    Similarity,
    compare,
    measure_seam,
    picture_of,
    repeated_frames,
)
from studio.storage.kept import Kept

A = TypeVar("A")
B = TypeVar("B")


def likeness(before: Segment, after: Segment, kept: Kept) -> Similarity:
    """The similarity of the last used frame of one segment and the first used frame of the next.

    Kept by the contents of both clips, the two frames, and the corrections of their colours. Raises BadClip.
    """
    end = None if before.frames is None else before.start_frame + before.frames
    start, colors = after.start_frame, [one.colors.numbers if one.colors else () for one in (before, after)]

    def measure() -> bytes:
        if any(colors):
            last = before.start_frame + before.length - 1
            found = compare(_shown(before, last), _shown(after, start))
        else:
            found = measure_seam(before.clip, after.clip, before_end=end, after_start=start)
        return json.dumps([found.ssim, found.psnr]).encode()

    made_from: list[str | int | None] = [VERSION, before.clip.sha256, end, after.clip.sha256, start]
    made_from += ["colors", *colors[0], "and", *colors[1]] if any(colors) else []
    ssim, psnr = json.loads(kept.once("seams", made_from, measure))
    return Similarity(ssim=ssim, psnr=psnr)


def _shown(segment: Segment, index: int) -> NDArray[np.uint8]:
    """A frame of a segment's clip with its colours corrected."""
    picture = picture_of(segment.clip, index)
    if segment.colors is None:
        return picture
    values = corrected(picture.astype(np.float64) / 255, segment.colors)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def repetition(parent: Clip, child: Clip, asked: int, kept: Kept) -> int:
    """The number of frames at the start of a clip of ``asked`` new frames that repeat its parent's end.

    Kept by the contents of both clips and the number of frames. Raises BadClip.
    """
    if child.frames - asked < 2:
        return 0  # nothing is decoded for it

    def measure() -> bytes:
        return str(repeated_frames(parent, child, asked_frames=asked)).encode()

    return int(kept.once("repeats", (REPEATS_VERSION, parent.sha256, child.sha256, asked), measure))


def on_all_cores(work: Callable[[A], B], given: Iterable[A]) -> Sequence[B]:
    """The results of ``work``, which decodes, in the order of what was given. Raises the first error."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="pair") as pool:
        return list(pool.map(work, given))
