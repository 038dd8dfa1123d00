"""Remedies in the words of the surface in use: flags of the command line, fields of Prefect's form, arguments.

The one module that knows the name of an option on each surface. Errors and notes ask it when they are made, so that
none names a flag to somebody who has a form.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from enum import StrEnum


class Surface(StrEnum):
    """The surface from which a run was started."""

    COMMAND = "command"  # python -m flows.…
    FORM = "form"  # a run in Prefect: from its UI, on a schedule, through its API, or the flow called from Python
    LIBRARY = "library"  # studio.library


#: Set by the command, the flows and the library. Where it is not set, the words are the command's.
_surface: ContextVar[Surface | None] = ContextVar("surface", default=None)


@contextlib.contextmanager
def asked_from(surface: Surface) -> Iterator[None]:
    """A block in which remedies are worded for one surface. A flow that a command runs is still the command."""
    before = _surface.set((_surface.get() or surface) if surface is Surface.FORM else surface)
    try:
        yield
    finally:
        _surface.reset(before)


#: Names that differ from the option's own.
_NAMES = {
    ("production", Surface.COMMAND): "PRODUCTION",
    ("production", Surface.FORM): "production_file, production",
    ("take", Surface.FORM): "takes",
}
#: The library's words for options that it does not have by name. Other options keep their own name and value there.
_ARGUMENTS = {"retake": "take=2", "allow_odd": "allow_odd=True", "apart": "another production name for the provider"}
_NOT_IN_LIBRARY = ("draft", "from_draft", "reframe", "only", "renew", "allow_missing", "out")
_AGAIN = {
    Surface.COMMAND: "run the same command again",
    Surface.FORM: "retry this run, or start it again with the same parameters",
    Surface.LIBRARY: "make the same call again",
}


def here() -> Surface:
    """The surface that remedies are worded for now."""
    return _surface.get() or Surface.COMMAND


def again() -> str:
    """The words for continuing with what is kept, such as ``run the same command again``. Only where that changes
    something."""
    return _AGAIN[here()]


def place(name: str) -> str:
    """An option as the place of an error: ``--take``, ``field 'takes'``, ``take``."""
    surface = here()
    named = _NAMES.get((name, surface), name)
    if surface is Surface.COMMAND and not named.isupper():
        return f"--{named.replace('_', '-')}"
    return f"field '{named}'" if surface is Surface.FORM and ", " not in named else named


def option(name: str, *values: str) -> str:
    """An option with its value: ``--only a --only b``, ``'a', 'b' in the field 'only'``, ``take=2``.

    Empty where the library has no such option.
    """
    surface = here()
    if surface is Surface.LIBRARY:
        return "" if name in _NOT_IN_LIBRARY else _ARGUMENTS.get(name, "=".join((name, *values)))
    if surface is Surface.COMMAND:
        return " ".join(f"{place(name)} {value}" for value in values) or place(name)
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{listed} in the {place(name)}" if listed else f"the {place(name)}"


def in_a_terminal() -> str:
    """The words that say where to type a command; empty for somebody who already works in a terminal."""
    return "" if here() is Surface.COMMAND else " (in a terminal on the machine that has the ledger)"
