"""The text of a production file: what YAML would silently cut, turn into a number or hide is kept, or told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from studio.errors import ProductionError
from studio.production import Asset, Character, Production, Scene, SeedAssetRef, load_production, parse_production
from studio.production.loading import _problem
from studio.production.locations import Places
from studio.production.scalars import text_kind
from studio.production.scene import Guide
from tests.support.written import GOOD, load, problems

# A comment after a text


@pytest.mark.parametrize(
    ("text", "field", "comment"),
    [
        (GOOD.replace("A boat in fog.", "Car number #1 drives, colour #ff0000."), "prompt", "#1 drives"),
        (GOOD.replace("A boat in fog.", "Red #1 car drives."), "prompt", "#1 car"),
        (GOOD.replace("A boat in fog.", "Scene # 5 of the boat"), "prompt", "# 5 of"),
        (GOOD.replace("A boat in fog.", "The end.  #1 drives on."), "prompt", "#1 drives"),
        (GOOD.replace("A boat in fog.", "#1 drives on."), "prompt", "#1 drives"),
        (GOOD.replace("A boat in fog.", "Three cars, led by\n      #1 in red"), "prompt", "in line 5, '#1 in red'"),
        (GOOD.replace("A boat in fog.", "Three cars, led by\n      the red #1"), "prompt", "in line 5, '#1'"),
        (GOOD.replace("title: T", "title: Episode #1"), "title", "#1"),
        (GOOD + "    sound: waves #2\n", "sound", "#2"),
        (GOOD + "    prompt_hints:\n      - film grain #2\n", "prompt_hints[1]", "#2"),
        (GOOD + "    start_image: boat #2.png\n", "start_image", "#2.png"),
        (GOOD + "    start_image: #2.png\n", "start_image", "#2.png"),
        (GOOD.replace("id: one", "id: shot #1"), "id", "#1"),
        (GOOD + "characters:\n  maya:\n    description: a woman with hair #aa7700\n", "description", "#aa7700"),
        ("title: T\nscenes:\n  one: Car number #1\n", "", "#1"),
    ],
)
def test_a_text_that_a_comment_cuts_is_refused(tmp_path: Path, text: str, field: str, comment: str) -> None:
    """A text that ` #` cuts is told once, with the place and the fix."""
    (found,) = problems(tmp_path, text)
    assert field in found.where
    assert comment in found.message
    assert "is a comment to YAML" in found.message
    assert "put the whole text in quotes" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("prompt: A boat", "prompt: >  # folded\n      A boat"),
        GOOD.replace("A boat in fog.", "'Car #1'  #comment"),
        GOOD.replace("A boat in fog.", "Car#1 drives"),
        GOOD.replace("A boat in fog.", "|\n      Car #1 drives"),
        GOOD.replace("one", "one # the first"),
        GOOD.replace("one", "one   #the first"),
        GOOD + "    # camera: orbit\n",
        GOOD + "    duration: 5 #seconds\n",
        GOOD + "    loop: # not yet\n",
        GOOD + "    camera: push_in   # a concept\n",
        GOOD + "    prompt_hints: [film grain]   # joins the prompt\n",
    ],
)
def test_a_comment_that_cuts_no_text_is_a_comment(tmp_path: Path, text: str) -> None:
    """Comments after names, choices, numbers, quoted and block texts are written on purpose, and are not told."""
    assert load(tmp_path, text).notes == ()


def test_a_comment_that_is_set_apart_from_prose_is_noted(tmp_path: Path) -> None:
    """Two spaces before the # and one after it make a comment on purpose: it is a note, through every version."""
    found = load(tmp_path, GOOD.replace("fog.", "fog.  # the first scene"))
    (note,) = found.notes
    assert found.scenes[0].prompt == "A boat in fog."
    assert note.startswith("film.yaml:4, scene 'one', field 'prompt': the text after it, '# the first scene', is a")
    assert parse_production(found).notes == found.notes


@pytest.mark.parametrize(
    "text",
    ["  - {id: one, prompt: A #1 boat}\n  - {id: two, prompt: B}\n", "  - id: one\n    prompt: A #1\n      boat\n"],
)
def test_broken_yaml_that_a_comment_broke_says_so(tmp_path: Path, text: str) -> None:
    """The hint names a # that comments out a bracket, or after which the text goes on."""
    (found,) = problems(tmp_path, "title: T\nscenes:\n" + text)
    assert "a # after a space begins a comment" in found.hint


