"""Building of plain data from YAML's events, with the line of every part; anchors and merge keys are followed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
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
from studio.production.field_types import shown
from studio.production.locations import Loc
from studio.production.scalars import (
    Remark,
    Unquoted,
    Written,
    header_remarks,
    key_remark,
    meant,
    name_remark,
    remarks,
    text_kind,
    with_pairs,
)
from studio.remedies import Words

MOST_DEPTH = 20
#: Errors that ruamel raises, beside its own, on odd directives and tags.
RUAMEL_ERRORS = (
    ValueError, AttributeError, IndexError, KeyError, TypeError, AssertionError, NotImplementedError,
)  # fmt: skip
MOST_PARTS = 200_000  # after aliases are expanded
_ONE_DOCUMENT = "one production a file: remove the line with ---"
_TAG = "tag:yaml.org,2002:"


def unreadable(where: str, message: str, hint: Words = "") -> ProductionError:
    """The error for a file that cannot be read."""
    return ProductionError([Problem(where, message, hint)])


@dataclass
class Reading:
    """The contents of a file: ``data``, the line of each place in it (from 1), and faults in how it is written.

    ``remarks`` are those on single values, each at its place in the user's own words.
    """

    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


@dataclass(frozen=True)
class _Anchored:
    """The events of an anchored value, and the number of its parts."""

    events: list[Event]
    parts: int


@dataclass(frozen=True)
class _At:
    """A value's place: the column of its parent, and the line and column after which it begins."""

    indent: int
    line: int
    column: int


