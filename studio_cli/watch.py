"""The command ``studio watch FOLDER``: looks at a folder or store again and again, and makes what is new in it."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from studio.settings import load_settings
from studio.storage.places import FilePlace
from studio_cli.console import Terminal
from studio_cli.ending import termination_cancels
from studio_cli.examples import run_module
from studio_cli.prefect_checks import check_address, check_home, prefect_of
from studio_cli.produce import WIDTH, budget_of, run_command
from studio_cli.standing_server import server_for
from studio_cli.variations import RowLines

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    help="Make each new or changed production of FOLDER (a folder, or s3://bucket/prefix), until it is stopped."
)
def watch(
    folder: Annotated[str, typer.Argument(help="a folder, or the URL of a store", show_default=False)],
    budget: Annotated[str | None, typer.Option(metavar="USD", help="what each film's run may spend at most")] = None,
    once: Annotated[bool, typer.Option("--once", help="look once, and end")] = False,
    every: Annotated[int, typer.Option(metavar="SECONDS", min=1, help="seconds between two looks")] = 60,
    settle: Annotated[
        int, typer.Option(metavar="SECONDS", min=0, help="how long nothing of a production may have changed")
    ] = 20,
    at_once: Annotated[int, typer.Option(metavar="N", min=1, max=20, help="films at the same time, at most")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a look that found something")] = False,
) -> None:
    console = Terminal(stderr=as_json, highlight=False, width=None if sys.stdout.isatty() else WIDTH)

    async def go() -> None:
        settings, limit = load_settings(), budget_of(budget)
        await asyncio.to_thread(FilePlace(folder).files)  # one that is gone is told at once
        server = server_for(settings)
        check_address()
        check_home()
        server.begin()
        async with prefect_of(server):
            from flows.films import listeners
            from flows.watch import watch as look
        listeners.set(RowLines)
        with termination_cancels(asyncio.current_task()):
            while True:
                seen = await look(folder=folder, budget=limit, settle=settle, at_once=at_once)
                if as_json and (seen["rows"] or once):
                    print(json.dumps(seen), flush=True)
                for row in seen["rows"]:
                    console.print(_line(row), markup=False, soft_wrap=True)
                if once:
                    if not seen["rows"]:
                        console.print(f"nothing new among {seen['looked_at']} in {seen['folder']}", markup=False)
                    return
                await asyncio.sleep(every)

    run_command(go())


def _line(row: dict[str, Any]) -> str:
    return f"{row['file']}: {row['state']}, ${row['paid_usd']} paid: {row['error'] or row['film']}"


def main() -> None:
    """Entry point of ``python -m flows.watch``."""
    run_module(app, "watch")
