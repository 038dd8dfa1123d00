"""Seams: how well two scenes of the film meet, as a grade and as pictures side by side.

Only a seam that continues a movement is graded; a cut is just called a cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from studio.report import formats
from studio.report.records import RunRecord, SeamRecord
from studio.report.scenes import Scene
from studio.report.thumbnails import Thumbnails, ratio

Grade = Literal["good", "fair", "poor", "cut"]

# Measured on rendered clips (block SSIM): continued seams join at .993 and 43 dB, unrelated pictures at .83 and 13 dB.
GOOD = (0.97, 30.0)
FAIR = (0.92, 22.0)


def grade(seam: SeamRecord) -> Grade:
    """``good``, ``fair`` or ``poor`` for a continued seam: both values must reach the bar. ``cut`` for any other."""
    if not seam.continued:
        return "cut"
    if seam.ssim >= GOOD[0] and seam.psnr >= GOOD[1]:
        return "good"
    if seam.ssim >= FAIR[0] and seam.psnr >= FAIR[1]:
        return "fair"
    return "poor"


@dataclass(frozen=True)
class Meeting:
    """The meeting of two scenes: the last picture of one, the first of the next."""

    before: str
    after: str
    grade: Grade
    continued: bool
    ssim: str
    psnr: str
    left: str | None
    right: str | None
    ratio: str


def meetings(record: RunRecord, told: tuple[Scene, ...], pictures: Thumbnails) -> dict[str, Meeting]:
    """Every measured seam, by the id of the scene after it, in the order of the film."""
    by_name = {shot.id: (shot,) for shot in record.shots} | {scene.id: scene.finals for scene in told}
    found: dict[str, Meeting] = {}
    for scene in told:
        seam = scene.seam
        if seam is None:
            continue
        before, after = by_name.get(seam.before, ()), by_name.get(seam.after, ())
        found[scene.id] = Meeting(
            before=seam.before,
            after=seam.after,
            grade=grade(seam),
            continued=seam.continued,
            ssim=formats.ssim(seam.ssim),
            psnr=formats.psnr(seam.psnr),
            left=pictures.uri(before[-1].last_frame, small=True) if before else None,
            right=pictures.uri(after[0].first_frame, small=True) if after else None,
            ratio=ratio(after[0]) if after else "16 / 9",
        )
    return found


def tally(found: Iterable[Meeting]) -> str:
    """The number of seams of each grade: ``3 continued: 1 good, 1 fair, 1 poor; 2 cuts.``"""
    grades = [meeting.grade for meeting in found]
    cuts = grades.count("cut")
    judged = [f"{grades.count(name)} {name}" for name in ("good", "fair", "poor") if name in grades]
    parts = [f"{len(grades) - cuts} continued: {', '.join(judged)}"] if judged else []
    return "; ".join([*parts, *([f"{cuts} cut{'' if cuts == 1 else 's'}"] if cuts else [])]) + "."
