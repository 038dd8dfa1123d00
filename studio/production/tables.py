"""Reading of a table: CSV as spreadsheets write it, or YAML (JSON) with a list of mappings. Never code, tags or bombs.

A cell keeps its letters; what it is in a field of numbers is decided where it is put.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from studio.errors import Problem, ProductionError
from studio.production.field_types import counted, shown
from studio.production.placeholders import Cell, plain_name
from studio.production.yaml_builder import RUAMEL_ERRORS, unreadable
from studio.spelling import nearest

MOST_ROWS = 200
MOST_COLUMNS = 100
MOST_BYTES = 5_000_000
NAME = "row"  # the column that names the rows
NOTES = "x-"  # columns that begin with it are for people
_DELIMITERS = ";\t,|"
_ENDINGS = (".csv", ".tsv", ".txt", ".yaml", ".yml", ".json")
_FIRST = "the first line names the columns, each further line is a row"
_VALID = "correct that line: it is to be valid YAML, or JSON"
_SAVE = "save it as CSV UTF-8, or as YAML"
_NULL = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Kind:
    """The words for what a table lists: its items, one of them, and how a list and an item are written as data.

    ``sparse``: an item that is written as data may leave out a column.
    """

    items: str
    item: str
    write: str
    write_one: str
    sparse: bool = False


ROWS = Kind(
    "rows", "row with columns", "write a list of mappings, each a row with its columns",
    "write a mapping: each column with its cell",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row: its number from 1, the line on which it begins, its name, and its cells by the plain name of the
    column."""

    number: int
    line: int
    name: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class TableFile:
    """A table: its file's name, its columns as they are written, the line of the columns' names, and its rows.

    ``named``: it has a column for the rows' names; ``lines``: the line where each column of data is named first.
    """

    file: str
    columns: tuple[str, ...]
    line: int
    rows: tuple[Row, ...]
    named: bool
    lines: Mapping[str, int] = field(default_factory=dict)

    def named_at(self, column: str) -> str:
        """The place where a column is named: ``kettles.csv:1, column 'product'``."""
        return f"{self.file}:{self.lines.get(plain_name(column), self.line)}, column {shown(column)}"

    def where(self, row: Row, column: str = "") -> str:
        """``kettles.csv:3, row 'de', column 'product'``."""
        place = f"{self.file}:{row.line}, row {shown(row.name)}"
        return f"{place}, column {shown(column)}" if column else place

    def chosen(self, only: Sequence[str]) -> tuple[Row, ...]:
        """The rows of these names, or numbers; all of them for none. Raises ProductionError for an unknown one."""
        if not only:
            return self.rows
        by_name = {str(row.number): row for row in self.rows} | {plain_name(row.name): row for row in self.rows}
        problems, wanted = [], set[int]()
        for name in only:
            row = by_name.get(plain_name(name))
            if row is None:
                near = nearest(name, [r.name for r in self.rows])
                some = ", ".join(shown(r.name) for r in self.rows[:8]) + (" …" if len(self.rows) > 8 else "")
                hint = f"did you mean {shown(near)}?" if near else f"there are: {some}"
                problems.append(Problem(self.file, f"there is no row {shown(name)}", hint))
            else:
                wanted.add(row.number)
        if problems:
            raise ProductionError(problems)
        return tuple(row for row in self.rows if row.number in wanted)


def read_table(path: Path, *, most: int = MOST_ROWS) -> TableFile:
    """The table of a file, of ``most`` rows at most. Raises ProductionError: a line for each fault, with its place."""
    if path.suffix.lower() not in _ENDINGS:
        raise unreadable(shown(path.name), "is no table", "name a .csv, .tsv, .yaml, .yml or .json file")
    return table_in(bytes_of(path), path.name, most=most)


