"""Reading of a list of prompts: a prompt a line, a table with a column ``prompt`` and fields of scenes, or JSON."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode, SequenceNode

from studio.errors import Problem, ProductionError
from studio.production.invisible import at_the_ends
from studio.production.normalize import SCENE_WORDS
from studio.production.placeholders import Cell, plain_name
from studio.production.rules import MOST_SCENES
from studio.production.scalars import text_kind
from studio.production.scene import Scene
from studio.production.slugs import short_name
from studio.production.tables import NAME, NOTES, Kind, TableFile, decoded, table_in
from studio.production.yaml_builder import RUAMEL_ERRORS, unreadable
from studio.spelling import nearest

#: Fields whose text may have several lines.
IN_LINES = ("narration", "captions", "card", "lower_third")
_NESTED = ("seed_asset_refs", "guides", "controls", "source_position")
#: The fields of a scene that a cell of a table can have.
FIELDS = tuple(field.alias or name for name, field in Scene.model_fields.items() if name not in _NESTED)
_MADE = ("prompt", "clip", "generation")  # a scene has one of them
_SAVE = "save it as plain text (UTF-8) with a prompt a line, or as CSV"
_WRITE = "write a prompt a line, or a table with a column prompt"
_HEAD = "write the names of the columns into it, prompt for that with the prompts; or a prompt a line, in a .txt file"
_PROMPTS = Kind(
    "prompts", "mapping with a prompt",
    'write a list of texts, or of mappings such as {"prompt": "a cat", "duration": 5}',
    'write {"prompt": …} for each one, or texts alone', sparse=True,
)  # fmt: skip
_LINE = re.compile(r"\r\n|\r|\n")
#: What lists have before their items: taken off where every line has it.
_MARKS = (re.compile(r"\(?[0-9]{1,4}[.):]\s+(?=\S)"), re.compile(r"[-*+•–—]\s+(?=\S)"))
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_DATA, _TABLES = (".yaml", ".yml", ".json"), (".csv", ".tsv")


@dataclass(frozen=True)
class ListedScene:
    """A scene of a list: its line, and its fields as text. ``fields`` has its id."""

    line: int
    fields: Mapping[str, str]


def prompts_in(raw: bytes, name: str) -> tuple[ListedScene, ...]:
    """The scenes of a list. ``name``: of its file, whose ending tells its form. Raises ProductionError."""
    text = decoded(raw, name, _SAVE)
    if not text.strip():
        raise unreadable(name, "is empty", _WRITE)
    ending = PurePath(name).suffix.lower()
    is_data = ending in _DATA or (ending not in _TABLES and _is_json(text))
    texts = _texts(text) if is_data else None
    if texts is None and (is_data or ending in _TABLES or _is_table(text)):
        found = list(_of_table(table_in(raw, name, most=MOST_SCENES, data=is_data, kind=_PROMPTS)))
    else:
        found = [(line, {"prompt": prompt}) for line, prompt in (_lines(text) if texts is None else texts)]
    if not found:
        raise unreadable(name, "has no prompt in it", _WRITE)
    if len(found) > MOST_SCENES:
        told = f"has {len(found)} prompts, more than {MOST_SCENES}"
        raise unreadable(name, told, "split it into several productions")
    return tuple(ListedScene(line, fields) for line, fields in _named(found))


def tidy(text: str) -> str:
    """The text with single spaces, without invisible characters at its ends."""
    text = " ".join(text.split())
    while hidden := at_the_ends(text):
        text = text.strip(f"{hidden} ")
    return text


def _lines(text: str) -> list[tuple[int, str]]:
    """The prompts of a text, a prompt a line, each with the number of its line."""
    lines = [(number, tidy(line)) for number, line in enumerate(_LINE.split(text), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    for mark in _MARKS:
        if lines and all(mark.match(line) for _, line in lines):
            return [(number, mark.sub("", line, count=1)) for number, line in lines]
    return lines


def _texts(text: str) -> list[tuple[int, str]] | None:
    """The texts of a YAML or JSON list of texts alone, with their lines; None for anything else."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError, *RUAMEL_ERRORS):
        return None
    items = node.value if isinstance(node, SequenceNode) else []
    if not items or not all(isinstance(item, ScalarNode) for item in items):
        return None
    return [(int(item.start_mark.line) + 1, tidy(str(item.value))) for item in items]


def _is_json(text: str) -> bool:
    """True for a list or mapping of JSON, and for what begins as one and is cut off."""
    return text.lstrip().startswith(("[{", '["', '{"')) or re.match(r"\s*[\[{]\s*[\[{\"]", text) is not None


def _is_table(text: str) -> bool:
    """True for a table with a column of prompts, such as cells that were copied in a spreadsheet, which have tabs
    between them."""
    head = next((line for line in _LINE.split(text) if line.strip()), "")
    return any("prompt" in map(plain_name, next(csv.reader([head], delimiter=sign))) for sign in "\t,;|")


def _of_table(table: TableFile) -> Iterator[tuple[int, dict[str, str]]]:
    """The scenes of a table's rows. Raises ProductionError where a column is no field of a scene."""
    fields = _fields_of(table)
    for row in table.rows:
        cells = ((field, _content(field, row.cells[column])) for column, field in fields.items())
        yield row.line, {field: text for field, text in cells if text}


def _fields_of(table: TableFile) -> dict[str, str]:
    """The field of a scene that each column has, by the column's plain name."""
    found, problems = dict[str, str](), list[Problem]()
    names = [re.sub(r"[ -]+", "_", plain_name(column)) for column in table.columns]
    known = any(name in SCENE_WORDS or name in FIELDS or nearest(name, FIELDS) for name in names)
    for column in table.columns:
        plain = plain_name(column)
        field = re.sub(r"[ -]+", "_", plain)
        field = SCENE_WORDS.get(field, field)
        if plain == NAME or plain.startswith(NOTES):
            continue
        where = table.named_at(column)
        if field not in FIELDS and not known:
            told = "its first row names no column 'prompt'"
            raise unreadable(f"{table.file}:{table.line}", told, _HEAD)
        if field not in FIELDS:
            near = nearest(field, FIELDS)
            hint = f"did you mean '{near}'?" if near else f"name it {NOTES}{column}, as a note for people"
            problems.append(Problem(where, "is no field of a scene", hint))
        elif field in found.values():
            problems.append(Problem(where, f"is the field '{field}', as another column is", "keep one of them"))
        found[plain] = field
    if not problems and not set(_MADE) & set(found.values()):
        told = "has no column 'prompt'"
        problems.append(Problem(f"{table.file}:{table.line}", told, "give the column with the prompts the name prompt"))
    if problems:
        raise ProductionError(problems)
    return found


def _content(field: str, cell: Cell) -> str:
    text = "\n".join(map(tidy, _LINE.split(cell.content))).strip() if field in IN_LINES else tidy(cell.content)
    is_number = cell.comma and text_kind(("scenes", 0, field)) is None and _COMMA.fullmatch(text)
    return text.replace(",", ".") if is_number else text


def _named(scenes: Sequence[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, dict[str, str]]]:
    """The scenes, each with an id: its own, or its prompt's first words, with a number where that is taken."""
    taken = {fields["id"].lower() for _, fields in scenes if "id" in fields}
    for number, (line, fields) in enumerate(scenes, 1):
        if "id" not in fields:
            name = short_name(fields.get("prompt", "")) or f"scene-{number}"
            options = (name, *(f"{name}-{n}" for n in range(2, 2 * MOST_SCENES)))
            fields = {"id": next(one for one in options if one not in taken), **fields}
            taken.add(fields["id"])
        yield line, fields
