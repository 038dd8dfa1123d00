"""The command ``report``: where a film's report is, or the report as one file to send."""

import json
from pathlib import Path
from typing import Annotated

import typer

from studio.errors import BadInput
from studio.production.paths import local_path
from studio.remedies import Place
from studio.report.formats import size
from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio.shelf.films import ShelvedFilm
from studio_cli.console import Terminal
from studio_cli.film_choice import one_film
from studio_cli.films import shown_path
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
FOLDER = "reports"  # in the working folder, where no file is named
REPORT = "report.html"


@app.command(
    help="Where a film's report is, or, with --single-file, that report as one file to send: the film and its takes "
    "are in it. FILM: a folder of a film, a title, a production file, or 'latest'."
)
def report(
    film: Annotated[str, typer.Argument(metavar="FILM", help="folder, title, production file, or latest")],
    single_file: Annotated[
        bool, typer.Option("--single-file", help="write it as one file of at most about 18 MB")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a new file; default reports/SLUG-VERSION-RUN.html")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        if out is not None and not single_file:
            raise BadInput("only one file can be written there", where=Place("out"), hint="add --single-file")
        settings = load_settings()
        films = films_of(settings)
        chosen = one_film(films.shelf(), film)
        found = films.brought(chosen.film)
        told: dict[str, object] = {"film": str(found.path.absolute()), "note": chosen.note}
        console = Terminal(highlight=False, soft_wrap=True)
        if chosen.note and not as_json:
            console.print(f"note: {chosen.note}", markup=False)
        if not single_file:
            told = {"report": str(_beside(found))} | told
            line = shown_path(_beside(found))
        else:
            from studio.shelf.single_file import write_single

            made = write_single(found, _target(found, out), home=settings.home.absolute())
            told = {
                "report": str(made.path), "bytes": made.bytes, "film_bytes": made.film_bytes,
                "film_encoded": made.encoded, "takes": made.takes, "takes_as_pictures": made.stills,
            } | told  # fmt: skip
            film_told = "the film small" if made.encoded else "the film as it is"
            takes = f", {made.takes} of {made.takes + made.stills} takes" if made.takes + made.stills else ""
            line = f"{shown_path(made.path)}: {size(made.bytes)}, with {film_told}{takes}"
        if as_json:
            print(json.dumps(told, indent=2))
        else:
            console.print(line, markup=False)

    run_command(go(), buys=False)


def _beside(film: ShelvedFilm) -> Path:
    path = (film.folder / REPORT).absolute()
    if not path.is_file():
        raise BadInput("its run left no report", where=str(film.folder), hint="make the film again: it costs nothing")
    return path


def _target(film: ShelvedFilm, out: Path | None) -> Path:
    """The file to write. One that a person named must be new; the default's name is that of the film's very run."""
    if out is None:
        version = film.version.replace(":", "x").replace(" ", "-")
        return (Path(FOLDER) / f"{'-'.join(filter(None, (film.film_slug, version, film.run)))}.html").absolute()
    target = local_path(out).absolute()
    if target.exists() or target.is_symlink():
        raise BadInput(f"{target} is there already", where=Place("out"), hint="name a new file")
    return target
