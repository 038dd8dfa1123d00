"""A production file as plain data, with the line of every part of it. YAML and JSON; never code, tags or bombs."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.nodes import ScalarNode

from studio.errors import Problem, ProductionError
from studio.production.places import Loc
from studio.production.values import shown

MOST_BYTES = 1_000_000
MOST_DEPTH = 20
MOST_PARTS = 200_000  # after aliases are expanded
_ONE_DOCUMENT = "one production a file: remove the line with ---"
_TAG = "tag:yaml.org,2002:"


@dataclass
class Reading:
    """What a file says: ``data``, the line of each place in it (from 1), and what is wrong with how it is written."""

    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_file(path: Path) -> Reading:
    """The data of a .yaml, .yml or .json file; ``ProductionError`` if it cannot be read at all."""
    name = path.name
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        raise _unreadable(shown(name), "is not a .yaml, .yml or .json file", "name the production file")
    return read_text(_text_of(path), name)


def read_text(text: str, name: str) -> Reading:
    """The data of a production's text; its ``name`` tells YAML from JSON and is named in errors."""
    if not text.strip():
        raise _unreadable(name, "is empty", "a production has a title and scenes; see productions/coffee-shop.yaml")
    try:
        found = _json(text, name) if name.lower().endswith(".json") else _yaml(text, name)
    except RecursionError:
        raise _unreadable(name, f"is nested deeper than {MOST_DEPTH} levels") from None
    if not isinstance(found.data, dict):
        what = "a list" if isinstance(found.data, list) else "a single value" if found.data is not None else "nothing"
        hint = "begin with title: and scenes:" if what != "a list" else "put the list under scenes: and add a title:"
        raise ProductionError([Problem(name, f"has {what} where the fields of a production should be", hint)])
    return found


def _text_of(path: Path) -> str:
    name = path.name
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _unreadable(str(path), "is a folder", "name the production file in it")
        if not stat.S_ISREG(mode):
            raise _unreadable(str(path), "is not a regular file")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(str(path), "there is no such file", _neighbours(path)) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the name cannot be a file's"
        raise _unreadable(shown(str(path)), f"cannot be read: {why}") from None
    if len(raw) > MOST_BYTES:
        raise _unreadable(name, "is larger than 1 MB", "split it into several productions")
    if b"\0" in raw:
        raise _unreadable(name, "is not text: it has NUL bytes", "save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"{name}:{line}", "is not UTF-8 text", "save it as UTF-8") from None


def _neighbours(path: Path) -> str:
    """The production files that stand where one was looked for."""
    try:
        there = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in (".yaml", ".yml", ".json"))
    except (OSError, ValueError):
        return "check the path"
    return f"there are: {', '.join(there[:8])}" if there else "check the path"


def _unreadable(where: str, message: str, hint: str = "") -> ProductionError:
    return ProductionError([Problem(where, message, hint)])


def _json(text: str, name: str) -> Reading:
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return found

    try:
        data = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}"
        raise _unreadable(where, f"is not valid JSON at column {error.colno}: {error.msg.lower()}") from None
    except ValueError:
        raise _unreadable(name, "has a number that is too long") from None
    try:
        in_yaml = _yaml(text, name)  # JSON is YAML, nearly: for the lines
    except ProductionError:
        in_yaml = Reading()
    duplicates = [Problem(name, f"{shown(key)} is there twice", "keep one of them") for key in twice]
    return Reading(data, in_yaml.lines, [p for p in in_yaml.problems if twice] or duplicates)


def _yaml(text: str, name: str) -> Reading:
    try:
        return _Builder(name, text).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(f"{error.context or ''} {error.problem or 'it cannot be read'}".split())
        where = f"{name}:{mark.line + 1}" if mark else name
        raise _unreadable(where, f"is not valid YAML: {said}", _advice(said, text, mark)) from None
    except YAMLError as error:
        said = str(error).splitlines()[0]
        bad = getattr(error, "position", None)
        where = f"{name}:{text.count(chr(10), 0, bad) + 1}" if isinstance(bad, int) else name
        raise _unreadable(where, f"is not valid YAML: {said}", "remove that character") from None
    except (ValueError, AttributeError, IndexError, KeyError, TypeError, AssertionError, NotImplementedError):
        raise _unreadable(name, "is not valid YAML") from None  # ruamel's own slips on odd directives and tags


def _advice(said: str, text: str, mark: Any) -> str:
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    if "\\t" in said or "\t" in line:
        return "indent with spaces, not with tabs"
    if "mapping values" in said:
        return "a text with a colon in it needs quotes; or the line is indented too far"
    if "cannot start any token" in said:
        return "put the text in quotes"
    if "quoted scalar" in said:
        return "close the quotes"
    if "flow" in said:
        return "close the bracket"
    return "check the indentation: the fields of one scene stand exactly below each other"


