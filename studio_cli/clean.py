"""The command ``clean``: what can be made again at no cost, with its size; removed where that is asked for."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from studio.disk import disk_errors
from studio.errors import BadInput
from studio.report.formats import size
from studio.settings import load_settings
from studio.shelf.cleanup import Cleanup, remove, survey
from studio.shelf.everywhere import films_of
from studio.storage.chosen_stores import shared_files
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept
from studio.storage.still_store import StillStore
from studio_cli.console import Terminal
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    help="Show what can be made again at no cost, with its size; --yes removes it. Never a clip that was paid."
)
def clean(
    production: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="with --films: only films of this production")
    ] = None,
    films: Annotated[
        bool, typer.Option("--films", help="older films, too, where newer ones of their version are there")
    ] = False,
    keep: Annotated[int, typer.Option(metavar="N", help="films of each version that stay, the newest")] = 1,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="remove it; without it, nothing is removed")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        settings = load_settings()
        home, chosen = settings.home.absolute(), None
        if keep < 1:
            raise BadInput("the newest film of each version stays", where="--keep", hint="say 1 or more")
        if production is not None:
            from studio.production import load_production
            from studio_cli.film_choice import is_of

            written = load_production(production)
            chosen = partial(is_of, production=written)
        made, kept = films_of(settings), Kept()
        shared = shared_files(settings, ClipStore(home / "clips"), StillStore(home / "stills"), kept)
        look = partial(survey, home, made, older_than=keep if films else None, of=chosen, clips=shared)
        with disk_errors("what was to be removed", home):
            found = remove(home, look, made.store) if yes and home.is_dir() else look()
        if as_json:
            print(json.dumps(_report(found, removed=yes), indent=2))
        else:
            _print(found, removed=yes)

    run_command(go(), buys=False)


def _report(found: Cleanup, *, removed: bool) -> dict[str, object]:
    return {
        "removed": removed,
        "bytes": found.bytes,
        "removable": [
            {"name": part.name, "files": part.files, "bytes": part.bytes, "again": part.again,
             "paths": [str(path) for path in part.paths], "stored": list(part.keys)}
            for part in found.removable
        ],
        "kept": [{"name": name, "bytes": count} for name, count in found.kept],
        "left": list(found.left),
    }  # fmt: skip


def _print(found: Cleanup, *, removed: bool) -> None:
    console = Terminal(highlight=False, soft_wrap=True)
    for part in found.removable:
        console.print(f"{size(part.bytes):>10}  {part.name} ({part.files} files): {part.again}", markup=False)
    for line in found.left:
        console.print(f"stays: {line}", markup=False)
    for name, count in found.kept:
        if count:
            console.print(f"{size(count):>10}  {name}: never removed, since they may have been paid for", markup=False)
    if not found.removable:
        console.print("Nothing here can be made again at no cost.", markup=False)
    elif removed:
        console.print(f"{size(found.bytes)} removed. The next film takes longer, and costs nothing more.", markup=False)
    else:
        console.print(f"{size(found.bytes)} can go: nothing was removed yet. To remove it: --yes", markup=False)
