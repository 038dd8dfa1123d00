"""Sentences of a text: each is spoken by itself, so that a changed one alone is made again."""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+[」』”’）]*)")
#: Words before a full stop that ends no sentence.
_ALWAYS = frozenset(
    """dr mr mrs ms prof st mt sr jr rev hon gen col lt capt sgt vs ca bzw z.b d.h u.a e.g i.e approx hr fr hrn dipl
    mme mlle sra srta dott gl evtl ggf inkl""".split()  # noqa: SIM905  # a list of them would be a page
)
#: Words before a full stop that ends none where a number follows.
_NUMBERED = frozenset(("no", "nr", "vol", "fig", "p", "tel", "max", "min"))
#: Words before a full stop that ends one only where the next begins with a capital letter.
_MAYBE = frozenset("etc inc ltd co corp a.m p.m u.s u.k usw jan feb aug sept okt dez".split())  # noqa: SIM905
_ORDINALS = {"de", "da", "nb", "no", "nn", "fi", "cs", "sk", "hu", "pl", "sl", "hr", "et", "lv", "is"}
_OPENING = "\"'“‘„«»(["


@dataclass(frozen=True)
class Sentence:
    """A sentence as it is written, in one line. ``last``: it ends its paragraph."""

    text: str
    last: bool = False


def sentences(text: str, language: str = "en") -> tuple[Sentence, ...]:
    """The sentences of a text, in order. A line break ends one, too. Pieces without a letter or digit join the one
    before."""
    ordinals = language.split("-")[0].lower() in _ORDINALS
    found: list[Sentence] = []
    for line in text.splitlines():
        parts: list[str] = []
        for part in _split(" ".join(line.split()), ordinals):
            if parts and not (_words(part) and _words(parts[-1])):
                parts[-1] += f" {part}"
            else:
                parts.append(part)
        if parts and not _words(parts[0]):
            if found:
                found[-1] = Sentence(f"{found[-1].text} {parts[0]}", True)
            continue
        found += [Sentence(part, n == len(parts)) for n, part in enumerate(parts, 1)]
    return tuple(found)


def _words(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def _split(line: str, ordinals: bool) -> list[str]:
    parts, start = [], 0
    for end in _END.finditer(line):
        before, after = line[start : end.start()], line[end.end() :].lstrip()
        if after and not _ends(before, end[0], after, ordinals):
            continue
        parts.append(line[start : end.end()].strip())
        start = end.end()
    rest = line[start:].strip()
    return [*parts, rest] if rest else parts


def _ends(before: str, mark: str, after: str, ordinals: bool) -> bool:
    """True if a mark ends a sentence, by what stands before and after it."""
    if mark[0] in "。！？｡":
        return True
    following = after.lstrip(_OPENING)[:1]
    if following.islower():
        return False
    if mark != ".":
        return True
    word = before.split()[-1].lstrip(_OPENING).lower() if before.split() else ""
    if word in _ALWAYS or (len(word) == 1 and word.isalpha()):
        return False
    if word in _NUMBERED and following.isdigit():
        return False
    if word in _MAYBE:
        return following.isupper()
    return not (ordinals and word.isdigit() and len(word) <= 2)
