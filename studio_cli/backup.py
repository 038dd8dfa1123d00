"""The command ``backup FILE``: a verified copy of the ledger, which producers may use meanwhile."""

from pathlib import Path
from typing import Annotated

import typer

from studio.ledger import open_ledger
from studio.ledger.copies import back_up
from studio.money import usd
from studio.production.paths import local_path
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.examples import run_module
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Copy the ledger (SQLite) into FILE, and verify the copy. Producers may go on meanwhile.")
def backup(
    file: Annotated[Path, typer.Argument(help="where the copy goes; it must not exist yet", show_default=False)],
) -> None:
    console = Terminal(highlight=False, soft_wrap=True)

    async def go() -> None:
        ledger = open_ledger(load_settings().ledger)
        try:
            copy = back_up(ledger, local_path(file))
        finally:
            ledger.close()
        console.print(
            f"{copy.path}: {copy.orders} orders, {copy.entries} entries, {usd(copy.booked)}; whole, as the ledger is",
            markup=False,
        )

    run_command(go())


def main() -> None:
    """Entry point of ``python -m flows.backup``."""
    run_module(app, "backup")
