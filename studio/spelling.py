"""The nearest known word to an unknown one, by spelling alone: a slip of the pen is near, another word is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_TWO = 2  # letters of a word that is near another one only where they are exchanged
_PARTS_FROM = 4  # letters of a word from which it may stand for a longer one that contains it


def nearest(word: str, known: Iterable[str], *, parts: bool = True) -> str:
    """The known word that ``word`` was meant to be; empty where none is near.

    Near is: equal but for case and separators; a few letters wrong (one of up to five, two of up to eight, three of
    more); or, with ``parts``, the beginning, the end or one word of exactly one known word. Words with digits are near
    only where the digits are the same: 1440p is not 540p.
    """
    meant = plain(word)
    if not meant:
        return ""
    by_plain = {plain(name): name for name in reversed(list(known))}
    if meant in by_plain:
        return by_plain[meant]
    if len(meant) == _TWO and meant[::-1] in by_plain and not any(map(str.isdigit, meant)):
        return by_plain[meant[::-1]]
    near = [
        found for found in get_close_matches(meant, by_plain, n=5, cutoff=0.6)
        if _same_digits(meant, found) and slips(meant, found) <= _allowed(meant, found)
    ]  # fmt: skip
    if near:  # of those with the fewest slips one whose letters are exchanged, else the one that is most alike
        return by_plain[min(near, key=lambda found: (slips(meant, found), sorted(found) != sorted(meant)))]
    holding = [name for name in by_plain if _holds(name, meant)] if parts else []
    return by_plain[holding[0]] if len(holding) == 1 else ""


def plain(word: str) -> str:
    """A word in one form: lower case, with ``_`` for each run of spaces, hyphens, dots and underscores."""
    return re.sub(r"[\s_.'-]+", "_", word.strip().lower()).strip("_")


def slips(one: str, other: str) -> int:
    """The number of slips between two words: letters left out, added, replaced, or two neighbours exchanged."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row, earlier = row, [i], before
        for j, wanted in enumerate(other, 1):
            least = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
        before = above
    return row[-1]


def _allowed(one: str, other: str) -> int:
    return min(3, max(1, max(len(one), len(other)) // 3))


def _same_digits(one: str, other: str) -> bool:
    """False where both have digits, and others."""
    digits = [re.findall(r"\d+", word) for word in (one, other)]
    return not all(digits) or digits[0] == digits[1]


def _holds(name: str, part: str) -> bool:
    if len(part) < _PARTS_FROM or not _same_digits(name, part):
        return False
    return name.startswith(part) or name.endswith(part) or part in name.split("_")
