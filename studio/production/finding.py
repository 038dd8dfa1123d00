"""One broken rule of a production."""

from __future__ import annotations

from dataclasses import dataclass

from studio.production.locations import Loc


@dataclass(frozen=True)
class Finding:
    """Its place in the canonical production, and what to say about it."""

    loc: Loc
    message: str
    hint: str = ""