def test_a_flood_of_notes_is_cut(tmp_path: Path) -> None:
    """Of many comments after prose twenty are told, and how many more there are."""
    scenes = "".join(f"  - id: s{i}\n    prompt: A boat.  # number {i}\n" for i in range(50))
    notes = load(tmp_path, f"title: T\nscenes:\n{scenes}").notes
    assert len(notes) == 21
    assert notes[-1] == "film.yaml: and 30 more notes"


# Numbers, dates and words that are meant as text


def test_a_text_keeps_its_zeros(tmp_path: Path) -> None:
    """007 and 001 stay what is written, and are referred to as such, with quotes and without."""
    text = (
        "title: 007\nscenes:\n  - id: 001\n    prompt: A boat in fog.\n"
        '  - id: "02"\n    prompt: 0001984\n    continue_from: 001\n  - id: 0x1F\n    prompt: It lands.\n'
        "    continue_from: 02\n"
    )
    found = load(tmp_path, text)
    assert (found.title, found.slug) == ("007", "007")
    assert [(s.id, s.prompt, s.continue_from) for s in found.scenes] == [
        ("001", "A boat in fog.", None),
        ("02", "0001984", "001"),
        ("0x1F", "It lands.", "02"),
    ]
    assert found.scene("001").id == "001"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2.0", "a number"), ("1.10", "a number"), ("1e3", "a number"), (".5", "a number"), ("true", "true or false"),
        ("False", "true or false"), ("2024-01-01", "a date"), ("2024-01-01 10:00:00", "a date"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["title", "id", "prompt", "continue_from", "start_image", "images"])
def test_a_text_that_could_be_another_is_to_be_quoted(tmp_path: Path, written: str, said: str, field: str) -> None:
    """Text that YAML reads as a number, a date or a boolean is refused once, with the quotes to write."""
    texts = {
        "title": GOOD.replace("title: T", f"title: {written}"),
        "id": GOOD.replace("id: one", f"id: {written}"),
        "prompt": GOOD.replace("A boat in fog.", written),
        "images": GOOD + f"characters:\n  maya: [{written}]\n",
    }
    (found,) = problems(tmp_path, texts.get(field, GOOD + f"    {field}: {written}\n"))
    assert found.message == f"'{written}' without quotes is {said}, and a text is needed"
    assert found.hint == f'put it in quotes: "{written}"'
    assert field in found.where or "character 'maya'" in found.where


def test_quotes_make_it_a_text(tmp_path: Path) -> None:
    """In quotes, each of them is taken as it is."""
    found = load(tmp_path, GOOD.replace("title: T", 'title: "1.10"').replace("A boat in fog.", "'true'"))
    assert (found.title, found.scenes[0].prompt) == ("1.10", "true")


def test_json_knows_quotes_only(tmp_path: Path) -> None:
    """In JSON a whole number is taken for a text, and anything else without quotes is told to need them."""
    file = tmp_path / "film.json"
    file.write_text(json.dumps({"title": 7, "scenes": [{"id": True, "prompt": 2.5}]}))
    with pytest.raises(ProductionError) as caught:
        load_production(file)
    assert [p.hint for p in caught.value.problems] == ["put it in quotes"] * 2


def test_every_text_field_is_known_to_be_one() -> None:
    """The table of text fields has each field of the model that takes text, and no other."""

    def takes_text(annotation: Any, metadata: list[Any]) -> bool:
        """True if a field takes any text, alone, optional or in a list."""
        try:
            return TypeAdapter(Annotated[annotation, *metadata] if metadata else annotation).validate_python(
                "free text"
            ) in ("free text", ("free text",))
        except ValidationError:
            return False

    groups: list[tuple[type[BaseModel], tuple[str | int, ...]]] = [
        (Production, ()), (Scene, ("scenes", 0)), (Asset, ("assets", 0)), (Character, ("characters", "maya")),
        (SeedAssetRef, ("scenes", 0, "seed_asset_refs", 0)), (Guide, ("scenes", 0, "guides", 0)),
    ]  # fmt: skip
    for model, place in groups:
        for name, field in model.model_fields.items():
            known = (
                "id",
                "slug",
                "project",
                "generation",
                "sound",
                "card",
                "lower_third",
                "narration",
                "captions",
                "language",
            )
            expected = takes_text(field.annotation, field.metadata) or name in known
            assert (text_kind((*place, name)) is not None) == expected, (model, name)
    assert text_kind(("scenes", 0, "start_image_url")) == text_kind(("assets", "lamp")) == "path"


