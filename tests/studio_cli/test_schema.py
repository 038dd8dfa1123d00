"""The command ``schema``: what an editor reads, printed without loading what it does not need."""

from __future__ import annotations

import json
from pathlib import Path

from studio.production.file_schema import file_schema
from tests.studio_cli.test_loading import HEAVY, loaded_by
from tests.studio_cli.test_takes import run


def test_it_prints_the_schemas(workplace: Path) -> None:
    """That of productions, and of files that they include; nothing is made in the working folder."""
    for words, included in ((), False), (("--included",), True):
        done = run(workplace, "schema", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == file_schema(included=included)
    assert list(workplace.iterdir()) == []


def test_it_loads_neither_prefect_nor_a_client(workplace: Path) -> None:
    """A schema is of the fields alone."""
    assert loaded_by(workplace, "studio_cli", "schema") & HEAVY == set()
