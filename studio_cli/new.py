"""The command ``studio new TITLE``: writes a production from a template, or from a list of prompts."""

import json
import shlex
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from studio.errors import BadInput, StudioError
from studio.execution.batches import plan_batch
from studio.execution.session import Session, open_session
from studio.money import plain, usd
from studio.production import load_production
from studio.production.field_types import counted
from studio.production.paths import local_path
from studio.production.prompt_list import prompts_in
from studio.production.scaffold import Begun, Scaffold, begun, from_prompts, from_template, place_for, put
from studio.production.tables import MOST_BYTES, bytes_of
from studio.production.templates import TEMPLATES, template
from studio.production.variations import load_variations
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    help="Write a new production: from a template, or with a scene for each prompt of a list. Nothing is spent."
)
def new(
    title: Annotated[str, typer.Argument(help="the film's title, which names its file too", show_default=False)] = "",
    named: Annotated[
        str, typer.Option("--template", metavar="NAME", help="what to begin with: film, ad, narrated …; see --list")
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="list the templates")] = False,
    prompts: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="a prompt a line; or a .csv, .tsv, .json or .yaml with a column prompt and other fields of scenes; "
            "-: standard input",
        ),
    ] = None,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="where it goes; default: <slug>.yaml here")] = None,
    model: Annotated[str | None, typer.Option(help="the video model, such as ray-3")] = None,
    resolution: Annotated[str | None, typer.Option(help="such as 720p")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(metavar="RATIO", help="such as 9:16")] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="SECONDS", help="of every scene; a row of --prompts may have its own")
    ] = None,
    budget: Annotated[str | None, typer.Option(metavar="USD", help="what the film may cost at most")] = None,
    style: Annotated[str | None, typer.Option(help="words for the end of every prompt")] = None,
    chain: Annotated[bool, typer.Option("--chain", help="each scene goes on from the one before it")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    fields = {
        "model": model, "resolution": resolution, "aspect_ratio": aspect_ratio, "duration": duration,
        "budget": budget, "style": style, "chain": chain,
    }  # fmt: skip

    async def go() -> None:
        if listed:
            _show_templates(as_json=as_json)
            return
        if named and prompts:
            told = "a template and a list of prompts are given: a film begins with one of them"
            raise BadInput(told, hint="leave out --template or --prompts")
        empty = next((name for name, said in (("--prompts", prompts), ("--out", out)) if said == ""), None)
        if empty:
            raise BadInput("is empty", where=empty, hint="name a file; is a variable of the shell not set?")
        if not title.strip():
            hint = 'such as: studio new "The Harbour". studio new --list lists the templates'
            raise BadInput("a new production needs a title", where="TITLE", hint=hint)
        asked = begun(title, fields)
        file = place_for(asked, local_path(Path(out)) if out else None)
        made = _of_prompts(prompts, asked, file) if prompts else from_template(template(named or "film"), asked, file)
        written = put(made)
        _show(asked, made, written, await _price(made), as_json=as_json)

    run_command(go(), buys=False)


def _of_prompts(prompts: str, asked: Begun, file: Path) -> Scaffold:
    """The production of a list of prompts, which may come by standard input."""
    if prompts == "-":
        if sys.stdin.isatty():
            print("a prompt a line; Ctrl-D in an empty line ends the list", file=sys.stderr)
        source, raw = "standard input", sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        path = local_path(prompts)
        source, raw = path.name, bytes_of(path)
    return from_prompts(prompts_in(raw, source), source, asked, file)


async def _price(made: Scaffold) -> tuple[Decimal | None, str]:
    """The price of what was written, where nothing of it was bought before; None where there is none yet. And a note:
    why there is none, or that the budget is less.

    The ledger and the speech that this takes are in a folder that is gone after it: nothing but what was asked for is
    written here.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = load_settings().model_copy(
                update={"home": Path(folder), "ledger_url": None, "new_ledger": True, "clips": ""}
            )
            async with open_session(settings) as session:
                return await _planned(session, made)
    except StudioError as error:
        return None, f"no price yet: {error}"


async def _planned(session: Session, made: Scaffold) -> tuple[Decimal, str]:
    if made.table:
        rows = load_variations(made.file, made.file.with_name(made.table))
        price, budget = (await plan_batch(session, rows)).to_pay, rows[0].production.budget
    else:
        plan, _ = await session.plan(load_production(made.file))
        price, budget = plan.to_pay, plan.production.budget
    if budget is None or price <= budget:
        return price, ""
    return price, f"its budget is {usd(budget)}, which is less: write budget: {price} or more into {made.file.name}"


def _next(made: Scaffold) -> dict[str, str]:
    """The commands that come next, and what each does."""
    file = shlex.quote(_named(made.file))
    if made.table:
        table = shlex.quote(_named(made.file.with_name(made.table)))
        return {
            f"studio variations {file} {table} --plan": "each film with its price; buys nothing",
            f"studio variations {file} {table}": "makes the films",
        }
    return {
        f"studio plan {file}": "each shot with its price; buys nothing",
        f"studio produce {file}": "makes the film",
    }


def _named(path: Path) -> str:
    """A path as a command takes it: one that begins with a hyphen is no option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def _show(
    asked: Begun, made: Scaffold, written: list[Path], priced: tuple[Decimal | None, str], *, as_json: bool
) -> None:
    commands, (price, note) = _next(made), priced
    if as_json:
        found: dict[str, Any] = {
            "file": str(made.file), "title": asked.title, "scenes": made.scenes,
            "beside": [str(path) for path in written if path != made.file],
            "price_usd": None if price is None else plain(price), "note": note, "next": list(commands),
        }  # fmt: skip
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    console = Terminal(highlight=False)

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    cost = "" if price is None else f", {usd(price)}"
    films = " a film" if made.table else ""
    say(f"{made.file}: {asked.title}: {counted(made.scenes, 'scene')}{films}{cost}")
    for path in written:
        if path != made.file:
            say(f"{path}: goes with it")
    if note:
        say(f"note: {note}")
    say("next:")
    width = max(map(len, commands))
    for command, does in commands.items():
        say(f"  {command:<{width}}  {does}")


def _show_templates(*, as_json: bool) -> None:
    if as_json:
        found = [{"name": one.name, "says": one.says} for one in TEMPLATES]
        print(json.dumps({"templates": found}, indent=2, ensure_ascii=False))
        return
    width = max(len(one.name) for one in TEMPLATES)
    for one in TEMPLATES:
        print(f"{one.name:<{width}}  {one.says}")
