"""Reading of a production file as plain data, with the line of every part. YAML and JSON; never code, tags or bombs."""

from __future__ import annotations

import json
import re
import stat
import sys
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
from studio.production.advice import advice, unseen
from studio.production.field_types import shown
from studio.production.invisible import BREAKS, called
from studio.production.locations import Loc
from studio.production.scalars import (
    Remark,
    Unquoted,
    Written,
    bad_indents,
    header_remarks,
    key_remark,
    meant,
    name_remark,
    remarks,
    text_kind,
    with_pairs,
)
from studio.remedies import TakenFrom, Words, text_of

MOST_BYTES = 1_000_000
MOST_DEPTH = 20
MOST_PARTS = 200_000  # after aliases are expanded
MOST_LINES = 20  # lines with wrong indentation that are reported, per file
_ONE_DOCUMENT = "one production a file: remove the line with ---"
_TAG = "tag:yaml.org,2002:"
_LINE = re.compile(r"\r\n|\r|\n")


@dataclass
class Reading:
    """The contents of a file: ``data``, the line of each place in it (from 1), and faults in how it is written.

    ``remarks`` are those on single values, each at its place in the user's own words.
    """

    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def read_file(path: Path) -> Reading:
    """The data of a .yaml, .yml or .json file; ``ProductionError`` if it cannot be read at all."""
    name = path.name
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        raise _unreadable(shown(name), "is not a .yaml, .yml or .json file", "name the production file")
    return read_text(_text_of(path), name)


def read_text(text: str, name: str) -> Reading:
    """The data of a production's text. Its ``name`` decides between YAML and JSON, and is used in errors."""
    if not text.strip():
        raise _unreadable(name, "is empty", "a production has a title and scenes; see productions/coffee-shop.yaml")
    try:
        found = _json(text, name) if name.lower().endswith(".json") else _yaml(text, name)
    except RecursionError:
        raise _unreadable(name, f"is nested deeper than {MOST_DEPTH} levels") from None
    if not isinstance(found.data, dict):
        what = "a list" if isinstance(found.data, list) else "a single value" if found.data is not None else "nothing"
        hint = "begin with title: and scenes:" if what != "a list" else "put the list under scenes: and add a title:"
        hint = unseen(text.splitlines()) or hint
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
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(name, "is UTF-16 text", "save it as UTF-8")
    if b"\0" in raw:
        raise _unreadable(name, "is not text: it has NUL bytes", "save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"{name}:{line}", "is not UTF-8 text", "save it as UTF-8") from None


def _neighbours(path: Path) -> Words:
    """The production files in the folder of a missing one."""
    try:
        there = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in (".yaml", ".yml", ".json"))
    except (OSError, ValueError):
        there = []
    if there:
        return f"there are: {', '.join(there[:8])}"
    # A person at Prefect's form does not see which folder the run uses.
    return "check the path" if path.is_absolute() else text_of("check the path", TakenFrom(Path.cwd()))


def _unreadable(where: str, message: str, hint: Words = "") -> ProductionError:
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
        told = f"is not valid JSON at column {error.colno}: {error.msg.lower()}"
        raise _unreadable(where, told, unseen([text[error.pos : error.pos + 1]])) from None
    except ValueError:
        most = sys.get_int_max_str_digits()
        raise _unreadable(name, "has a number that is too long", f"at most {most} digits") from None
    try:
        in_yaml = _yaml(text, name)  # JSON is almost YAML, which gives the lines
    except ProductionError:
        in_yaml = Reading()
    duplicates = [Problem(name, f"{shown(key)} is there twice", "keep one of them") for key in twice]
    return Reading(data, in_yaml.lines, [p for p in in_yaml.problems if twice] or duplicates)


