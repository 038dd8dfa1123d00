"""Placeholders of a production: ``{{ product }}`` stands for a cell of a table, and nothing else; no text is run.

They are told apart from the text before YAML reads it, so that one may stand unquoted where a value begins. ``\\{{``
is ``{{`` itself. A field that is one placeholder takes the cell's value: a number where the cell is one, and nothing,
which is the field's default, where the cell is empty.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

from studio.errors import Problem, ProductionError
from studio.production.field_types import shown
from studio.production.locations import Loc
from studio.production.scalars import text_kind

#: Written around a placeholder's number while YAML reads the text: letters of no script, which no file has.
_BEGIN, _END = "\ue0f0", "\ue0f1"
_TOKEN = re.compile(f"{_BEGIN}([0-9]+){_END}")
#: ``{{ name }}``, unless a backslash stands before it.
_WRITTEN = re.compile(r"(?<!\\)\{\{([^{}\r\n]*)\}\}")
_ESCAPED = "\\{{"
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_RESOLVER = YAML(typ="safe", pure=True).resolver


@dataclass(frozen=True)
class Cell:
    """One value of a table. ``plain``: it was not quoted, so that a field of numbers may take it as one; ``comma``: its
    table is one in which numbers have a decimal comma."""

    content: str
    plain: bool = True
    comma: bool = False


@dataclass
class Marked:
    """A text whose placeholders are marks: ``names`` has the name of each mark, by its number."""

    text: str
    names: list[str] = field(default_factory=list)


def plain_name(name: str) -> str:
    """A name of a column or placeholder in the form in which two are compared."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def marked(text: str, source: str) -> Marked:
    """The text with a mark for each placeholder; lines stay where they are. Raises ProductionError."""
    for i, line in enumerate(text.splitlines() if _WRITTEN.search(text) else (), 1):
        if _BEGIN in line or _END in line:
            odd = "a private character (U+E0F0 or U+E0F1)"
            raise ProductionError([Problem(f"{source}:{i}", f"has {odd} in it", "remove it")])
    found = Marked(text)

    def mark(match: re.Match[str]) -> str:
        found.names.append(" ".join(unicodedata.normalize("NFC", match[1]).split()))
        return f"{_BEGIN}{len(found.names) - 1}{_END}"

    found.text = _WRITTEN.sub(mark, text)
    return found


def uses(data: Any, names: list[str], loc: Loc = ()) -> Iterator[tuple[Loc, str, bool]]:
    """Every placeholder in data: its place, its name, and True where it stands in the name of a field."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from (((*loc, key), names[int(number)], True) for number in _TOKEN.findall(str(key)))
            yield from uses(value, names, (*loc, key))
    elif isinstance(data, list | tuple):
        for i, value in enumerate(data):
            yield from uses(value, names, (*loc, i))
    elif isinstance(data, str):
        yield from ((loc, names[int(number)], False) for number in _TOKEN.findall(data))


def has_placeholder(value: Any) -> bool:
    """True if a value has a marked placeholder in it, at any depth."""
    if isinstance(value, Mapping):
        return any(has_placeholder(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(has_placeholder(part) for part in value)
    return isinstance(value, str) and _TOKEN.search(value) is not None


def without_placeholders(text: str) -> str:
    """The text without its placeholders."""
    return " ".join(_TOKEN.sub(" ", text).split())


def filled(data: Any, names: list[str], cell: Callable[[str], Cell], loc: Loc = ()) -> Any:
    """The data with every placeholder replaced. A field of a mapping whose value becomes nothing is left out."""
    if isinstance(data, Mapping):
        made = {key: filled(value, names, cell, (*loc, key)) for key, value in data.items()}
        return {key: value for key, value in made.items() if value is not None or data[key] is None}
    if isinstance(data, list | tuple):
        return [filled(value, names, cell, (*loc, i)) for i, value in enumerate(data)]
    if not isinstance(data, str) or _TOKEN.search(data) is None:
        return data
    whole = _TOKEN.fullmatch(data)
    if whole is None:
        return _TOKEN.sub(lambda match: _literal(cell(names[int(match[1])]).content), data)
    found = cell(names[int(whole[1])])
    if not found.content.strip():
        return None
    # A text field keeps the letters of the cell: 007 stays 007.
    return _literal(found.content) if text_kind(loc) is not None or not found.plain else _typed(found)


def left_over(data: Any, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """The placeholders that stand in data as they are written, by their places."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from left_over(value, (*loc, key))
    elif isinstance(data, list | tuple):
        for i, value in enumerate(data):
            yield from left_over(value, (*loc, i))
    elif isinstance(data, str) and (found := _WRITTEN.search(data)) is not None:
        yield loc, found[0]


def unescaped(data: Any) -> Any:
    """The data with ``{{`` wherever ``\\{{`` is written; every other value is the same object."""
    if isinstance(data, Mapping):
        return {key: unescaped(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [unescaped(value) for value in data]
    return data.replace(_ESCAPED, "{{") if isinstance(data, str) and _ESCAPED in data else data


def _literal(text: str) -> str:
    """A cell's text, of which nothing is taken for a placeholder."""
    return text.replace("{{", _ESCAPED)


def _typed(cell: Cell) -> Any:
    """The value that YAML reads in an unquoted cell: a whole number, a number, true or false, or else the text."""
    text = cell.content.strip()
    if cell.comma and _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    tag = str(_RESOLVER.resolve(ScalarNode, text, (True, False))).removeprefix("tag:yaml.org,2002:")
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int" and re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if tag == "float":
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return _literal(cell.content)
    return _literal(cell.content)


def table_beside(file: Path) -> Path | None:
    """The table that fills a production's placeholders unless another is named: the .csv of its name beside it."""
    table = file.with_suffix(".csv")
    return table if table.is_file() else None


def problem_of(written: str, where: str, file: Path) -> Problem:
    """The problem of a placeholder in a production that is made without a table."""
    told, table = f"{shown(written)} is a placeholder, and no table fills it", table_beside(file)
    how = (
        f"make it with the table beside it: {shlex.join(['studio', 'variations', str(file), str(table)])}."
        if table
        else f"make it with a table: {shlex.join(['studio', 'variations', str(file)])} TABLE."
    )
    return Problem(where, told, f"{how} For the signs alone write \\{{{{")


def problem_of_included(written: str, where: str) -> Problem:
    """The problem of a placeholder that is left when the production's own are filled: one in an included file."""
    told = f"{shown(written)} is a placeholder, and no table fills it"
    return Problem(where, told, "write the field in the production itself: what it includes has no placeholders")
