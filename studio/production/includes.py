"""Files that a production includes: characters, assets, defaults and a style that several productions share.

The including file wins over the included one. Paths in an included file are relative to that file, and its faults are
told with its name and line. Two files that are included side by side may not say different things of one name.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.errors import Problem, ProductionError
from studio.production.field_types import is_url, kind_of, shown
from studio.production.locations import Loc, Places
from studio.production.normalize import EXTRA, SCHEMA_FIELD, absolute, canonical, listed, renamed
from studio.production.paths import is_file_url, located
from studio.production.yaml_builder import Reading
from studio.production.yaml_source import neighbours, read_file
from studio.remedies import Words
from studio.spelling import nearest

MOST_FILES = 100
ENDINGS = (".yaml", ".yml", ".json")
GROUPS = ("assets", "characters")
INCLUDED = (*GROUPS, "defaults", "style")


@dataclass(frozen=True)
class Part:
    """One thing that a file gives, and where it is written."""

    value: Any
    places: Places
    loc: Loc


@dataclass
class Included:
    """The contents of a file's includes, by kind and name, and what is wrong with them."""

    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    readings: list[tuple[Reading, Places]] = field(default_factory=list)


def with_included(file: Path, reading: Reading, places: Places) -> tuple[dict[str, Any], Included]:
    """The data of a production file with what it includes, and the faults of that. ``places``: of that file; it knows
    the places of what is included afterwards."""
    data = {name: value for name, value in reading.data.items() if name != "include"}
    if reading.data.get("include") is None:
        return data, Included()
    walk = _Walk(file.absolute().parent)
    walk.read[_real(file)] = {}
    found = walk.included(file.absolute(), reading.data, places, (file.absolute(),), _names(reading.data))
    walk.result.parts = found
    _merge(data, found, places)
    return data, walk.result


