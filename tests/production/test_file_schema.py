"""The JSON Schema of production files: it accepts what can be loaded, and refuses what an editor should underline."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ruamel.yaml import YAML

from studio.errors import ProductionError
from studio.production import load_production, parse_production
from studio.production.file_schema import file_schema
from tests.production.test_writing import examples, production

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema.Draft7Validator(file_schema())
#: What is written in place of a value: other kinds, short forms, and what the form or a spreadsheet leaves.
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, 3, -1, 2.5, 601, 10**7, "", " ", "x", "yes", "12", "5 s", "2.5 seconds", "$3", "4 USD",
    "-6 dB", "-14 LUFS", "none", "auto", "cut", "crossfade 0.5", "de", "pt_BR", "A boat in fog", "web", "piper",
    "push_in", [], ["dusk"], ["A boat", "in fog"], [["dusk", "night"]], {}, {"text": "A boat in fog"}, {"kind": "cut"},
    {"generate": "rain"}, {"file": "music.ogg"}, {"name": "joe", "speed": "1.5"}, {"x-mine": 1}, {"lines": "a\nb"},
)  # fmt: skip


def refusals(data: Any) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in SCHEMA.iter_errors(data)]


def can_be_made(data: Mapping[str, Any]) -> bool:
    try:
        parse_production(copy.deepcopy(data))
    except ProductionError:
        return False
    return True


def test_it_is_a_schema_of_draft_7() -> None:
    """Both are valid, and every reference leads to a definition."""
    for included in (False, True):
        schema = file_schema(included=included)
        jsonschema.Draft7Validator.check_schema(schema)
        text = json.dumps(schema)
        named = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
        assert named <= set(schema["definitions"])
        assert "NaN" not in text


def test_every_field_is_described() -> None:
    """An editor shows what each field means."""
    whole = file_schema()
    for name, one in {"": whole, **whole["definitions"]}.items():
        assert [field for field, told in one["properties"].items() if not told.get("description")] == [], name


@pytest.mark.parametrize(("name", "field", "said"), list(examples()), ids=str)
def test_every_example_of_a_field(name: str, field: str, said: dict[str, Any]) -> None:
    """The example of each field in docs/writing.md is accepted."""
    assert refusals(production(name, field, said)) == []


PRODUCTIONS = [file for file in (ROOT / "productions").rglob("*.yaml") if "{{" not in file.read_text("utf-8")]


@pytest.mark.parametrize("file", sorted(PRODUCTIONS), ids=lambda file: file.name)
def test_every_production_here(file: Path) -> None:
    """The productions of this repository, as an editor reads them."""
    assert load_production(file).scenes
    assert refusals(YAML(typ="safe", pure=True).load(file)) == []


def test_what_may_be_written_in_other_ways() -> None:
    """Mappings for lists, texts for parts, other names of fields, fields of one's own, and a named schema."""
    data = yaml.safe_load("""
$schema: production.schema.json
title: 1984
x-client: {name: Quay}
assets: {lamp: https://example.com/lamp.png, boat: {url: https://example.com/b.png}}
characters: {maya: [https://example.com/m.png], ann:}
defaults: {camera: push_in, duration: 7.5 s, x-why: slow}
chains: [[dusk, night], {scenes: [home, road], character: maya}]
budget: $12.50
film:
  transition: crossfade 0.5
  deliveries: web
  loudness: -16
  titles: {opening: The Light, credits: ["Ann Smith", {role: Music, name: Bo}, null]}
  voice: joe
scenes:
  dusk: A boat in fog.
  night: {prompt: The sea at night., camera: none, card: [Later, that night], narration: It is late., captions: none}
  home: {prompt: A kitchen., end_image_url: https://example.com/k.png, lower_third: {text: Maya, from: 1}, hdr: "no"}
  road: {id: road, prompt: A road at dawn., duration: 6 s}
  end: {clip: https://example.com/c.mp4, in: 0.5, transition: {kind: fadeblack, seconds: 1}, x-id: 7}
""")
    assert parse_production(data).scenes
    assert refusals(data) == []


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("promt: A boat.", ["scenes", 0]),
        ("resolution: 720", ["scenes", 0, "resolution"]),
        ("duration: 900", ["scenes", 0, "duration"]),
        ("duration: long", ["scenes", 0, "duration"]),
        ("transition: crosfade", ["scenes", 0, "transition"]),
        ("loop: maybe", ["scenes", 0, "loop"]),
        ("take: 0", ["scenes", 0, "take"]),
        ("card: {txt: Later}", ["scenes", 0, "card"]),
        ("strength: flex_9", ["scenes", 0, "strength"]),
        ("narration: {level: 90, text: Hi}", ["scenes", 0, "narration"]),
        ("guides: [{at: 1}]", ["scenes", 0, "guides", 0]),
        ("id: no such", ["scenes", 0, "id"]),
        ("style: 1.10", ["scenes", 0, "style"]),
        ("source_position: {x: 9, y: 0, width: 1, height: 1}", ["scenes", 0, "source_position"]),
    ],
)  # fmt: skip
def test_what_an_editor_underlines(said: str, at: list[Any]) -> None:
    """A fault is found at its field, and nowhere else."""
    scene = {"id": "a", "prompt": "A boat in fog.", **yaml.safe_load(said)}
    data = {"title": "T", "scenes": [scene]}
    assert not can_be_made(data)
    found = [list(error.absolute_path) for error in _innermost(data)]
    assert any(place[: len(at)] == at for place in found), found


