"""Segments of the film: the frames of each clip that it uses, and the seams between scenes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from types import MappingProxyType

from studio.editing.pairs import likeness, on_all_cores, repetition
from studio.editing.values import FilmCut, SeamRecord
from studio.media.clip import Clip
from studio.media.film import Segment
from studio.media.form import LATE
from studio.media.frames import cut_name
from studio.media.pieces import Underlay
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.seams import expected_seams
from studio.storage.kept import Kept

NOTHING: Mapping[str, Underlay] = MappingProxyType({})


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
    if segment.clip.irregular not in ("", LATE):
        return max(1, floor(segment.duration() * FPS + Fraction(1, 2)))
    used = segment.clip.frames - segment.start_frame if segment.frames is None else segment.frames
    return floor(Fraction(used) * FPS / segment.clip.fps + Fraction(1, 2))  # halves up, as the film counts them


def repeats(plan: Plan, clips: Mapping[str, Clip], kept: Kept) -> dict[str, int]:
    """Frames at the start of each continued clip that repeat its parent's footage, as measured, now or before."""
    continued = [
        (shot.id, clips[shot.start.ref], round(shot.seconds * FPS))
        for shot in plan.shots
        if shot.start is not None and shot.start.kind == "shot" and shot.id in clips and shot.start.ref in clips
    ]
    counts = on_all_cores(lambda one: repetition(one[1], clips[one[0]], one[2], kept), continued)
    measured = {name: count for (name, _, _), count in zip(continued, counts, strict=True) if count}
    found: dict[str, int] = {}
    for shot in plan.shots:
        if shot.finishes in found:
            found[shot.id] = found[shot.finishes]  # a later version of the same footage
        elif shot.id in measured:
            found[shot.id] = measured[shot.id]
    return found


def segments_of(
    cut: SceneEdit, clips: Mapping[str, Clip], repeated: Mapping[str, int], under: Mapping[str, Underlay] = NOTHING
) -> tuple[Segment, ...]:
    """The scene's clips, without repeated footage, trimmed or repeated to the requested length; of a finished file, the
    part that the scene shows. ``under``: the sounds that are heard under clips without one, by shot."""
    if cut.part is not None:
        (name,), (start, frames) = cut.shots, cut.part
        clip = clips[name]
        return (Segment(clip.path, clip, start, frames, name, fit=cut.fit, silent=cut.silent, keep=True,
                        file=cut.file),)  # fmt: skip
    whole = [
        Segment(clips[i].path, clips[i], repeated.get(i, 0), name=i, under=under.get(i), silent=cut.silent)
        for i in cut.shots
    ]
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


def _picture_of_cut(segment: Segment) -> Path | None:
    """The picture of a segment's last used frame, if its clip goes on after it and a picture was taken of it."""
    clip, last = segment.clip, segment.start_frame + (segment.frames or 0) - 1
    if segment.frames is None or clip.last_frame is None or last == clip.frames - 1:
        return None
    path = clip.last_frame.with_name(f"{cut_name(last)}{clip.last_frame.suffix}")
    return path if path.exists() else None


def film_cuts(scenes: Sequence[SceneSegments]) -> tuple[FilmCut, ...]:
    """Each scene's place in the film."""
    cuts, at = [], 0
    for scene in scenes:
        cuts.append(FilmCut(scene.cut.scene, scene.cut.shots, at, scene.frames, slate=scene.slate))
        at += scene.frames
    return tuple(cuts)


def seams(plan: Plan, scenes: Sequence[SceneSegments], kept: Kept) -> tuple[SeamRecord, ...]:
    """Each seam between two scenes. Of a continued one, a scene's last used frame is compared with the next one's
    first, once; a cut is compared only if the production asks for it."""
    all_of_them = plan.production.film.seams == "all"
    kinds = {(seam.before, seam.after): seam.kind.value for seam in expected_seams(plan)}

    def seam(meeting: tuple[SceneSegments, SceneSegments]) -> SeamRecord:
        before, after = meeting
        continued = plan.continues(before.cut, after.cut)
        met = before.cut.scene, after.cut.scene
        found = SeamRecord(*met, continued, expected=kinds[met], left=_picture_of_cut(before.segments[-1]))
        if not continued and not all_of_them:
            return found
        alike = likeness(before.segments[-1], after.segments[0], kept)
        return replace(found, ssim=alike.ssim, psnr=alike.psnr)

    return tuple(on_all_cores(seam, [pair for pair in pairwise(scenes) if not any(scene.slate for scene in pair)]))