class Builder:
    """A builder of plain data from YAML's events in one pass, which counts depth and parts as it builds.

    An alias, and a merge key, is built from its anchor's events, at its own place: a text there is a text, with the
    lines where it is written. Its parts are counted before they are built, so that no few lines become a huge file.
    """

    def __init__(self, name: str, text: str, lines: list[str]) -> None:
        self.name = name
        self.lines = lines
        self.inside: set[int] = set()  # lines, from 0, that begin within a quoted or block text
        self.flow = 0
        yaml = YAML(typ="safe", pure=True)
        self.sources: list[Iterator[Event]] = [yaml.parse(text)]  # the last one is read
        self.recorders: list[list[Event]] = []  # of the anchored values that are being read
        self.resolver = yaml.resolver
        self.reading = Reading()
        self.anchors: dict[str, _Anchored | None] = {}  # None: still being built
        self.named: dict[int, tuple[AliasEvent, _Anchored]] = {}  # by alias: its name may be given again later
        self.unused: dict[str, Loc] = {}  # anchors of unquoted texts that no alias has named yet
        self.parts = 0
        self.depth = 0

    def document(self) -> Reading:
        documents = 0
        for event in self.sources[0]:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.refused(event, "is not valid YAML: another document begins", _ONE_DOCUMENT)
                self.reading.data = self.build(self.pull(), (), _At(-1, 0, 0))
        self.reading.remarks += [name_remark(loc, f"&{name}") for name, loc in self.unused.items()]
        return self.reading

    def build(self, event: Event, loc: Loc, at: _At) -> Any:
        self.reading.lines.setdefault(loc, _line(event))
        if isinstance(event, AliasEvent):
            with self.replay(event) as first:
                return self.build(first, loc, at)
        if not isinstance(event, ScalarEvent | CollectionStartEvent):
            raise self.refused(event, "is not valid YAML")
        if event.anchor is not None and len(self.sources) == 1:
            return self.anchored(event, loc, at)
        return self.value(event, loc, at)

    def value(self, event: ScalarEvent | CollectionStartEvent, loc: Loc, at: _At) -> Any:
        self.count(1, event)
        return self.scalar(event, loc, at) if isinstance(event, ScalarEvent) else self.collection(event, loc)

    def anchored(self, event: ScalarEvent | CollectionStartEvent, loc: Loc, at: _At) -> Any:
        """A value with an anchor, whose events are kept for its aliases."""
        before, name, events = self.parts, str(event.anchor), list[Event]([event])
        self.anchors[name] = None
        if isinstance(event, ScalarEvent) and not event.style and text_kind(loc) is not None:
            self.unused[name] = loc
        self.recorders.append(events)
        data = self.value(event, loc, at)
        self.recorders.pop()
        self.anchors[name] = _Anchored(events, self.parts - before)
        return data

    def pull(self) -> Event:
        """The next event, kept for the anchors that it belongs to."""
        event = next(self.sources[-1])
        if len(self.sources) == 1:
            for events in self.recorders:
                events.append(event)
        return event

    @contextmanager
    def replay(self, alias: AliasEvent) -> Iterator[Event]:
        """Read the events of an alias's anchor, and then go on as before. Gives the first of them."""
        found = self.named[id(alias)][1] if id(alias) in self.named else self.anchor_of(alias)
        if self.parts + found.parts > MOST_PARTS:
            self.count(found.parts, alias)
        self.sources.append(iter(found.events))
        yield self.pull()
        self.sources.pop()

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

    def anchor_of(self, event: AliasEvent) -> _Anchored:
        if event.anchor not in self.anchors:
            said = f"is not valid YAML: there is no anchor &{event.anchor}"
            raise self.refused(event, said, "a text that starts with * needs quotes")
        self.unused.pop(event.anchor, None)
        found = self.anchors[event.anchor]
        if found is None:
            raise self.refused(event, f"has an alias *{event.anchor} that contains itself", "write it out")
        self.named[id(event)] = event, found  # kept, so that no other event has its id
        return found

    def sequence(self, loc: Loc) -> Iterator[Any]:
        for i, event in enumerate(iter(self.pull, None)):
            if isinstance(event, SequenceEndEvent):
                return
            yield self.build(
                event, (*loc, i), _At(event.start_mark.column - 2, event.start_mark.line, event.start_mark.column)
            )

    def mapping(self, loc: Loc, taken: set[str] | None = None) -> Iterator[tuple[str, Any]]:
        """The fields of a mapping, and then those that it merges. ``taken``: fields that are there without it."""
        seen: dict[str, int] = {}
        merged: list[list[Event]] = []
        for event in iter(self.pull, None):
            if isinstance(event, MappingEndEvent):
                yield from self.merge(merged, loc, taken if taken is not None else set(), seen)
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
            elif key == "<<" and not event.style:
                merged.append(self.whole())
                continue
            elif key in seen:
                self.problem(line, f"{shown(key)} is there twice, first in line {seen[key]}", "keep one of them")
            value_event = self.pull()
            at = self.after(event)
            if self.cut_off(event, value_event, at):
                told = f"{shown(str(key))} has no value: within braces, a comma ends the text before it"
                self.problem(
                    line, told, f"put that whole text in quotes; or write {shown(str(key))}, a colon and a value"
                )
            if key is None or key in seen or (taken is not None and key in taken):
                self.build(value_event, (*loc, "?"), at)
                continue
            seen[key] = line
            self.reading.lines.setdefault((*loc, key), line)
            yield key, self.build(value_event, (*loc, key), at)

    def whole(self) -> list[Event]:
        """All events of the next value."""
        events, depth = list[Event](), 0
        while not events or depth:
            events.append(self.pull())
            depth += isinstance(events[-1], CollectionStartEvent)
            depth -= isinstance(events[-1], MappingEndEvent | SequenceEndEvent)
        for event in events:
            if isinstance(event, AliasEvent) and id(event) not in self.named:
                self.anchor_of(event)  # what its name means here
        if isinstance(events[0], MappingStartEvent) and events[0].anchor is not None:
            self.anchors[str(events[0].anchor)] = _Anchored(events, len(events))
        return events

    def merge(
        self, merged: list[list[Event]], loc: Loc, taken: set[str], seen: dict[str, int]
    ) -> Iterator[tuple[str, Any]]:
        """The fields of mappings behind <<, without those that the mapping itself has; the first mapping wins."""
        taken = taken | seen.keys()
        for events in merged:
            self.sources.append(iter(events))
            for key, value in self.merged(self.pull(), loc, taken, several=True):
                taken.add(key)
                yield key, value
            self.sources.pop()

    def merged(self, event: Event, loc: Loc, taken: set[str], *, several: bool) -> Iterator[tuple[str, Any]]:
        if isinstance(event, AliasEvent):
            with self.replay(event) as first:
                yield from self.merged(first, loc, taken, several=several)
        elif isinstance(event, MappingStartEvent):
            self.depth += 1
            if self.depth > MOST_DEPTH:
                raise self.refused(event, f"is nested deeper than {MOST_DEPTH} levels")
            self.count(1, event)
            yield from self.mapping(loc, taken)
            self.depth -= 1
        elif isinstance(event, CollectionStartEvent) and several:
            for item in iter(self.pull, None):
                if isinstance(item, SequenceEndEvent):
                    return
                for key, value in self.merged(item, loc, taken, several=False):
                    taken.add(key)
                    yield key, value
        else:
            self.problem(_line(event), "<< merges the fields of an anchor, and this is none", "write <<: *name")
            if isinstance(event, CollectionStartEvent):
                self.collection(event, (*loc, "?"))

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
        return unreadable(f"{self.name}:{_line(event)}", message, hint)

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
