"""Colours from clip to clip: how far those that go on from each other are apart, and what matches them.

A clip that goes on from another is brought to what is shown of that one, so the corrections of a chain add up, and
all of it keeps the colours of its first clip. Where two clips cannot be matched, the second has the correction of the
first: their seam stays about as it was made. Nothing is done where that would do harm; each seam says what was done,
and why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from studio.editing.edit import Edit
from studio.editing.pairs import on_all_cores, repetition
from studio.editing.values import ColorSeam, ColorsShown
from studio.media.clip import Clip
from studio.media.color_difference import Floats, apart
from studio.media.color_match import (
    BETTER,
    FARTHEST,
    FARTHEST_IN_ALL,
    SEEN,
    VERSION,
    Fit,
    clips,
    corrected,
    fit,
    opened,
    small,
)
from studio.media.correction import AS_MADE, Correction
from studio.media.segments import Segment
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.storage.kept import Kept

HARM = 0.5  # ΔE by which a seam may be worse than it was made
FARTHEST_CARRIED = 1.25 * FARTHEST_IN_ALL  # where a match ends, the clips after it keep its correction
MOST_TOLD = 6  # clips that are named in notes
SHAPES = 0.02  # share by which the shapes of two pictures may differ
HDR = (16, 18)  # transfers of high dynamic range: there a correction of R'G'B' is not fitted
ANOTHER = "the two pictures are not the same"
TOO_FAR = "the colours are too far apart"
FINISHED = "it is a finished clip"


@dataclass(frozen=True)
class _Piece:
    """A segment of the film and the scene that it is of; ``first`` and ``last``: the frames that are used of it."""

    cut: SceneEdit
    slate: bool
    segment: Segment

    @property
    def first(self) -> int:
        return self.segment.start_frame

    @property
    def last(self) -> int:
        return self.segment.start_frame + self.segment.length - 1


@dataclass(frozen=True)
class Meeting:
    """Two frames that meet, and the fit of their colours. ``apart``: their difference as they were made."""

    before: Floats
    after: Floats
    fit: Fit
    apart: float

    def shown(self, before: Correction, after: Correction) -> float:
        """Their difference with these corrections."""
        return apart(corrected(self.before, before), corrected(self.after, after))

    @property
    def is_told(self) -> bool:
        """True if the fit takes enough of a difference that is seen."""
        return self.apart >= SEEN and self.shown(AS_MADE, self.fit.correction) <= BETTER * self.apart

    def drifted(self, undone: Correction) -> float:
        """By how much a correction changes the second frame."""
        return apart(self.after, corrected(self.after, undone))

    @property
    def change(self) -> Correction:
        """The correction that brings the second frame to the first, where there is one that is of use."""
        return self.fit.correction if self.fit.same_picture and self.is_told else AS_MADE


def meeting(before: Clip, last: int, after: Clip, first: int, kept: Kept) -> Meeting:
    """The meeting of frame ``last`` of one clip and frame ``first`` of another. Raises BadClip.

    The small pictures and the fit are kept by the contents of the clips: a second time nothing is decoded.
    """
    one, other = small_picture(before, last, kept), small_picture(after, first, kept)

    def measured() -> bytes:
        found = fit(one, other) if _comparable(before, after) else Fit(0.0, AS_MADE)
        return json.dumps([round(found.alike, 4), *found.correction.numbers]).encode()

    made_from = (VERSION, before.sha256, last, after.sha256, first)
    alike, *numbers = json.loads(kept.once("colors", made_from, measured))
    return Meeting(one, other, Fit(alike, Correction.of(tuple(numbers))), apart(one, other))


def link_of(parent: Clip, child: Clip, frame: int | None, *, seconds: Fraction, kept: Kept) -> Meeting:
    """The meeting of a clip and one that was made to go on from its frame ``frame`` (None: the last), before any edit.

    ``seconds``: what was asked of the second. Raises BadClip.
    """
    last = parent.frames - 1 if frame is None else min(frame, parent.frames - 1)
    first = repetition(parent, child, round(seconds * FPS), kept) if frame is None else 0
    return meeting(parent, last, child, first, kept)


def small_picture(clip: Clip, index: int, kept: Kept) -> Floats:
    """A small picture of a clip's frame, kept by the clip's content. Raises BadClip."""
    return opened(kept.once("small", (VERSION, clip.sha256, index), lambda: small(clip, index)))


def with_colors(plan: Plan, edit: Edit, kept: Kept) -> tuple[Edit, tuple[ColorSeam, ...]]:
    """The edit with the corrections that its scenes ask for, and the colours of each seam of clips that go on from each
    other, in the order of the film. Raises BadClip."""
    pieces = [
        _Piece(s.cut, s.slate, segment) for s in edit.scenes if s.card is None for segment in s.segments
    ]  # without cards
    linked = [
        (n, before, after)
        for n, (before, after) in enumerate(pairwise(pieces), start=1)
        if before.segment.name != after.segment.name and _goes_on(plan, before, after)
    ]
    met = on_all_cores(
        lambda one: meeting(one[1].segment.clip, one[1].last, one[2].segment.clip, one[2].first, kept), linked
    )
    meetings = {n: found for (n, _, _), found in zip(linked, met, strict=True)}
    chosen = _Chosen(pieces, meetings, kept)
    if not any(chosen.corrections):
        return edit, chosen.seams
    given = iter(chosen.corrections)
    scenes = tuple(
        replace(scene, segments=tuple(replace(segment, colors=next(given)) for segment in scene.segments))
        if scene.card is None
        else scene
        for scene in edit.scenes
    )
    return replace(edit, scenes=scenes), chosen.seams


@dataclass(frozen=True)
class _Choice:
    """The correction of one segment. ``anchor``: the number of the last segment before it, or itself, that has none.

    ``drift`` undoes all change of the colours since segment ``first``, as far as it is known.
    """

    correction: Correction
    anchor: int
    drift: Correction
    first: int
    seam: ColorSeam | None = None


class _Chosen:
    """The corrections of an edit's segments, chosen one after the other, and what was chosen at each seam."""

    def __init__(self, pieces: Sequence[_Piece], meetings: Mapping[int, Meeting], kept: Kept) -> None:
        self._pieces, self._meetings, self._kept = pieces, meetings, kept
        #: Segments that keep their colours, since what follows cannot be matched to them: by number, the reason.
        self._off: dict[int, str] = {}
        self._choices: list[_Choice] = []
        while len(self._choices) < len(pieces):
            n = len(self._choices)
            choice = self._choice(n)
            harm = self._harm(n, choice)
            if harm:
                anchor = self._choices[-1].anchor + 1
                self._off[anchor] = harm
                del self._choices[anchor:]  # they are chosen again, the first of them as it was made
            else:
                self._choices.append(choice)

    @property
    def corrections(self) -> list[Correction | None]:
        """The correction of each segment; None where it has none."""
        return [None if one.correction == AS_MADE else one.correction for one in self._choices]

    @property
    def seams(self) -> tuple[ColorSeam, ...]:
        """The seams of clips that go on from each other."""
        return tuple(one.seam for one in self._choices if one.seam is not None)

    def _choice(self, n: int) -> _Choice:
        piece, met = self._pieces[n], self._meetings.get(n)
        if met is None:
            if n and self._pieces[n - 1].segment.name == piece.segment.name:
                last = self._choices[-1]  # the same clip, once more
                return replace(last, seam=None, anchor=n if last.correction == AS_MADE else last.anchor)
            return _Choice(AS_MADE, n, AS_MADE, n)
        before, same = self._choices[-1], met.fit.same_picture
        drift, first = (met.change.then(before.drift), before.first) if same else (AS_MADE, n)
        correction, how, why = self._best(n, met, before.correction)
        shown = met.shown(before.correction, correction)
        one, other = self._pieces[n - 1].segment.title, piece.segment.title
        seam = ColorSeam(
            one, other, piece.cut.scene, self._pieces[first].segment.title, met.apart if same else None,
            shown if same else None, met.drifted(drift), how, why,
        )  # fmt: skip
        return _Choice(correction, n if correction == AS_MADE else before.anchor, drift, first, seam)

    def _harm(self, n: int, choice: _Choice) -> str:
        """The reason why the corrections before this segment must not be: its seam would be worse than it was made,
        though nobody asked for that. Empty where there is none."""
        met, seam = self._meetings.get(n), choice.seam
        if met is None or seam is None or not self._is_asked(n) or choice.correction != AS_MADE:
            return ""
        if met.shown(self._choices[-1].correction, AS_MADE) <= met.apart + HARM:
            return ""
        return f"the seam from {seam.before} to {seam.after} would be worse: {seam.why}"

    def _best(self, n: int, met: Meeting, previous: Correction) -> tuple[Correction, ColorsShown, str]:
        """The correction of a segment, what it is, and why it is no match."""
        piece = self._pieces[n]
        if not self._is_asked(n):
            return AS_MADE, "as made", ""
        if piece.segment.keep:
            return AS_MADE, "as made", FINISHED
        if n in self._off:
            return AS_MADE, "as made", self._off[n]
        why = "" if met.fit.same_picture else ANOTHER
        if met.fit.same_picture and met.apart >= SEEN:
            why = "no correction lessens the difference"
            if met.is_told:
                found = met.change.then(previous)
                why = TOO_FAR if met.apart > FARTHEST else self._harmful(piece, met, found, FARTHEST_IN_ALL)
                if not why:
                    return found, "matched", ""
        if previous == AS_MADE:
            return AS_MADE, "as made", why
        if told := self._harmful(piece, met, previous, FARTHEST_CARRIED):
            return AS_MADE, "as made", told
        return previous, "carried", why

    def _is_asked(self, n: int) -> bool:
        """True if the production asks that a segment is matched to the one before it."""
        cut, before = self._pieces[n].cut, self._pieces[n - 1].cut
        return cut.colors == "match" or (cut.colors == "own" and cut.scene == before.scene)

    def _harmful(self, piece: _Piece, met: Meeting, correction: Correction, most: float) -> str:
        """The reason why a correction would do harm to a segment; empty where it would not."""
        if met.drifted(correction) > most:
            return TOO_FAR
        ends = small_picture(piece.segment.clip, piece.last, self._kept)
        if clips(met.after, correction) or clips(ends, correction):
            return "its lights or shadows would be lost"
        return ""


