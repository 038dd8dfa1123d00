"""The command ``studio``: its commands are the modules of this package, of which only the requested one is loaded."""

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from studio_cli.examples import examples_of
from studio_cli.loading import loading

#: The commands in groups, in the order in which a producer needs them: each has its module and its help.
GROUPS = {
    "Write a production": {
        "new": ("studio_cli.new", "A new production: from a template, or a scene for each prompt."),
        "check": ("studio_cli.check", "Check productions, or a folder of them: no network, no key."),
        "concepts": ("studio_cli.concepts", "What a camera can do, by key and in plain words."),
        "schema": ("studio_cli.schema", "The JSON Schema of production files, for editors."),
    },
    "Make its film": {
        "plan": ("studio_cli.produce", "What a film would cost, shot by shot; nothing is spent."),
        "produce": ("studio_cli.produce", "Make the film. What was bought before is not bought again."),
        "takes": ("studio_cli.takes", "Takes of each scene: which one is used, and why; choose one."),
        "diff": ("studio_cli.diff", "What changed since the last film, and what that costs."),
        "variations": ("studio_cli.variations", "A film for each row of a table: languages, products, shapes."),
        "watch": ("studio_cli.watch", "Make each new or changed production of a folder or store."),
    },
    "Show it, and hand it over": {
        "films": ("studio_cli.films", "Finished films, newest first: length, costs, where each is."),
        "report": ("studio_cli.report", "Where a film's report is, or the report as one file to send."),
        "serve": ("studio_cli.serve", "Finished films and their reports in a browser; read-only."),
        "export": ("studio_cli.export", "A film in other forms: web, hevc, av1, prores, gif and more."),
        "package": ("studio_cli.package", "A film's folder to hand over: editor, client, accountant."),
        "verify": ("studio_cli.verify", "Who signed a film, whether that is valid, its ingredients."),
    },
    "Money and upkeep": {
        "doctor": ("studio_cli.doctor", "What a run here would use, and whether each part is there."),
        "costs": ("studio_cli.costs", "What was spent, and on what."),
        "reconcile": ("studio_cli.reconcile", "Settle what earlier runs left behind, or one order by hand."),
        "backup": ("studio_cli.backup", "A verified copy of the ledger."),
        "clean": ("studio_cli.clean", "What can be made again at no cost: its size, and its removal."),
    },
    "Services and servers": {
        "sandbox": ("", "A stand-in for Luma's APIs here: real clips, nothing billed."),
        "automations": ("studio_cli.automations", "Notices, and the end of dead runs, on a Prefect server."),
        "callbacks": ("studio_cli.callbacks", "Receive the service's callbacks: ends are noticed sooner."),
        "server": ("studio_cli.server", "Stop the Prefect server that stays for the next command."),
    },
}
COMMANDS = {name: told for commands in GROUPS.values() for name, told in commands.items()}
BEGIN = """Begin: studio produce makes a bundled example in the sandbox, at no cost.
Then: studio new TITLE, studio plan FILE, studio produce FILE.
With LUMAAI_API_KEY or LUMA_AGENTS_API_KEY set, runs are billed.
studio COMMAND --help tells the options of a command."""
#: The variable by which the sandbox knows what it was begun as, for its help.
SANDBOX_CALLED = "LUMA_SANDBOX_CALLED"
#: Set by a shell that asks for completions: the line as it is typed.
TYPED = ("_TYPER_COMPLETE_ARGS", "COMP_WORDS")


def command_line(words: list[str]) -> typer.Typer:
    """Build the command. Commands named in ``words`` get their options; the others their help alone."""
    cli = typer.Typer(
        name="studio", help="Studio Producer makes films of written productions, and buys no shot twice.",
        epilog=BEGIN, no_args_is_help=True, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    panels = {name: group for group, commands in GROUPS.items() for name in commands}
    for name, (module, says) in COMMANDS.items():
        panel = panels[name]
        if name == "sandbox":
            passed_on = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
            cli.command(name, help=says, rich_help_panel=panel, context_settings=passed_on)(_sandbox)
        else:
            command, told = _loaded(name, module, says) if name in words else (_nothing, says)
            cli.command(name, help=told, short_help=says, epilog=examples_of(name), rich_help_panel=panel)(command)
    return cli


def _loaded(name: str, module: str, says: str) -> tuple[Callable[..., Any], str]:
    """A command and its own help, which says more than its line in the list."""
    with loading():
        (found,) = importlib.import_module(module).app.registered_commands
    return (_planning(found.callback), says) if name == "plan" else (found.callback, found.help or says)


def _planning(produce: Callable[..., Any]) -> Callable[..., Any]:
    """``produce`` with its option ``plan`` set and removed from the options."""

    @functools.wraps(produce)
    def plan(**options: Any) -> Any:
        return produce(**options, plan=True)

    signature = inspect.signature(produce)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "plan"]
    plan.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    plan.__annotations__ = {name: kind for name, kind in produce.__annotations__.items() if name != "plan"}
    return plan


def _nothing() -> None:
    raise AssertionError("a command that is asked for is loaded")


def _sandbox(context: typer.Context) -> None:
    """Run the sandbox as a program of its own: it shares no code with the rest."""
    line = [sys.executable, "-m", "luma_sandbox", *context.args]
    os.execve(line[0], line, os.environ | {SANDBOX_CALLED: "studio sandbox"})  # noqa: S606


def main() -> None:
    """Entry point of ``studio``."""
    typed = " ".join(os.environ.get(name, "") for name in TYPED).split()
    command_line([*sys.argv[1:2], *typed])(prog_name="studio")
