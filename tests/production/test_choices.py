"""Chosen takes: written into a production with every other byte kept, or into a small file beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.errors import CannotWrite, ProductionError
from studio.planning import as_draft, finished_draft, reframed
from studio.production import load_production
from studio.production.choices import Choices, Chosen, beside, choices_of, write_beside, write_takes
from studio.production.take_edit import with_take

HEAD = "title: T\nscenes:\n"
#: A production's text, and what it is with take 3 of scene b.
WRITTEN = {
    "a new line below the id": (
        "  - id: a  # first\n    prompt: one\n  - id: b  # second\n    # words\n    prompt: 'two'   # quoted\n",
        "  - id: a  # first\n    prompt: one\n"
        "  - id: b  # second\n    take: 3\n    # words\n    prompt: 'two'   # quoted\n",
    ),
    "a number that is there": (
        "- {id: a, prompt: one, take: 2}\n- id: b\n  take:   2   # liked\n  prompt: >-\n    two\n    lines\n",
        "- {id: a, prompt: one, take: 2}\n- id: b\n  take:   3   # liked\n  prompt: >-\n    two\n    lines\n",
    ),
    "a quoted number": ('- id: b\n  take: "12"\n  prompt: two\n', '- id: b\n  take: "3"\n  prompt: two\n'),
    "a take without a number": ("- id: b\n  take: # ?\n  prompt: two\n", "- id: b\n  take: 3 # ?\n  prompt: two\n"),
    "a take without a number at the end": ("- id: b\n  prompt: two\n  take:", "- id: b\n  prompt: two\n  take: 3"),
    "the id is last, without a line's end": ("- prompt: two\n  id: b", "- prompt: two\n  id: b\n  take: 3"),
    "in braces": ("- {prompt: two,  id: b}\n", "- {prompt: two,  id: b,  take: 3}\n"),
    "in braces, first": ("- { id: b, prompt: two }\n", "- { id: b, take: 3, prompt: two }\n"),
    "by ids": (
        "  a: one\n  b:\n    # a note\n    prompt: two\n",
        "  a: one\n  b:\n    # a note\n    take: 3\n    prompt: two\n",
    ),
    "by ids, in braces": ("  a: one\n  b: {prompt: two}\n", "  a: one\n  b: {prompt: two, take: 3}\n"),
    "another name for the id": ("- scene_id: b\n  prompt: two\n", "- scene_id: b\n  take: 3\n  prompt: two\n"),
    "letters beyond one byte": ("- {id: b, prompt: é 😀 two}\n", "- {id: b, take: 3, prompt: é 😀 two}\n"),
    "a quoted id": ('-   "id":   "b"\n    prompt: two\n', '-   "id":   "b"\n    take: 3\n    prompt: two\n'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_one_place_of_a_text_changes(text: str, expected: str, ending: str) -> None:
    """The take is written where the scene is; comments, quotes, order and line endings stay as they are."""
    before, after = ((HEAD + part).replace("\n", ending) for part in (text, expected))
    assert with_take(before, "film.yaml", "b", 3) == after


JSONS = {
    "on lines": (
        '{\n  "title": "T",\n  "scenes": [\n    {\n      "id": "b",\n      "prompt": "two"\n    }\n  ]\n}\n',
        '{\n  "title": "T",\n  "scenes": [\n    {\n'
        '      "id": "b",\n      "take": 3,\n      "prompt": "two"\n    }\n  ]\n}\n',
    ),
    "with tabs": (
        '{"title": "T",\n\t"scenes": [\n\t\t{"prompt": "two",\n\t\t"id": "b"}]}',
        '{"title": "T",\n\t"scenes": [\n\t\t{"prompt": "two",\n\t\t"id": "b",\n\t\t"take": 3}]}',
    ),
    "a number that is there": (
        '{"title": "T", "scenes": {"b": {"take": 2, "prompt": "\\u00e9 /"}}}',
        '{"title": "T", "scenes": {"b": {"take": 3, "prompt": "\\u00e9 /"}}}',
    ),
}


@pytest.mark.parametrize(("text", "expected"), JSONS.values(), ids=JSONS)
def test_one_place_of_json_changes(text: str, expected: str) -> None:
    """A JSON file has the field in the form of its other fields, and stays JSON."""
    assert with_take(text, "film.json", "b", 3) == expected
    assert json.loads(expected)


@pytest.mark.parametrize(
    "text",
    [
        "  a: one\n  b: two\n",
        "- id: b\n  prompt: two\n- id: b\n  prompt: three\n",
        "- &x {id: b, prompt: two}\n- *x\n",
        "- {id: a, prompt: one, take: &n 2}\n- {id: b, prompt: two, take: *n}\n",
        "- {id: a, prompt: one}\n",
        "- {id: b, prompt: two\n",
    ],
    ids=["only words", "twice", "an alias", "an aliased number", "not there", "broken"],
)
def test_a_text_without_a_place(text: str) -> None:
    """If the take has no place of its own, nothing is written."""
    assert with_take(HEAD + text, "film.yaml", "b", 3) is None


def write(folder: Path, text: str = f"{HEAD}  - id: a\n    prompt: one\n  - id: b\n    prompt: two\n") -> Path:
    file = folder / "film.yaml"
    file.write_bytes(text.encode())
    return file


def test_a_file_keeps_its_mark_its_rights_and_its_link(tmp_path: Path) -> None:
    """A byte-order mark, the file's permissions and a link to it stay; the take is read from it afterwards."""
    file = write(tmp_path, f"\ufeff{HEAD}  - id: a\r\n    prompt: one\r\n")
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert write_takes(link, {"a": 2}, {"a": "final"}) == {}
    assert file.read_bytes() == f"\ufeff{HEAD}  - id: a\r\n    final_take: 2\r\n    prompt: one\r\n".encode()
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    found = load_production(link)
    assert (found.take_of(found.scene("a")), found.scene("a").take_in("draft")) == (2, 1)


