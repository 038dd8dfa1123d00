"""Seams: how well two scenes of the film meet, as a grade and as pictures side by side.

Only a seam that continues a movement is graded; a cut is just called a cut, and is not measured unless asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.planning.seams import SeamKind
from studio.report import formats
from studio.report.records import ColorSeam, RunRecord, SeamRecord, ShotRecord
from studio.report.scenes import Scene
from studio.report.thumbnails import Thumbnails, ratio
from studio.report.transitions import middles, transition_words
from studio.storage.kept import Kept

Grade = Literal["good", "fair", "poor", "cut"]

MANY = 24  # scenes; with more, a cut that was not measured has no pair of pictures: the storyboard tells it
# Measured on rendered clips (block SSIM): continued seams join at .993 and 43 dB, unrelated pictures at .83 and 13 dB.
GOOD = (0.97, 30.0)
FAIR = (0.92, 22.0)
_WORST: tuple[Grade, ...] = ("poor", "fair", "good")


def grade(seam: SeamRecord) -> Grade:
    """``good``, ``fair`` or ``poor`` for a continued seam: both values must reach the bar. ``cut`` for any other."""
    if not seam.continued or seam.measured is None:
        return "cut"
    ssim, psnr = seam.measured
    if ssim >= GOOD[0] and psnr >= GOOD[1]:
        return "good"
    if ssim >= FAIR[0] and psnr >= FAIR[1]:
        return "fair"
    return "poor"


@dataclass(frozen=True)
class Meeting:
    """The meeting of two scenes: the last picture of one, the first of the next. ``ssim`` and ``psnr`` are empty where
    the seam was not measured."""

    before: str
    after: str
    grade: Grade
    continued: bool
    ssim: str
    psnr: str
    left: str | None
    right: str | None
    ratio: str
    paired: bool  # its two pictures are shown
    how: str  # how the plan made them meet, in words
    colors: str  # how far their colours are apart, and what was done about it; empty where nothing was measured
    middle: str | None = None  # a picture of the film in the middle of a transition
    transition: bool = False

    @property
    def sort(self) -> str:
        """Its grade; or that it is a cut, or a transition."""
        return "transition" if self.transition else self.grade


def meetings(
    record: RunRecord, told: tuple[Scene, ...], pictures: Thumbnails, kept: Kept | None = None
) -> dict[str, Meeting]:
    """Every seam, by the id of the scene after it, in the order of the film. ``kept`` has the pictures of transitions
    that earlier reports made."""
    found: dict[str, Meeting] = {}
    by_name, colors = _by_name(record, told), _colors(record)
    paired_cuts = [scene.cut for scene in told if scene.cut and scene.seam and _paired(scene.seam, told)]
    mids = middles(record, paired_cuts, kept or Kept())
    for scene in told:
        seam = scene.seam
        if seam is None:
            continue
        after, paired = by_name.get(seam.after, ()), _paired(seam, told)
        left, right = _frames(seam, by_name) if paired else (None, None)
        found[scene.id] = Meeting(
            before=seam.before,
            after=seam.after,
            grade=grade(seam),
            continued=seam.continued,
            ssim=formats.ssim(seam.measured[0]) if seam.measured else "",
            psnr=formats.psnr(seam.measured[1]) if seam.measured else "",
            left=pictures.uri(left, small=True),
            right=pictures.uri(right, small=True),
            ratio=ratio(after[0]) if after else "16 / 9",
            paired=paired,
            how=_how(seam, scene),
            colors=colors.get(scene.id, ""),
            middle=mids.get(scene.id),
            transition=scene.cut is not None and scene.cut.into is not None,
        )
    return found


def _colors(record: RunRecord) -> dict[str, str]:
    """Words on the colours between two scenes, by the id of the second."""
    scene_of = {shot.id: shot.scene for shot in record.shots}
    across = [seam for seam in record.colors if scene_of.get(seam.before) != seam.scene]
    return {seam.scene: _told(seam) for seam in across if seam.as_made is not None}


def _told(seam: ColorSeam) -> str:
    done = {"matched": ", colours matched", "carried": ", corrected as the scene before", "as made": ""}[seam.how]
    return f"{seam.in_words}{done}"


def met_frames(record: RunRecord, told: tuple[Scene, ...]) -> tuple[Path | None, ...]:
    """The pictures that the meetings show."""
    by_name = _by_name(record, told)
    met = [scene.seam for scene in told if scene.seam is not None and _paired(scene.seam, told)]
    return tuple(frame for seam in met for frame in _frames(seam, by_name))


def _paired(seam: SeamRecord, told: tuple[Scene, ...]) -> bool:
    return seam.measured is not None or len(told) <= MANY


def _by_name(record: RunRecord, told: tuple[Scene, ...]) -> Mapping[str, tuple[ShotRecord, ...]]:
    return {shot.id: (shot,) for shot in record.shots} | {scene.id: scene.finals for scene in told}


def _frames(seam: SeamRecord, by_name: Mapping[str, tuple[ShotRecord, ...]]) -> tuple[Path | None, Path | None]:
    before, after = by_name.get(seam.before, ()), by_name.get(seam.after, ())
    last = seam.left or (before[-1].last_frame if before else None)
    return last, (after[0].first_frame if after else None)


def _how(seam: SeamRecord, scene: Scene) -> str:
    if scene.cut is not None and scene.cut.into is not None:
        return transition_words(scene.cut.into)
    return _kind(seam).in_words() if seam.continued else ""


def _kind(seam: SeamRecord) -> SeamKind:
    """The kind that a continued seam was planned to be; of an earlier program's, which did not say: continued."""
    return SeamKind(seam.expected) if seam.expected in set(SeamKind) else SeamKind.CONTINUED


