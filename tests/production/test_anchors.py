"""Anchors, aliases and merge keys of YAML, and x- fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import Production, load_production

WORDS = """title: T
x-fog: &fog
  prompt_hints: [fog]
  prompt: 007
  camera: push_in
x-late: &late {<<: *fog, camera: pull_out}
scenes:
  - id: one
    <<: *fog
    prompt: Mine
    x-who: nobody
  - <<: [*late, {loop: true, prompt: not this}]
    id: two
  - &three
    id: three
    prompt: A boat
  - <<: *three
    id: four
    take: 2
"""


def load(folder: Path, text: str) -> Production:
    """The production of a YAML text."""
    (folder / "film.yaml").write_text(text, encoding="utf-8")
    return load_production(folder / "film.yaml")


def refused(folder: Path, text: str) -> list[str]:
    """The problems of a YAML text, as lines."""
    with pytest.raises(ProductionError) as caught:
        load(folder, text)
    return [f"{p.where}: {p.message} -> {p.hint}" for p in caught.value.problems]


def test_merged_fields_are_those_of_the_scene(tmp_path: Path) -> None:
    """A scene's own field wins wherever << stands, then the first merged mapping; a text stays as it is written."""
    one, two, three, four = load(tmp_path, WORDS).scenes
    assert (one.prompt, one.prompt_hints, one.camera) == ("Mine", ("fog",), ("push_in",))
    assert (two.prompt, two.camera, two.loop) == ("007", ("pull_out",), True)
    assert (three.prompt, four.prompt, four.take) == ("A boat", "A boat", 2)


def test_an_error_in_a_merged_field_has_its_line(tmp_path: Path) -> None:
    """The line is that where the value is written, the scene the one that has it."""
    (told,) = refused(tmp_path, WORDS.replace("prompt_hints: [fog]", "duration: 700"))[:1]
    assert told.startswith("film.yaml:3, scene 'one', field 'duration': 700 seconds")
    assert len(refused(tmp_path, WORDS.replace("    take: 2", "    take: 0"))) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x-a: &a {<<: *a}\n", 2, "contains itself"),
        ("x-a: &a [*a]\n", 2, "contains itself"),
        ("x-a: {<<: *b}\n", 2, "there is no anchor &b"),
        ("x-a: {<<: words}\n", 2, "<< merges the fields of an anchor"),
        ("x-a: {<<: [{a: 1}, 5]}\n", 2, "<< merges the fields of an anchor"),
        ("y-a: 1\n", 2, "there is no field 'y-a'"),
    ],
)
def test_what_cannot_be_merged(tmp_path: Path, text: str, line: int, message: str) -> None:
    """Circles, unknown anchors and values without fields are told with their line."""
    told = refused(tmp_path, f"title: T\n{text}scenes:\n  - {{id: a, prompt: a street}}\n")
    assert told[0].startswith(f"film.yaml:{line}")
    assert message in told[0]


def test_an_anchor_that_is_given_again_means_the_last_before(tmp_path: Path) -> None:
    """An alias has the value that its anchor had where the alias is written."""
    text = "title: T\nx-a: &a one day\nx-b: &b {prompt: *a}\nx-c: &a two days\nscenes:\n"
    one, two = load(tmp_path, text + "  - {id: x, <<: *b}\n  - {id: y, prompt: *a}\n").scenes
    assert (one.prompt, two.prompt) == ("one day", "two days")


@pytest.mark.long
@pytest.mark.parametrize("kind", ["list", "merge"])
def test_a_bomb_of_aliases_is_refused(tmp_path: Path, kind: str) -> None:
    """A file of few lines that would become millions of parts is refused by their number."""
    lines = ["x-0: &x0 {a: 1}"]
    for i in range(1, 12):
        nine = ", ".join([f"*x{i - 1}"] * 9)
        lines.append(f"x-{i}: &x{i} [{nine}]" if kind == "list" else f"x-{i}: &x{i} {{<<: [{nine}], k{i}: 1}}")
    assert "more than 200,000 parts" in refused(tmp_path, "\n".join(lines) + "\n")[0]
