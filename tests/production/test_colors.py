"""Colours as they may be written, and the errors for the rest."""

from __future__ import annotations

from typing import Any

import pytest

from studio.errors import ProductionError
from studio.production import Production, parse_production

SCENES = [{"id": "a", "prompt": "a street"}, {"id": "b", "prompt": "a street", "continue_from": "a"}]


def written(film: dict[str, Any], scene: dict[str, Any]) -> Production:
    return parse_production({"title": "T", "film": film, "scenes": [SCENES[0], SCENES[1] | scene]})


def test_a_film_and_a_scene_say_what_becomes_of_colours() -> None:
    """Kept by default; a scene that says nothing has the film's. What is written comes back as it was written."""
    plain = written({}, {})
    assert (plain.film.colors, plain.scenes[1].colors) == ("keep", None)
    made = written({"colors": " match "}, {"colors": "keep"})
    assert (made.film.colors, made.scenes[1].colors) == ("match", "keep")
    again = parse_production(made.model_dump(mode="json"))
    assert (again.film.colors, again.scenes[1].colors) == ("match", "keep")


@pytest.mark.parametrize(
    ("film", "scene", "where", "message", "hint"),
    [
        ({"colors": "mach"}, {}, "field 'film.colors'", "'mach' is not possible", "did you mean 'match'?"),
        ({"colors": True}, {}, "field 'film.colors'", "", "keep, match"),
        ({}, {"colors": "matched"}, "scene 'b', field 'colors'", "'matched' is not possible", "did you mean 'match'?"),
        ({"colour": "match"}, {}, "field 'film'", "'colour'", "'colors'"),
        ({}, {"grading": "match"}, "scene 'b'", "'grading'", "'colors'"),
    ],
)
def test_what_is_not_possible(film: dict[str, Any], scene: dict[str, Any], where: str, message: str, hint: str) -> None:
    """It is named by its field, with the word or the field that was meant."""
    with pytest.raises(ProductionError) as refused:
        written(film, scene)
    (problem,) = refused.value.problems
    assert problem.where == where
    assert message in problem.message
    assert hint in str(problem.hint)
