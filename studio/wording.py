"""The words of each front-end for a remedy: flags on the command line, fields of Prefect's form, arguments.

The one module of the domain that knows how an option is written anywhere. Front-ends alone import it: the command, the
flows and the library say by ``asked_from`` which of them a run was started from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from studio.errors import StudioError
from studio.remedies import (
    Again,
    Aside,
    ChooseTakes,
    InTerminal,
    Option,
    Place,
    Produce,
    Reconcile,
    Remedy,
    Settling,
    TakenFrom,
    current,
    worded_by,
)

#: Names that are not the option's own.
_ARGUMENT = {"production": "PRODUCTION"}  # on the command line, without dashes
_FIELDS = {"production": "production_file, production", "take": "takes"}
#: What the library is told to give instead. What is in neither table it takes by its own name and value.
_ARGUMENTS = {"retake": "take=2", "allow_odd": "allow_odd=True", "apart": "another production name for the provider"}
_NOT_IN_LIBRARY = ("draft", "from_draft", "reframe", "language", "only", "renew", "keep", "allow_missing", "out")
#: A command wherever one is: nothing else settles an order by hand.
_RECONCILE = {
    Settling.LIST: "python -m flows.reconcile",
    Settling.ADOPT: "python -m flows.reconcile --adopt {order} GENERATION",
    Settling.RELEASE: "python -m flows.reconcile --release {order}",
    Settling.RESTORED: "python -m flows.reconcile --restored-settled",
}
_PRODUCE = "python -m flows.produce YOUR_PRODUCTION"


class Surface(Enum):
    """From where a run was started, with the words that are used there."""

    COMMAND = "command"  # python -m flows.…
    FORM = "form"  # a run in Prefect: from its UI, on a schedule, through its API, or the flow called from Python
    LIBRARY = "library"  # studio.library

    def words(self, remedy: Remedy) -> str:
        """The remedy as it is written here; empty where there is nothing of the kind."""
        if isinstance(remedy, Reconcile):
            return _RECONCILE[remedy.what].format(order=remedy.order)
        if isinstance(remedy, Aside):
            given = self.words(remedy.option)
            return f"{remedy.before}{given}{remedy.after}" if given else ""
        words = _BY_SURFACE[self](remedy)
        return remedy.neutral if words is None else words


@contextlib.contextmanager
def asked_from(surface: Surface) -> Iterator[None]:
    """A block of which all texts are shown in the words of one surface. A flow that a command runs is the command.

    An error that leaves the block keeps these words, wherever it is shown.
    """
    wording = (current() or surface) if surface is Surface.FORM else surface
    with worded_by(wording):
        try:
            yield
        except StudioError as error:
            error.shown_by(wording)
            raise


def _on_the_command_line(remedy: Remedy) -> str | None:
    match remedy:
        case Place(name):
            return _flag(name)
        case Option(name, values):
            return " ".join(f"{_flag(name)} {value}" for value in values) or _flag(name)
        case Again():
            return "run the same command again"
        case InTerminal() | TakenFrom():
            return ""
        case ChooseTakes(words, version):
            return f", or: studio takes YOUR_PRODUCTION {words}{_flags(version)}"
        case Produce(option, plan, version):
            return f"{_PRODUCE}{_flags(version)}{' --plan' if plan else _flags((option,)) if option else ''}"
    return None


def _flags(options: Iterable[Option]) -> str:
    """Options behind a command, each after a space."""
    return "".join(f" {_on_the_command_line(option)}" for option in options)


def _flag(name: str) -> str:
    return _ARGUMENT.get(name) or f"--{name.replace('_', '-')}"


def _in_the_form(remedy: Remedy) -> str | None:
    match remedy:
        case Place(name):
            return _field(name)
        case Option(name, values):
            return _field_given(name, *values)
        case Again():
            return "retry this run, or start it again with the same parameters"
        case Produce(option, plan, version):
            if option is not None:
                return "\n".join(_field_given(option.name, value) for value in option.values)
            as_it_is = "".join(f", and {_field_given(part.name, *part.values)}" for part in version)
            return "" if plan else f"Deployments → produce → Run, with the same production{as_it_is}"
    return None


def _field(name: str) -> str:
    named = _FIELDS.get(name, name)
    return named if ", " in named else f"field '{named}'"


def _field_given(name: str, *values: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{listed} in the {_field(name)}" if listed else f"the {_field(name)}"


def _in_the_library(remedy: Remedy) -> str | None:
    match remedy:
        case Place(name):
            return name
        case Option(name, values):
            return "" if name in _NOT_IN_LIBRARY else _ARGUMENTS.get(name, "=".join((name, *values)))
        case Again():
            return "make the same call again"
        case TakenFrom():
            return ""
        case Produce():  # the film of a production is made by the command
            return _on_the_command_line(remedy)
    return None


_BY_SURFACE: dict[Surface, Callable[[Remedy], str | None]] = {
    Surface.COMMAND: _on_the_command_line,
    Surface.FORM: _in_the_form,
    Surface.LIBRARY: _in_the_library,
}
