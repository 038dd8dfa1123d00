"""Remedies as values: an option, another try, a command that settles an order. Errors and notes name them by these.

How one is written (a flag, a form's field, an argument) is known to a front-end alone: it gives a ``Wording``. A text
that holds remedies is worded when it is shown, and can be worded for any front-end after it was made. Where none has
said how, neutral words stand: ``the option allow_odd``.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from studio.cleaning import printable


class Remedy(ABC):
    """Something that a person can do, or the name of something that a person gave."""

    @property
    @abstractmethod
    def neutral(self) -> str:
        """Words that are true on every surface."""

    def __str__(self) -> str:
        return str(text_of(self))


@dataclass(frozen=True)
class Option(Remedy):
    """An option of a run as something to give, with the values to give it."""

    name: str
    values: tuple[str, ...] = ()

    @property
    def neutral(self) -> str:
        return f"the option {self.name}" + (f" ({', '.join(self.values)})" if self.values else "")


@dataclass(frozen=True)
class Place(Remedy):
    """An option that was given, as the place of an error."""

    name: str

    @property
    def neutral(self) -> str:
        return f"option {self.name}"


@dataclass(frozen=True)
class Aside(Remedy):
    """An option with what stands before and after it; all of it is left out where a surface has no such option."""

    before: str
    option: Option
    after: str = ""

    @property
    def neutral(self) -> str:
        return f"{self.before}{self.option.neutral}{self.after}"


@dataclass(frozen=True)
class Again(Remedy):
    """Going on with what is kept, by another run. Only where that changes something."""

    @property
    def neutral(self) -> str:
        return "run it again"


class Settling(StrEnum):
    """The action that is asked of reconciliation."""

    LIST = "list"  # of what is open
    ADOPT = "adopt"  # a generation for an order
    RELEASE = "release"  # an order
    RESTORED = "restored"  # what a restored ledger lacked is settled


@dataclass(frozen=True)
class Reconcile(Remedy):
    """A command of reconciliation. ``order`` is an order's key, or the beginning of it."""

    what: Settling = Settling.LIST
    order: str = ""

    @property
    def neutral(self) -> str:
        return {
            Settling.LIST: "reconcile",
            Settling.ADOPT: f"reconcile: adopt order {self.order} as GENERATION",
            Settling.RELEASE: f"reconcile: release order {self.order}",
            Settling.RESTORED: "reconcile: what the restored ledger lacked is settled",
        }[self.what]


@dataclass(frozen=True)
class InTerminal(Remedy):
    """The place where a command has to be typed, in brackets after a space; nothing where one types it already."""

    @property
    def neutral(self) -> str:
        return " (in a terminal on the machine that has the ledger)"


@dataclass(frozen=True)
class Produce(Remedy):
    """Making the film of a production again, with an option or without; ``plan``: only its prices, where one can.
    ``version``: the options by which it is this version of the film, such as its draft."""

    option: Option | None = None
    plan: bool = False
    version: tuple[Option, ...] = ()

    @property
    def neutral(self) -> str:
        if self.option is not None:
            return self.option.neutral
        return "plan the same production" if self.plan else "make the same production again"


@dataclass(frozen=True)
class ChooseTakes(Remedy):
    """A command on a production's takes, after a comma, such as ``choose arrival=2``; nothing where there is none.
    ``version``: the options of the version of the film that it is for."""

    words: str
    version: tuple[Option, ...] = ()

    @property
    def neutral(self) -> str:
        return ""


@dataclass(frozen=True)
class TakenFrom(Remedy):
    """The folder that a relative path is taken from, after a semicolon; nothing where a person stands in it."""

    folder: Path

    @property
    def neutral(self) -> str:
        return f"; it is taken from {self.folder}"


def option(name: str, *values: str) -> Option:
    """An option as something to give: ``text_of("buy another with ", option("retake", scene))``."""
    return Option(name, values)


AGAIN = Again()
IN_TERMINAL = InTerminal()


class Wording(Protocol):
    """The words of a front-end."""

    def words(self, remedy: Remedy) -> str:
        """The remedy as it is written there; empty where there is nothing of the kind."""
        ...


@dataclass(frozen=True)
class Text:
    """Words with remedies among them. As a string it has the words of the front-end in whose block it is shown."""

    parts: tuple[str | Remedy, ...]

    def __str__(self) -> str:
        return self.worded(current())

    def worded(self, wording: Wording | None) -> str:
        """The text in the words of one front-end; in neutral ones for None."""
        return "".join(part if isinstance(part, str) else _words(part, wording) for part in self.parts)

    def printable(self) -> Text:
        """The text without what a terminal would obey."""
        return Text(tuple(printable(part) if isinstance(part, str) else part for part in self.parts))


Words = str | Text | Remedy


def text_of(*parts: Words) -> Text:
    """Words and remedies as one text, in their order."""
    flat: list[str | Remedy] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Text) else (part,):
            if isinstance(piece, str) and flat and isinstance(flat[-1], str):
                flat[-1] += piece
            elif piece != "":
                flat.append(piece)
    return Text(tuple(flat))


def joined(separator: str, texts: Iterable[Words]) -> Text:
    """Texts as one, with a separator between each two."""
    parts: list[Words] = []
    for one in texts:
        parts += [separator, one] if parts else [one]
    return text_of(*parts)


_wording: ContextVar[Wording | None] = ContextVar("wording", default=None)


def current() -> Wording | None:
    """The words in which texts are shown at this moment; None where no front-end has given its own."""
    return _wording.get()


@contextlib.contextmanager
def worded_by(wording: Wording | None) -> Iterator[None]:
    """A block in which texts are shown in the words of one front-end."""
    before = _wording.set(wording)
    try:
        yield
    finally:
        _wording.reset(before)


def _words(remedy: Remedy, wording: Wording | None) -> str:
    return printable(remedy.neutral if wording is None else wording.words(remedy))
