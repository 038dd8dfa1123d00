"""Checks of how single values are written in YAML, which would silently read some of them as something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from studio.production.field_types import shown
from studio.production.invisible import (
    at_the_ends,
    called,
    first_invisible,
    in_curly_quotes,
    is_invisible,
    without_invisible,
)
from studio.production.locations import Loc
from studio.production.normalize import SCENE_WORDS, SEED_WORDS

#: A text field keeps what is written in it (``007``), whatever YAML would make of that.
TextKind = Literal["prose", "path", "name"]

_KINDS: dict[str, TextKind] = {
    "title": "prose", "prompt": "prose", "prompt_hints": "prose", "description": "prose", "sound": "prose",
    "generate": "prose",
    "path": "path", "url": "path", "start_image": "path", "end_image": "path", "modify": "path", "images": "path",
    "clip": "path",
    "image": "path", "asset": "path",
    "id": "name", "slug": "name", "continue_from": "name", "lead_into": "name", "character": "name",
    "camera": "name", "generation": "name", "usage": "name",
    "project": "name", "style": "prose", "notes": "prose", "include": "path", "chains": "name",
    "card": "prose", "lower_third": "prose", "text": "prose",
    "narration": "prose", "captions": "prose", "file": "path", "translations": "path", "language": "name",
}  # fmt: skip
#: The same under film: voice: and film: music:
_OF_SOUND: dict[str, TextKind] = {
    "voice": "name", "name": "name", "language": "name", "music": "path", "file": "path", "from": "name", "to": "name",
}  # fmt: skip
#: The same under film: titles:
_OF_TITLES: dict[str, TextKind] = {
    "font": "path", "opening": "prose", "closing": "prose", "credits": "prose", "lines": "prose", "role": "prose",
    "name": "prose", "text": "prose",
}  # fmt: skip
_WORDS = SCENE_WORDS | SEED_WORDS
#: What a group's item means that is no mapping: ``lamp: lamp.png``, ``dusk: A boat in fog.``
_SHORT = {"assets": "path", "characters": "images", "scenes": "prompt"}

_COMMENT = re.compile(r"([ \t]*)(#.*)")
_HEADER = re.compile(r"[|>][-+0-9]*[ \t]+(#.*)")
_ESCAPED = re.compile(r"[\x00-\x1f]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def text_kind(loc: Loc) -> TextKind | None:
    """The kind of text that a place of a production file holds, in the user's own words; None where it is no text."""
    if not loc:
        return None
    if loc[0] in _SHORT:
        if len(loc) == 2 or (len(loc) == 3 and isinstance(loc[2], int)):
            return _KINDS[_SHORT[str(loc[0])]]
    elif loc[:2] == ("film", "titles"):
        return _OF_TITLES.get(next(str(step) for step in reversed(loc) if isinstance(step, str)))
    elif loc[:2] in (("film", "voice"), ("film", "music")):
        return _OF_SOUND.get(next(str(step) for step in reversed(loc) if isinstance(step, str)))
    elif loc[0] == "chains":
        return "name" if len(loc) > 1 else None  # the ids of scenes, and a character's
    elif loc[0] not in (
        "title", "slug", "project", "style", "include", "defaults", "language", "translations",
    ):  # fmt: skip
        return None
    name = next(str(step) for step in reversed(loc) if isinstance(step, str))
    return _KINDS.get(_WORDS.get(name, name))


class Unquoted(str):
    """Unquoted text in a text field that YAML reads as a number, a date, or true or false.

    ``said``: what YAML makes of it. No field accepts it, since what was meant cannot be known.
    """

    kinds: ClassVar[Mapping[str, str]] = {"float": "a number", "bool": "true or false", "timestamp": "a date"}
    said: str

    def __new__(cls, text: str, tag: str) -> Unquoted:
        found = super().__new__(cls, text)
        found.said = cls.kinds[tag]
        return found


@dataclass(frozen=True)
class Remark:
    """A remark on how a place of the file is written. ``wrong``: it cannot be used so; otherwise it is only noted."""

    loc: Loc
    message: str
    hint: str = ""
    wrong: bool = True


@dataclass(frozen=True)
class Written:
    """A scalar with its place in the file.

    text:   its value as text
    plain:  True without quotes, | or >
    line:   the line that it ends in, from 0
    column: the column after its last character
    indent: the column of its parent, a field's name or a list's dash
    first:  the line that it begins in, from 0
    """

    text: str
    plain: bool
    line: int
    column: int
    indent: int
    first: int


