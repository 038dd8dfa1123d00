"""The command ``concepts``: the camera's concepts by key, in plain words, and in Ray 3's wording."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from studio.execution.session import open_session
from studio.providers.luma.concepts import CONCEPTS, phrase, words_for
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.examples import run_module
from studio_cli.produce import WIDTH, run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
COLUMNS = ("key", "also written", "on ray-3")


@app.command(help="The camera's concepts: keys for `camera:`, plain words for them, and what Ray 3 is told instead.")
def concepts(
    live: Annotated[bool, typer.Option("--live", help="also ask the service, and say what differs")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        offered = await _offered() if live else None
        if as_json:
            print(json.dumps(_report(offered), indent=2))
        else:
            _print(offered)

    run_command(go())


async def _offered() -> list[str]:
    """The keys that the service offers now. Raises ServiceError."""
    async with open_session(load_settings()) as session:
        await session.connect()
        return await session.provider_of("dream-machine").list_camera_motions()


def _report(offered: Sequence[str] | None) -> dict[str, object]:
    report: dict[str, object] = {
        "concepts": [{"key": key, "words": list(words_for(key)), "phrase": phrase(key)} for key in CONCEPTS]
    }
    if offered is not None:
        new, gone = _differences(offered)
        report["live"] = {"keys": len(set(offered)), "new": new, "gone": gone}
    return report


def _differences(offered: Sequence[str]) -> tuple[list[str], list[str]]:
    """The keys that only the service knows, and those that it no longer has."""
    return sorted({*offered} - {*CONCEPTS}), sorted({*CONCEPTS} - {*offered})


def _print(offered: Sequence[str] | None) -> None:
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name)
    for key in CONCEPTS:
        table.add_row(key, ", ".join(words_for(key)), phrase(key))
    console.print(table)
    if offered is None:
        return
    new, gone = _differences(offered)
    if not new and not gone:
        console.print(f"The service has the same {len(CONCEPTS)} keys.")
    if new:
        console.print(f"The service also has: {', '.join(new)}", markup=False)
    if gone:
        console.print(f"The service no longer has: {', '.join(gone)}", markup=False)


def main() -> None:
    """Entry point of ``python -m flows.concepts``."""
    run_module(app, "concepts")
