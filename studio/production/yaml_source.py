"""Reading of a production file as plain data, with the line of every part. YAML and JSON; never code, tags or bombs."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from studio.errors import Problem, ProductionError
from studio.production.advice import advice, unseen
from studio.production.field_types import shown
from studio.production.invisible import BREAKS, called
from studio.production.scalars import bad_indents
from studio.production.yaml_builder import MOST_DEPTH, RUAMEL_ERRORS, Builder, Reading, unreadable
from studio.remedies import TakenFrom, Words, text_of

MOST_BYTES = 1_000_000
MOST_LINES = 20  # lines with wrong indentation that are reported, per file
_LINE = re.compile(r"\r\n|\r|\n")


def read_file(path: Path) -> Reading:
    """The data of a .yaml, .yml or .json file; ``ProductionError`` if it cannot be read at all."""
    name = path.name
    if path.suffix.lower() not in (".yaml", ".yml", ".json"):
        if os.path.isdir(path):  # noqa: PTH112 - a Path's own may raise
            raise unreadable(str(path), "is a folder", "name the production file in it")
        raise unreadable(shown(name), "is not a .yaml, .yml or .json file", "name the production file")
    return read_text(source_text(path), name)


def read_text(text: str, name: str) -> Reading:
    """The data of a production's text. Its ``name`` decides between YAML and JSON, and is used in errors."""
    if not text.strip():
        raise unreadable(name, "is empty", "a production has a title and scenes; see productions/coffee-shop.yaml")
    try:
        found = _json(text, name) if name.lower().endswith(".json") else _yaml(text, name)
    except RecursionError:
        raise unreadable(name, f"is nested deeper than {MOST_DEPTH} levels") from None
    if not isinstance(found.data, dict):
        what = "a list" if isinstance(found.data, list) else "a single value" if found.data is not None else "nothing"
        hint = "begin with title: and scenes:" if what != "a list" else "put the list under scenes: and add a title:"
        hint = unseen(text.splitlines()) or hint
        raise ProductionError([Problem(name, f"has {what} where the fields of a production should be", hint)])
    return found


def source_text(path: Path) -> str:
    """The text of a production file. Raises ProductionError if it cannot be read, is too large, or is not UTF-8."""
    name = path.name
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise unreadable(str(path), "is a folder", "name the production file in it")
        if not stat.S_ISREG(mode):
            raise unreadable(str(path), "is not a regular file")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise unreadable(str(path), "there is no such file", neighbours(path)) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the name cannot be a file's"
        raise unreadable(shown(str(path)), f"cannot be read: {why}") from None
    if len(raw) > MOST_BYTES:
        raise unreadable(name, "is larger than 1 MB", "split it into several productions")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise unreadable(name, "is UTF-16 text", "save it as UTF-8")
    if b"\0" in raw:
        raise unreadable(name, "is not text: it has NUL bytes", "save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise unreadable(f"{name}:{line}", "is not UTF-8 text", "save it as UTF-8") from None


def neighbours(path: Path) -> Words:
    """The production files in the folder of a missing one."""
    try:
        there = sorted(p.name for p in path.parent.iterdir() if p.suffix.lower() in (".yaml", ".yml", ".json"))
    except (OSError, ValueError):
        there = []
    if there:
        return f"there are: {', '.join(there[:8])}"
    # A person at Prefect's form does not see which folder the run uses.
    return "check the path" if path.is_absolute() else text_of("check the path", TakenFrom(Path.cwd()))


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
        raise unreadable(where, told, unseen([text[error.pos : error.pos + 1]])) from None
    except ValueError:
        most = sys.get_int_max_str_digits()
        raise unreadable(name, "has a number that is too long", f"at most {most} digits") from None
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
        raise unreadable(f"{name}:{found[0] + 1}", told, "remove it, or write a plain line break")
    builder = None
    try:
        builder = Builder(name, text, lines)
        reading = builder.document()
    except MarkedYAMLError as error:
        _check_indents(lines, name, builder)
        mark = error.problem_mark or error.context_mark
        said = " ".join(f"{error.context or ''} {error.problem or 'it cannot be read'}".split())
        where = f"{name}:{mark.line + 1}" if mark else name
        raise unreadable(where, f"is not valid YAML: {said}", advice(said, lines, error)) from None
    except YAMLError as error:
        said = str(error).splitlines()[0]
        bad = getattr(error, "position", None)
        where = f"{name}:{text.count(chr(10), 0, bad) + 1}" if isinstance(bad, int) else name
        raise unreadable(where, f"is not valid YAML: {said}", "remove that character") from None
    except RUAMEL_ERRORS:
        raise unreadable(name, "is not valid YAML") from None
    _check_indents(lines, name, builder)
    return reading


def _check_indents(lines: list[str], name: str, builder: Builder | None) -> None:
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
