"""Fields whose names are nearly another's: what is suggested for a slip, and for a value in the wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from studio.errors import ProductionError
from studio.production import Production, parse_production
from studio.production.film_options import FilmOptions
from studio.production.rules import suggestion
from studio.production.scene import Asset, Character, Scene


@pytest.mark.parametrize(
    ("field", "value", "message", "hint"),
    [
        (
            "clips",
            "../x.mp4",
            "'../x.mp4' is not possible",
            "did you mean the field 'clip'? For clips: one of: cheapest",
        ),
        ("clips", "longst", "'longst' is not possible", "did you mean 'longest'?"),
        ("clip", "longest", "there is no asset 'longest'", "did you mean the field 'clips'?"),
    ],
)
def test_a_value_of_the_other_field(field: str, value: str, message: str, hint: str) -> None:
    """A file in ``clips`` is one for ``clip``, and the other way round; a slip in a value stays one."""
    with pytest.raises(ProductionError) as caught:
        parse_production({"title": "T", "scenes": [{"id": "a", "prompt": "A boat", field: value}]})
    (problem,) = caught.value.problems
    assert (problem.where, problem.message) == (f"scene 'a', field '{field}'", message)
    assert str(problem.hint).startswith(hint)


@pytest.mark.parametrize("fields", [{"clips": "../x.mp4"}, {"cilp": "x.mp4"}, {"genration": "x"}])
def test_a_scene_of_a_misspelt_clip_needs_no_prompt(fields: dict[str, Any]) -> None:
    """A clip or generation in a field of nearly that name is one mistake: no prompt is missing beside it."""
    with pytest.raises(ProductionError) as caught:
        parse_production({"title": "T", "scenes": [{"id": "a", **fields}]})
    (problem,) = caught.value.problems
    assert "did you mean" in problem.hint


def test_a_value_in_the_wrong_one_of_two_fields() -> None:
    """Of two fields with nearly one name, the other one is suggested for a value that only it takes."""
    for field, value, other in (("chain", [["a", "b"]], "chains"), ("chains", True, "chain")):
        scenes = [{"id": name, "prompt": "A boat"} for name in "ab"]
        with pytest.raises(ProductionError) as caught:
            parse_production({"title": "T", "scenes": scenes, field: value})
        assert f"did you mean the field '{other}'?" in caught.value.problems[0].hint


def test_every_field_is_suggested_for_a_slip_in_it() -> None:
    """Exchanged letters, a doubled one, and other separators in a field's name suggest that very field."""
    for model in (Scene, Production, FilmOptions, Asset, Character):
        known = [field.alias or name for name, field in model.model_fields.items()]
        for name in known:
            slips = {name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in range(len(name) - 1)}
            slips |= {name[:i] + name[i] + name[i:] for i in range(len(name))}
            slips |= {name.upper(), name.replace("_", "-"), name.replace("_", " ")}
            for slip in slips - set(known):
                assert suggestion(slip, known) == f"did you mean '{name}'?", slip
