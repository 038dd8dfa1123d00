"""Examples of each command, for the end of its help. Each can be typed as it stands, once its files are there."""

from __future__ import annotations

import typer

EXAMPLES: dict[str, tuple[str, ...]] = {
    "new": ('"The Harbour" --template ad', '"The Harbour" --prompts shots.csv --model ray-3'),
    "check": ("film.yaml", "productions --json"),
    "concepts": ("", "--json"),
    "schema": ("> production.schema.json", "--included > included.schema.json"),
    "plan": ("film.yaml", "film.yaml --draft --json"),
    "produce": ("film.yaml --budget 5", "film.yaml --retake harbour"),
    "takes": ("film.yaml", "film.yaml choose harbour=2"),
    "diff": ("film.yaml", "film.yaml --draft"),
    "variations": ("film.yaml film.csv --plan", "film.yaml film.csv --only 2 --draft"),
    "watch": ("productions --budget 5", "productions --once"),
    "films": ("", "film.yaml --json"),
    "report": ("latest", "film.yaml --single-file --out review.html"),
    "serve": ("", "--port 0"),
    "export": ("latest web gif", "film.yaml prores"),
    "package": ("latest", "film.yaml --for editor"),
    "verify": ("latest", "films/harbour.mp4 --json"),
    "doctor": ("", "--json"),
    "costs": ("--by month", "--since 2026-11-01 --csv > costs.csv"),
    "reconcile": ("", "--release 3f2a"),
    "backup": ("ledger-copy.db",),
    "clean": ("", "--films --keep 2"),
    "automations": ("apply --webhook https://hooks.example/films --dry-run", "list"),
    "callbacks": ("", "--port 0"),
    "server": ("stop",),
}


def examples_of(name: str, program: str = "") -> str:
    """The end of a command's help: how it is typed, as ``program`` or as ``studio NAME``."""
    lines = [f"{program or f'studio {name}'} {words}".rstrip() for words in EXAMPLES.get(name, ())]
    return "\n".join([f"Example{'s' if len(lines) > 1 else ''}:", *lines]) if lines else ""


def run_module(app: typer.Typer, name: str) -> None:
    """Run a command as ``python -m flows.NAME``, and call it so in its help."""
    program = f"python -m flows.{name}"
    (command,) = app.registered_commands
    command.epilog = examples_of(name, program)
    app(prog_name=program)
