"""The forms of a production file, YAML and JSON, and all the ways in which they break."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import load_production

GOOD = "title: T\nscenes:\n  - id: a\n    prompt: a street\n"


def error(path: Path, content: str | bytes | None = None) -> ProductionError:
    """The error that loading a file raises."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ProductionError) as caught:
        load_production(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("title: T\nscenes:\n\t- id: a\n", 3, "cannot start any token", "not with tabs"),
        ("title: a: b\n", 1, "mapping values are not allowed here", "needs quotes"),
        ("title: T\nscenes:\n  - id: a\n   prompt: x\n", 4, "not valid YAML", ""),
        ("title: [T\n", 2, "flow sequence", "close the bracket"),
        ("title: 'T\n", 2, "quoted scalar", "close the quotes"),
        ("title: *x\n", 1, "there is no anchor &x", "needs quotes"),
        ("title: @x\n", 1, "cannot start any token", "quotes"),
        (GOOD + "---\n" + GOOD, 5, "another document", "one production a file"),
        (GOOD + "title: U\n", 5, "'title' is there twice, first in line 1", "keep one"),
        (GOOD + "    prompt: more\n", 5, "'prompt' is there twice, first in line 4", "keep one"),
        (GOOD + "    camera: !!python/name:os.system\n", 5, "the tag", "remove it"),
        (GOOD + "    <<: 5\n", 5, "<< merges the fields of an anchor", "write <<: *name"),
        (GOOD + "    <<: {a: b}\n", 5, "there is no field 'a'", ""),
        (GOOD + "    ? [a]\n    : b\n", 5, "a field's name must be a word", ""),
        ("%YAML 9.9\n---\n" + GOOD, 1, "incompatible YAML document", ""),
        ("title: T\x07\n", 1, "special characters are not allowed", "remove"),
    ],
)
def test_broken_yaml(tmp_path: Path, text: str, line: int, message: str, hint: str) -> None:
    """Broken YAML is told with its line and what to do."""
    found = error(tmp_path / "film.yaml", text)
    assert found.problems[0].where.split(",")[0] == f"film.yaml:{line}"
    assert message in found.problems[0].message
    assert hint in found.problems[0].hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("   \n\n", "is empty"),
        ("# only a comment\n", "has nothing where the fields"),
        ("- id: a\n", "has a list where the fields"),
        ("hello", "has a single value where the fields"),
        (b"\x00\x01\x02", "has NUL bytes"),
        ("title: T\0\n", "has NUL bytes"),
        (b"title: caf\xe9\n", "is not UTF-8"),
        ("a: " + "[" * 5000, "is nested deeper than 20 levels"),
        ("a: " * 3000, "not valid YAML"),
        ("\n".join(" " * i + f"k{i}:" for i in range(100)), "is nested deeper than 20 levels"),
        ("title: " + "x" * 1_000_001, "is larger than 1 MB"),
        ("a: &a [*a]\n", "an alias *a that contains itself"),
    ],
)
def test_files_that_are_no_production(tmp_path: Path, content: str | bytes, message: str) -> None:
    """Empty, binary, huge, deep or of another shape: one clear error."""
    assert message in str(error(tmp_path / "film.yaml", content))


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    """A file that would expand to billions of parts is refused, and not expanded: that would take all memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "parts, aliases expanded" in str(error(tmp_path / "film.yaml", "\n".join(lines)))


def test_aliases_work(tmp_path: Path) -> None:
    """An ordinary alias is what it stands for."""
    file = tmp_path / "film.yaml"
    file.write_text("title: T\nscenes:\n  - id: a\n    prompt: &p a street\n  - id: b\n    prompt: *p\n")
    assert [scene.prompt for scene in load_production(file).scenes] == ["a street", "a street"]


def test_the_plain_values_of_yaml(tmp_path: Path) -> None:
    """16:9 is a ratio and no number, whole numbers are text where text is meant, yes is true."""
    file = tmp_path / "film.yml"
    file.write_text(
        "title: 2024-01\naspect_ratio: 9:16\nchain: yes\n"
        "scenes:\n  - id: 1\n    prompt: 1984\n    duration: 9\n    loop: on\n"
    )
    production = load_production(file)
    assert (production.title, production.aspect_ratio, production.chain) == ("2024-01", "9:16", True)
    assert (production.scenes[0].id, production.scenes[0].prompt, production.scenes[0].loop) == ("1", "1984", True)


def test_json(tmp_path: Path) -> None:
    """JSON says the same as YAML, and its errors name their line as well."""
    data = {"title": "T \U0001f600", "scenes": [{"id": "a", "prompt": "a street", "duration": 7.5}]}
    good, bad = tmp_path / "film.json", tmp_path / "bad.json"
    good.write_text(json.dumps(data), encoding="utf-8")
    assert load_production(good).title == "T \U0001f600"
    data["scenes"] = [{"id": "a", "promt": "a street"}]
    assert error(bad, json.dumps(data, indent=2)).problems[0].where == "bad.json:6, scene 'a'"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ('{"title": "T",\n "scenes": [}\n', "film.json:2", "is not valid JSON at column 13"),
        (
            '{"title": "T", "title": "U", "scenes": [{"id": "a", "prompt": "xxx"}]}',
            "film.json:1",
            "'title' is there twice",
        ),
        ("{'title': 1}", "film.json:1", "is not valid JSON"),
        ("[" * 100_000, "film.json", "is nested deeper"),
        ("1" * 5000, "film.json", "has a number that is too long"),
        ("[]", "film.json", "has a list"),
        ('{"title": "T", "scenes": [{"id": "a", "prompt": "x \\u0000 y"}]}', "film.json:1", "U+0000"),
        ('{"title": "T", "scenes": [{"id": "a", "prompt": "x \\ud800 y"}]}', "film.json:1", "U+D800"),
        ('{"title": "T", "budget": NaN, "scenes": [{"id": "a", "prompt": "xxx"}]}', "film.json:1", "found nan"),
    ],
)
def test_broken_json(tmp_path: Path, text: str, where: str, message: str) -> None:
    """Broken JSON is told with its position."""
    found = error(tmp_path / "film.json", text)
    assert found.problems[0].where.split(",")[0] == where
    assert message in str(found)


def test_what_is_not_there(tmp_path: Path) -> None:
    """A missing file names the productions beside it; a folder and another kind of file are told as such."""
    (tmp_path / "coffee.yaml").write_text(GOOD)
    assert error(tmp_path / "cofee.yaml").problems[0].hint == "there are: coffee.yaml"
    assert "there is no such file" in str(error(tmp_path / "x" / "y.yaml"))
    (tmp_path / "folder.yaml").mkdir()
    assert "is a folder" in str(error(tmp_path / "folder.yaml"))
    assert "is not a .yaml, .yml or .json file" in str(error(tmp_path / "film.txt"))
    assert "is not a .yaml, .yml or .json file" in str(error(tmp_path / ("x" * 300 + ".txt")))
    assert "is a folder" in str(error(tmp_path))
    assert "cannot be read" in str(error(tmp_path / "a\0b.yaml"))
    assert "cannot be read" in str(error(tmp_path / ("x" * 300 + ".yaml")))


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe, as production or as asset, is refused and not read."""
    for name in ("pipe.yaml", "pipe.png"):
        os.mkfifo(tmp_path / name)
    assert "is not a regular file" in str(error(tmp_path / "pipe.yaml"))
    assert "is not a regular file" in str(error(tmp_path / "film.yaml", GOOD + "    start_image: pipe.png\n"))


def test_a_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    """Files as Windows editors save them are read, with the right lines."""
    (tmp_path / "film.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_production(tmp_path / "film.yaml").title == "T"
    found = error(tmp_path / "bad.yaml", b"\xef\xbb\xbf" + (GOOD + "    x: 1\n").replace("\n", "\r\n").encode())
    assert found.problems[0].where == "bad.yaml:5, scene 'a'"


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A production names its files from where it stands, whatever the working folder."""
    home = tmp_path / "film"
    home.mkdir()
    (home / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (home / "film.yaml").write_text(GOOD + "    start_image: a.png\n")
    monkeypatch.chdir(tmp_path)
    production = load_production("film/film.yaml")
    assert production.scenes[0].start_image == str(home / "a.png")
    monkeypatch.chdir(home)
    assert load_production("film.yaml") == production
