"""Measurements between the scenes of an edit: footage that a continued clip repeats, and the seams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from studio.editing.edit import SceneSegments
from studio.editing.pairs import likeness, on_all_cores, repetition
from studio.editing.values import SeamRecord
from studio.media.clip import Clip
from studio.media.film import Segment
from studio.media.frames import cut_name
from studio.planning.plan import FPS, Plan
from studio.planning.seams import expected_seams
from studio.storage.kept import Kept


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


def _picture_of_cut(segment: Segment) -> Path | None:
    """The picture of a segment's last used frame, if its clip goes on after it and a picture was taken of it."""
    clip, last = segment.clip, segment.start_frame + (segment.frames or 0) - 1
    if segment.frames is None or clip.last_frame is None or last == clip.frames - 1:
        return None
    path = clip.last_frame.with_name(f"{cut_name(last)}{clip.last_frame.suffix}")
    return path if path.exists() else None


def seams(plan: Plan, scenes: Sequence[SceneSegments], kept: Kept) -> tuple[SeamRecord, ...]:
    """Each seam between two scenes. Of a continued one, a scene's last used frame is compared with the next one's
    first, once; a cut is compared only if the production asks for it."""
    all_of_them = plan.production.film.seams == "all"
    kinds = {(seam.before, seam.after): seam.kind.value for seam in expected_seams(plan)}

    def seam(meeting: tuple[SceneSegments, SceneSegments]) -> SeamRecord:
        before, after = meeting
        continued = plan.continues(before.cut, after.cut) and not after.segments[0].into
        met = before.cut.scene, after.cut.scene
        found = SeamRecord(*met, continued, expected=kinds[met], left=_picture_of_cut(before.segments[-1]))
        if not continued and not all_of_them:
            return found
        alike = likeness(before.segments[-1], after.segments[0], kept)
        return replace(found, ssim=alike.ssim, psnr=alike.psnr)

    meet = [pair for pair in pairwise(scenes) if not any(scene.slate or scene.card for scene in pair)]
    return tuple(on_all_cores(seam, meet))
