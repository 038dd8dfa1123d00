"""Detection of invisible characters, and of quotes that YAML does not know; errors name them by code point."""

from __future__ import annotations

import unicodedata

# Shown as nothing or as a space, although Unicode classes them as letters, marks or symbols.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Usual at the beginning or end of a text in some scripts, or of an emoji: marks of direction, joiners, tags.
_USUAL = frozenset("\u061c\u200e\u200f\u2066\u2067\u2068\u2069")
_TAGS = range(0xE0000, 0xE0080)
#: Line breaks that editors neither show nor count.
BREAKS = "\x85\u2028\u2029"
#: Curly quotes that replace plain ones, each opening one with its closing one.
CURLY = {"\u201c": "\u201d\u201c", "\u201d": "\u201d", "\u201e": "\u201c\u201d", "\u2018": "\u2019\u2018",
         "\u2019": "\u2019", "\u201a": "\u2018\u2019"}  # fmt: skip


def is_invisible(character: str) -> bool:
    """True for a character that is shown as nothing or as a space, unless it is a plain space, tab or line break."""
    return character in _BLANK or (character != " " and unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cf"))


def first_invisible(text: str) -> str:
    """The first invisible character of a text; empty where there is none."""
    return next((c for c in text if is_invisible(c)), "")


def at_the_ends(text: str) -> str:
    """An invisible character at the beginning or end of a text, if it is not usual there; else empty."""
    for end in (text[:1], text[-1:]):
        if end and is_invisible(end) and end not in _USUAL and ord(end) not in _TAGS:
            return end
    return ""


def without_invisible(text: str) -> str:
    """The text without its invisible characters."""
    return "".join(c for c in text if not is_invisible(c))


def called(character: str) -> str:
    """A character's name with its article, and its code point: ``a no-break space (U+00A0)``."""
    known = {"\x85": "next line", "\ufeff": "byte order mark"}
    name = known.get(character) or unicodedata.name(character, "character without a name").lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} ({code_point(character)})"


def code_point(character: str) -> str:
    """A character's code point: ``U+00A0``."""
    return f"U+{ord(character):04X}"


def in_curly_quotes(text: str) -> bool:
    """True for a text in quotes such as “…”, which YAML reads as letters."""
    return len(text) > 1 and text[-1] in CURLY.get(text[0], "")
