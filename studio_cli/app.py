"""The command ``studio``: its commands are the modules of this package, of which only the requested one is loaded."""

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from studio_cli.loading import loading

#: Each command: its module, and its help.
COMMANDS = {
    "new": ("studio_cli.new", "Write a new production: from a template, or a scene for each of a list of prompts."),
    "produce": ("studio_cli.produce", "Make the film of a production. What was bought before is not bought again."),
    "plan": ("studio_cli.produce", "Show what a production's film would cost, shot by shot; nothing is spent."),
    "check": ("studio_cli.check", "Check productions, or all of a folder: no network, no key, nothing is spent."),
    "variations": ("studio_cli.variations", "Make a film of each row of a table: languages, products, shapes."),
    "watch": ("studio_cli.watch", "Make each new or changed production of a folder or store, within its budget."),
    "takes": ("studio_cli.takes", "The takes of each scene: which one the film uses, and why; choose another."),
    "diff": ("studio_cli.diff", "What changed since a production's last film, and what that costs."),
    "films": ("studio_cli.films", "The finished films, the newest first: version, length, costs, and where each is."),
    "serve": ("studio_cli.serve", "The finished films, their reports and pictures, in a browser; read-only."),
    "export": ("studio_cli.export", "A finished film in other forms: web, hevc, av1, prores, dnxhr, gif, webp."),
    "verify": ("studio_cli.verify", "Who signed a film or a delivery, whether it is valid, and what it is made of."),
    "report": ("studio_cli.report", "Where a film's report is; with --single-file, the report as one file to send."),
    "package": ("studio_cli.package", "A film's folder to hand over: for an editor, a client, an accountant."),
    "clean": ("studio_cli.clean", "What can be made again at no cost, with its size; removed with --yes."),
    "costs": ("studio_cli.costs", "What was spent, on what, read from the ledger."),
    "reconcile": ("studio_cli.reconcile", "Settle what earlier runs left behind, or one order by hand."),
    "concepts": ("studio_cli.concepts", "What a camera can do, by key and in plain words."),
    "callbacks": ("studio_cli.callbacks", "Receive the service's callbacks, so that runs notice ends sooner."),
    "backup": ("studio_cli.backup", "A verified copy of the ledger."),
    "doctor": ("studio_cli.doctor", "What a run here would use, part by part, and whether each is there."),
    "automations": (
        "studio_cli.automations",
        "Notices, and the end of runs that died, as automations on the Prefect server.",
    ),
    "server": ("studio_cli.server", "Stop the Prefect server that stays for the next command."),
    "sandbox": ("", "A stand-in for Luma's two APIs on this machine: nothing is billed, clips are real."),
}
#: Set by a shell that asks for completions: the line as it is typed.
TYPED = ("_TYPER_COMPLETE_ARGS", "COMP_WORDS")


def command_line(words: list[str]) -> typer.Typer:
    """Build the command. Commands named in ``words`` get their options; the others their help alone."""
    cli = typer.Typer(
        name="studio", help="Studio Producer makes films of written productions.", no_args_is_help=True,
        pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    for name, (module, says) in COMMANDS.items():
        if name == "sandbox":
            passed_on = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
            cli.command(name, help=says, context_settings=passed_on)(_sandbox)
        else:
            cli.command(name, help=says)(_loaded(name, module) if name in words else _nothing)
    return cli


def _loaded(name: str, module: str) -> Callable[..., Any]:
    with loading():
        (found,) = importlib.import_module(module).app.registered_commands
    return _planning(found.callback) if name == "plan" else found.callback


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
    os.execv(line[0], line)  # noqa: S606


def main() -> None:
    """Entry point of ``studio``."""
    typed = " ".join(os.environ.get(name, "") for name in TYPED).split()
    command_line([*sys.argv[1:2], *typed])(prog_name="studio")
