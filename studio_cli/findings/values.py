"""A finding on one part, and the words that several parts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from studio.settings import Settings

Mark = Literal["ok", "note", "wrong"]
#: A look at a group of parts. An error of ours that it raises is the finding on the group.
Look = Callable[[Settings], Iterator["Finding"]]
ANSWER = 4.0  # seconds in which a server has to answer


@dataclass(frozen=True)
class Finding:
    """The finding on one part. ``hint`` is the remedy: there always is one where a part is not ``well``, and where it
    is, but something should be looked at."""

    part: str
    said: str
    well: bool = True
    hint: str = ""

    @property
    def mark(self) -> Mark:
        """``wrong`` keeps a run from what it needs; ``note`` does not, and has a remedy all the same."""
        if not self.well:
            return "wrong"
        return "note" if self.hint else "ok"


def long(span: timedelta) -> str:
    """A length of time in words: ``5 minutes``, ``30 hours``, ``4 days``."""
    minutes = max(0, round(span.total_seconds() / 60))
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def listed(words: list[str]) -> str:
    """Words as a list in a sentence: ``a, b and c``."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
