"""Approvals in the terminal: the plan or the film is shown, and the person who started the run answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import typer
from rich.console import Console

from studio.errors import NotConfirmed, SettingsError
from studio.execution.approvals import Ask, Decision, Gate, Question, in_words
from studio.remedies import Place
from studio_cli.ending import asking
from studio_cli.plan_screen import show_plan


def gate_of(name: str) -> Gate | None:
    """The gate of ``--approve``. Raises SettingsError for an unknown one, NotConfirmed where nobody can be asked."""
    if not name:
        return None
    try:
        gate = Gate(name)
    except ValueError:
        raise SettingsError(f"{name!r} is none", where=Place("approve"), hint=f"one of {', '.join(Gate)}") from None
    if not sys.stdin.isatty():
        raise NotConfirmed(
            f"the {gate} is to be approved, and there is no terminal to ask in",
            hint="run it in a terminal, or from a deployment in Prefect, where a run waits for its answer",
        )
    return gate


def asker_in(console: Console, pause: Callable[[], None]) -> Ask:
    """Puts questions in the terminal. ``pause`` ends what else is drawn there.

    The event loop waits meanwhile: nothing else of the run is going on.
    """

    async def ask(question: Question) -> Mapping[str, Any]:
        pause()
        out: dict[str, Any] = {"markup": False, "soft_wrap": True}
        if question.unclear:
            console.print(f"Not understood: {question.unclear}", **out)
        elif question.gate is not Gate.FINAL:
            show_plan(console, question.plan, service=question.plan.realm)
        if question.film is not None and question.film.film is not None:
            console.print(f"look at  {question.film.film.path}", **out)
            console.print(f"report   {question.film.out / 'report.html'}", **out)
        console.print(in_words(question), **out)
        with asking():
            try:
                return _answer(question)
            except (typer.Abort, EOFError):  # Ctrl-C, or the end of input
                raise NotConfirmed(f"the {question.gate} was not answered: nothing was bought for it") from None

    return ask


def _answer(question: Question) -> Mapping[str, Any]:
    decisions = ", ".join(Decision)
    decision = typer.prompt(f"Your answer ({decisions})", err=True, type=str).strip().lower()
    answer: dict[str, Any] = {"decision": decision}
    if decision == Decision.CHANGE:
        if question.changed:
            typer.echo("To take the changes back, leave both empty.", err=True)
        names = typer.prompt("Scenes to make once more (none)", default="", show_default=False, err=True)
        answer["retake"] = names.replace(",", " ").split()
        prompts: list[str] = []
        while line := typer.prompt("New prompt, as SCENE: text (none)", default="", show_default=False, err=True):
            prompts.append(line)
        answer["prompts"] = prompts
    elif decision == Decision.REJECT:
        answer["note"] = typer.prompt("Why (optional)", default="", show_default=False, err=True)
    return answer
