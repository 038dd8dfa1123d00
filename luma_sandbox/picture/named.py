"""The contents of a prompt, as values: the drawings, and what is not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from luma_sandbox.picture.vocabulary import NAMES_F, NAMES_M, RGB, words

NAMES = words(f"{NAMES_F} {NAMES_M}")


@dataclass(frozen=True)
class Named:
    """One drawing of a prompt.

    word:    the word that named it
    drawing: ``person``, or a row of vocabulary.THINGS
    count:   how many of it
    colour:  the colour that the prompt gives it, or None
    sex:     f, m, or - where it is left open
    wears:   what a person of this kind wears, in the words of vocabulary.PEOPLE and WORN
    parts:   clothes and hair with the colour that the prompt gives them
    action:  a row of vocabulary.ACTIONS, or nothing
    rider:   the person who rides or drives it
    held:    the word of the person who holds it, or nothing
    """

    word: str
    drawing: str
    count: int = 1
    colour: RGB | None = None
    sex: str = "-"
    wears: frozenset[str] = frozenset()
    parts: tuple[tuple[str, RGB], ...] = ()
    action: str = ""
    rider: Named | None = None
    held: str = ""

    @property
    def person(self) -> bool:
        """True if it is a person."""
        return self.drawing == "person"


@dataclass(frozen=True)
class Reading:
    """The contents of a prompt.

    things:   what is drawn
    settings: words for places and sky, drawn only if the place that is painted shows them
    unknown:  what is not drawn, in the prompt's words
    ground:   the colour of the background that the prompt asks for, or None
    spent:    words that say nothing about place and light: colours of drawings, and verbs
    """

    things: tuple[Named, ...] = ()
    settings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    ground: RGB | None = None
    spent: frozenset[str] = frozenset()


def known(new: Sequence[Named], earlier: Sequence[Named]) -> list[Named]:
    """The knowledge after another clip: of the same word the newer, with what is told of the older."""
    kept = {named.word: named for named in earlier}
    for named in new:
        older = kept.pop(named.word, None)
        kept[named.word] = named if older is None else like(named, older)
    return list(kept.values())


def like(named: Named, older: Named) -> Named:
    """A person or thing that looks as it did before, but for what is told anew."""
    parts = dict(older.parts) | dict(named.parts)
    return replace(
        named,
        colour=named.colour or older.colour,
        sex=older.sex if named.sex == "-" else named.sex,
        wears=named.wears | older.wears,
        parts=tuple(sorted(parts.items())),
    )


def behind(cast: Sequence[Named]) -> tuple[Named, ...]:
    """The drawings behind a figure that stands for the first person: without that person, and without others of the
    same sex that have no name, who are a description of it."""
    lead = next((named for named in cast if named.person), None)
    if lead is None:
        return tuple(cast)
    same = ("-", lead.sex) if lead.sex != "-" else ("-", "f", "m")
    return tuple(
        named
        for named in cast
        if named is not lead
        and not (named.person and named.count == 1 and named.sex in same and named.word not in NAMES)
    )


def people(earlier: Sequence[Named]) -> list[Named]:
    """Of the drawings of earlier clips, the people."""
    return [named for named in earlier if named.person]
