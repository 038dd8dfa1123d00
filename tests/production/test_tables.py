"""Tables: CSV as spreadsheets write it, and YAML; every fault in one line with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production.tables import MOST_ROWS, TableFile, read_table


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> TableFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path)


def told(folder: Path, content: str | bytes, name: str = "t.csv") -> str:
    with pytest.raises(ProductionError) as error:
        table(folder, content, name)
    return str(error.value)


def texts(found: TableFile) -> list[dict[str, str]]:
    return [{name: cell.content for name, cell in row.cells.items()} for row in found.rows]


EXCEL = '\ufeffRow;Product;Slogan\r\nde;Kessel;"Heiß: ""jetzt""\r\nund hier"\r\n;;\r\nen;Kettle;Now\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_table_of_a_spreadsheet(tmp_path: Path, encoding: str) -> None:
    """A byte order mark, semicolons, CRLF, quoted quotes and line breaks, UTF-16 and empty rows are read as they were
    meant, and each row knows its line."""
    found = table(tmp_path, EXCEL.encode(encoding) if encoding == "utf-8" else EXCEL[1:].encode(encoding))
    assert found.columns == ("Row", "Product", "Slogan")
    assert [(row.name, row.line) for row in found.rows] == [("de", 2), ("en", 5)]
    assert texts(found)[0] == {"row": "de", "product": "Kessel", "slogan": 'Heiß: "jetzt"\nund hier'}


@pytest.mark.parametrize(
    "content", ["sep=|\na|b\n1|2\n", "a,b\n1,2\n", "a\tb\n1\t2\n", '"a";b\n1;2\n', "a;b;;\n1;2;;\n"], ids=repr
)
def test_separators(tmp_path: Path, content: str) -> None:
    """The separator is the one that the columns' names are parted by, or that a line sep= names."""
    assert texts(table(tmp_path, content)) == [{"a": "1", "b": "2"}]


def test_a_list_of_yaml(tmp_path: Path) -> None:
    """Each row is a mapping; letters stay as they are written, and null is an empty cell."""
    found = table(tmp_path, "- {row: a, year: 007, ratio: 16:9}\n- row: b\n  year: '12'\n  ratio: null\n", "t.yaml")
    assert texts(found) == [{"row": "a", "year": "007", "ratio": "16:9"}, {"row": "b", "year": "12", "ratio": ""}]
    assert [cell.plain for cell in (found.rows[0].cells["year"], found.rows[1].cells["year"])] == [True, False]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", "", "t.csv: is empty"),
        ("t.csv", ";\n", "t.csv: is empty"),
        ("t.csv", "a,b\n", "t.csv: has no rows"),
        ("t.csv", "a,A\n1,2\n", "t.csv:1: column 'A' is there twice"),
        ("t.csv", "a,,c\n1,2,3\n", "t.csv:1: column 2 has no name"),
        ("t.csv", "a,b\n1,2,3\n", "t.csv:2: has 3 cells for 2 columns"),
        ("t.csv", "a,b\n1\n", "t.csv:2: has no cell for 'b'"),
        ("t.csv", 'a,b\n1,"2\n', "t.csv:2: is not valid CSV"),
        ("t.csv", "row,a\nx,1\nX,2\n", "t.csv:3: row 'X' is there twice, first in line 2"),
        ("t.csv", "row,a\n,1\n", "t.csv:2: column 'row' is empty"),
        ("t.csv", b"a,b\nK\xfcche,2\n", "t.csv:2: is not UTF-8 text"),
        ("t.csv", b"a,b\n1,\x00\n", "t.csv: is not text: it has NUL bytes"),
        ("t.csv", "a\n" + "1\n" * (MOST_ROWS + 1), f"t.csv: has more than {MOST_ROWS} rows"),
        ("t.yaml", "- {a: 1}\n" * (MOST_ROWS + 1), f"t.yaml: has {MOST_ROWS + 1} rows, more than {MOST_ROWS}"),
        ("t.yaml", "a: 1\n", "t.yaml: is no list of rows"),
        ("t.yaml", "- {a: 1, b: 2}\n- {a: 1}\n", "t.yaml:2: has no 'b'"),
        ("t.yaml", "- {a: [1]}\n", "t.yaml:1: column 'a' is no single value"),
        ("t.yaml", "- {a: 1, a: 2}\n", "t.yaml:1: column 'a' is there twice in a row"),
        ("t.yaml", "- {a: 1\n", "t.yaml:1: the bracket { that opens there is not closed"),
        ("t.yaml", "- a: 'x\n- a: y\n", "t.yaml:1: the quote ' that opens there is not closed"),
        ("t.yaml", "- a: 1\n- b: : c\n", "t.yaml:2: cannot be read"),
        ("t.yaml", "rows:\n- a: 1\n", "keep the list in 'rows' alone"),
        ("t.json", "[]", "t.json: has no rows\n  → write a list of mappings"),
        ("t.yaml", "- " + "[" * 3000, "t.yaml"),
        ("t.xlsx", "PK", "is no table"),
    ],
)
def test_faults(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    """Every fault is one line with file and line, and what to do."""
    text = told(tmp_path, content, name)
    assert said in text
    assert len(text.splitlines()) <= 2


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    """A missing table is one line."""
    with pytest.raises(ProductionError, match=r"gone\.csv: there is no such file"):
        read_table(tmp_path / "gone.csv")


def test_chosen_rows(tmp_path: Path) -> None:
    """Rows are chosen by name or number; an unknown one is refused with the nearest."""
    found = table(tmp_path, "row,a\nGerman,1\nFrench,2\n")
    assert [row.name for row in found.chosen(["french", "1"])] == ["German", "French"]
    with pytest.raises(ProductionError, match="there is no row 'Frensh'\n  → did you mean 'French'"):
        found.chosen(["Frensh"])
