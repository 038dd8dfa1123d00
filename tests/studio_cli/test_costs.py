"""The command ``costs``: every column of the ledger's costs, on the screen and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from studio.failures import FailureClass
from studio.ledger import open_ledger
from studio.ledger.costs import COLUMNS
from studio.settings import load_settings
from studio_cli.costs import app
from tests.support.orders import intent


def test_every_column_is_shown_and_printed(workplace: Path) -> None:
    """Every sum of the ledger is a column of the screen and a key of the JSON: amounts as text, counts as numbers."""
    ledger = open_ledger(load_settings().ledger)
    for name in ("a", "b"):
        ledger.reserve(intent(name), run="r", caps=[])
        ledger.submitted(intent(name).key, 1, f"g-{name}")
    ledger.failed(intent("b").key, "g-b", "Job failed", FailureClass.SERVICE)
    ledger.close()
    heads, *rows = CliRunner().invoke(app, []).stdout.splitlines()
    assert heads.split() == ["production", "service", *COLUMNS]
    assert rows[0].split() == ["film", "luma", "2", "$0.71", "$0.71"]
    (row,) = json.loads(CliRunner().invoke(app, ["--json"]).stdout)["costs"]
    assert row == {"group": "film", "service": "luma", "creates": 2, "spent_usd": "0.71", "refunded_usd": "0.71"}
    assert [name.removesuffix("_usd") for name in row] == ["group", "service", *COLUMNS]
