"""Production files as they are written, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import Problem, ProductionError
from studio.production import Production, load_production

GOOD = "title: T\nscenes:\n  - id: one\n    prompt: A boat in fog.\n"


def load(folder: Path, text: str) -> Production:
    """The production of a file of this text."""
    file = folder / "film.yaml"
    file.write_text(text, encoding="utf-8")
    return load_production(file)


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    """The problems of a file with this text."""
    with pytest.raises(ProductionError) as caught:
        load(folder, text)
    return caught.value.problems