def _innermost(data: Any) -> Iterator[jsonschema.ValidationError]:
    """The errors, of alternatives those that come nearest."""
    for error in SCHEMA.iter_errors(data):
        yield jsonschema.exceptions.best_match([error])


@pytest.mark.parametrize(
    "data",
    [
        {"scenes": ["A boat"], "title": "T"}, {"title": "T"}, {"title": "T", "scenes": []}, [], 7,
        {"title": "T", "scenes": [{"id": "a"}]}, {"title": "T", "scenes": [{"prompt": "A boat"}]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_production(data: Any) -> None:
    """Something that cannot be made, and is seen without loading anything."""
    assert refusals(data)


def _places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from _places(value, (*at, key))


def _replaced(data: Any, at: tuple[Any, ...], value: Any) -> Any:
    found = copy.deepcopy(data)
    inner = found
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return found


#: Fields of which an empty value, as a form sends it, is none: nobody writes that in a file.
EMPTY_IN_A_FORM = {
    "card",
    "lower_third",
    "narration",
    "titles",
    "opening",
    "closing",
    "credits",
    "lines",
    "text",
    "deliveries",
}


def test_it_accepts_what_can_be_loaded() -> None:
    """In every example of a field each value is replaced by odd ones: where loading takes it, so does the schema."""
    loaded, refused, seen = 0, 0, 0
    for name, field, said in examples():
        data = production(name, field, said)
        for at in (place for place in _places(data) if field in place):
            for value in ODD:
                changed = _replaced(data, at, value)
                found = refusals(changed)
                if not can_be_made(changed):
                    refused, seen = refused + 1, seen + bool(found)
                elif not (at[-1] in EMPTY_IN_A_FORM and value in (None, "", " ", False, {})):
                    loaded += 1
                    assert not found, (name, field, at, value)
    assert loaded > 1000
    assert seen > refused * 0.7, (seen, refused)  # most faults are seen in an editor


def test_an_included_file(tmp_path: Path) -> None:
    """It may have what is shared, and no scenes."""
    schema = jsonschema.Draft7Validator(file_schema(included=True))
    shared = {
        "$schema": "x.json",
        "style": "calm",
        "characters": {"maya": "m.png"},
        "defaults": {"loop": True},
        "x-a": 1,
    }
    assert list(schema.iter_errors(shared)) == []
    assert list(schema.iter_errors({"scenes": [{"id": "a", "prompt": "A boat"}]}))
    (tmp_path / "cast.json").write_text(json.dumps({"$schema": "x.json", "style": "calm"}))
    (tmp_path / "film.json").write_text(
        json.dumps({"$schema": "y.json", "title": "T", "include": "cast.json", "scenes": {"a": "A boat"}})
    )
    assert (
        load_production(tmp_path / "film.json")
        .prompt_of(load_production(tmp_path / "film.json").scene("a"))
        .endswith("calm")
    )
