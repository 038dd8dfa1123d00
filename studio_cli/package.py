"""The command ``package``: a film's folder to hand over to an editor, a client, an accountant."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from studio.production.paths import local_path
from studio.report.formats import size
from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio.shelf.films import ShelvedFilm
from studio.shelf.package import RECIPIENTS, Packaged, Recipient, package
from studio_cli.console import Terminal
from studio_cli.film_choice import one_film
from studio_cli.films import shown_path, version_of
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
FOLDER = "packages"  # in the working folder, where no other is named


class For(StrEnum):
    editor = "editor"
    client = "client"
    accountant = "accountant"
    all = "all"


@app.command(
    help="Write a film's folder to hand over. FILM: a folder of a film, a title, a production file, or 'latest'."
)
def pack(
    film: Annotated[str, typer.Argument(metavar="FILM", help="folder, title, production file, or latest")],
    recipient: Annotated[For, typer.Option("--for", help="who gets it; all: a folder for each")] = For.all,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="a new folder; default packages/SLUG-VERSION-RUN")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        settings = load_settings()
        films = films_of(settings)
        chosen = one_film(films.shelf(), film)
        found = films.brought(chosen.film)
        recipients: tuple[Recipient, ...] = RECIPIENTS if recipient is For.all else (recipient.value,)  # type: ignore[assignment]
        target = (local_path(out) if out else Path(FOLDER) / _name(found, recipient)).absolute()
        made = package(found, recipients, target, home=settings.home.absolute(), named=out is not None)
        if as_json:
            told = {"folder": str(made.folder), "files": list(made.files), "bytes": made.bytes}
            told |= {"film": str(found.path.absolute()), "note": chosen.note}
            print(json.dumps(told, indent=2))
        else:
            _print(found, made, chosen.note)

    run_command(go(), buys=False)


def _name(film: ShelvedFilm, recipient: For) -> str:
    version = film.version.replace(":", "x").replace(" ", "-")
    name = "-".join(filter(None, (film.film_slug, version, film.run)))
    return name if recipient is For.all else f"{name}-{recipient.value}"


def _print(film: ShelvedFilm, made: Packaged, note: str) -> None:
    console = Terminal(highlight=False, soft_wrap=True)
    if note:
        console.print(f"note: {note}", markup=False)
    about = f"{film.title}, {version_of(film)}, of {film.made_at:%Y-%m-%d %H:%M} UTC"
    console.print(f"{shown_path(made.folder)}: {about}", markup=False)
    for name in made.files:
        console.print(f"  {name}", markup=False)
    console.print(f"{size(made.bytes)}, all of it copies: nothing in the folder is linked to the store", markup=False)