def _yaml(text: str, name: str) -> Reading:
    lines = _LINE.split(text)
    odd = ((i, c) for i, line in enumerate(lines) for c in line if c in BREAKS)
    if (found := next(odd, None)) is not None:
        told = f"has {called(found[1])} in it, which breaks a line where no editor shows it"
        raise _unreadable(f"{name}:{found[0] + 1}", told, "remove it, or write a plain line break")
    builder = None
    try:
        builder = _Builder(name, text, lines)
        reading = builder.document()
    except MarkedYAMLError as error:
        _check_indents(lines, name, builder)
        mark = error.problem_mark or error.context_mark
        said = " ".join(f"{error.context or ''} {error.problem or 'it cannot be read'}".split())
        where = f"{name}:{mark.line + 1}" if mark else name
        raise _unreadable(where, f"is not valid YAML: {said}", advice(said, lines, error)) from None
    except YAMLError as error:
        said = str(error).splitlines()[0]
        bad = getattr(error, "position", None)
        where = f"{name}:{text.count(chr(10), 0, bad) + 1}" if isinstance(bad, int) else name
        raise _unreadable(where, f"is not valid YAML: {said}", "remove that character") from None
    except (ValueError, AttributeError, IndexError, KeyError, TypeError, AssertionError, NotImplementedError):
        raise _unreadable(name, "is not valid YAML") from None  # ruamel's own errors on odd directives and tags
    _check_indents(lines, name, builder)
    return reading


def _check_indents(lines: list[str], name: str, builder: _Builder | None) -> None:
    """Raise ProductionError for lines indented with other characters than plain spaces, which cause all other
    errors."""
    found = list(bad_indents(lines, builder.inside if builder is not None else set()))
    problems = [
        Problem(f"{name}:{line}", f"line {line} is indented with {called(hidden)}", "use plain spaces")
        for line, hidden in found[:MOST_LINES]
    ]
    if len(found) > MOST_LINES:
        problems.append(Problem(name, f"and {len(found) - MOST_LINES} more lines", "use plain spaces"))
    if problems:
        raise ProductionError(problems)


@dataclass(frozen=True)
class _At:
    """A value's place: the column of its parent, and the line and column after which it begins."""

    indent: int
    line: int
    column: int


