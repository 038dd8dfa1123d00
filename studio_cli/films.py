"""The command ``films``: the finished films, the newest first, with version, length, costs and place."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len, set_cell_size

from studio.money import plain, usd
from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio.shelf.films import Shelf, ShelvedFilm
from studio_cli.console import Terminal
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
WIDTH = 80  # columns that the list fits into; the line of a film's path is as long as the path
#: Heads and widths of the columns after the title; money and lengths are set to the right.
COLUMNS = (("version", 11), ("made (UTC)", 16), ("length", 8), ("run", 9), ("in all", 9))
LEGEND = "run: what its run paid; in all: that, and what earlier runs paid for its clips"
UNBILLED = "*"  # marks an amount that nobody asks for


@app.command(help="The finished films, the newest first: version, date, length, what each cost, and where it is.")
def films(
    called: Annotated[
        str | None, typer.Argument(metavar="[TITLE or FILE]", help="only the films of this title or production")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        settings = load_settings()
        found = films_of(settings)
        folder, shelf = settings.films if found.store is None else found.place, found.shelf()
        shown: Sequence[ShelvedFilm] = shelf.films
        if called is not None:
            from studio_cli.film_choice import films_called

            shown = films_called(shelf, called)
        if as_json:
            print(json.dumps(_report(folder, shelf, shown), indent=2))
        else:
            _print(folder, shelf, shown)

    run_command(go(), buys=False)


def version_of(film: ShelvedFilm) -> str:
    """The film's version, and whether scenes are missing in it."""
    return film.version if film.whole else f"{film.version}, part"


def shown_path(path: Path) -> str:
    """The path as it is shortest from the working folder."""
    try:
        near = os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)
    return str(path) if near.startswith(os.pardir) else near


def _report(folder: Path | str, shelf: Shelf, shown: Sequence[ShelvedFilm]) -> dict[str, object]:
    return {
        "folder": str(folder.absolute()) if isinstance(folder, Path) else folder,
        "films": [
            {
                "title": film.title,
                "version": film.version,
                "whole": film.whole,
                "made_at": film.made_at.isoformat().replace("+00:00", "Z"),
                "seconds": None if film.seconds is None else round(float(film.seconds), 6),
                "cost_usd": None if film.cost is None else plain(film.cost),
                "total_usd": None if film.total is None else plain(film.total),
                "billed": film.billed,
                "path": str(film.path.absolute()),
                "url": film.url or None,
                "run": film.run,
                "slug": film.slug,
                "project": film.project,
            }
            for film in shown
        ],
        "skipped": {why: [str(place) for place in places] for why, places in shelf.skipped.items()},
    }


def _print(folder: Path | str, shelf: Shelf, shown: Sequence[ShelvedFilm]) -> None:
    console = Terminal(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)
    room = WIDTH - sum(width + 1 for _, width in COLUMNS)
    if shown:
        console.print(_row("title", [head for head, _ in COLUMNS], room), markup=False)
    for film in shown:
        mark = UNBILLED if film.billed is False else ""
        length = "–" if film.seconds is None else f"{float(film.seconds):.1f} s"
        amounts = ["–" if usd_ is None else f"{usd(usd_)}{mark}" for usd_ in (film.cost, film.total)]
        cells = [version_of(film), f"{film.made_at:%Y-%m-%d %H:%M}", length, *amounts]
        console.print(_row(film.title, cells, room), markup=False)
        console.print(f"  {film.url or shown_path(film.path)}", markup=False)
    if any(film.billed is False for film in shown):
        console.print(f"{UNBILLED} made on this machine: nothing was billed", markup=False)
    if shown:
        console.print(LEGEND, markup=False)
    else:
        place = shown_path(folder) if isinstance(folder, Path) else folder
        console.print(f"No film is in {place} yet.", markup=False)
    told = ", ".join(f"{len(places)} {why}" for why, places in shelf.skipped.items() if places)
    if told:
        console.print(f"Folders skipped: {told} (--json names them)", markup=False)


def _row(title: str, cells: Sequence[str], room: int) -> str:
    """A line of the list: a title or version that is too long is cut; an amount never is."""
    line = set_cell_size(_cut(title, room), room)
    for (head, width), cell in zip(COLUMNS, cells, strict=True):
        worded = head in ("version", "made (UTC)")
        line += " " + (set_cell_size(_cut(cell, width), width) if worded else cell.rjust(width))
    return line.rstrip()


def _cut(text: str, room: int) -> str:
    return text if cell_len(text) <= room else f"{set_cell_size(text, room - 1).rstrip()}…"
