"""The command ``costs``: spending by production, scene, model or month, read from the ledger."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from studio.errors import BadInput, SettingsError
from studio.ledger import CostRow, Ledger, costs, open_ledger, suspense
from studio.ledger.costs import COLUMNS
from studio.money import ZERO, plain, usd
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.examples import run_module
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class By(StrEnum):
    production = "production"
    scene = "scene"
    model = "model"
    month = "month"


@app.command(help="What was spent, on what. What the sandbox made cost nothing, and stands apart.")
def show(
    by: Annotated[By, typer.Option(help="what to sum up by")] = By.production,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="from this day on, such as 2026-11-01 (UTC)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="print every booking, in the columns of each film's costs.csv")
    ] = False,
) -> None:
    async def go() -> None:
        start = _day(since)
        if as_csv and as_json:
            raise BadInput("--csv and --json are two forms of the same: say one of them")
        ledger = open_ledger(load_settings().ledger)
        try:
            if as_csv:
                _print_bookings(ledger, start)
                return
            rows = costs(ledger, by=by.value, since=start)
            unsure = {realm: suspense(ledger, realm) for realm in sorted({row.realm for row in rows})}
        finally:
            ledger.close()
        if as_json:
            perhaps = {realm: plain(usd_) for realm, usd_ in unsure.items() if usd_}
            told = {"by": by.value, "costs": [_row(r) for r in rows], "perhaps_spent_usd": perhaps}
            print(json.dumps(told, indent=2))
        else:
            _print(rows, by, unsure)

    run_command(go())


def _print_bookings(ledger: Ledger, since: datetime | None) -> None:
    """Every booking as CSV, with what was billed and what was made on this machine in columns of their own."""
    from studio.ledger.filing import bookings
    from studio.report.costs import as_csv, booking_row

    print(as_csv(map(booking_row, bookings(ledger, since=since))), end="")


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise SettingsError(f"{text!r} is not a date", where="--since", hint="such as 2026-11-01") from None


def _row(row: CostRow) -> dict[str, object]:
    """A line as JSON: amounts as text, under their column's name and ``_usd``."""
    told: dict[str, object] = {"group": row.group, "service": row.realm}
    for name in COLUMNS:
        value = getattr(row, name)
        told |= {f"{name}_usd": plain(value)} if isinstance(value, Decimal) else {name: value}
    return told


def _print(rows: list[CostRow], by: By, unsure: dict[str, Decimal]) -> None:
    console = Terminal(highlight=False)
    if not rows:
        console.print("Nothing was spent.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(by.value)
    table.add_column("service")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for row in rows:
        values = (getattr(row, name) for name in COLUMNS)
        table.add_row(row.group, row.realm, *(usd(v) if isinstance(v, Decimal) else str(v) for v in values))
    console.print(table)
    realms = sorted({row.realm for row in rows})
    for realm in realms:
        note = "" if realm == "luma" else "  (made on this machine: not billed)"
        total = sum((r.spent for r in rows if r.realm == realm), ZERO)
        console.print(f"{realm}: {usd(total)}{note}", markup=False)
        if unsure[realm]:
            console.print(
                f"{realm}: {usd(unsure[realm])} besides are perhaps spent; every cap counts them until it is certain",
                markup=False,
            )


def main() -> None:
    """Entry point of ``python -m flows.costs``."""
    run_module(app, "costs")
