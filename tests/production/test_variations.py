"""Placeholders of a production, filled by the rows of a table."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import load_production
from studio.production.variations import Variation, load_variations

FILE = r"""# {{ not closed, in a comment
title: {{ product }} in {{ language }}
model: ray-flash-2
resolution: 540p
aspect_ratio: {{ ratio }}
scenes:
  - {id: sign, prompt: "A sign says {{ slogan }}", duration: {{ seconds }}, take: {{ seed }}, loop: {{ loop }}}
  - id: end
    prompt: '{{ slogan }}, on a wall with \{{ braces }}'
"""
HEAD = "row;product;language;ratio;slogan;seconds;seed;loop\n"
ROW = "de;Kessel;Deutsch;9:16;007;5,0;2;false\n"


def made(folder: Path, table: str, file: str = FILE, *only: str, name: str = "t.csv") -> tuple[Variation, ...]:
    (folder / "film.yaml").write_text(file)
    (folder / name).write_text(table)
    return load_variations(folder / "film.yaml", folder / name, only)


def told(folder: Path, table: str, file: str = FILE) -> list[str]:
    with pytest.raises(ProductionError) as error:
        made(folder, table, file)
    return [str(problem) for problem in error.value.problems]


def test_a_field_takes_the_cell_s_value(tmp_path: Path) -> None:
    """Numbers, choices, switches and texts are what the fields take; a text keeps its letters; an escape stays."""
    (one,) = made(tmp_path, HEAD + ROW)
    film = one.production
    assert (film.title, film.slug, film.aspect_ratio) == ("Kessel in Deutsch", "kessel-in-deutsch", "9:16")
    sign, end = film.scenes
    assert (sign.prompt, sign.duration, sign.take, sign.loop) == ("A sign says 007", Fraction(5), 2, False)
    assert end.prompt == "007, on a wall with {{ braces }}"


def test_an_empty_cell_is_the_field_s_default(tmp_path: Path) -> None:
    """A field that is one placeholder is left out where the cell is empty."""
    (one,) = made(tmp_path, HEAD + "de;Kessel;Deutsch;;Jetzt;;;\n")
    assert (one.production.aspect_ratio, one.production.scenes[0].take) == ("16:9", 1)


@pytest.mark.parametrize(
    "cell",
    ["x\n  evil: 1", "a: b # c", '"}], scenes: []', "{{ product }}", "*x", "!!python/object:os.system", "- x", "it's"],
)
def test_a_cell_is_never_run_or_read_as_yaml(tmp_path: Path, cell: str) -> None:
    """Whatever a cell says is its text: no field, no tag, and no placeholder comes of it."""
    quoted = cell.replace('"', '""')
    (one,) = made(tmp_path, HEAD + f'de;Kessel;Deutsch;9:16;"{quoted}";5;1;\n')
    assert one.production.scenes[0].prompt == f"A sign says {' '.join(cell.split())}"
    assert len(one.production.scenes) == 2


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    """A placeholder without a column, and a column without one, are told with line, field and the nearest name."""
    table = HEAD.replace("language", "langauge").replace("loop", "loop;colour") + ROW.strip() + ";red\n"
    assert told(tmp_path, table) == [
        "film.yaml:2, field 'title': {{ language }}: t.csv has no column 'language'\n  → did you mean 'langauge'?",
        "t.csv:1, column 'langauge': nothing in film.yaml uses it\n  → did you mean 'language'?",
        "t.csv:1, column 'colour': nothing in film.yaml uses it\n  → write {{ colour }}, or name it x-colour",
    ]
    assert len(made(tmp_path, table.replace("langauge", "Language").replace("colour", "x-colour"))) == 1


def test_a_row_that_cannot_be_made(tmp_path: Path) -> None:
    """Each problem names table, line and row before the production's own place; other rows are checked all the same."""
    table = HEAD + ROW + "fr;Bouilloire;Français;16:8;x;5;1;\nen;Kettle;English;9:16;x;long;1;\n"
    first, second = told(tmp_path, table)
    assert first.startswith("t.csv:3, row 'fr': film.yaml:5, field 'aspect_ratio': '16:8' is not possible")
    assert second.startswith("t.csv:4, row 'en': film.yaml:7, scene 'sign', field 'duration'")


