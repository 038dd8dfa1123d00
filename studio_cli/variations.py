"""The command ``studio variations FILE TABLE``: shows what each film costs, asks, makes them, and tells what became of
each."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from studio.cleaning import printable
from studio.errors import NotConfirmed, OverBudget, RowsFailed
from studio.execution.batches import BatchPlan, check_batch, plan_batch
from studio.execution.progress import Listener
from studio.execution.projects import budget_notes
from studio.execution.session import Session, open_session
from studio.ledger.batches import Batch
from studio.money import plain, usd
from studio.production.field_types import counted
from studio.production.paths import local_path
from studio.production.variations import load_variations
from studio.settings import load_settings
from studio_cli.console import STYLES, Terminal
from studio_cli.ending import asking, termination_cancels
from studio_cli.examples import run_module
from studio_cli.prefect_checks import check_address, check_home, prefect_of
from studio_cli.produce import WIDTH, budget_of, run_command
from studio_cli.standing_server import server_for

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
#: States of shots that are told in a line.
_TOLD = ("ready", "failed", "not started", "in doubt", "refused")


class RowLines(Listener):
    """A listener that prints a line for each shot of one row's film that has ended."""

    def __init__(self, row: str) -> None:
        self._row = row

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        if state in _TOLD:
            told = f"  {detail.splitlines()[0]}" if detail else ""
            print(printable(f"{self._row + ':':<16} {shot_id:<24} {state}{told}"), file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        print(printable(f"{self._row + ':':<16} {text}"), file=sys.stderr, flush=True)


@app.command(help="Make a film of each row of TABLE: PRODUCTION has placeholders such as {{ product }}, one a column.")
def variations(
    production: Annotated[Path, typer.Argument(help="a production file with placeholders", show_default=False)],
    table: Annotated[Path, typer.Argument(help="a table (.csv, or a YAML list)", show_default=False)],
    plan: Annotated[bool, typer.Option("--plan", help="show each film's price, spend nothing")] = False,
    budget: Annotated[str | None, typer.Option(metavar="USD", help="what all films may spend at most")] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="ROW", help="make only this row (name or number)")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="all films at the cheapest tier")] = False,
    from_draft: Annotated[bool, typer.Option("--from-draft", help="finish the drafts")] = False,
    allow_missing: Annotated[bool, typer.Option("--allow-missing", help="a slate in place of a failed scene")] = False,
    at_once: Annotated[int, typer.Option(metavar="N", min=1, max=20, help="films at the same time, at most")] = 2,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="agree to the price")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    console = Terminal(stderr=as_json, highlight=False, width=None if sys.stdout.isatty() else WIDTH)

    async def go() -> None:
        settings = load_settings()
        rows = load_variations(local_path(production), local_path(table), tuple(only or ()))
        limit = budget_of(budget)
        async with open_session(settings) as session:
            planned = await plan_batch(session, rows, draft=draft, from_draft=from_draft, start=not plan)
            if plan and as_json:
                print(json.dumps(_plan_json(planned), indent=2))
                return
            show_batch(console, planned, service=session.service.title)
            if not session.service.billed and not plan:
                told = f"No API key is set: {session.service.title} makes them, and nothing is billed."
                console.print(told, markup=False, soft_wrap=True)
            if plan:
                with contextlib.suppress(NotConfirmed):  # a plan spends nothing
                    _warn(console, session, planned, limit)
                return
            server = server_for(settings)

            def begin() -> None:
                check_address()
                check_home()
                server.begin()

            allowed = _agree(session, planned, limit, yes=yes, begin=begin)
        begin()
        async with prefect_of(server):
            from flows.films import listeners
            from flows.variations import produce_variations
        listeners.set(RowLines)
        ended: Sequence[Any] = ()
        try:
            with termination_cancels(asyncio.current_task()):
                made = await produce_variations(
                    production_file=str(local_path(production).absolute()), table=str(local_path(table).absolute()),
                    budget=allowed, only=list(only or ()), draft=draft, from_draft=from_draft,
                    allow_missing=allow_missing, at_once=at_once,
                )  # fmt: skip
                ended = made["rows"] if isinstance(made, dict) else ()
        except RowsFailed as error:
            ended = error.rows
            raise
        finally:
            if ended:
                show_rows(console, ended)
            if ended and as_json:
                print(json.dumps({"rows": list(ended)}, indent=2))

    run_command(go())


