"""The benchmark of films with crossfades: what it compares with is the same work, and its goals are told."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from film import Row, goals
from film_measure import Taken
from film_scenes import FRAMES, OVERLAP, frames_of, pieces

from studio.media.overlap import Overlap
from studio.media.segments import Body, Segment, Target, elements_of
from tests.support.coded_clips import HEIGHT, WIDTH, coded_clip


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_encodes_alone_are_those_of_the_film(tmp_path: Path, count: int) -> None:
    """Piece by piece the same clips, first frames and lengths as this project's film is made of, and as many frames."""
    model = coded_clip(tmp_path, 1, frames=FRAMES).clip
    clips = [replace(model, path=tmp_path / f"{number}.mp4") for number in range(count)]
    segments = [Segment(c.path, c, into=Overlap("fade", OVERLAP) if n else None) for n, c in enumerate(clips)]
    made = []
    for element in elements_of(segments, Target(WIDTH, HEIGHT, Fraction(24))):
        first = element if isinstance(element, Body) else element.before
        after = None if isinstance(element, Body) else element.after.segment.path
        made.append((first.segment.path, first.start, element.frames, after))
    found = pieces([clip.path for clip in clips])
    assert [(piece.clip, piece.start, piece.frames, piece.after) for piece in found] == made
    assert sum(piece.frames for piece in found) == frames_of(count)


def test_goals_are_held_against_processor_time_on_a_busy_machine() -> None:
    """With others at work, seconds are not judged; memory, growth and the number of pieces always are."""

    def rows(others: float) -> list[Row]:
        found = []
        for count, size in ((50, 130), (200, 160)):
            ours = Taken(30.0, 100, 2 * count - 1, greatest=size * 10**6, cpu=50.0, others=others)
            found += [
                Row(count, "ours", ours), Row(count, "changed", replace(ours, pieces=4)),
                Row(count, "again", replace(ours, pieces=0)), Row(count, "pieces", replace(ours, seconds=20.0)),
            ]  # fmt: skip
        return found

    calm, busy = ({goal.name: goal.met for goal in goals(rows(others))} for others in (0.0, 1.0))
    assert calm["50 scenes: seconds, in those of the encodes alone"] is False
    assert busy["50 scenes: processor seconds, in those of the encodes alone (others: times say little)"] is True
    for told in (calm, busy):
        assert told["200 scenes: MB of the greatest process"] is True
        assert told["MB of the greatest process at 200 scenes, in those at 50"] is False
        assert told["50 scenes: pieces with one scene changed"] is False
        assert told["50 scenes: pieces with nothing changed"] is True
    failed = [replace(row, taken=replace(row.taken, failed="ended")) for row in rows(0.0)]
    assert goals(failed) == []
