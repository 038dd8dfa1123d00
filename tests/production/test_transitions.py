"""What may be written as a transition, and what is said of the rest."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import load_production, parse_production
from studio.production.transitions import Transition


def read(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "coffee.yaml"
    file.write_text("title: Coffee\n" + "".join(f"{line}\n" for line in lines))
    return file


@pytest.mark.parametrize(
    ("film", "message", "hint"),
    [
        ("film: {transition: crosfade}", "'crosfade' is not possible", "did you mean 'crossfade'?"),
        ("film: {transition: none}", "'none' is not possible", "did you mean 'cut'?"),
        ("film: {transition: zoom around}", "'zoom around' is not possible", "write cut, crossfade"),
        ("film: {transition: crossfade 30}", "30 s is not possible", "lasts 0.08 to 10 s"),
        ("film: {transition: crossfade -1}", "-1 s is not possible", "lasts 0.08 to 10 s"),
        ("film: {transition: cut 1}", "a cut has no length", "write cut alone"),
        ("film: {transition: {kind: fade, length: 1}}", "there is no field 'length'", "seconds"),
        ("film: {transition: {seconds: 1}}", "kind is missing", "write cut"),
        ("film: {transition: 2}", "found a number", "write cut"),
        ("film: {transition: fade one}", "'fade one' is not possible", "write cut"),
    ],
)
def test_a_wrong_transition(tmp_path: Path, film: str, message: str, hint: str) -> None:
    """It is named with file, line and field, and what to write."""
    with pytest.raises(ProductionError) as refused:
        load_production(read(tmp_path, film, "scenes:", "  - {id: a, prompt: a street}"))
    (problem,) = refused.value.problems
    assert problem.where == "coffee.yaml:2, field 'film.transition'"
    assert message in problem.message
    assert hint in problem.hint


def test_the_first_scene_has_none(tmp_path: Path) -> None:
    """Nothing stands before it."""
    scenes = "  - {id: a, prompt: a street, transition: crossfade 1}", "  - {id: b, prompt: a street}"
    with pytest.raises(ProductionError) as refused:
        load_production(read(tmp_path, "scenes:", *scenes))
    assert "there is no scene before the first one" in str(refused.value)


@pytest.mark.parametrize(
    ("written", "kind", "seconds"),
    [
        ("crossfade", "crossfade", "1/2"), ("fade 0.25", "crossfade", "1/4"), ("Crossfade 1 s", "crossfade", "1"),
        ({"kind": "wipeleft", "seconds": "0.75 s"}, "wipeleft", "3/4"), ("cut", "cut", "0"),
    ],
)  # fmt: skip
def test_ways_to_write_one(written: object, kind: str, seconds: str) -> None:
    """Kind and seconds, as text or as fields; it is written back as text, and read again."""
    scenes = [{"id": "a", "prompt": "a street"}, {"id": "b", "prompt": "a street", "transition": written}]
    production = parse_production({"title": "Coffee", "scenes": scenes})
    expected = Transition(kind=kind, seconds=Fraction(seconds))
    assert production.scenes[1].transition == expected
    assert parse_production(production.model_dump(mode="json")).scenes[1].transition == expected