def show_batch(console: Console, planned: BatchPlan, *, service: str) -> None:
    """Print a row for each film of the plan, and what all of them cost."""
    table = Table(box=None, pad_edge=False)
    for name in ("row", "film", "shots", "new", "shared", "kept", "to pay"):
        table.add_column(name, justify="left" if name in ("row", "film") else "right", overflow="fold")
    for row in planned.rows:
        numbers = (len(row.plan.shots), len(row.new), row.shared, row.kept)
        table.add_row(printable(row.name), printable(row.production.title), *map(str, numbers), usd(row.to_pay))
    console.print(table)
    at_most = "at most " if planned.at_most else ""
    total = f"{usd(planned.to_pay)} of {usd(planned.total)} in all"
    line = f"to pay now for {counted(len(planned.rows), 'film')}: {at_most}{total}, at {service}"
    console.print(line, markup=False, soft_wrap=not console.is_terminal)
    for note in _notes(planned):
        console.print(f"note: {note}", markup=False, soft_wrap=not console.is_terminal)


def _notes(planned: BatchPlan) -> list[str]:
    """The notes of all plans, each once; of the budget that the rows share there is one line."""
    projects = {row.plan.budgeting.project for row in planned.rows} - {""}
    notes = [f"these films are one project, '{project}': its budget counts all of them" for project in sorted(projects)]
    for row in planned.rows:
        of_budget = {str(note) for note in budget_notes(row.plan.budgeting)}
        notes += [told for note in row.plan.all_notes if (told := str(note)) not in of_budget]
    return list(dict.fromkeys(notes))


def show_rows(console: Console, rows: Sequence[Any]) -> None:
    """Print what became of each row."""
    table = Table(box=None, pad_edge=False)
    for name in ("row", "state", "paid", "film, or what is wrong"):
        table.add_column(name, justify="right" if name == "paid" else "left", overflow="fold")
    for row in rows:
        style = STYLES["failed"] if row["error"] else STYLES["ready"]
        state = f"[{style}]{'failed' if row['error'] else 'made'}[/]"
        what = printable(row["error"] or row["film"] or "").replace("[", r"\[")
        table.add_row(printable(row["row"]).replace("[", r"\["), state, f"${row['paid_usd']}", what)
    console.print(table)


def _agree(
    session: Session, planned: BatchPlan, limit: Decimal | None, *, yes: bool, begin: Callable[[], None]
) -> Decimal | None:
    """The most that all films may spend. Billed ones need consent: an answer to the question, --yes, or a budget."""
    to_pay, billed = planned.to_pay, session.service.billed
    asked = billed and to_pay > 0 and not yes and sys.stdin.isatty()
    try:
        check_batch(session, planned, Batch("", limit))
    except NotConfirmed:
        if not yes and not asked:
            raise NotConfirmed(
                f"these films would be billed {usd(to_pay)}, and there is nobody to ask",
                hint="say --yes, or give them a --budget",
            ) from None
    if not billed:
        return limit
    if asked:
        begin()
        agreed = False
        with asking(), contextlib.suppress(typer.Abort):  # Ctrl-C, or the end of input, counts as an answer
            agreed = typer.confirm(f"Spend {usd(to_pay)} at {session.service.title}?", err=True)
        if not agreed:
            raise NotConfirmed("not confirmed: nothing was bought")
    # The price agreed to is the cap: if more is needed later, it is not bought.
    return planned.limit if limit is None else limit


def _warn(console: Console, session: Session, planned: BatchPlan, limit: Decimal | None) -> None:
    try:
        check_batch(session, planned, Batch("", limit))
    except OverBudget as error:
        console.print(f"over budget: {error}", markup=False, soft_wrap=True)


def _plan_json(planned: BatchPlan) -> dict[str, Any]:
    return {"to_pay_usd": plain(planned.to_pay), "total_usd": plain(planned.total), "rows": planned.as_rows()}


def main() -> None:
    """Entry point of ``python -m flows.variations``."""
    run_module(app, "variations")