class _Walk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.result = Included()
        self.read: dict[str, dict[tuple[str, str], Part]] = {}

    def included(
        self,
        file: Path,
        data: Mapping[str, Any],
        places: Places,
        trail: tuple[Path, ...],
        own: Collection[tuple[str, str]],
    ) -> dict[tuple[str, str], Part]:
        """The contents of a file's includes. ``trail``: the files that lead to it, itself the last; ``own``: the names
        of what it gives itself, which wins."""
        found: dict[tuple[str, str], Part] = {}
        for loc, reference in _references(data.get("include")):
            where = places.where(loc)
            path = self.path(reference, file.parent, where)
            if path is None:
                continue
            if _real(path) in map(_real, trail):
                steps = [*trail[[_real(t) for t in trail].index(_real(path)) :], path]
                circle = ", which includes ".join(shown(self.name(step)) for step in steps)
                self.problem(where, f"goes in a circle: {circle.replace(', which', '', 1)}", "remove one of them")
                continue
            for name, part in self.parts(path, where, trail).items():
                before = found.setdefault(name, part)
                if before.value != part.value and name not in own:
                    kind, of = name
                    told = f"{kind} {shown(of)}" if of else "style"
                    hint = f"it is in {before.places.where(before.loc)} too: write it here, or remove one of them"
                    self.problem(where, f"gives another {told}", hint)
        return found

    def parts(self, path: Path, where: str, trail: tuple[Path, ...]) -> dict[tuple[str, str], Part]:
        """The contents of a file, with its own includes. Read once, however often it is included."""
        real = _real(path)
        if real in self.read:
            return self.read[real]
        self.read[real] = {}
        if len(self.read) > MOST_FILES:
            self.problem(where, f"includes more than {MOST_FILES} files", "include fewer")
            return {}
        try:
            reading = read_file(path)
        except ProductionError as error:
            self.result.problems += error.problems
            return {}
        places = Places(self.name(path), reading.data, reading.lines.get)
        self.result.readings.append((reading, places))
        own = self.own(path, reading.data, places)
        self.read[real] = self.included(path, reading.data, places, (*trail, path), own) | own
        return self.read[real]

    def own(self, path: Path, data: Mapping[str, Any], places: Places) -> dict[tuple[str, str], Part]:
        for name in data:
            if name not in (*INCLUDED, "include", SCHEMA_FIELD) and not str(name).startswith(EXTRA):
                near = nearest(str(name), INCLUDED, parts=False)
                hint = (
                    f"did you mean '{near}'?" if near else f"it may have {', '.join(INCLUDED[:-1])} and {INCLUDED[-1]}"
                )
                self.problem(places.where((name,)).split(",")[0], f"an included file has no {shown(name)}", hint)
        found: dict[tuple[str, str], Part] = {}
        listed_here = absolute(canonical({name: data.get(name) for name in GROUPS}), path.parent)
        for kind in GROUPS:
            items = listed_here.get(kind, ())
            if not isinstance(items, list | tuple):
                self.problem(places.where((kind,)), f"expected a list, found {kind_of(items)}")
                continue
            for i, item in enumerate(items):
                name = _id(item)
                if not name:
                    self.problem(places.where((kind, i)), "'id' is missing", "give it a short name")
                elif (kind, name) in found:
                    self.problem(places.where((kind, i)), f"{shown(name)} is there twice", "give each an id of its own")
                else:
                    found[kind, name] = Part(item, places, (kind, i))
        for name, value in self.defaults(data.get("defaults"), path.parent, places):
            found["defaults", name] = Part(value, places, ("defaults", name))
        if data.get("style") is not None:
            found["style", ""] = Part(data["style"], places, ("style",))
        return found

    def defaults(self, given: Any, folder: Path, places: Places) -> Iterator[tuple[str, Any]]:
        if given is None:
            return
        if not isinstance(given, Mapping):
            self.problem(places.where(("defaults",)), f"expected fields and values, found {kind_of(given)}")
            return
        fields = {name: value for name, value in renamed(dict(given)).items() if not str(name).startswith(EXTRA)}
        yield from absolute({"scenes": [fields]}, folder)["scenes"][0].items()

    def path(self, reference: Any, folder: Path, where: str) -> Path | None:
        """The path of an include, or a problem: it is relative, and never leads out of the production's folder."""
        plain = reference.strip() if isinstance(reference, str) else ""
        fault = _fault(reference, plain)
        if fault:
            self.problem(where, *fault)
            return None
        path = Path(located(plain, folder))
        inside = Path(os.path.normpath(folder / plain)).is_relative_to(os.path.normpath(self.root))
        if ".." in Path(plain).parts:  # a link before it leads elsewhere than the text says
            inside = inside and Path(_real(path)).is_relative_to(_real(self.root))
        if not inside:
            hint = f"put it into {self.root}, or a folder in it"
            self.problem(where, f"{shown(plain)} leads out of the production's folder", hint)
            return None
        if not path.exists():
            self.problem(where, f"there is no file {shown(plain)}", neighbours(path))
            return None
        return path

    def name(self, path: Path) -> str:
        """A file as errors name it: relative to the production's folder."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def problem(self, where: str, message: str, hint: Words = "") -> None:
        self.result.problems.append(Problem(where, message, hint))


def _fault(reference: Any, plain: str) -> tuple[str, str] | None:
    if not plain or "\0" in plain:
        return f"expected the path of a file, found {kind_of(reference)}", "write for example cast.yaml"
    if is_url(plain) or is_file_url(plain):
        return f"{shown(plain)} is a URL", "include a file beside the production, by its relative path"
    if Path(plain).is_absolute() or plain.startswith(("~", "\\")) or Path(plain).drive:
        return f"{shown(plain)} is no relative path", "write it relative to this file"
    if not plain.lower().endswith(ENDINGS):
        return f"{shown(plain)} is not a .yaml, .yml or .json file", "name such a file"
    return None


def _references(given: Any) -> Iterator[tuple[Loc, Any]]:
    if isinstance(given, list | tuple):
        yield from ((("include", i), reference) for i, reference in enumerate(given))
    elif given is not None:
        yield ("include",), given


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _id(item: Any) -> str:
    name = item.get("id") if isinstance(item, Mapping) else None
    return " ".join(str(name).split()) if isinstance(name, str | int) else ""


def _names(data: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The production's own part of all that could be included."""
    names = {(kind, _id(item)) for kind in GROUPS for item in _items(listed(data.get(kind), "path"))}
    defaults = data.get("defaults")
    names |= {("defaults", name) for name in renamed(dict(defaults))} if isinstance(defaults, Mapping) else set()
    return names | ({("style", "")} if "style" in data else set())


def _items(items: Any) -> Sequence[Any]:
    return items if isinstance(items, list | tuple) else ()


def _merge(data: dict[str, Any], found: Mapping[tuple[str, str], Part], places: Places) -> None:
    """Add to a production's data what it includes and does not have itself."""
    for kind, short in (("assets", "path"), ("characters", "images")):
        own = listed(data.get(kind), short)
        own = [] if own is None else own
        if not isinstance(own, list | tuple):
            continue
        names = {_id(item) for item in own}
        items = list(own)
        for (of, name), part in found.items():
            if of == kind and name not in names:
                places.included[kind, len(items)] = part.places, part.loc
                items.append(part.value)
        if items:
            data[kind] = items
    defaults = {} if data.get("defaults") is None else data["defaults"]
    if isinstance(defaults, Mapping):
        has = {*renamed(dict(defaults)), *(["style"] if "style" in data else [])}
        more = {name: part for (of, name), part in found.items() if of == "defaults" and name not in has}
        places.included |= {("defaults", name): (part.places, part.loc) for name, part in more.items()}
        if more:
            data["defaults"] = {**{name: part.value for name, part in more.items()}, **defaults}
        style = found.get(("style", ""))
        if style is not None and not {"style"} & {*data, *renamed(dict(defaults))}:
            data["style"] = style.value
            places.included["style",] = style.places, style.loc