class _Builder:
    """A builder of plain data from YAML's events in one pass, which counts depth and parts as it builds.

    An alias shares its anchor's data, so it takes no memory; but its parts are counted again, since any walk through
    the production visits them again.
    """

    def __init__(self, name: str, text: str, lines: list[str]) -> None:
        self.name = name
        self.lines = lines
        self.inside: set[int] = set()  # lines, from 0, that begin within a quoted or block text
        self.flow = 0
        yaml = YAML(typ="safe", pure=True)
        self.events: Iterator[Event] = yaml.parse(text)
        self.resolver = yaml.resolver
        self.reading = Reading()
        self.anchors: dict[str, tuple[Any, int] | None] = {}  # None: still being built
        self.unused: dict[str, Loc] = {}  # anchors of unquoted texts that no alias has named yet
        self.parts = 0
        self.depth = 0

    def document(self) -> Reading:
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.refused(event, "is not valid YAML: another document begins", _ONE_DOCUMENT)
                self.reading.data = self.build(next(self.events), (), _At(-1, 0, 0))
        self.reading.remarks += [name_remark(loc, f"&{name}") for name, loc in self.unused.items()]
        return self.reading

    def build(self, event: Event, loc: Loc, at: _At) -> Any:
        self.reading.lines.setdefault(loc, _line(event))
        if isinstance(event, AliasEvent):
            return self.alias(event)
        if not isinstance(event, ScalarEvent | CollectionStartEvent):
            raise self.refused(event, "is not valid YAML")
        before = self.parts
        self.count(1, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
            if isinstance(event, ScalarEvent) and not event.style and text_kind(loc) is not None:
                self.unused[event.anchor] = loc
        data = self.scalar(event, loc, at) if isinstance(event, ScalarEvent) else self.collection(event, loc)
        if event.anchor is not None:
            self.anchors[event.anchor] = (data, self.parts - before)
        return data

    def collection(self, event: CollectionStartEvent, loc: Loc) -> Any:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.refused(event, f"is nested deeper than {MOST_DEPTH} levels")
        self.flow += event.flow_style is True
        data = dict(self.mapping(loc)) if isinstance(event, MappingStartEvent) else list(self.sequence(loc))
        self.flow -= event.flow_style is True
        self.depth -= 1
        if event.tag is not None and event.tag not in (f"{_TAG}map", f"{_TAG}seq", "!"):
            self.problem(_line(event), f"the tag {shown(str(event.tag))} is not understood", "remove it")
        return data

    def alias(self, event: AliasEvent) -> Any:
        if event.anchor not in self.anchors:
            said = f"is not valid YAML: there is no anchor &{event.anchor}"
            raise self.refused(event, said, "a text that starts with * needs quotes")
        self.unused.pop(event.anchor, None)
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
            yield self.build(
                event, (*loc, i), _At(event.start_mark.column - 2, event.start_mark.line, event.start_mark.column)
            )

    def mapping(self, loc: Loc) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                return
            line = _line(event)
            key = event.value if isinstance(event, ScalarEvent) else None
            if (
                isinstance(event, ScalarEvent)
                and (wrong := key_remark(str(event.value), plain=not event.style)) is not None
            ):
                told, hint, key = wrong
                self.problem(line, told, hint)
            if not isinstance(event, ScalarEvent):
                self.build(event, (*loc, "?"), _At(-1, 0, 0))
                self.problem(line, "a field's name must be a word", "remove the ? or the brackets")
            elif key == "<<":
                self.problem(line, "merging with << is not understood", "write the fields out")
            elif key in seen:
                self.problem(line, f"{shown(key)} is there twice, first in line {seen[key]}", "keep one of them")
            value_event = next(self.events)
            at = self.after(event)
            if self.cut_off(event, value_event, at):
                told = f"{shown(str(key))} has no value: within braces, a comma ends the text before it"
                self.problem(
                    line, told, f"put that whole text in quotes; or write {shown(str(key))}, a colon and a value"
                )
            if key is None or key == "<<" or key in seen:
                self.build(value_event, (*loc, "?"), at)
                continue
            seen[key] = line
            self.reading.lines.setdefault((*loc, key), line)
            yield key, self.build(value_event, (*loc, key), at)

    def after(self, key: Event) -> _At:
        """The place behind a key and its colon."""
        end = key.end_mark
        line = self.lines[end.line] if end.line < len(self.lines) else ""
        colon = re.match(r"[ \t]*:", line[end.column :])
        return _At(key.start_mark.column, end.line, end.column + (colon.end() if colon else 0))

    def cut_off(self, key: Event, value: Event, at: _At) -> bool:
        """True if a key within braces has neither a colon nor a value: the rest of a text that contains a comma."""
        if not self.flow or not isinstance(key, ScalarEvent) or key.style or not isinstance(value, ScalarEvent):
            return False
        return not value.value and not value.style and at.column == key.end_mark.column

    def count(self, parts: int, event: Event) -> None:
        self.parts += parts
        if self.parts > MOST_PARTS:
            raise self.refused(event, f"has more than {MOST_PARTS:,} parts, aliases expanded", "write less")

    def refused(self, event: Event, message: str, hint: str = "") -> ProductionError:
        return _unreadable(f"{self.name}:{_line(event)}", message, hint)

    def scalar(self, event: ScalarEvent, loc: Loc, at: _At) -> Any:
        text = str(event.value)
        start, end = event.start_mark, event.end_mark
        plain = not event.style
        if plain and event.tag == "!":
            self.reading.remarks.append(name_remark(loc, "!"))
        if event.style in ("|", ">") and text_kind(loc) == "prose":
            self.reading.remarks += header_remarks(loc, self.lines[start.line])
        if not plain:
            self.inside.update(range(start.line + 1, end.line + (event.style in "\"'")))
        if text or plain:
            last = _At(0, end.line, end.column) if text else at
            first, indent = start.line if text else at.line, sys.maxsize if self.flow else at.indent
            written = Written(text, plain, last.line, last.column, indent, first)
            self.reading.remarks += remarks(loc, written, self.lines)
            text = with_pairs(meant(text, text_kind(loc), plain=plain))
        given = event.ctag if event.tag not in (None, "!") else None
        tag = str(given or self.resolver.resolve(ScalarNode, text, event.implicit)).removeprefix(_TAG)
        if tag == "null":
            return None
        if plain and given is None and text_kind(loc) is not None:
            # A text stays as it is written, such as 007; but what 1.10, a date or true was meant to be as text is
            # unknown.
            return Unquoted(text, tag) if tag in Unquoted.kinds else text
        if tag == "bool":
            return text.lower() == "true"
        if tag == "int" and re.fullmatch(r"[-+]?[0-9]{1,18}", text):
            return int(text)
        if tag == "float":
            plainly = text.lower().replace(".inf", "inf").replace(".nan", "nan").replace("_", "")
            try:
                return float(plainly)
            except ValueError:
                return text
        if tag not in ("str", "int", "timestamp"):
            self.problem(_line(event), f"the tag {shown(tag)} is not understood", "remove it")
        return text

    def problem(self, line: int, message: str, hint: str) -> None:
        self.reading.problems.append(Problem(f"{self.name}:{line}", message, hint))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
