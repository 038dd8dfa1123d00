"""The name of a flow run: one that somebody gave stays; else it is the production's title."""

from __future__ import annotations

from pathlib import Path

import pytest
from prefect.utilities.names import generate_slug

from flows.names import made_up, run_name
from studio.production import Production, bundled_example, load_production

FILM = {"title": "The Night Train", "scenes": [{"id": "a", "prompt": "a train at night"}]}


@pytest.mark.parametrize("name", ["Friday cut", "friday-cut", "take-2", "v1", "Rustic-Bakery-Film", "第1集", "alpha"])
def test_a_given_name_stays(name: str) -> None:
    """A name that a person gave, in whatever form, is the run's."""
    assert not made_up(name)
    assert run_name(name, {"production": FILM}) == name


def test_the_servers_own_names_are_known() -> None:
    """Whatever Prefect's server makes up for a run without a name gives way to the title."""
    for _ in range(300):
        name = generate_slug(2)
        assert run_name(name, {"production": FILM}) == "The Night Train", name


@pytest.mark.parametrize("name", ["alpha-lyrae", "omega417-canis-majoris-b", "Rustic-Mici", "Tasty-Pho", ""])
def test_what_the_forms_fill_in_is_known(name: str) -> None:
    """So does what Prefect's two forms write into the field of the name unasked."""
    assert run_name(name, {"production": Production.model_validate(FILM)}) == "The Night Train"


def test_the_title_is_that_of_the_file(workplace: Path) -> None:
    """A production file's title is read; a file that cannot be read lends its name; without any, the example's."""
    (workplace / "train.yaml").write_text("title: Nachtzug\nscenes:\n  - {id: a, prompt: a train at night}\n")
    (workplace / "broken.yaml").write_text("title: [")
    assert run_name("", {"production_file": "train.yaml", "production": None}) == "Nachtzug"
    assert run_name("", {"production_file": "broken.yaml"}) == "broken"
    assert run_name("", {"production_file": "gone.yaml"}) == "gone"
    # PostgreSQL takes no NUL, a screen no colour
    assert run_name("", {"production_file": "a\x00b\x1b[31m.yaml"}) == "a\ufffdb"
    assert run_name("", {"production_file": ""}) == load_production(bundled_example()).title
