"""Sentences of a text: the units that are spoken, kept, and read as captions."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Words with a full stop that end no sentence, in small letters.
ABBREVIATIONS = frozenset((
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "no", "nr", "inc", "ltd", "co", "approx", "dept",
    "fig", "vol", "e.g", "i.e", "a.m", "p.m", "u.s", "z.b", "d.h", "u.a", "bzw", "ca", "usw", "hr", "fr", "bd", "abs",
    "mme", "mlle", "p.ex", "sra", "srta", "ud",
))  # fmt: skip
_ENDS = ".!?\u2026\u3002\uff01\uff1f\u203d\u061f\u0964"
_WIDE = "\u3002\uff01\uff1f"  # after which no space stands
_CLOSING = "\"'\u201d\u2019\u00bb\u203a)\\]\u300d\u300f"
_END = re.compile(rf"[{_ENDS}]+[{_CLOSING}]*(?=\s|$)|[{_WIDE}]+[{_CLOSING}]*")


def paragraphs(text: str) -> list[list[str]]:
    """The sentences of each paragraph or line of a text; those without a letter or a figure are left out."""
    found = [list(_of_line(" ".join(line.split()))) for line in text.splitlines()]
    kept = [[said for said in line if any(c.isalnum() for c in said)] for line in found]
    return [line for line in kept if line]


def _of_line(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if _goes_on(line, start, end):
            continue
        if said := line[start : end.end()].strip():
            yield said
        start = end.end()
    if rest := line[start:].strip():
        yield rest


def _goes_on(line: str, start: int, end: re.Match[str]) -> bool:
    """True where what looks like an end is an abbreviation, an initial, an ordinal, or three dots within a sentence."""
    after = line[end.end() :].lstrip()
    if not after or end[0][0] in _WIDE:
        return False
    words = line[start : end.start()].split()
    word = words[-1].lower().strip("(\"'\u201c\u201e\u00ab") if words else ""
    if end[0].startswith("."):
        if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha() and words[-1].isupper()):
            return True
        if word.isdigit() and len(word) <= 2 and after[0].isalpha():  # 3. Oktober, and not 1984. Then
            return True
    return after[0].islower() and (end[0].startswith((".", "\u2026")))