def bytes_of(path: Path) -> bytes:
    """The bytes of a file, and one more than ``MOST_BYTES`` at most. Raises ProductionError."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise unreadable(str(path), "there is no such file", "check the path") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the name cannot be a file's"
        raise unreadable(shown(str(path)), f"cannot be read: {why}", "name a file that can be read") from None


def table_in(
    raw: bytes, name: str, *, most: int = MOST_ROWS, data: bool = False, kind: Kind = ROWS
) -> TableFile:  # fmt: skip
    """The table of a file's bytes: YAML or JSON where its ``name`` or ``data`` says so, else CSV.

    Raises ProductionError.
    """
    text = decoded(raw, name)
    if not text.strip():
        raise unreadable(name, "is empty", _FIRST)
    if data or name.lower().endswith((".yaml", ".yml", ".json")):
        return _from_yaml(text, name, most, kind)
    return _from_csv(text, name, most)


def decoded(raw: bytes, name: str, save: str = _SAVE) -> str:
    """The text of a file: UTF-8, with or without a mark at its beginning, or the UTF-16 of spreadsheets.

    ``save``: what to do about any other. Raises ProductionError.
    """
    if len(raw) > MOST_BYTES:
        raise unreadable(name, "is larger than 5 MB", "split it into several files")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise unreadable(name, "is not whole UTF-16 text", save) from None
    if b"\0" in raw:
        raise unreadable(name, "is not text: it has NUL bytes", save)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise unreadable(f"{name}:{line}", "is not UTF-8 text", save) from None


def _from_csv(text: str, name: str, most: int) -> TableFile:
    delimiter, skipped = _delimiter(text)
    reader = csv.reader(io.StringIO("".join(text.splitlines(keepends=True)[skipped:]), newline=""), delimiter=delimiter,
                        strict=True)  # fmt: skip
    records = list[tuple[int, list[str]]]()
    try:
        before = skipped
        for record in reader:
            if any(cell.strip() for cell in record):
                records.append((before + 1, record))
            before = skipped + reader.line_num
            if len(records) > most + 1:
                raise unreadable(name, f"has more than {most} rows", "split it into several tables")
    except csv.Error as error:
        hint = 'close the quote that opens there; a quote within a quoted text is written ""'
        raise unreadable(f"{name}:{before + 1}", f"is not valid CSV: {error}", hint) from None
    if not records:  # separators alone
        raise unreadable(name, "is empty", _FIRST)
    (line, header), *rest = records
    while header and not header[-1].strip():
        header.pop()
    columns = [" ".join(column.split()) for column in header]
    problems = _heads(columns, name, line)
    read = list[tuple[int, dict[str, Cell]]]()
    for at, record in rest:
        cells = record[: len(columns)]
        if any(cell.strip() for cell in record[len(columns) :]):
            told = f"has {counted(len(record), 'cell')} for {counted(len(columns), 'column')}"
            problems.append(Problem(f"{name}:{at}", told, "a text with the separator in it needs double quotes"))
        elif len(cells) < len(columns):
            missing = ", ".join(shown(column) for column in columns[len(cells) :])
            problems.append(Problem(f"{name}:{at}", f"has no cell for {missing}", "an empty cell needs its separator"))
        found = [_cell(cell, comma=delimiter == ";") for cell in cells]
        read.append((at, dict(zip(map(plain_name, columns), found, strict=False))))
    return _table(name, columns, line, read, problems)


def _cell(text: str, *, comma: bool) -> Cell:
    return Cell(text.replace("\r\n", "\n").replace("\r", "\n").strip(), plain=True, comma=comma)


def _delimiter(text: str) -> tuple[str, int]:
    """The separator of a CSV, by its first line with anything in it, and the lines before the table (``sep=;``)."""
    first = text.splitlines()[0].strip() if text else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], 1
    head = next((line for line in text.splitlines() if line.strip()), "")
    bare, quoted = "", False
    for letter in head:
        quoted ^= letter == '"'
        bare += "" if quoted else letter
    return max(_DELIMITERS, key=bare.count) if any(sign in bare for sign in _DELIMITERS) else ",", 0


def _composed(text: str, name: str) -> Node | None:
    """The YAML, or JSON, of a text. Raises ProductionError with the line that is to be corrected."""
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        raise unreadable(name, "is nested too deep", "a table is a list of mappings") from None
    except MarkedYAMLError as error:
        begun, mark = error.context_mark, error.problem_mark or error.context_mark
        sign = text[begun.index : begun.index + 1] if begun else ""
        if begun and mark and mark.index >= len(text.rstrip()) and sign in tuple("\"'[{"):
            what = "bracket" if sign in "[{" else "quote"
            told = f"the {what} {sign} that opens there is not closed"
            raise unreadable(f"{name}:{begun.line + 1}", told, f"close the {what}") from None
        where = f"{name}:{mark.line + 1}" if mark else name
        raise unreadable(where, f"cannot be read: {' '.join(str(error.problem or '').split())}", _VALID) from None
    except (YAMLError, *RUAMEL_ERRORS):
        raise unreadable(name, "cannot be read", _VALID) from None
    return node


def _from_yaml(text: str, name: str, most: int, kind: Kind) -> TableFile:
    node = _composed(text, name)
    if not isinstance(node, SequenceNode):
        pairs = node.value if isinstance(node, MappingNode) else []
        within = next((str(key.value) for key, value in pairs if isinstance(value, SequenceNode)), "")
        hint = f"keep the list in {shown(within)} alone" if within else kind.write
        raise unreadable(name, f"is no list of {kind.items}", hint)
    if not node.value:
        raise unreadable(name, f"has no {kind.items}", kind.write)
    if len(node.value) > most:
        raise unreadable(name, f"has {len(node.value)} rows, more than {most}", "split it into several tables")
    columns, read, problems = dict[str, str](), list[tuple[int, dict[str, Cell]]](), list[Problem]()
    lines = dict[str, int]()
    for item in node.value:
        line = int(item.start_mark.line) + 1
        if not isinstance(item, MappingNode):
            problems.append(Problem(f"{name}:{line}", f"is no {kind.item}", kind.write_one))
            continue
        cells = dict[str, Cell]()
        for key, value in item.value:
            at = int(key.start_mark.line) + 1
            wrong = _read_pair(key, value, cells, columns)
            if wrong is not None:
                problems.append(Problem(f"{name}:{at}", *wrong))
            lines.setdefault(plain_name(str(key.value)), at)
        read.append((line, cells))
    heads = list(columns.values())
    for line, cells in read:
        missing = [column for plain, column in columns.items() if plain not in cells]
        if kind.sparse:
            cells.update(dict.fromkeys(map(plain_name, missing), Cell("")))
        elif missing and not problems:
            told = f"has no {', '.join(shown(column) for column in missing)}"
            problems.append(Problem(f"{name}:{line}", told, "write null for an empty cell"))
    return replace(_table(name, heads, 1, read, [*_heads(heads, name, 1), *problems]), lines=lines)


def _read_pair(key: Node, value: Node, cells: dict[str, Cell], columns: dict[str, str]) -> tuple[str, str] | None:
    """Read one column of a YAML row into ``cells``; returns what is wrong with it, and what to do."""
    if not isinstance(key, ScalarNode):
        return "a column's name must be a word", "remove the brackets"
    column = " ".join(str(key.value).split())
    plain = plain_name(column)
    if not isinstance(value, ScalarNode):
        return f"column {shown(column)} is no single value", "write a text or a number"
    if plain in cells:
        return f"column {shown(column)} is there twice in a row", "keep one of them"
    unquoted = not value.style
    text = "" if unquoted and value.value in _NULL else str(value.value)
    cells[plain] = Cell(text.strip() if unquoted else text, plain=unquoted)
    columns.setdefault(plain, column)
    return None


def _heads(columns: Sequence[str], name: str, line: int) -> list[Problem]:
    """The faults in the columns' names."""
    problems, seen = [], set[str]()
    for i, column in enumerate(columns, 1):
        if not column:
            problems.append(Problem(f"{name}:{line}", f"column {i} has no name", "name it, or remove it"))
        elif plain_name(column) in seen:
            problems.append(Problem(f"{name}:{line}", f"column {shown(column)} is there twice", "rename one of them"))
        seen.add(plain_name(column))
    if len(columns) > MOST_COLUMNS:
        problems = [Problem(f"{name}:{line}", f"has {len(columns)} columns, more than {MOST_COLUMNS}")]
    return problems


def _table(
    name: str, columns: Sequence[str], line: int, read: Sequence[tuple[int, dict[str, Cell]]], problems: list[Problem]
) -> TableFile:
    if not read and not problems:
        problems.append(Problem(name, "has no rows", "each line below the columns' names is a row"))
    named, rows, seen = plain_name(NAME) in map(plain_name, columns), list[Row](), dict[str, int]()
    for number, (at, cells) in enumerate(read, 1):
        cell = cells.get(NAME)
        own = " ".join(cell.content.split()) if cell is not None else ""
        if named and not own and not problems:
            problems.append(Problem(f"{name}:{at}", f"column {shown(NAME)} is empty", "give each row a name"))
        called = own or str(number)
        if plain_name(called) in seen:
            told = f"row {shown(called)} is there twice, first in line {seen[plain_name(called)]}"
            problems.append(Problem(f"{name}:{at}", told, "give each row a name of its own"))
        seen.setdefault(plain_name(called), at)
        rows.append(Row(number, at, called, cells))
    if problems:
        raise ProductionError(problems[:100])
    return TableFile(name, tuple(columns), line, tuple(rows), named)
