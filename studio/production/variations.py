"""Variations of a production: one with placeholders, and a table whose rows fill them; each row is a film of its own.

All rows are one project, unless the file says otherwise: its ``budget`` counts what is spent for any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.errors import Problem, ProductionError
from studio.production.field_types import shown
from studio.production.loading import made_of
from studio.production.locations import Places
from studio.production.model import Production
from studio.production.paths import local_path
from studio.production.placeholders import (
    Cell,
    Marked,
    filled,
    has_placeholder,
    marked,
    plain_name,
    uses,
    without_placeholders,
)
from studio.production.slugs import slugify
from studio.production.tables import NAME, NOTES, Row, TableFile, read_table
from studio.production.yaml_builder import Reading
from studio.production.yaml_source import read_text, source_text
from studio.spelling import nearest

MOST_TOLD = 100
_PROJECT_OF = "variations"


@dataclass(frozen=True)
class Variation:
    """One row as a production: its name and place in the table, and the film that it is to become."""

    name: str
    where: str
    production: Production


def load_variations(production: str | Path, table: str | Path, only: Sequence[str] = ()) -> tuple[Variation, ...]:
    """The productions that a table makes of a production with placeholders, in the table's order.

    ``only``: names, or numbers, of rows; empty: all. Raises ProductionError with every problem: a column that nothing
    uses, a placeholder that no column fills, a row whose production cannot be made, two rows that are the same film.
    """
    file, found = local_path(production), read_table(local_path(table))
    text = marked(source_text(file), file.name)
    reading = read_text(text.text, file.name)
    _check_names(file.name, text, reading, found)
    rows = found.chosen(only)
    problems, made = list[Problem](), list[Variation]()
    for row in rows:
        try:
            written = _production_of(file, text, reading, found, row)
        except ProductionError as error:
            problems += [replace(p, where=f"{found.where(row)}: {p.where}") for p in error.problems]
        else:
            made.append(Variation(row.name, found.where(row), written))
    problems += _twice(made)
    if problems:
        if len(problems) > MOST_TOLD:
            problems[MOST_TOLD:] = [Problem(found.file, f"and {len(problems) - MOST_TOLD} more problems")]
        raise ProductionError(problems)
    return tuple(made)


def _check_names(source: str, text: Marked, reading: Reading, table: TableFile) -> None:
    """Raise ProductionError where placeholders and columns do not fit each other."""
    places = Places(source, reading.data, reading.lines.get)
    columns = {plain_name(column): column for column in table.columns}
    problems, used = list[Problem](), set[str]()
    for loc, name, is_key in uses(reading.data, text.names):
        where = places.where(loc[:-1] if is_key else loc)
        if not name:
            problems.append(Problem(where, "has a placeholder without a name", "write {{ name_of_a_column }}"))
        elif is_key:
            told = f"{{{{ {name} }}}} stands where a field's name is"
            problems.append(Problem(where, told, "placeholders are values"))
        elif plain_name(name) not in columns:
            near = nearest(name, table.columns)
            known = ", ".join(map(shown, table.columns))
            hint = f"did you mean {shown(near)}?" if near else f"its columns are: {known}"
            problems.append(Problem(where, f"{{{{ {name} }}}}: {table.file} has no column {shown(name)}", hint))
        used.add(plain_name(name))
    for plain, column in columns.items():
        if plain not in used and plain != NAME and not plain.startswith(NOTES):
            unmet = [name for name in dict.fromkeys(text.names) if name and plain_name(name) not in columns]
            near = nearest(column, unmet)
            hint = f"did you mean {shown(near)}?" if near else f"write {{{{ {column} }}}}, or name it {NOTES}{column}"
            problems.append(Problem(table.named_at(column), f"nothing in {source} uses it", hint))
    if problems:
        raise ProductionError(list(dict.fromkeys(problems))[:MOST_TOLD])


def _production_of(file: Path, text: Marked, reading: Reading, table: TableFile, row: Row) -> Production:
    def cell(name: str) -> Cell:
        return row.cells[plain_name(name)]

    template = reading.data
    data: dict[str, Any] = filled(template, text.names, cell)
    titled, slugged = (has_placeholder(template.get(name)) for name in ("title", "slug"))
    if table.named and not titled and not slugged:
        if isinstance(title := template.get("title"), str):
            data["title"] = f"{title} · {row.name}"
        if isinstance(slug := template.get("slug"), str) and slug:
            data["slug"] = f"{slug[:40].rstrip('-')}-{slugify(row.name)}"[:64].rstrip("-")
    if not template.get("project") and not has_placeholder(template.get("budget")):
        data["project"] = _project(file, template)
    remarks = list(reading.remarks)
    filled_in = Reading(data, reading.lines, list(reading.problems), remarks)
    return made_of(file, filled_in)


def _project(file: Path, template: dict[str, Any]) -> str:
    """The name of the project of all rows: the file's name, and what slug or title are without placeholders."""
    written = [template.get(name) for name in ("slug", "title")]
    bare = [without_placeholders(name) for name in written if isinstance(name, str)]
    stem, words = slugify(file.stem), [slugify(name) for name in bare if any(letter.isalnum() for letter in name)]
    name = stem if not words else words[0] if stem in words[0] else f"{stem}-{words[0]}"
    return f"{name[: 63 - len(_PROJECT_OF)].rstrip('-')}-{_PROJECT_OF}"


def _twice(made: Sequence[Variation]) -> list[Problem]:
    """A problem for each row that is the film of an earlier one."""
    problems, first = list[Problem](), dict[str, Variation]()
    for one in made:
        before = first.setdefault(one.production.slug, one)
        if before is not one:
            told = f"is the same film as row {shown(before.name)}: both are '{one.production.slug}'"
            hint = f"use a placeholder in title or slug, or give the table a column '{NAME}' that names each row"
            problems.append(Problem(one.where, told, hint))
    return problems
