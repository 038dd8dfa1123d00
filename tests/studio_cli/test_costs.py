"""The command ``costs``: every column of the ledger's costs, on the screen and as JSON."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

from typer.testing import CliRunner

from studio.failures import FailureClass
from studio.ledger import open_ledger
from studio.ledger.costs import COLUMNS
from studio.report.costs import COLUMNS as FILE_COLUMNS
from studio.settings import load_settings
from studio_cli.costs import app
from tests.support.orders import PRICE, intent


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


def test_every_booking_as_csv(workplace: Path) -> None:
    """``--csv`` prints every booking of the ledger in the columns of a film's costs.csv: sandbox money apart, refunds
    as negative rows, no total."""
    ledger = open_ledger(load_settings().ledger)
    for name, realm in (("a", "luma"), ("b", "luma"), ("c", "sandbox")):
        ledger.reserve(intent(name, realm=realm), run="r", caps=[])
        ledger.submitted(intent(name).key, 1, f"g-{name}")
    ledger.failed(intent("b").key, "g-b", "Job failed", FailureClass.SERVICE)
    billed = ledger.spent("production", "film", realm="luma")
    ledger.close()
    rows = list(csv.DictReader(io.StringIO(CliRunner().invoke(app, ["--csv"]).stdout)))
    assert tuple(rows[0]) == FILE_COLUMNS
    assert [(r["entry"], r["amount"], r["sandbox_amount"]) for r in rows] == [
        ("purchase", "0.71", "0.00"), ("purchase", "0.71", "0.00"), ("purchase", "0.00", "0.71"),
        ("refund", "-0.71", "0.00"),
    ]  # fmt: skip
    assert sum(Decimal(r["amount"]) for r in rows) == billed == PRICE
    totals = CliRunner().invoke(app, []).stdout.splitlines()[-2:]
    assert totals == ["luma: $0.71", "sandbox: $0.71  (made on this machine: not billed)"]


def test_one_form_at_a_time(workplace: Path) -> None:
    """CSV and JSON together are one error."""
    assert CliRunner().invoke(app, ["--csv", "--json"]).exit_code == 2
