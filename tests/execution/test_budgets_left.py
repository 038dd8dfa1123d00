"""The money that a report says is left of each budget: all that the ledger has not booked, whichever run bought it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from studio.ledger import open_ledger
from studio.ledger.costs import costs
from studio.report import write_report
from studio.report.records import BudgetRecord
from studio.settings import load_settings
from tests.execution.test_own_clips import film, made
from tests.support.pages import Page

pytestmark = [pytest.mark.timeout(600)]
QUAY = {"id": "quay", "prompt": "a quay at dawn, nobody there"}
BOAT = {"id": "boat", "prompt": "a boat that leaves"}


@pytest.mark.long
async def test_a_run_that_buys_nothing_tells_what_earlier_ones_left(at_sandbox: Path) -> None:
    """The report of a rerun has what the first run spent; it is the budget less what the costs show."""
    production = film(at_sandbox, QUAY, budget="0.45")
    await made(production, at_sandbox / "one")
    again = (await made(production, at_sandbox / "two")).record
    assert again.cost == 0
    assert again.budgets == (BudgetRecord("production", Decimal("0.45"), Decimal("0.14")),)
    words = Page(write_report(again, at_sandbox / "two").read_text(encoding="utf-8")).words
    assert "$0.31 of $0.45 left for the film" in words
    ledger = open_ledger(load_settings().ledger)
    (row,) = costs(ledger, by="production")
    ledger.close()
    assert again.budgets[0].left == Decimal("0.45") - row.spent


@pytest.mark.long
async def test_productions_of_a_project_tell_one_figure(at_sandbox: Path) -> None:
    """Purchases of another title of the project are taken off; a run's own budget is told beside it."""
    shared = {"budget": "0.45", "project": "harbour"}
    await made(film(at_sandbox, QUAY, title="The Quay", **shared), at_sandbox / "one")
    record = (
        await made(film(at_sandbox, BOAT, title="The Boat", **shared), at_sandbox / "two", budget=Decimal("0.20"))
    ).record
    assert record.budgets == (
        BudgetRecord("run", Decimal("0.20"), Decimal("0.14")),
        BudgetRecord("project", Decimal("0.45"), Decimal("0.28")),
    )
    words = Page(write_report(record, at_sandbox / "two").read_text(encoding="utf-8")).words
    assert "$0.06 of $0.20 left for this run, $0.17 of $0.45 left for the project" in words


def test_nothing_is_left_of_a_budget_that_was_lowered() -> None:
    """A budget below what was spent already leaves nothing, and never a negative amount."""
    assert BudgetRecord("production", Decimal("0.10"), Decimal("0.14")).left == 0
