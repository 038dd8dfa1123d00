"""Thousands of made-up productions: each is either a valid production or one clear ProductionError, never a traceback.

`GENERATED_PRODUCTIONS=10000 pytest tests/production/test_generated.py` makes that many of each kind.
"""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from studio.errors import ProductionError
from studio.production import Production, bundled_example, load_production, parse_production
from studio.production.sounds import words_of
from studio.production.yaml_source import read_text

MANY = settings(
    max_examples=int(os.environ.get("GENERATED_PRODUCTIONS", "300")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
NAMES = [*Production.model_fields, "id", "prompt", "scene_id", "path", "url", "usage", "fps", "titel", "", "<<", "a.b"]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=20),
    st.text(alphabet=st.characters(), max_size=4),
    st.sampled_from(
        ["a", "b", "c", "../x", "https://x.org/a.png?s=1", "https://[", "x.png", "/", ".", "~", "\0", "\ud800"]
    ),
    st.sampled_from(["1e999", "9" * 400, "5s", "-1", "$5", "NaN", "16:9", "4k", "ray-2", "source_frame", "x" * 6000]),
    st.sampled_from([10**400, -(10**400), 1e308, 5e-324, -0.0]),
    st.sampled_from(
        ["007", "1.10", "true", "2024-01-01", "Car #1", "“T”", "\u00a0T", "T\u200b", "a\u2028b", "x" * 299]
    ),
    st.sampled_from(
        ["file:///x.png", "file://host/x.png", "file:///%ff", "caf\u00e9.png", "cafe\u0301.png", "a/../x.png"]
    ),
)
#: What a text is made of whose writing YAML, or an editor, may get wrong.
WRITTEN = st.lists(
    st.sampled_from(
        ["boat", "Car", "7", "007", "1.10", "#1", "#", "# x", " ", "  ", "\t", "\u00a0", "\u200b", "\ufeff", "\u00ad",
         "\u3000", "“", "”", "„", "‘", "’", "é", "e\u0301", "春", "冬", "😀", "true", "-", ",", ".",
         "&b ", "! ", "> #1", "| #1"]
    ),
    min_size=1, max_size=6,
).map("".join)  # fmt: skip
TREES = st.recursive(
    ODD,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)), inner, max_size=5),
    ),
    max_leaves=12,
)
IDS = st.sampled_from(["a", "b", "c", "d", "A", "s-1"])
SCENES = st.fixed_dictionaries(
    {"id": IDS, "prompt": st.sampled_from(["a quiet street", "more", "x"])},
    optional={
        "continue_from": IDS,
        "lead_into": IDS,
        "loop": st.booleans(),
        "duration": st.sampled_from([5, 9, 7.5, 23]),
        "start_image": st.sampled_from(["https://x.org/a.png", "lamp", "no.png"]),
        "end_image": st.sampled_from(["https://x.org/a.png", "lamp"]),
        "camera": st.lists(st.sampled_from(["push_in", "orbit", "nope"]), max_size=2),
        "seed_asset_refs": st.lists(st.fixed_dictionaries({"asset": st.just("lamp")}), max_size=2),
        "modify": IDS,
        "generation": st.just("g-1"),
    },
)
FILMS = st.fixed_dictionaries(
    {"title": st.just("T"), "scenes": st.lists(SCENES, max_size=6)},
    optional={"chain": st.booleans(), "assets": st.just({"lamp": "https://x.org/l.png"}), "budget": st.just(1)},
)
FIELDS = sorted({*Production.model_fields, *NAMES, "start_image", "camera", "duration", "take", "modify", "strength"})


def speaks(error: ProductionError) -> None:
    """An error lists problems, each of which has something to say that can be printed."""
    assert error.problems
    for problem in error.problems:
        assert problem.message
        assert len(str(problem)) < 3000
        assert str(problem).encode()


