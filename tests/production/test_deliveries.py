"""Deliveries as they may be written, and the errors for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import load_production, parse_production
from studio.production.deliveries import PRESETS


@pytest.mark.parametrize(
    ("written", "line", "message", "hint"),
    [
        ("[web, prorez]", 2, "there is no preset 'prorez'", "did you mean 'prores'? One of web, web-captioned"),
        ("[vhs]", 2, "there is no preset 'vhs'", "one of web, web-captioned, hevc, av1, prores, dnxhr, gif, webp"),
        ("vhs", 2, "there is no preset 'vhs'", "one of web"),
        ("[2]", 2, "expected the name of a preset, found a number", "one of web"),
        ("{web: true}", 2, "expected a list of presets, found a mapping", "such as [web, prores]"),
    ],
)
def test_wrong_deliveries(tmp_path: Path, written: str, line: int, message: str, hint: str) -> None:
    """They are named with file, line and field, and what to write."""
    file = tmp_path / "coffee.yaml"
    file.write_text(f"title: Coffee\nfilm: {{deliveries: {written}}}\nscenes:\n  - {{id: a, prompt: a street}}\n")
    with pytest.raises(ProductionError) as refused:
        load_production(file)
    (problem,) = refused.value.problems
    assert problem.where.startswith(f"coffee.yaml:{line}, field 'film.deliveries")
    assert message in problem.message
    assert hint in str(problem.hint)


def test_the_line_of_one_in_a_list(tmp_path: Path) -> None:
    """Where each has a line of its own, the wrong one's is named."""
    file = tmp_path / "coffee.yaml"
    file.write_text(
        "title: Coffee\nfilm:\n  deliveries:\n    - web\n    - prorez\nscenes:\n  - {id: a, prompt: a street}\n"
    )
    with pytest.raises(ProductionError) as refused:
        load_production(file)
    assert refused.value.problems[0].where.startswith("coffee.yaml:5, ")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("web", ("web",)), (["Web", "gif", "web "], ("web", "gif")), (None, ()), ("none", ()), ([], ()),
        (list(PRESETS), tuple(PRESETS)),
    ],
)  # fmt: skip
def test_ways_to_write_them(written: object, found: tuple[str, ...]) -> None:
    """One name or a list, each once; none is none; what is written back is read again."""
    data = {
        "title": "Coffee",
        "film": {"deliveries": written},
        "scenes": [{"id": "a", "prompt": "a street", "captions": "Hello?"}],
    }
    production = parse_production(data)
    assert production.film.deliveries == found
    assert parse_production(production.model_dump(mode="json")).film.deliveries == found
