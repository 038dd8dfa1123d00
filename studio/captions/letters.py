"""Measures of a text for captions: its width in columns, its length for a reader, and where its lines may end."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

WIDE_LANGUAGES = ("zh", "ja", "ko", "yue", "cmn")
#: Letters that begin no line, and those that end none, where lines end between any two letters (JIS X 4051).
NOT_FIRST = frozenset("、。，．：；？！）」』】》〉〕｝ー々…‥・’”,.:;?!)]}ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ")
NOT_LAST = frozenset("（「『【《〈〔｛‘“([{")
_SPACES = re.compile(r"[\s\u2028\u2029]+")
_COMMANDS = str.maketrans("{}\\", "()/")  # players take {\an8} in any caption for a command


@dataclass(frozen=True)
class Reading:
    """The limits of one script: columns of a line, and letters that are read in a second, as wished and at most.

    ``column`` is the number of columns that a letter of the script has: what is half as wide counts as half a letter.
    """

    columns: int
    wished: int
    limit: int
    column: int = 1


ALPHABETIC = Reading(42, 17, 20)
WIDE = Reading(32, 9, 12, column=2)


@dataclass(frozen=True)
class Atom:
    """A part of a text within which no line ends: its ``letters``. ``space``: a space stands after it."""

    letters: str
    space: bool


def reading_of(text: str, language: str) -> Reading:
    """The limits for a text: those of wide letters for languages that are written in them, or where most are."""
    letters = [c for c in text if unicodedata.category(c)[0] == "L"]
    wide = sum(_columns(c) == 2 for c in letters)
    if wide * 2 > len(letters):
        return WIDE
    return WIDE if language.lower().split("-")[0] in WIDE_LANGUAGES and wide else ALPHABETIC


def plain(text: str) -> str:
    """A text in one line, without control characters, in the order in which it is read aloud. Braces become
    parentheses, and a backslash a slash."""
    joined = _SPACES.sub(" ", text).translate(_COMMANDS)
    return "".join(c for c in joined if unicodedata.category(c) not in ("Cc", "Cs")).strip()


def columns(text: str) -> int:
    """The width of a text: one for a letter, two for a wide one, none for a mark above or below another."""
    return sum(_columns(c) for c in text)


def length(text: str, reading: Reading) -> Fraction:
    """The number of letters that a reader reads."""
    return Fraction(columns(text), reading.column)


def atoms(text: str, reading: Reading) -> list[Atom]:
    """The parts of a plain text between which a line may end: its words, or its letters in a script without spaces.

    A word that is longer than a line is cut.
    """
    found = list[Atom]()
    for word in text.split(" "):
        if not word:
            continue
        parts = _parts(word)
        whole = [piece for part in parts for piece in _cut(part, reading.columns)]
        found += [Atom(piece, False) for piece in whole[:-1]] + [Atom(whole[-1], True)]
    return found


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _parts(word: str) -> list[str]:
    """A word cut between its wide letters, where a line may end."""
    parts = [word[0]]
    for before, letter in pairwise(word):
        is_wide = 2 in (_columns(before), _columns(letter)) and _columns(letter) > 0
        is_hangul = "\uac00" <= before <= "\ud7a3" and "\uac00" <= letter <= "\ud7a3"  # its words have spaces
        if is_wide and not is_hangul and letter not in NOT_FIRST and before not in NOT_LAST:
            parts.append(letter)
        else:
            parts[-1] += letter
    return parts


def _cut(part: str, most: int) -> list[str]:
    """A part in pieces that each fit a line; marks stay with their letters."""
    pieces, width = [""], 0
    for letter in part:
        if width + _columns(letter) > most:
            pieces.append("")
            width = 0
        pieces[-1] += letter
        width += _columns(letter)
    return pieces
