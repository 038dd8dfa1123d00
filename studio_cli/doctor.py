"""The command ``doctor``: what a run here would use, part by part, and what to do where something is wrong."""

from __future__ import annotations

import contextvars
import json
import os
import sys
import threading
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from studio.errors import SettingsError, StudioError
from studio.settings import Settings, load_settings, settings_faults
from studio_cli.console import Terminal
from studio_cli.findings import books, network, packages, places, programs, servers, services, variables
from studio_cli.findings.values import Finding, Look
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

#: Each group of parts, and what looks at it. An error that one raises is the finding on the group.
PARTS: dict[str, Look] = {
    "service": services.services, "settings": variables.variables, "prices": programs.prices, "ledger": books.books,
    "films and clips": places.stores,
    "publish": places.publishing, "disk": places.disks, "ffmpeg": programs.ffmpeg, "fonts": programs.fonts,
    "voices": programs.voices, "sandbox": servers.sandbox, "prefect server": servers.prefect, "links": places.links,
    "proxy": network.proxies, "packages": packages.packages, "signing": programs.signing,
}  # fmt: skip
SECONDS = 10.0  # in which all parts have to be looked at
OURS = "where the reason is not clear, report it with the output of studio doctor --json"
CORRECT = "correct or unset it (the README lists what each may be); then ask again"
SLOW = "is a server or a disk that it needs away? Check the network, a proxy, a firewall"


def findings(settings: Settings) -> list[Finding]:
    """Look at every part, all at once. Nothing is started, ordered or migrated; a store of films or clips, and the
    place of published assets, are tried with a small file."""
    found: dict[str, list[Finding]] = {part: [] for part in PARTS}

    def look(part: str) -> None:
        told = found[part]
        try:
            told.extend(PARTS[part](settings))
        except StudioError as error:
            where = f"{error.where}: " if error.where else ""
            told.append(Finding(part, f"{where}{error.message}", False, str(error.hint) or OURS))
        except Exception as error:  # noqa: BLE001 - one part must not hide the others
            told.append(Finding(part, f"was not looked at ({type(error).__name__})", False, OURS))

    # Each in a thread that ends with the process: one that waits for a dead network keeps nobody else.
    threads = {
        part: threading.Thread(target=contextvars.copy_context().run, args=(look, part), name=part, daemon=True)
        for part in PARTS
    }
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + SECONDS
    for thread in threads.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    told: list[Finding] = []
    for part, thread in threads.items():
        # A setting that several parts cannot use is told once.
        told += [one for one in found[part] if one.well or one.said not in {other.said for other in told}]
        if thread.is_alive():
            told.append(Finding(part, f"no answer within {SECONDS:.0f} s", False, SLOW))
    return told


def _all_findings() -> list[Finding]:
    """The findings on every part; where settings cannot be used, on these alone, since all else rests on them."""
    try:
        settings = load_settings()
    except SettingsError:
        told = settings_faults()
        return [Finding("settings", f"{one.where}: {one.message}", False, one.hint or CORRECT) for one in told]
    return findings(settings)


@app.command(help="What a run here would use, and what to do where something is wrong. Nothing is started or bought.")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False) -> None:
    found: list[Finding] = []

    async def go() -> None:
        found.extend(_all_findings())
        if as_json:
            told = [asdict(finding) | {"mark": finding.mark} for finding in found]
            print(json.dumps({"findings": told}, indent=2))
        else:
            table = Table.grid(padding=(0, 2))
            for _ in range(3):
                table.add_column(overflow="fold")
            for finding in found:
                said = finding.said + (f"\n→ {finding.hint}" if finding.hint else "")
                table.add_row(finding.mark, finding.part, said)
            Terminal(highlight=False).print(table, markup=False)

    run_command(go(), buys=False)
    if any(thread.name in PARTS for thread in threading.enumerate()):
        sys.stdout.flush()
        os._exit(2)  # an orderly end would wait for the network that one of them waits for
    if not all(finding.well for finding in found):
        sys.exit(2)