def remarks(loc: Loc, written: Written, lines: list[str]) -> Iterator[Remark]:
    """The remarks on a scalar. ``lines``: those of the file."""
    kind, text = text_kind(loc), written.text
    if loc[-1:] == ("sound",) and text.strip().lower() in ("keep", "none"):
        kind = "name"  # a choice, and no words that a comment could cut
    if kind == "prose":
        if hidden := at_the_ends(text):
            side = "begins" if text[0] == hidden else "ends"
            fate = "is taken off" if hidden.isspace() else "is part of it"
            yield Remark(loc, f"{side} with {called(hidden)}, which {fate}", "remove it", wrong=False)
    elif hidden := at_the_ends(text) if kind == "path" else first_invisible(text):
        yield Remark(loc, f"{shown(text)} has {called(hidden)} in it", f"write {shown(without_invisible(text))}")
        return
    if kind == "path" and not written.plain and _ESCAPED.search(text.strip("\r\n")):
        told = "has a tab, a line break or another control in it: a backslash within double quotes begins an escape"
        yield Remark(loc, told, "write / between folders, or put the path in single quotes")
        return
    if not written.plain:
        return
    if in_curly_quotes(text.strip()):
        told = f"is in curly quotes ({called(text.strip()[0])}), which are no quotes to YAML"
        yield Remark(loc, told, "use plain ones: \" or '" + _or_around(kind))
    if kind is not None:
        yield from _comment(loc, written, lines, kind)


def meant(text: str, kind: TextKind | None, *, plain: bool) -> str:
    """A value without what ``remarks`` refuses in it, so that it causes no second error. Prose is left as it is."""
    if kind == "prose":
        return text
    hidden = "".join(c for c in text if is_invisible(c))
    text = text.strip(f" {hidden}") if kind == "path" else without_invisible(text)
    return text[1:-1] if plain and in_curly_quotes(text) else text


def _or_around(kind: TextKind | None) -> str:
    return "; where they belong to the text, put plain ones around it" if kind == "prose" else ""


def _comment(loc: Loc, written: Written, lines: list[str], kind: TextKind) -> Iterator[Remark]:
    """A remark on a comment after an unquoted text: it may be a part of the text that YAML cuts off.

    An intended comment has two spaces before its # and one after it. In prose anything else counts as cut off; in a
    name or path only a comment with one space before its # and none after it.
    """
    # The columns of YAML's reader leave out byte order marks.
    line = lines[written.line].replace("\ufeff", "") if written.line < len(lines) else ""
    found, at, close = _COMMENT.fullmatch(line[written.column :]), written.line, False
    if found is not None:
        close = bool(written.text) and found[1] == " "
    elif kind == "prose" and written.text:
        at, found = _below(written, lines)
    if found is None:
        return
    comment = found[2].rstrip()
    glued = len(comment) > 1 and not comment[1].isspace() and comment[1] != "#"
    prose = kind == "prose"
    cut = (prose or close or not written.text) if glued else (prose and close)
    where = "after it" if at == written.first else f"in line {at + 1}"
    whole = "put the whole text in quotes"
    if cut:
        told = f"the text {where}, {shown(comment)}, is a comment to YAML: it would be left out"
        yield Remark(loc, told, f"{whole}; or where it is a comment, write two spaces before the # and one after it")
    elif prose and written.text:
        told = f"the text {where}, {shown(comment)}, is a comment and is left out"
        yield Remark(loc, told, f"where it is part of the text, {whole}", wrong=False)


def _below(written: Written, lines: list[str]) -> tuple[int, re.Match[str] | None]:
    """The next line that is not blank, if it is a comment within the text: indented deeper than its field."""
    for at in range(written.line + 1, len(lines)):
        if lines[at].strip():
            found = _COMMENT.fullmatch(lines[at])
            return at, found if found is not None and len(found[1]) > written.indent else None
    return written.line, None


def name_remark(loc: Loc, lead: str) -> Remark:
    """Remarks on a text that begins with an unused anchor or a tag, which YAML would remove."""
    return Remark(
        loc, f"{shown(lead)} at its beginning is taken off by YAML, as a mark", "put the whole text in quotes"
    )


def header_remarks(loc: Loc, line: str) -> Iterator[Remark]:
    """Remarks on a comment after the | or > of a text, which may be meant as the text's beginning."""
    found = _HEADER.search(line)
    if found is None:
        return
    comment = found[1].rstrip()
    if len(comment) > 1 and not comment[1].isspace() and comment[1] != "#":
        told = f"the text behind {found[0][0]}, {shown(comment)}, is a comment to YAML: it would be left out"
        yield Remark(loc, told, "write it in the next line, or as a comment with a space after its #")


def with_pairs(text: str) -> str:
    """The text with each emoji that JSON writes as two escapes (surrogates) joined to one character; a single half
    stays."""
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def key_remark(key: str, *, plain: bool) -> tuple[str, str, str] | None:
    """The fault in how a field's name is written: message, hint, and the intended name; None if there is none."""
    if hidden := first_invisible(key):
        meant = without_invisible(key).strip()
        return f"the name of the field {shown(key)} has {called(hidden)} in it", f"write {shown(meant)}", meant
    if plain and in_curly_quotes(key):
        meant = key[1:-1]
        return f"the name of the field {shown(key)} is in curly quotes ({called(key[0])})", "write it without", meant
    return None


def bad_indents(lines: list[str], inside: set[int]) -> Iterator[tuple[int, str]]:
    """Each line, from 1, that is indented with an invisible character, and that character. ``inside``: lines of
    quoted or block texts, from 0, where such a character is part of the text."""
    for i, line in enumerate(lines):
        lead = line[: len(line) - len(line.lstrip("".join({c for c in line if is_invisible(c)}) + " \t"))]
        if i not in inside and (hidden := first_invisible(lead)):
            yield i + 1, hidden