def test_a_file_that_may_not_be_written_is_left(tmp_path: Path) -> None:
    """A read-only file is not replaced; its takes are given back."""
    file = write(tmp_path)
    before = file.read_bytes()
    file.chmod(0o444)
    assert write_takes(file, {"a": 2}, {"a": "draft"}) == {"a": 2}
    assert file.read_bytes() == before


def test_choices_beside_a_file_are_followed_and_told(tmp_path: Path) -> None:
    """The takes beside a production replace its own, and the plan's notes say so; without them it is as before."""
    file = write(tmp_path, f"{HEAD}  - id: a\n    take: 3\n    prompt: one\n  - id: '007'\n    prompt: two\n")
    write_beside(file, Choices(Chosen({"a": 2, "007": 4}, ("007",))))
    found = load_production(file)
    assert [s.take for s in found.scenes] == [2, 4]
    assert found.choices.both.keep == ("007",)
    assert found.notes == (
        "film.yaml.takes.yaml: scene 'a' uses take 2, not take 3 of the production; scene '007' uses take 4; "
        "scene '007' keeps the clip that it has",
    )
    write_beside(file, choices_of(file).without(["a"]))
    assert [s.take for s in load_production(file).scenes] == [3, 4]
    write_beside(file, choices_of(file).without(["007"]))
    assert not beside(file).exists()
    assert load_production(file).notes == ()


def test_the_draft_and_the_final_have_takes_of_their_own(tmp_path: Path) -> None:
    """A take that is written or chosen for one leaves the other; a take without a word of either is for both."""
    scenes = "  - id: a\n    take: 3\n    draft_take: 5\n    prompt: one\n  - {id: b, prompt: two, final_take: 2}\n"
    file = write(tmp_path, f"{HEAD}{scenes}")
    assert used(file) == {"draft": [5, 1], "final": [3, 2]}
    write_beside(file, choices_of(file).with_take("b", "draft", 7).with_kept("b", "final"))
    assert used(file) == {"draft": [5, 7], "final": [3, 2]}
    found = load_production(file)
    assert (as_draft(found).kept, found.kept) == (set(), {"b"})
    assert found.notes == ("film.yaml.takes.yaml: scene 'b' keeps the clip that it has",)
    assert as_draft(found).notes == ("film.yaml.takes.yaml: scene 'b' uses take 7",)
    write_beside(file, choices_of(file).without(["b"], "draft"))
    assert used(file) == {"draft": [5, 1], "final": [3, 2]}


