"""The location of a value in a production: file, line, scene and field, as the user wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from studio.errors import Problem
from studio.production.field_types import shown
from studio.production.normalize import SCENE_WORDS, SEED_WORDS, USAGES, origins_of
from studio.production.shared import DEFAULTED

Loc = tuple[str | int, ...]
_WORDS = {ours: theirs for theirs, ours in (SCENE_WORDS | SEED_WORDS).items()}
MOST_NAMED = 8
_ITEMS = {"scenes": "scene", "assets": "asset", "characters": "character"}


@dataclass(frozen=True)
class Finding:
    """One broken rule of a production: its place in the canonical production, and the message about it."""

    loc: Loc
    message: str
    hint: str = ""


class Places:
    """A converter of places in the canonical production into words.

    ``data`` is the production as it was written, ``lines`` the line of a place in it, where that is known.
    """

    def __init__(self, source: str = "", data: Any = None, line: Callable[[Loc], int | None] | None = None) -> None:
        self.source = source
        self.data = data
        self.line = line or (lambda loc: None)
        self.origins = {} if data is None else origins_of(data)
        #: By the beginning of a place: the file that it was included from, and the place there.
        self.included: dict[Loc, tuple[Places, Loc]] = {}

    def where(self, loc: Loc, scene_id: str | None = None) -> str:
        """``coffee.yaml:12, scene 'arrival', field 'duration'`` as far as each is known.

        A scene's field that is written once for several scenes is where it is written; so is one of an included file.
        """
        origin = self.origin(loc)
        if origin is not None:
            return self.where(origin)
        other = self._included(loc)
        if other is not None:
            places, at = self.included[other]
            return places.where((*at, *loc[len(other) :]))
        written = self.written(loc)
        parts = []
        line = next((n for n in (self.line(written[:i]) for i in range(len(written), -1, -1)) if n), None)
        if self.source:
            parts.append(f"{self.source}:{line}" if line else self.source)
        elif line:
            parts.append(f"line {line}")
        field = written
        if loc and loc[0] in _ITEMS and len(loc) > 1:
            name = scene_id or self._name(loc, written)
            parts.append(f"{_ITEMS[str(loc[0])]} {name}")
            field = written[2:]
        if field:
            parts.append(f"field '{_dotted(field)}'")
        return ", ".join(parts)

    def is_included(self, loc: Loc) -> bool:
        """True if a place is written in an included file."""
        return self._included(self.origin(loc) or loc) is not None

    def _included(self, loc: Loc) -> Loc | None:
        return next((loc[:n] for n in range(len(loc), 0, -1) if loc[:n] in self.included), None)

    def origin(self, loc: Loc) -> Loc | None:
        """The place of a field that is not written in its scene; None for all others."""
        found = next((loc[:n] for n in range(len(loc), 0, -1) if loc[:n] in self.origins), None)
        return None if found is None else (*self.origins[found], *loc[len(found) :])

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """The findings as problems. One of several scenes, about what is written once, is told once."""
        told, shared = list[Problem](), dict[tuple[Loc, str, str], list[str]]()
        for finding in findings:
            origin = self.origin(finding.loc) if finding.loc[:1] == ("scenes",) else None
            if origin is None:
                hint = "; ".join(filter(None, [finding.hint, self._from_elsewhere(finding)]))
                told.append(Problem(self.where(finding.loc), finding.message, hint))
            else:
                shared.setdefault((origin, finding.message, finding.hint), []).append(
                    self._name(finding.loc, finding.loc)
                )
        for (origin, message, hint), scenes in shared.items():
            some = ", ".join(scenes[:MOST_NAMED]) + (
                f" and {len(scenes) - MOST_NAMED} more" * (len(scenes) > MOST_NAMED)
            )
            where = f"{self.where(origin)}, scene{'s' * (len(scenes) > 1)} {some}"
            off = f"a scene without it has `{origin[-1]}: none`" if origin[0] == "defaults" else ""
            told.append(Problem(where, message, "; ".join(filter(None, [hint, off]))))
        return told

    def _from_elsewhere(self, finding: Finding) -> str:
        """The place of the other field of a scene that a finding names, if that is not in the scene."""
        for name in (*DEFAULTED, "continue_from") if len(finding.loc) > 2 else ():
            origin = self.origins.get((*finding.loc[:2], name))
            if origin is not None and name != finding.loc[2] and re.search(rf"\b{name}\b", finding.message):
                off = f", and `{name}: none` in the scene switches it off" if name in DEFAULTED else ""
                return f"{name} is that of {self.where(origin)}{off}"
        return ""

    def written(self, loc: Loc) -> Loc:
        """The same place in the user's own words, as far down as it was written."""
        found: list[str | int] = []
        here = self.data
        for depth, step in enumerate(loc):
            if isinstance(step, str) and self.data is not None and isinstance(here, list | tuple):
                continue  # `credits: [...]`, where loc says credits, lines, 0
            own = self._own(here, step, depth)
            if own is None:
                break
            found.append(own)
            here = _inside(here, own)
        return tuple(found)

    def _own(self, here: Any, step: str | int, depth: int) -> str | int | None:
        """The user's word for one step; None where a canonical place has none."""
        if isinstance(here, Mapping):
            if isinstance(step, int):
                return next(islice(here, step, None), step)  # a list written as a mapping by id
            if step in here or self.data is None:
                return step
            if _WORDS.get(step) in here:
                return _WORDS[step]
            if step in USAGES.values() and "seed_asset_refs" in here:
                return "seed_asset_refs"
            return None if depth == 2 and step == "id" else step
        short = isinstance(step, str) and self.data is not None and (depth == 2 or isinstance(here, str))
        return None if short else step  # `lamp: lamp.png`, where loc says assets, 0, path; or `card: Later`

    def value(self, loc: Loc) -> Any:
        """The value that was written there; None where there was none."""
        here = self.data
        for step in self.written(loc):
            here = _inside(here, step)
        return here

    def _name(self, loc: Loc, written: Loc) -> str:
        if len(written) > 1 and isinstance(written[1], str):
            return shown(written[1])
        item = self.value(loc[:2])
        name = item.get(self._own(item, "id", 2) or "id") if isinstance(item, Mapping) else None
        return shown(str(name)) if isinstance(name, str | int) and str(name).strip() else f"{int(loc[1]) + 1}"


def _inside(here: Any, step: str | int) -> Any:
    if isinstance(here, Mapping):
        return here.get(step)
    if isinstance(here, list | tuple) and isinstance(step, int) and 0 <= step < len(here):
        return here[step]
    return None


def _dotted(loc: Loc) -> str:
    text = ""
    for step in loc:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