# What YAML takes off a text, or parts it at, without a word


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        (GOOD.replace("A boat", "&boat and boat"), "'&boat'"),
        (GOOD.replace("title: T", "title: &Sons film"), "'&Sons'"),
        (GOOD.replace("title: T", "title: &Sons"), "'&Sons'"),
        (GOOD.replace("title: T", "title: ! film"), "'!'"),
        (GOOD + "    start_image: &a b.png\n", "'&a'"),
        ("title: T\nscenes:\n  one: &boat and boat\n", "'&boat'"),
    ],
)
def test_a_text_that_begins_like_an_anchor_or_a_tag_is_refused(tmp_path: Path, text: str, lead: str) -> None:
    """YAML would take its first word off: the text is to be put in quotes."""
    told = problems(tmp_path, text)
    assert any(f"{lead} at its beginning is taken off" in p.message and "quotes" in p.hint for p in told)


def test_an_anchor_that_an_alias_names_is_one(tmp_path: Path) -> None:
    """A text that is used twice by its anchor stays as it is."""
    text = "title: &t A boat\nscenes:\n  - {id: one, prompt: *t}\n"
    assert load(tmp_path, text).scenes[0].prompt == "A boat"


@pytest.mark.parametrize("word", ["loop", "model", "sound", "wind"])
def test_a_comma_within_braces_does_not_cut_a_text(tmp_path: Path, word: str) -> None:
    """A text after a comma that is no field with a value is refused, though a field has that name."""
    told = problems(tmp_path, f"title: T\nscenes:\n  - {{id: one, prompt: A record player, {word}}}\n")
    assert any(f"'{word}' has no value" in p.message and "quotes" in p.hint and ":3" in p.where for p in told)


def test_a_field_within_braces_may_be_empty(tmp_path: Path) -> None:
    """A field with a colon and no value has its default."""
    assert load(tmp_path, "title: T\nscenes:\n  - {id: one, prompt: A boat, take: , loop: }\n").scenes[0].take == 1


@pytest.mark.parametrize("mark", ["|", ">", ">-", "|2"])
def test_a_text_behind_the_mark_of_a_block_is_not_left_out(tmp_path: Path, mark: str) -> None:
    """``> #1 drives`` is a comment to YAML, and is refused; one with a space after its # is meant as one."""
    text = GOOD.replace("A boat in fog.", f"{mark} #1 drives\n      A fast car.")
    assert any("'#1 drives', is a comment to YAML" in p.message for p in problems(tmp_path, text))
    assert load(tmp_path, text.replace("#1", "# one")).scenes[0].prompt == "A fast car."


@pytest.mark.parametrize("hidden", ["\u200b\u200b\u200b", "\u2060\u2800 \u3164", "\u200d\u200d\u200d"])
@pytest.mark.parametrize("field", ["title: T", "A boat in fog."])
def test_a_text_of_nothing_that_is_seen_is_refused(tmp_path: Path, hidden: str, field: str) -> None:
    """A title or prompt of invisible characters alone is empty to whoever reads it, and nothing is bought of it."""
    text = GOOD.replace(field, f'title: "{hidden}"' if field == "title: T" else f'"{hidden}"')
    assert any("nothing in it that is seen" in p.message for p in problems(tmp_path, text))


def test_an_emoji_that_json_escaped_is_one_character(tmp_path: Path) -> None:
    """Two escapes of a surrogate pair are the emoji they mean; half a pair is refused."""
    pair = "\\ud83d\\ude00"
    assert load(tmp_path, GOOD.replace("A boat in fog.", f'"A {pair} boat"')).scenes[0].prompt == "A \U0001f600 boat"
    assert problems(tmp_path, GOOD.replace("A boat in fog.", '"A \\ud83d boat"'))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("title:\tT\nscenes: []\n", "there is a tab in that line"),
        (GOOD.replace("fog.", "fog\t#1"), "there is a tab in that line"),
        (GOOD.replace("    prompt", "\tprompt"), "indent with spaces"),
        (GOOD.replace("A boat in fog.", '"Hello" he says'), "begins with a quote or a bracket"),
        (GOOD.replace("A boat in fog.", "[slow] boat"), "begins with a quote or a bracket"),
    ],
)
def test_broken_yaml_says_what_breaks_it(tmp_path: Path, text: str, hint: str) -> None:
    """A tab that is no indentation, and a quote at a text's beginning, are told for what they are."""
    assert hint in problems(tmp_path, text)[0].hint


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_named_so(tmp_path: Path, code: str) -> None:
    """An editor's UTF-16 is told by its byte order mark."""
    file = tmp_path / "film.yaml"
    file.write_bytes(("" if code == "utf-16" else "\ufeff").encode(code) + GOOD.encode(code))
    with pytest.raises(ProductionError, match="is UTF-16 text"):
        load_production(file)