def test_two_rows_that_are_one_film(tmp_path: Path) -> None:
    """Rows with the same film name are refused, both named."""
    (said,) = told(tmp_path, HEAD + ROW + ROW.replace("de;", "at;"))
    assert said.startswith("t.csv:3, row 'at': is the same film as row 'de': both are 'kessel-in-deutsch'")


def test_row_names_tell_films_apart(tmp_path: Path) -> None:
    """Where no placeholder stands in title or slug, the rows' names are added to them."""
    file = "title: A Spot\nscenes: [{id: a, prompt: 'a {{ thing }}'}]\n"
    films = made(tmp_path, "row,thing\nde,lamp\nfr,door\n", file)
    assert [one.production.title for one in films] == ["A Spot · de", "A Spot · fr"]
    assert len({one.production.slug for one in films}) == 2
    slugs = made(tmp_path, "row,thing\nde,lamp\nfr,door\n", f"slug: spot\n{file}")
    assert [one.production.slug for one in slugs] == ["spot-de", "spot-fr"]
    assert told(tmp_path, "thing\nlamp\ndoor\n", file)[0].startswith("t.csv:3, row '2': is the same film as row '1'")


def test_the_rows_are_one_project(tmp_path: Path) -> None:
    """All rows share the production's budget, under a name of their own or that of the file; a budget of the table is
    each row's."""
    rows = made(tmp_path, HEAD + ROW + ROW.replace("de;Kessel", "en;Kettle"))
    assert {one.production.project for one in rows} == {"film-in-variations"}
    named = made(tmp_path, HEAD + ROW, f"project: autumn\n{FILE}")
    assert named[0].production.project == "autumn"
    table = HEAD.strip() + ";usd\n" + ROW.strip() + ";2\n"
    assert made(tmp_path, table, FILE + "budget: {{ usd }}\n")[0].production.project == ""


def test_a_production_with_placeholders_alone(tmp_path: Path) -> None:
    """Without a table a placeholder is refused at its place: its signs would be bought as words. One in a comment is
    none, and an escaped one is text."""
    path = tmp_path / "film.yaml"
    path.write_text(FILE)
    with pytest.raises(ProductionError) as error:
        load_production(path)
    assert len(error.value.problems) == 8
    assert str(error.value.problems[0]).startswith("film.yaml:2, field 'title': '{{ product }}' is a placeholder")
    assert {problem.hint for problem in error.value.problems} == {
        rf"make it with a table: studio variations {path} TABLE. For the signs alone write \{{{{"
    }
    path.write_text("title: A\nscenes: [{id: a, prompt: '\\{{ x }} and {{'}] # {{ y }}\n")
    assert load_production(path).scenes[0].prompt == "{{ x }} and {{"


def test_the_table_beside_a_production_is_named(tmp_path: Path) -> None:
    """A production made without its table: the command names the table of its name, in the form that a shell takes."""
    path = tmp_path / "a film.yaml"
    path.write_text("title: A\nscenes: [{id: a, prompt: 'a {{ product }}'}]\n")
    path.with_suffix(".csv").write_text("product\nlamp\n")
    with pytest.raises(ProductionError) as error:
        load_production(path)
    (problem,) = error.value.problems
    command = f"studio variations '{path}' '{path.with_suffix('.csv')}'"
    assert str(problem.hint).startswith(f"make it with the table beside it: {command}. ")


def test_a_placeholder_in_an_included_file(tmp_path: Path) -> None:
    """What is included has no placeholders: one there is refused, with its file."""
    (tmp_path / "look.yaml").write_text("style: in {{ colour }}\n")
    file = "title: '{{ t }}'\ninclude: look.yaml\nscenes: [{id: a, prompt: a lamp}]\n"
    (said,) = told(tmp_path, "t\nx\n", file)
    assert "look.yaml:1, field 'style': '{{ colour }}' is a placeholder, and no table fills it" in said
    assert "write the field in the production itself" in said
