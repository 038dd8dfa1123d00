"""Segments of the film: the frames of each clip that it uses, and the seams between scenes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path

from studio.editing.values import FilmCut, SeamRecord
from studio.media.clip import Clip
from studio.media.film import Segment
from studio.media.seam import measure_seam, repeated_frames
from studio.planning.plan import FPS, Plan, SceneEdit


@dataclass(frozen=True)
class SceneSegments:
    """One scene of the film: its segments in order. ``slate`` if a slate replaces it."""

    cut: SceneEdit
    segments: tuple[Segment, ...]
    slate: bool = False

    @property
    def frames(self) -> int:
        """Frames of the film (at its own rate)."""
        return sum(film_frames(s) for s in self.segments)


def film_frames(segment: Segment) -> int:
    """The number of frames of the film that a segment fills."""
    used = segment.clip.frames - segment.start_frame if segment.frames is None else segment.frames
    return floor(Fraction(used) * FPS / segment.clip.fps + Fraction(1, 2))  # halves up, as the film counts them


def repeats(plan: Plan, clips: Mapping[str, Clip]) -> dict[str, int]:
    """Frames at the start of each continued clip that repeat its parent's footage, as measured."""
    found: dict[str, int] = {}
    for shot in plan.shots:
        if shot.finishes in found:
            found[shot.id] = found[shot.finishes]  # a later version of the same footage
            continue
        if shot.start is None or shot.start.kind != "shot" or shot.id not in clips or shot.start.ref not in clips:
            continue
        count = repeated_frames(clips[shot.start.ref], clips[shot.id], asked_frames=round(shot.seconds * FPS))
        if count:
            found[shot.id] = count
    return found


def segments_of(cut: SceneEdit, clips: Mapping[str, Clip], repeated: Mapping[str, int]) -> tuple[Segment, ...]:
    """The scene's clips, without repeated footage, trimmed or repeated to the requested length."""
    whole = [Segment(clips[i].path, clips[i], start_frame=repeated.get(i, 0), name=i) for i in cut.shots]
    if cut.frames is None:
        return tuple(whole)
    if cut.repeat:
        return _looped(whole[0], cut.frames)
    spare = sum(film_frames(s) for s in whole) - cut.frames
    kept: list[Segment] = []
    for segment in reversed(whole) if cut.trim == "tail" else whole:
        length = film_frames(segment)
        if spare >= length:
            spare -= length
            continue
        kept.append(_shortened(segment, spare, cut.trim) if spare > 0 else segment)
        spare = 0
    return tuple(reversed(kept)) if cut.trim == "tail" else tuple(kept)


def _looped(segment: Segment, frames: int) -> tuple[Segment, ...]:
    length = film_frames(segment)
    rounds, rest = divmod(frames, length)
    last = (_shortened(segment, length - rest, "tail"),) if rest else ()
    return (segment,) * rounds + last


def _shortened(segment: Segment, spare: int, side: str) -> Segment:
    """The segment without ``spare`` frames of the film at one side."""
    clip = segment.clip
    used = clip.frames - segment.start_frame if segment.frames is None else segment.frames
    dropped = round(Fraction(spare) * clip.fps / FPS)
    start = segment.start_frame + (dropped if side == "head" else 0)
    return replace(segment, start_frame=start, frames=used - dropped)


def film_cuts(scenes: Sequence[SceneSegments]) -> tuple[FilmCut, ...]:
    """Each scene's place in the film."""
    cuts, at = [], 0
    for scene in scenes:
        cuts.append(FilmCut(scene.cut.scene, scene.cut.shots, at, scene.frames, slate=scene.slate))
        at += scene.frames
    return tuple(cuts)


def seams(plan: Plan, scenes: Sequence[SceneSegments]) -> tuple[SeamRecord, ...]:
    """Measure each seam: a scene's last used frame against the next one's first. Only these two are decoded."""
    measured = []
    for before, after in pairwise(scenes):
        if before.slate or after.slate:
            continue
        last, first = before.segments[-1], after.segments[0]
        end = None if last.frames is None else last.start_frame + last.frames
        likeness = measure_seam(Path(last.path), Path(first.path), before_end=end, after_start=first.start_frame)
        continued = plan.continues(before.cut, after.cut)
        measured.append(SeamRecord(before.cut.scene, after.cut.scene, continued, likeness.ssim, likeness.psnr))
    return tuple(measured)