# Limits


@pytest.mark.parametrize(
    ("fields", "message", "limit"),
    [
        ({"title": "x" * 299}, "has 299 characters", "200"),
        ({"width": 99999, "height": 1}, "99999 is not possible", "16384"),
        ({"reanchor": 0}, "0 is not possible", "1"),
        ({"reanchor": 10**16}, "is too large", "1,000,000,000,000,000"),
        ({"duration": 601}, "601 seconds", "10 minutes"),
        ({"budget": 10**7}, "is not between 0 and 1,000,000", ""),
        ({"slug": "x" * 65}, "is not a safe folder name", "64"),
        ({"scenes": [{"id": "x" * 65, "prompt": "A boat"}]}, "is not a safe id", "64"),
        ({"scenes": [{"id": "a", "prompt": "x"}]}, "has 1 character", "3"),
        ({"scenes": [{"id": "a", "prompt": "x" * 5001}]}, "has 5001 characters", ""),
        ({"scenes": [{"id": "a", "prompt": "A boat", "take": 1001}]}, "1001 is not possible", "1000"),
        ({"scenes": [{"id": "a", "prompt": "A boat", "generation": "x" * 129}]}, "is not a generation's id", "128"),
    ],
)
def test_a_limit_says_its_number(fields: dict[str, Any], message: str, limit: str) -> None:
    """Whatever is too long, too large or too many is told with how much it is and how much it may be."""
    with pytest.raises(ProductionError) as caught:
        parse_production({"title": "T", "scenes": [{"id": "a", "prompt": "A boat"}], **fields})
    found = caught.value.problems[0]
    assert message in found.message
    assert limit in found.message + found.hint


@pytest.mark.parametrize(
    ("kind", "value", "bound"),
    [
        ("too_long", ["a"] * 3, {"max_length": 2, "actual_length": 3}), ("too_short", [], {"min_length": 1}),
        ("string_too_long", "abc", {"max_length": 2}), ("greater_than", 1, {"gt": 2}), ("less_than", 3, {"lt": 2}),
        ("multiple_of", 3, {"multiple_of": 2}),
    ],
)  # fmt: skip
def test_no_kind_of_bound_is_told_without_its_number(kind: str, value: Any, bound: dict[str, Any]) -> None:
    """Each kind of bound that pydantic knows is told with its number, also those that no field has today."""
    found = _problem({"type": kind, "loc": ("title",), "msg": "", "input": value, "ctx": bound}, Places())
    assert str(next(iter(bound.values()))) in found.hint


# Scenes by id


def test_scenes_as_a_mapping(tmp_path: Path) -> None:
    """Scenes may be written by id, as assets and characters, in their order; a text alone is a prompt."""
    found = load(
        tmp_path,
        "title: T\nscenes:\n  dusk: A boat in fog.\n  002:\n    prompt: The boat lands.\n    continue_from: dusk\n",
    )
    assert [(s.id, s.prompt, s.continue_from) for s in found.scenes] == [
        ("dusk", "A boat in fog.", None), ("002", "The boat lands.", "dusk"),
    ]  # fmt: skip
    listed = {"title": "T", "scenes": [s.model_dump(exclude_defaults=True) for s in found.scenes]}
    assert parse_production(listed) == found


@pytest.mark.parametrize(
    ("scene", "where", "message"),
    [
        ("  dusk:\n    promt: A boat\n", "film.yaml:4, scene 'dusk'", "there is no field 'promt'"),
        ("  dusk:\n    prompt: A boat\n    duration: x\n", "film.yaml:5, scene 'dusk', field 'duration'", "expected"),
        ("  a dusk: A boat\n", "film.yaml:3, scene 'a dusk'", "is not a safe id"),
        ("  dusk:\n", "film.yaml:3, scene 'dusk'", "'prompt' is missing"),
    ],
)
def test_errors_in_scenes_as_a_mapping(tmp_path: Path, scene: str, where: str, message: str) -> None:
    """They name line, scene and field as they do in a list."""
    (found,) = problems(tmp_path, "title: T\nscenes:\n" + scene)
    assert found.where == where
    assert message in found.message


def test_too_many_scenes_as_a_mapping() -> None:
    """The limit counts them in both forms."""
    with pytest.raises(ProductionError, match="2001 scenes are more than 2000"):
        parse_production({"title": "T", "scenes": {f"s{i}": "A boat" for i in range(2001)}})
