"""Measurements of two clips, each made once: a seam, and footage of one that the other repeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from studio.media.clip import Clip
from studio.media.film import Segment
from studio.media.pieces import WORKERS
from studio.media.seam import REPEATS_VERSION, VERSION, Similarity, measure_seam, repeated_frames
from studio.storage.kept import Kept

A = TypeVar("A")
B = TypeVar("B")


def likeness(before: Segment, after: Segment, kept: Kept) -> Similarity:
    """The similarity of the last used frame of one segment and the first used frame of the next.

    Kept by the contents of both clips and the two frames. Raises BadClip.
    """
    end = None if before.frames is None else before.start_frame + before.frames
    start = after.start_frame

    def measure() -> bytes:
        found = measure_seam(before.clip, after.clip, before_end=end, after_start=start)
        return json.dumps([found.ssim, found.psnr]).encode()

    made_from = (VERSION, before.clip.sha256, end, after.clip.sha256, start)
    ssim, psnr = json.loads(kept.once("seams", made_from, measure))
    return Similarity(ssim=ssim, psnr=psnr)


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
