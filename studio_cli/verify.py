"""The command ``verify``: who signed a file, whether it is as it was signed, and what it is made of."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from studio.production.paths import local_path
from studio.provenance.chosen import TRYING, authorities
from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio_cli.console import Terminal
from studio_cli.film_choice import one_film
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
FILM = "film.mp4"
MOST = 12  # ingredients that are listed; --json has all


@app.command(
    help="Who signed a film or a delivery (C2PA), whether it is as it was signed, and what it is made of. Exit status "
    "1: not signed, or changed since."
)
def verify(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="a film, a delivery, a film's folder, a title, a production file, or latest"
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    sound: list[bool] = []

    async def go() -> None:
        from studio.provenance.reading import read

        path = local_path(file)
        path = path / FILM if path.is_dir() else path
        if not path.is_file():
            films = films_of(load_settings())
            path = films.brought(one_film(films.shelf(), str(file)).film).path
        found = await asyncio.to_thread(read, path, authorities=authorities(load_settings()))
        sound.append(found is not None and found.state != "invalid")
        if as_json:
            told = {"file": str(path.absolute()), "signed": found is not None, "provenance": found and asdict(found)}
            print(json.dumps(told, indent=2))
            return
        console = Terminal(highlight=False, soft_wrap=True)
        if found is None:
            console.print(f"{path}: is not signed: it has no C2PA manifest", markup=False)
            return
        state = {
            "trusted": "valid and trusted: its certificate leads to an authority that you trust",
            "valid": f"valid; {TRYING}" if found.trial else "valid; its certificate leads to no authority known here",
            "invalid": f"NOT VALID: {', '.join(found.faults) or 'it is not as it was signed'}",
        }[found.state]
        by = found.signer if found.issuer in ("", found.signer) else f"{found.signer} ({found.issuer})"
        for name, value in (
            ("file", path), ("state", state), ("signed by", by), ("made with", found.generator),
            ("title", found.title), ("source", ", ".join(found.sources)),
        ):  # fmt: skip
            if value:
                console.print(f"{name:<12}{value}", markup=False)
        for one in found.ingredients[:MOST]:
            words = [one.title, one.relation]
            words += [f"{key} {one.facts[key]}" for key in ("model", "generation_id", "source") if one.facts.get(key)]
            if one.signed_by:
                words.append(f"has credentials of {one.signed_by}{'' if one.sound else ', which do not hold'}")
            console.print(f"{'made of':<12}{', '.join(words)}", markup=False)
        if len(found.ingredients) > MOST:
            console.print(f"{'':<12}and {len(found.ingredients) - MOST} more (--json lists them)", markup=False)

    run_command(go(), buys=False)
    if sound != [True]:
        sys.exit(1)
