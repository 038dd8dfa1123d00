"""What to do next, in the words of where one is: flags on the command line, fields of Prefect's form, arguments.

The one place that knows how an option is named on each surface. Errors and notes ask it while they are made, so that
none sends a person to a flag that a form does not have.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from enum import StrEnum


class Surface(StrEnum):
    """From where a run was started."""

    COMMAND = "command"  # python -m flows.…
    FORM = "form"  # a run in Prefect: from its UI, on a schedule, through its API, or the flow called from Python
    LIBRARY = "library"  # studio.library


#: Command, flows and library say which they are. Where nobody has, words are the command's.
_surface: ContextVar[Surface | None] = ContextVar("surface", default=None)


@contextlib.contextmanager
def asked_from(surface: Surface) -> Iterator[None]:
    """A block in which remedies are worded for one surface. A flow that a command runs is still the command."""
    before = _surface.set((_surface.get() or surface) if surface is Surface.FORM else surface)
    try:
        yield
    finally:
        _surface.reset(before)


#: Names that are not the option's own.
_NAMES = {
    ("production", Surface.COMMAND): "PRODUCTION",
    ("production", Surface.FORM): "production_file, production",
    ("take", Surface.FORM): "takes",
}
#: What the library is told to give instead. What is in neither table it takes by its own name and value.
_ARGUMENTS = {"retake": "take=2", "allow_odd": "allow_odd=True", "apart": "another production name for the provider"}
_NOT_IN_LIBRARY = ("draft", "from_draft", "reframe", "only", "renew", "allow_missing", "out")
_AGAIN = {
    Surface.COMMAND: "run the same command again",
    Surface.FORM: "retry this run, or start it again with the same parameters",
    Surface.LIBRARY: "make the same call again",
}


def here() -> Surface:
    """The surface that remedies are worded for at this moment."""
    return _surface.get() or Surface.COMMAND


def again() -> str:
    """The way to go on with what is kept: ``run the same command again``. Only where that changes something."""
    return _AGAIN[here()]


def place(name: str) -> str:
    """An option as the place of an error: ``--take``, ``field 'takes'``, ``take``."""
    surface = here()
    named = _NAMES.get((name, surface), name)
    if surface is Surface.COMMAND and not named.isupper():
        return f"--{named.replace('_', '-')}"
    return f"field '{named}'" if surface is Surface.FORM and ", " not in named else named


def option(name: str, *values: str) -> str:
    """An option as something to give: ``--only a --only b``, ``'a', 'b' in the field 'only'``, ``take=2``.

    Empty where the library has nothing of the kind.
    """
    surface = here()
    if surface is Surface.LIBRARY:
        return "" if name in _NOT_IN_LIBRARY else _ARGUMENTS.get(name, "=".join((name, *values)))
    if surface is Surface.COMMAND:
        return " ".join(f"{place(name)} {value}" for value in values) or place(name)
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{listed} in the {place(name)}" if listed else f"the {place(name)}"


def in_a_terminal() -> str:
    """Where a command has to be typed: nothing where one types it already."""
    return "" if here() is Surface.COMMAND else " (in a terminal on the machine that has the ledger)"
