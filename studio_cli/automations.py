"""The command ``automations``: notices and the end of dead runs, as automations on the Prefect server."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from getpass import getpass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from studio.errors import BadInput, SettingsError
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.prefect_checks import check_address, check_home, check_prefect
from studio_cli.prefect_server import load_prefect
from studio_cli.produce import run_command

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from deployments.applying import Applied, Standing

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
NO_BLOCK = (
    "no notices: say where they go, with --block TYPE/NAME or --webhook URL. Only runs that died are marked Crashed"
)


@app.command(help="Notices of failed runs, films, caps and doubts, and the end of runs that died, on Prefect's server.")
def automations(
    action: Annotated[
        Literal["apply", "list", "remove"],
        typer.Argument(help="apply: make or change them; list: how they stand; remove: all of them"),
    ],
    block: Annotated[
        str | None, typer.Option(metavar="TYPE/NAME", help="the block that notices go to, such as slack-webhook/films")
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(metavar="URL", help="an address that gets them as JSON, kept in a block; -: asked for, or read"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would change, and change nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    console = Terminal(highlight=False, soft_wrap=True, stderr=as_json)

    async def go() -> None:
        given = [name for name, value in (("--block", block), ("--webhook", webhook)) if value is not None]
        if action != "apply" and given:
            raise BadInput(f"{given[0]} is for apply alone", hint="nothing was changed")
        if len(given) > 1:
            raise BadInput("--block and --webhook: say one of them", hint="nothing was changed")
        address = _address(webhook)
        settings = load_settings()
        async with _server() as (client, ui):
            from deployments import applying

            if action == "list":
                found = await applying.standing(client, settings, ui)
                _show_standing(console, found, as_json=as_json)
            elif action == "remove":
                _show_done(console, await applying.remove(client, dry=dry_run), dry=dry_run, as_json=as_json)
            else:
                target = None
                if block is not None:
                    target = await applying.block_target(client, block)
                elif address is not None:
                    target = await applying.webhook_target(client, address, dry=dry_run)
                done = await applying.apply(client, settings, ui, target, dry=dry_run)
                _show_done(console, done, dry=dry_run, as_json=as_json)
                if not applying.tells(done):
                    console.print(NO_BLOCK, markup=False)

    run_command(go())


def _show_standing(console: Terminal, found: "Sequence[Standing]", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"automations": [asdict(each) for each in found]}, indent=2))
        return
    for each in found:
        how = "not there" if not each.there else "on" if each.enabled else "switched off"
        to = f", to {each.block}" if each.block else ""
        written = "" if not each.there or each.as_written else "; differs from what is written: apply changes it"
        console.print(f"{each.name}: {how}{to}{written}", markup=False)


def _show_done(console: Terminal, done: "Sequence[Applied]", *, dry: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"dry_run": dry, "automations": [asdict(each) for each in done]}, indent=2))
        return
    for each in done:
        change = f"would be {each.change}" if dry and each.change != "unchanged" else each.change
        console.print(f"{each.name}: {change}{'' if each.enabled else ' (switched off)'}", markup=False)
    if not done:
        console.print("there are none")


def _address(webhook: str | None) -> str | None:
    """The webhook's address; for ``-`` asked for without showing it, or the first line of standard input."""
    if webhook != "-":
        return webhook and webhook.strip()
    found = getpass("Webhook URL: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not found.strip():
        raise BadInput("no address was given", where="--webhook", hint="nothing was changed")
    return found.strip()


@asynccontextmanager
async def _server() -> "AsyncIterator[tuple[PrefectClient, str]]":
    """A client of the configured server, or of the one of ``make ui``, and the address of its UI. Raises
    SettingsError."""
    check_address("the server of `make ui` is used")
    check_home()
    load_prefect()
    from prefect import get_client
    from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, get_current_settings, temporary_settings

    listens = get_current_settings().server.api
    url = PREFECT_API_URL.value() or f"http://{listens.host}:{listens.port}/api"
    with temporary_settings({PREFECT_API_URL: url}):
        try:
            await check_prefect()
        except SettingsError as error:
            raise SettingsError(str(error.message), where=str(error.where), hint="start one with: make ui") from None
        async with get_client() as client:
            yield client, (PREFECT_UI_URL.value() or "").rstrip("/")
