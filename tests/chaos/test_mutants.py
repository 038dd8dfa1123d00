"""The mutants of ``benchmarks/mutants.py`` still fit the code; what the tests say to them is that command's to tell."""

from __future__ import annotations

import pytest
from mutants import COPIED, MUTANTS, ROOT, misplaced, table_rows, without_mutant
from mutants_pieces import SETTLING, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.row}: {m.what}")
def test_what_is_taken_out_stands_there_once(mutant: Mutant) -> None:
    """The text of every mutant is found exactly once, something else takes its place, and its tests are there.

    What is taken out is in the copy that the tests are run in.
    """
    assert mutant.file.partition("/")[0] in COPIED
    assert misplaced(mutant) is None
    assert mutant.old != mutant.new
    assert all((ROOT / argument).is_file() for argument in mutant.tests if argument.endswith(".py"))


def test_every_row_of_the_table_has_a_mutant() -> None:
    """The tables of what happens to a purchase are read, and none of their rows is without a mutant."""
    assert len(table_rows()) >= 15
    assert "one that fits, of another time" in table_rows(SETTLING)
    assert "a cap has no room" in table_rows()
    assert without_mutant() == []
