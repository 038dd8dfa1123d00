"""docs/features.md is a promise: each row names an example that is there, and a test that is there."""

from __future__ import annotations

import re

import pytest

from studio.production import Production, Scene
from tests.support.features import EXAMPLES, MADE, MANY, PLACE, PROVIDER, REST, ROOT, SHOWN, TEXT, rows

#: The required features, by the words with which their rows begin.
FEATURES = (
    "Text to video", "Image to video", "Start and end frame", "Continuity", "A scene longer than a clip",
    "Extend backwards", "A bridge", "Generations that you have", "Both APIs", "Loop", "Camera", "Character",
    "Modify footage", "Modify another", "Reframe", "Draft", "A final from the draft", "4k", "Sound",
    "High dynamic range", "Guide frames", "Shapes and sizes", "Another take", "Choice of model",
)  # fmt: skip
FUNCTIONS = ("generate", "generate_continuous", "check_status", "download", "list_camera_motions")


def named_tests(text: str) -> list[tuple[str, str]]:
    """The tests that a cell names: file and function."""
    return re.findall(r"`((?:\w+/)*test_\w+\.py)::(test_\w+)`", text)


def named_examples(text: str) -> set[str]:
    """The examples that a cell links to, by name."""
    return set(re.findall(r"\]\(\.\./productions/examples/([\w-]+)\.yaml\)", text))


def test_every_feature_has_a_row() -> None:
    """One row for each feature of the two APIs, and for each function of the provider."""
    first = [row[0] for row in rows(MADE)]
    assert [f for f in FEATURES if not any(cell.startswith(f) for cell in first)] == []
    assert [f for f in FUNCTIONS if not any(row[0] == f"`{f}`" for row in rows(PROVIDER))] == []


@pytest.mark.parametrize("row", rows(MADE), ids=lambda row: row[0])
def test_a_feature_s_row_is_whole(row: list[str]) -> None:
    """It says what to write, what each API is sent, and what is known from documents alone: a dash where nothing is."""
    assert len(row) == 7
    assert all(row)
    assert "`" in row[1]


@pytest.mark.parametrize("row", [*rows(MADE), *rows(REST)], ids=lambda row: row[0])
def test_its_examples_are_there(row: list[str]) -> None:
    """Every feature and every field is shown in an example that is part of the project."""
    examples = named_examples(" ".join(row))
    assert examples
    assert [name for name in examples if not (EXAMPLES / f"{name}.yaml").is_file()] == []


@pytest.mark.parametrize("row", [*rows(MADE), *rows(REST), *rows(PROVIDER), *rows(MANY)], ids=lambda row: row[0])
def test_its_tests_are_there(row: list[str]) -> None:
    """Every row names tests, and each is a function of the file that is named."""
    named = named_tests(" ".join(row))
    assert named
    for file, test in named:
        assert re.search(rf"^(?:async )?def {test}\(", (ROOT / "tests" / file).read_text("utf-8"), re.M), (file, test)


@pytest.mark.parametrize("model", [Scene, Production], ids=lambda model: model.__name__)
def test_every_field_has_a_row(model: type[Scene] | type[Production]) -> None:
    """Nothing can be written in a production that no row explains."""
    explained = set(re.findall(r"`(\w+)", " ".join(" ".join(row[:2]) for row in [*rows(MADE), *rows(REST)])))
    fields = {field.alias or name for name, field in model.model_fields.items()}
    assert fields - explained == set()


def test_every_example_is_shown() -> None:
    """Each example stands in the list of examples, and some row leads to it."""
    there = {path.stem for path in EXAMPLES.glob("*.yaml")}
    assert {row[0] for row in rows(SHOWN)} == {f"[{n}](../productions/examples/{n}.yaml)" for n in there}
    assert named_examples(" ".join(" ".join(row) for row in [*rows(MADE), *rows(REST)])) == there


def test_links_lead_somewhere() -> None:
    """The page's link targets exist."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT)
    assert [link for link in links if not (PLACE.parent / link).exists()] == []