def holds(data: Any) -> None:
    """A ProductionError with something to say, or a production that survives JSON and whose values can all be asked."""
    try:
        production = parse_production(data, source="generated")
    except ProductionError as error:
        speaks(error)
        return
    again = json.loads(json.dumps(production.model_dump(mode="json"), allow_nan=False))
    assert parse_production(again) == production
    for scene in production.scenes:
        assert production.duration_of(scene) > 0
        assert 3 <= len(production.prompt_of(scene)) <= 5000
        for value in (production.camera_of(scene), production.start_image_of(scene), production.end_image_of(scene)):
            repr(value)
    order(production)


def order(production: Production) -> list[str]:
    """The scenes, each after those that it needs: a valid production always has such an order."""
    waiting = {
        scene.id: {n for n in (production.parent_of(scene), scene.lead_into) if n is not None}
        for scene in production.scenes
    }
    done: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(done)]
        assert ready, waiting
        done += ready
        for name in ready:
            del waiting[name]
    return done


@MANY
@given(data=TREES)
def test_any_data(data: Any) -> None:
    """Arbitrary data never raises anything else."""
    holds(data)


@MANY
@given(data=FILMS)
def test_films_that_are_nearly_right(data: dict[str, Any]) -> None:
    """Right fields in any combination, with cycles, contradictions and chains, are judged and never crash."""
    holds(data)


@pytest.mark.long
@MANY
@given(data=st.data())
def test_one_field_replaced_by_anything(data: st.DataObject) -> None:
    """A good production with any one part replaced by anything is judged and never crashes."""
    film = json.loads(json.dumps(load_production(bundled_example()).model_dump(mode="json", exclude_none=True)))
    target = data.draw(st.sampled_from([film, *film["scenes"], *film["assets"], film["film"]]))
    target[data.draw(st.sampled_from([*target, *FIELDS]))] = data.draw(TREES)
    holds(film)


@MANY
@given(data=st.data(), name=st.sampled_from(["film.yaml", "film.json"]))
def test_text_with_pieces_broken_out(data: st.DataObject, name: str) -> None:
    """A file's text, cut, doubled and mixed with junk anywhere, is read or refused and never crashes."""
    text = bundled_example().read_text(encoding="utf-8") if name.endswith("yaml") else json.dumps({"title": "T"})
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    junk = st.sampled_from(
        ["\t", ":", "- ", "{", "}", "[", "'", '"', "&a ", "*a", "!", "!!map ", "%", "|", "\n", "---\n", "? ", " #",
         "  # ", "\u00a0", "\u200b", "\ufeff", "\u2028", "\x85", "\u00ad", "“", "”", "：", "file:///"]
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 3))):
        at, until = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
        piece = data.draw(st.one_of(junk, st.text(max_size=6), st.just(text[at:until][:200])))
        text = text[:at] + piece + text[until if until - at < 40 else at :]
    try:
        reading = read_text(text, name)
    except ProductionError as error:
        speaks(error)
    else:
        holds(reading.data)