def judged(seam: SeamRecord) -> bool:
    """True if a seam continues a movement, and was measured."""
    return grade(seam) != "cut"


def kinds_in_words(seams: Iterable[SeamRecord]) -> str:
    """The number of continued seams of each kind, in the words of the plan: ``2 continued, 2 bridged``."""
    counts = Counter(_kind(seam) for seam in seams)
    return ", ".join(f"{counts[kind]} {kind.in_words(counts[kind])}" for kind in SeamKind if counts[kind])


def seams_line(seams: Iterable[SeamRecord]) -> str:
    """The continued seams of a film, and the worst of them: ``2 continued, 2 bridged; the worst a → b: fair, SSIM
    0.951``; empty where none was measured."""
    met = [(_WORST.index(grade(seam)), seam.measured[0], seam) for seam in seams if judged(seam) and seam.measured]
    if not met:
        return ""
    _, ssim, worst = min(met, key=lambda one: one[:2])
    kinds = kinds_in_words(seam for _, _, seam in met)
    return f"{kinds}; the worst {worst.before} → {worst.after}: {grade(worst)}, SSIM {ssim:.3f}"


def tally(seams: Iterable[SeamRecord]) -> str:
    """The number of seams of each kind and grade: ``2 continued, 1 bridged: 1 good, 1 fair, 1 poor; 1 transition; 2
    cuts.``"""
    found = list(seams)
    met = [seam for seam in found if judged(seam)]
    blends = sum(not seam.continued and seam.expected == SeamKind.TRANSITION for seam in found)
    grades, cuts = Counter(map(grade, met)), len(found) - len(met) - blends
    told = ", ".join(f"{grades[name]} {name}" for name in ("good", "fair", "poor") if grades[name])
    parts = [f"{kinds_in_words(met)}: {told}"] if met else []
    parts += [f"{blends} {SeamKind.TRANSITION.in_words(blends)}"] if blends else []
    return "; ".join([*parts, *([f"{cuts} cut{'' if cuts == 1 else 's'}"] if cuts else [])]) + "."