def test_a_choice_for_one_takes_nothing_from_the_other(tmp_path: Path) -> None:
    """A take that an earlier version chose for both stays that of one when another is chosen for the other."""
    file = write(tmp_path)
    beside(file).write_text("takes: {a: 2, b: 4}\nkeep: [b]\n")
    assert used(file) == {"draft": [2, 4], "final": [2, 4]}
    write_beside(file, choices_of(file).with_take("a", "draft", 3))
    assert used(file) == {"draft": [3, 4], "final": [2, 4]}
    write_takes(file, {"b": 1}, {"b": "final"})
    write_beside(file, choices_of(file).with_take("b", "final", None))
    assert used(file) == {"draft": [3, 4], "final": [2, 1]}
    assert load_production(file).kept == as_draft(load_production(file)).kept == {"b"}


def used(file: Path) -> dict[str, list[int]]:
    """The takes that the draft and the final of a file use, by scene; a final made from the draft uses the draft's."""
    final = load_production(file)
    takes = {"draft": as_draft(final), "final": final, "finished": finished_draft(final)}
    found = {name: [film.take_of(scene) for scene in film.scenes] for name, film in takes.items()}
    assert found.pop("finished") == found["draft"]
    shaped = reframed(as_draft(final), "9:16")
    assert [shaped.take_of(scene) for scene in shaped.scenes] == found["draft"]
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("takes: {a: 0}\n", "film.yaml.takes.yaml:1, 'takes': '0' is no take of scene 'a'"),
        ("# x\ntakes:\n  a: two\n", "film.yaml.takes.yaml:3, 'takes': 'two' is no take of scene 'a'"),
        ("takes: [a]\n", "expected scenes with the number of a take each"),
        ("keep: a\n", "expected a list of scenes"),
        ("take: {a: 1}\n", "there is no field 'take'"),
        ("draft: {takes: {a: 0}}\n", "film.yaml.takes.yaml:1, 'draft.takes': '0' is no take of scene 'a'"),
        ("final:\n  keep: [aa]\n", "film.yaml.takes.yaml, 'final.keep': there is no scene 'aa' in T"),
        ("draft: {draft: {}}\n", "there is no field 'draft'\n  → takes and keep are possible"),
        ("draft: [a]\n", "expected takes and keep"),
        ("takes: {aa: 2}\n", "there is no scene 'aa' in T\n  → did you mean 'a'"),
        ("takes: {a: 1, a: 2}\n", "'a' is there twice"),
        ("takes: {a: \n", "is not valid YAML"),
    ],
)
def test_choices_that_cannot_be_followed(tmp_path: Path, text: str, said: str) -> None:
    """A mistake in the file beside a production is refused, with its place, before anything is planned."""
    file = write(tmp_path)
    beside(file).write_text(text)
    with pytest.raises(ProductionError) as caught:
        load_production(file)
    assert said in str(caught.value)


def test_an_empty_file_beside_it_chooses_nothing(tmp_path: Path) -> None:
    """A file of which a person removed every line but the comments is none."""
    file = write(tmp_path)
    beside(file).write_text("# nothing is chosen\n\n")
    assert load_production(file).choices == Choices()


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """If no file can be made beside the production, the error says what to write by hand."""
    file = tmp_path / "gone" / "film.yaml"
    with pytest.raises(CannotWrite, match="write draft_take: N or final_take: N into the scene yourself"):
        write_beside(file, Choices(Chosen({"a": 2})))
