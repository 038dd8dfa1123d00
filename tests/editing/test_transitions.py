"""Transitions of assembled films: what is encoded, and what is encoded again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.errors import FfmpegError
from studio.media.clip import Clip, examine
from studio.planning.plan import Plan
from tests.media.clips import moving, write_frames
from tests.support.film_table import FilmTable
from tests.support.planned import film as production
from tests.support.planned import plan, scene

NAMES = ("a", "b", "c", "d")


class Table(FilmTable):
    """Clips of two seconds, and films of them, whose pieces are kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.clips = {name: self.clip(name, seed) for seed, name in enumerate(NAMES, 1)}

    def clip(self, name: str, seed: int) -> Clip:
        return examine(write_frames(self.folder / f"{name}-{seed}.mp4", moving(48, seed=seed)))


def drawn(*transitions: str | None, **fields: Any) -> Plan:
    scenes = [
        scene(name, duration=2, **({} if kind is None else {"transition": kind}))
        for name, kind in zip(NAMES, transitions, strict=True)
    ]
    return plan(production(*scenes, **fields))


CROSSFADES = {"film": {"transition": "crossfade 0.5"}}


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def test_a_changed_scene_encodes_three_pieces(table: Table) -> None:
    """Four bodies and three blends; another clip changes its body and the two blends beside it; nothing, nothing."""
    cuts = drawn(None, None, None, None, **CROSSFADES)
    made, encoded = table.film("first", cuts)
    assert (made.film.frames, encoded) == (made.edit.frames, 7)
    assert made.film.method == "normalise"
    table.clips["b"] = table.clip("b", 9)
    _, encoded = table.film("changed", cuts)
    assert encoded == 3
    _, encoded = table.film("again", cuts)
    assert encoded == 0


def test_another_transition_encodes_itself(table: Table) -> None:
    """Of the same length, it is one piece; the scenes beside it stay as they are."""
    table.film("first", drawn(None, None, None, None, **CROSSFADES))
    _, encoded = table.film("wiped", drawn(None, None, "wipeleft 0.5", None, **CROSSFADES))
    assert encoded == 1


def test_a_clip_that_is_too_short_shortens_its_transition(table: Table) -> None:
    """The frames that are shown of a clip limit the transitions beside it; the film says so."""
    table.clips["b"] = examine(write_frames(table.folder / "short.mp4", moving(14, seed=5)))
    made, _ = table.film("short", drawn(None, None, None, None, **CROSSFADES))
    overlaps = [cut.into.frames if cut.into else None for cut in made.edit.cuts]
    assert overlaps == [None, 12, 2, 12]
    assert any("from 'b' to 'c' lasts 0.083 s instead of 0.5 s" in note for note in made.film.notes)
    assert made.film.frames == 48 + 14 + 48 + 48 - 12 - 2 - 12


def test_a_slate_has_its_transitions(table: Table) -> None:
    """A missing scene keeps its length, and the film its timing."""
    cuts = drawn(None, None, None, None, **CROSSFADES)
    whole, _ = table.film("whole", cuts)
    del table.clips["b"]
    made, _ = table.film("slated", cuts)
    assert [(cut.slate, cut.into) for cut in made.edit.cuts] == [
        (cut.scene == "b", before.into) for cut, before in zip(made.edit.cuts, whole.edit.cuts, strict=True)
    ]


def test_a_kind_that_ffmpeg_does_not_know_is_no_film(table: Table) -> None:
    """Nothing lies at the film's place then."""
    cuts = drawn(None, None, None, None, **CROSSFADES)
    odd = plan_with(cuts, "no-such-kind")
    with pytest.raises(FfmpegError):
        table.film("odd", odd)
    assert not (table.folder / "odd" / "film.mp4").exists()


def plan_with(cuts: Plan, kind: str) -> Plan:
    return replace(
        cuts, cuts=tuple(replace(cut, into=replace(cut.into, kind=kind) if cut.into else None) for cut in cuts.cuts)
    )
