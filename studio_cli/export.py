"""The command ``export``: a finished film in other forms, for the web, for editing, as a preview."""

import asyncio
import json
import threading
from typing import Annotated, Any

import typer

from studio.delivery.values import DeliveryRecord
from studio.errors import BadInput
from studio.production.deliveries import PRESETS
from studio.provenance.chosen import chosen_credential
from studio.report.formats import size
from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio.spelling import nearest
from studio_cli.console import Terminal
from studio_cli.film_choice import one_film
from studio_cli.films import shown_path, version_of
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
HELP = "\n\n".join(f"{name}: {what}." for name, what in PRESETS.items())


@app.command(
    help="Make a finished film into other forms, beside it. FILM: a folder of a film, a title, a production file, or "
    f"'latest'.\n\n{HELP}"
)
def exported(
    film: Annotated[str, typer.Argument(metavar="FILM", help="folder, title, production file, or latest")],
    presets: Annotated[list[str], typer.Argument(metavar="PRESET...", help=", ".join(PRESETS))],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        from studio.delivery.making import undelivered  # loaded here: the list of presets waits for no decoder
        from studio.execution.storing import upload
        from studio.shelf.exporting import export

        asked = tuple(dict.fromkeys(_preset(name) for name in presets))
        settings = load_settings()
        films = films_of(settings)
        chosen = one_film(films.shelf(), film)
        found = films.brought(chosen.film)
        console, stopped = Terminal(stderr=as_json, highlight=False, soft_wrap=True), threading.Event()
        if chosen.note:
            console.print(f"note: {chosen.note}", markup=False)
        console.print(
            f"{found.title}, {version_of(found)}, of {found.made_at:%Y-%m-%d %H:%M} UTC", markup=False
        )  # fmt: skip
        console.print(f"making {', '.join(asked)}, two at a time", markup=False)

        def told(made: DeliveryRecord) -> None:
            if made.path is not None:
                before = ", made before" if made.kept else ""
                line = f"  {shown_path(made.path)}  {made.form}, {size(made.bytes)}{before}"
                console.print(line, markup=False)

        def sign(wanted: str) -> Any:
            credential = chosen_credential(settings, wanted)
            if credential is None:
                return None
            from studio.provenance.deliveries import DeliverySigning
            from studio.provenance.signing import check_can_sign

            check_can_sign(credential)
            return DeliverySigning(credential, found.path, found.title)

        try:
            made = await asyncio.to_thread(
                export,
                found,
                asked,
                home=settings.home.absolute(),
                stop=stopped.is_set,
                told=told,
                sign=sign,
            )
        finally:
            stopped.set()  # after Ctrl-C: the threads run until their ffmpeg is told to stop
        if films.store is not None and films.store.holds(found.folder):
            await upload(films.store, found.folder)
        if as_json:
            print(
                json.dumps({"film": str(found.path.absolute()), "deliveries": [_told(one) for one in made]}, indent=2)
            )
        if (lacking := undelivered(made, found.path)) is not None:
            raise lacking

    run_command(go(), buys=False)


def _told(made: DeliveryRecord) -> dict[str, object]:
    return {
        "preset": made.preset, "path": str(made.path) if made.path else None, "sha256": made.sha256 or None,
        "bytes": made.bytes, "form": made.form, "kept": made.kept, "error": str(made.error) if made.error else None,
    }  # fmt: skip


def _preset(name: str) -> str:
    known = name.strip().lower()
    if known in PRESETS:
        return known
    near = nearest(known, PRESETS)
    hint = f"one of {', '.join(PRESETS)}"
    raise BadInput(
        f"there is no preset {name!r}",
        where="PRESET",
        hint=f"did you mean {near!r}? {hint.capitalize()}" if near else hint,
    )