class _Builder:
    """Plain data from YAML's events in one pass: depth and parts are counted while it is built.

    An alias is the very data of its anchor, so it takes no room; but its parts count again, as whoever walks through
    the production will meet them again.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        yaml = YAML(typ="safe", pure=True)
        self.events: Iterator[Event] = yaml.parse(text)
        self.resolver = yaml.resolver
        self.reading = Reading()
        self.anchors: dict[str, tuple[Any, int] | None] = {}  # None: still being built
        self.parts = 0
        self.depth = 0

    def document(self) -> Reading:
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.refused(event, "is not valid YAML: another document begins", _ONE_DOCUMENT)
                self.reading.data = self.build(next(self.events), ())
        return self.reading

    def build(self, event: Event, loc: Loc) -> Any:
        self.reading.lines.setdefault(loc, _line(event))
        if isinstance(event, AliasEvent):
            return self.alias(event)
        if not isinstance(event, ScalarEvent | CollectionStartEvent):
            raise self.refused(event, "is not valid YAML")
        before = self.parts
        self.count(1, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        data = self.scalar(event) if isinstance(event, ScalarEvent) else self.collection(event, loc)
        if event.anchor is not None:
            self.anchors[event.anchor] = (data, self.parts - before)
        return data

    def collection(self, event: CollectionStartEvent, loc: Loc) -> Any:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.refused(event, f"is nested deeper than {MOST_DEPTH} levels")
        data = dict(self.mapping(loc)) if isinstance(event, MappingStartEvent) else list(self.sequence(loc))
        self.depth -= 1
        if event.tag is not None and event.tag not in (f"{_TAG}map", f"{_TAG}seq", "!"):
            self.problem(_line(event), f"the tag {shown(str(event.tag))} is not understood", "remove it")
        return data

    def alias(self, event: AliasEvent) -> Any:
        if event.anchor not in self.anchors:
            said = f"is not valid YAML: there is no anchor &{event.anchor}"
            raise self.refused(event, said, "a text that starts with * needs quotes")
        found = self.anchors[event.anchor]
        if found is None:
            raise self.refused(event, f"has an alias *{event.anchor} that contains itself", "write it out")
        data, parts = found
        self.count(parts, event)
        return data

    def sequence(self, loc: Loc) -> Iterator[Any]:
        for i, event in enumerate(iter(lambda: next(self.events), None)):
            if isinstance(event, SequenceEndEvent):
                return
            yield self.build(event, (*loc, i))

    def mapping(self, loc: Loc) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                return
            line = _line(event)
            key = event.value if isinstance(event, ScalarEvent) else None
            if not isinstance(event, ScalarEvent):
                self.build(event, (*loc, "?"))
                self.problem(line, "a field's name must be a word", "remove the ? or the brackets")
            elif key == "<<":
                self.problem(line, "merging with << is not understood", "write the fields out")
            elif key in seen:
                self.problem(line, f"{shown(key)} is there twice, first in line {seen[key]}", "keep one of them")
            value_event = next(self.events)
            if key is None or key == "<<" or key in seen:
                self.build(value_event, (*loc, "?"))
                continue
            seen[key] = line
            self.reading.lines.setdefault((*loc, key), line)
            yield key, self.build(value_event, (*loc, key))

    def count(self, parts: int, event: Event) -> None:
        self.parts += parts
        if self.parts > MOST_PARTS:
            raise self.refused(event, f"has more than {MOST_PARTS:,} parts, aliases expanded", "write less")

    def refused(self, event: Event, message: str, hint: str = "") -> ProductionError:
        return _unreadable(f"{self.name}:{_line(event)}", message, hint)

    def scalar(self, event: ScalarEvent) -> Any:
        text = str(event.value)
        given = event.ctag if event.tag not in (None, "!") else None
        tag = str(given or self.resolver.resolve(ScalarNode, event.value, event.implicit)).removeprefix(_TAG)
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        if tag == "int" and re.fullmatch(r"[-+]?[0-9]{1,18}", text):
            return int(text)
        if tag == "float":
            plain = text.lower().replace(".inf", "inf").replace(".nan", "nan").replace("_", "")
            try:
                return float(plain)
            except ValueError:
                return text
        if tag not in ("str", "int", "timestamp"):
            self.problem(_line(event), f"the tag {shown(tag)} is not understood", "remove it")
        return text

    def problem(self, line: int, message: str, hint: str) -> None:
        self.reading.problems.append(Problem(f"{self.name}:{line}", message, hint))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
