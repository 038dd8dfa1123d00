"""The command ``doctor``: what a run here would use, part by part, and whether each part is there."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.table import Table

from studio.addresses import ledger_name
from studio.errors import StudioError
from studio.settings import Settings, choose_service, load_settings
from studio_cli.console import Terminal
from studio_cli.prefect_checks import API
from studio_cli.produce import run_command
from studio_cli.standing_server import standing

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Finding:
    """The findings about one part. ``hint`` says what to do where it is not ``well``."""

    part: str
    said: str
    well: bool = True
    hint: str = ""


def _service(settings: Settings) -> Iterator[Finding]:
    service = choose_service(settings)
    yield Finding("service", f"{service.title}; {'runs are billed' if service.billed else 'nothing is billed'}")


def _ledger(settings: Settings) -> Iterator[Finding]:
    from studio.ledger import open_ledger
    from studio.ledger.engine import HEAD

    name = ledger_name(settings.ledger)
    if settings.ledger_url is None and not (settings.home / "ledger.db").exists():
        yield Finding("ledger", f"{name}: none yet; the first run makes it")
        return
    open_ledger(settings.ledger).close()
    yield Finding("ledger", f"{name}: can be read and written, schema {HEAD}")


def _ffmpeg(_: Settings) -> Iterator[Finding]:
    from studio.media.ffmpeg import binary

    yield Finding("ffmpeg", binary())


def _sandbox(settings: Settings) -> Iterator[Finding]:
    from studio.execution.local_sandbox import running

    origin = running(settings.home / "sandbox")
    yield Finding("sandbox", f"runs at {origin}" if origin else "does not run; a run without a key starts it")


def _prefect(settings: Settings) -> Iterator[Finding]:
    if os.environ.get(API):
        yield Finding("prefect server", f"the one that {API} names")
        return
    found = list(standing(settings.home))
    for one in found:
        used = f"in use by {one.leases}" if one.leases else f"unused, leaves in {one.leaves_in or 0:.0f} s"
        yield Finding(
            "prefect server", f"stays for the next command (process {one.pid}, {one.url or 'starting'}): {used}"
        )
    if not found:
        kept = f"it stays for {settings.prefect_idle:.0f} s" if settings.prefect_idle else "it ends with it"
        yield Finding("prefect server", f"none; a run starts one, and {kept}")


def _links(settings: Settings) -> Iterator[Finding]:
    import httpx

    from studio.shelf.serving import SERVICE

    answers = ""
    with contextlib.suppress(httpx.HTTPError, ValueError, AttributeError):
        answers = httpx.get(f"{settings.links.rstrip('/')}/healthz", timeout=5, trust_env=False).json().get("service")
    told = "films are served at" if answers == SERVICE else "studio serve does not run at"
    yield Finding("links", f"{told} {settings.links}")


def _stores(settings: Settings) -> Iterator[Finding]:
    from studio.storage.chosen_stores import clip_objects, film_store

    films = film_store(settings)
    for part, store in (("films", films.objects if films else None), ("clips", clip_objects(settings))):
        if store is None:
            folder = settings.films if part == "films" else settings.home / "clips"
            yield Finding(part, f"in the folder {folder.absolute()}")
            continue
        try:
            store.check()
        except StudioError as error:
            yield Finding(part, str(error.message), well=False, hint=str(error.hint))
        else:
            yield Finding(part, f"{store.url}: can be listed, read and written")


def _signing(settings: Settings) -> Iterator[Finding]:
    """The certificate, where one is set, and if it can sign. A production may ask for one that is made for trying."""
    from studio.provenance.chosen import chosen_credential, is_signed

    if not is_signed(settings, "auto"):
        return
    from studio.provenance.signing import check_can_sign

    if (credential := chosen_credential(settings, "auto")) is not None:
        check_can_sign(credential)
        yield Finding("signing", f"films are signed by {credential.name}")


#: Each part, and what looks at it. An error that one raises is its finding.
PARTS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "service": _service, "ledger": _ledger, "films and clips": _stores, "ffmpeg": _ffmpeg, "sandbox": _sandbox,
    "prefect server": _prefect, "links": _links, "signing": _signing,
}  # fmt: skip


def findings(settings: Settings) -> list[Finding]:
    """Look at every part. Nothing is started or ordered; an older ledger is brought forward, as a run does, and a store
    of films or clips is tried with a small file."""
    found: list[Finding] = []
    for part, look in PARTS.items():
        try:
            found += look(settings)
        except StudioError as error:
            found.append(Finding(part, str(error.message), well=False, hint=str(error.hint)))
    return found


@app.command(help="What a run here would use: service, ledger, ffmpeg, sandbox, Prefect server. Nothing is started.")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False) -> None:
    found: list[Finding] = []

    async def go() -> None:
        found.extend(findings(load_settings()))
        if as_json:
            print(json.dumps({"findings": [asdict(finding) for finding in found]}, indent=2))
        else:
            table = Table.grid(padding=(0, 2))
            for finding in found:
                mark = "ok" if finding.well else "wrong"
                table.add_row(mark, finding.part, finding.said + (f"\n→ {finding.hint}" if finding.hint else ""))
            Terminal(highlight=False).print(table, markup=False)

    run_command(go())
    if not all(finding.well for finding in found):
        sys.exit(2)