def color_notes(seams: Sequence[ColorSeam]) -> list[str]:
    """Notes of a film on what was done to its colours."""
    matched = [seam for seam in seams if seam.how == "matched"]
    carried = [seam.after for seam in seams if seam.how == "carried"]
    notes = [f"{s.after}: its colours are matched to {s.before}, {s.in_words}" for s in matched[:MOST_TOLD]]
    if len(matched) > MOST_TOLD:
        notes.append(f"{len(matched) - MOST_TOLD} more clips have their colours matched: the report has each seam")
    if carried:
        notes.append(f"{_few(carried)}: the colours are corrected as those of the clip before")
    reasons: dict[str, list[str]] = {}
    for seam in seams:
        if seam.why and seam.how == "as made":
            reasons.setdefault(seam.why, []).append(seam.after)
    return notes + [f"{_few(names)}: the colours are as made, since {why}" for why, names in reasons.items()]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(names[:MOST_TOLD]) + more


def _comparable(before: Clip, after: Clip) -> bool:
    """True if frames of two clips can show the same picture, in colours that can be corrected."""
    shapes = before.width * after.height / (before.height * after.width)
    return abs(shapes - 1) <= SHAPES and not any(clip.form.colors[2] in HDR for clip in (before, after))


def _goes_on(plan: Plan, before: _Piece, after: _Piece) -> bool:
    """True if the second of two segments goes on from the first."""
    if before.slate or after.slate:
        return False
    if before.cut.scene != after.cut.scene:
        return plan.continues(before.cut, after.cut)
    last, first = plan.origin(before.segment.name), plan.origin(after.segment.name)
    from_it = first.start is not None and last.id in {plan.origin(s).id for s in _shots(plan, first.start.shots)}
    return from_it or (last.end is not None and first.id in {plan.origin(s).id for s in _shots(plan, last.end.shots)})


def _shots(plan: Plan, names: Sequence[str]) -> list[str]:
    known = {shot.id for shot in plan.shots}
    return [name for name in names if name in known]
