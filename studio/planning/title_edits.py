"""Titles in a plan: the place of each card in the film, texts over scenes, and fades. Frames are the film's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.media.overlap import Overlap


@dataclass(frozen=True)
class CardEdit:
    """A card's place in the film. ``before`` is the scene that it stands before; empty: it comes after the last one.

    ``text`` is that of a card, ``lines`` are those of credits: roles and names. ``frames`` are all of its frames, with
    those in which it overlaps what stands beside it.
    """

    kind: Literal["opening", "card", "closing", "credits"]
    frames: int
    before: str = ""
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    roll: bool = False
    into: Overlap | None = None  # the frames in which what stands before becomes it

    @property
    def name(self) -> str:
        """Its name in notes and errors; no scene's id is like it."""
        return {"opening": "the opening card", "closing": "the closing card", "credits": "the credits"}.get(
            self.kind, f"the card before '{self.before}'"
        )

    @property
    def field(self) -> str:
        """The place of it in a production, in words."""
        own = f"scene '{self.before}', field 'card'"
        return own if self.kind == "card" else f"field 'film.titles.{self.kind}'"

    @property
    def said(self) -> str:
        """All that is written on it, line by line."""
        return self.text or "\n".join(": ".join(filter(None, line)) for line in self.lines)


@dataclass(frozen=True)
class TextEdit:
    """A text over a scene's picture: ``frames`` of the film from the scene's frame ``start`` on, of which it comes and
    goes in ``fade`` each."""

    text: str
    start: int
    frames: int
    fade: int


@dataclass(frozen=True)
class TitleEdits:
    """The cards of a film in its order, and the frames in which it comes out of black and goes to black."""

    cards: tuple[CardEdit, ...] = ()
    fade_in: int = 0
    fade_out: int = 0