@MANY
@given(raw=st.binary(max_size=200))
def test_any_bytes(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file of arbitrary bytes is refused with an error that names it."""
    file: Path = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(raw)
    with pytest.raises(ProductionError, match=r"any\.yaml"):
        load_production(file)


@pytest.mark.long
@MANY
@given(data=TREES.filter(lambda tree: isinstance(tree, dict)))
def test_any_data_written_as_yaml(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a YAML writer can write is read or refused."""
    file: Path = tmp_path_factory.getbasetemp() / "written.yaml"
    try:
        with file.open("w", encoding="utf-8") as out:
            YAML(typ="safe", pure=True).dump(data, out)
    except Exception:  # noqa: BLE001  what cannot be written is not our matter
        return
    try:
        load_production(file)
    except ProductionError as error:
        speaks(error)


def quoted(text: str) -> str:
    """A text in YAML's plain quotes."""
    return "'" + text.replace("'", "''") + "'"


@MANY
@example(text="\ufeff #1", field="title")
@given(text=WRITTEN, field=st.sampled_from(["title", "prompt", "sound", "description"]))
def test_no_text_is_cut_changed_or_left_out_in_silence(
    text: str, field: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A text without quotes is what it would be in quotes, or it is refused, or what is left out of it is told."""
    file: Path = tmp_path_factory.getbasetemp() / "text.yaml"

    def load(written: str) -> Production:
        fields = {"title": "T", "prompt": "A boat", "sound": "none", "description": "''"} | {field: f"A boat {written}"}
        if written.startswith("'"):
            fields[field] = f"'A boat {written[1:]}"
        file.write_text(
            "title: {title}\nassets:\n  a:\n    url: https://x.org/a.png\n    description: {description}\n"
            "scenes:\n  - id: one\n    sound: {sound}\n    prompt: {prompt}\n".format(**fields),
            encoding="utf-8",
        )
        return load_production(file)

    def value(production: Production) -> str:
        holder: Any = {"title": production, "description": production.assets[0]}.get(field, production.scenes[0])
        return str(getattr(holder, field))

    try:
        plain = load(text)
    except ProductionError as error:
        speaks(error)
        return
    meant = load(quoted(text))
    assert value(plain) == value(meant) or any("is a comment and is left out" in note for note in plain.notes)


@MANY
@given(
    key=st.sampled_from(["title", "scenes", "id", "prompt"]),
    hidden=st.sampled_from("\u00a0\u200b\ufeff\u00ad\u3000"),
    data=st.data(),
)
def test_nothing_invisible_is_taken_for_nothing(
    key: str, hidden: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An invisible character before, in or after a field's name is refused, and every refusal names its code point."""
    file: Path = tmp_path_factory.getbasetemp() / "hidden.yaml"
    text = "# A film\ntitle: T\nscenes:\n  - id: one\n    prompt: A boat in fog.\n"
    begin = text.index(key)
    at = data.draw(st.integers(begin, begin + len(key)))
    file.write_text(text[:at] + hidden + text[at:], encoding="utf-8")
    with pytest.raises(ProductionError) as caught:
        load_production(file)
    assert all(f"U+{ord(hidden):04X}" in str(problem) for problem in caught.value.problems)


@MANY
@given(digits=st.text("0123456789_", min_size=1, max_size=12).filter(lambda t: t.strip("_")))
def test_digits_stay_as_they_are(digits: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A name or text of digits is the same with quotes and without."""
    file: Path = tmp_path_factory.getbasetemp() / "digits.yaml"
    found = []
    for written in (digits, quoted(digits)):
        file.write_text(
            f"title: {written}\nscenes:\n  - id: a{digits}\n    prompt: x{digits} {digits}\n    sound: {written}\n"
        )
        found.append(load_production(file))
    assert found[0] == found[1]
    assert (found[0].title, words_of(found[0].scenes[0].sound)) == (digits, digits)


@MANY
@given(titles=st.lists(WRITTEN.filter(lambda t: t.strip()), min_size=2, max_size=2))
def test_titles_of_other_letters_never_share_a_budget(titles: list[str]) -> None:
    """Two titles whose letters, digits or signs differ have budgets of their own; NFC and NFD of one title have one."""
    made = []
    for title in titles:
        try:
            made.append(parse_production({"title": title, "scenes": [{"id": "a", "prompt": "A boat"}]}))
        except ProductionError as error:
            speaks(error)
            return
    told = [
        "".join(
            c for c in unicodedata.normalize("NFC", p.title).lower() if unicodedata.category(c)[0] in "LNMS" or c == "#"
        )
        for p in made
    ]
    if told[0] != told[1]:
        assert made[0].budget_name != made[1].budget_name
    for production in made:
        for form in ("NFC", "NFD"):
            again = parse_production(
                production.model_dump(exclude={"slug"}) | {"title": unicodedata.normalize(form, production.title)}
            )
            assert again.budget_name == production.budget_name
