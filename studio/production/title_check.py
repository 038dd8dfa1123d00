"""Checks of titles before anything is bought: fonts that are there and have the letters, texts that fit the frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import BadInput
from studio.lettering.fonts import Fonts, bad_font, cannot_be_set
from studio.lettering.letters import BadFont
from studio.lettering.setting import Frame
from studio.lettering.titles import CardKind, tried
from studio.production.field_types import shown
from studio.production.locations import Finding, Loc

if TYPE_CHECKING:
    from studio.production.model import Production

SHORTER_SIDE = 1080  # pixels; what fits in one size fits in every other of the same shape


def title_findings(production: Production) -> Iterator[Finding]:
    """Every title that cannot be set: its fonts, its letters, its length. Reads the fonts."""
    titles = production.film.titles
    written = list(_texts(production))
    named = () if titles is None else titles.font
    faulty = False
    for n, path in enumerate(named):
        wrong = _wrong(Path(path))
        if wrong:
            faulty = True
            loc = ("film", "titles", "font", *((n,) if len(named) > 1 else ()))
            hint = "name a .ttf or .otf file, by a path relative to the production file"
            yield Finding(loc, f"{shown(Path(path).name)} {wrong}", hint)
    if faulty or not written:
        return
    fonts, frame = fonts_of(production), _frame(production)
    for loc, text, kind in written:
        wrong, hint = cannot_be_set(text, fonts)
        if wrong:
            yield Finding(loc, wrong, hint)
            continue
        for told in _tried(production, loc, text, kind, frame, fonts):
            shape = production.reframe or production.aspect_ratio
            yield Finding(loc, f"{told} ({shape})", "shorten it, or break it into several lines")


def fonts_of(production: Production) -> Fonts:
    """The fonts of a production's titles: those that it names, Pillow's own, and fonts of the system for what these do
    not have. Raises BadInput for a file that is none, or that is gone since it was checked."""
    titles = production.film.titles
    named = () if titles is None else titles.font
    try:
        fonts = Fonts.of(map(Path, named))
    except (OSError, BadFont) as error:
        raise BadInput(
            f"a font cannot be read any more ({error})", where="field 'film.titles.font'",
            hint="put it back, and run again: clips that are bought are used again, at no cost",
        ) from None  # fmt: skip
    return fonts.with_system([text for _, text, _ in _texts(production)])


def _texts(production: Production) -> Iterator[tuple[Loc, str, CardKind | None]]:
    """Each text with its place; of a card, with its kind."""
    titles = production.film.titles
    if titles is not None:
        if titles.opening is not None:
            yield ("film", "titles", "opening", "text"), titles.opening.text, "opening"
        if titles.closing is not None:
            yield ("film", "titles", "closing", "text"), titles.closing.text, "closing"
        if titles.credits is not None:
            for n, line in enumerate(titles.credits.lines):
                for field in ("role", "name"):
                    if said := getattr(line, field):
                        yield ("film", "titles", "credits", "lines", n, field), said, None
    for i, scene in enumerate(production.scenes):
        if scene.card is not None:
            yield ("scenes", i, "card", "text"), scene.card.text, "card"
        if scene.lower_third is not None:
            yield ("scenes", i, "lower_third", "text"), scene.lower_third.text, None


def _tried(
    production: Production, loc: Loc, text: str, kind: CardKind | None, frame: Frame, fonts: Fonts
) -> Iterator[str]:
    if kind is not None:
        yield from tried(frame, fonts, card=(kind, text))
    elif loc[0] == "scenes":
        yield from tried(frame, fonts, lower_third=text)
    elif production.film.titles is not None and production.film.titles.credits is not None:
        role, name = production.film.titles.credits.rows[int(loc[4])]
        beside = (role, text) if loc[5] == "name" else (text, "")
        yield from tried(frame, fonts, credits=[beside]) if name or not role else ()


def _wrong(path: Path) -> str:
    """The fault of a font's file; empty for a font."""
    if path.is_dir():
        return "is a folder, and a font's file is needed"
    return bad_font(path) if path.is_file() else f"is not there: {path}"


def _frame(production: Production) -> Frame:
    across, down = map(int, (production.reframe or production.aspect_ratio).split(":"))
    short = min(across, down)
    return Frame(round(SHORTER_SIDE * across / short), round(SHORTER_SIDE * down / short))
