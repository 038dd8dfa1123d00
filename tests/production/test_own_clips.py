"""Scenes that take a finished file, and what becomes of a scene's sound: what may be written, and what is refused."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from studio.errors import Problem
from studio.production import Production, parse_production
from studio.production.own_clips import NOT_WITH_CLIP
from studio.production.sounds import MadeSound, words_of
from tests.support.written import load, problems

CLIP = "title: T\nscenes:\n  - id: one\n    clip: shot.mp4\n"
SOUND = "title: T\nscenes:\n  - id: one\n    prompt: A boat in fog.\n"
#: A value of each field that goes with no finished clip, as it is written.
VALUES = {
    "prompt_hints": "slow_motion", "duration": "7", "start_image": "https://x.example/a.png",
    "end_image": "https://x.example/b.png", "continue_from": "two", "lead_into": "two", "character": "maya",
    "camera": "push_in", "loop": "true", "modify": "https://x.example/f.mp4", "strength": "flex_1",
    "auto_controls": "true", "controls": "{depth: true}", "guides": "[{at: 1, image: https://x.example/a.png}]",
    "clips": "longest", "hdr": "true", "exr": "true", "upscale": "1080p",
    "source_position": "{x: 0, y: 0, width: 1, height: 1}", "resolution": "720p", "model": "ray-3", "take": "2",
    "draft_take": "2", "final_take": "2", "generation": "123e4567-e89b-12d3-a456-426614174000",
    "seed_asset_refs": "[{url: https://x.example/a.png, usage: style}]",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file that is footage by its beginning."""
    (tmp_path / "shot.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(64))
    return tmp_path


def only(folder: Path, text: str) -> Problem:
    (found,) = problems(folder, text)
    return found


def test_a_clip_needs_no_prompt(folder: Path) -> None:
    """A scene of a finished file, or of an existing generation, has no prompt; any other scene needs one."""
    text = (
        CLIP
        + "    in: 1.5\n    out: 4\n    sound: none\n  - {id: two, generation: 123e4567-e89b-12d3-a456-426614174000}\n"
    )
    clip, generation = load(folder, text).scenes
    assert (clip.clip, clip.in_, clip.out, clip.prompt) == (str(folder / "shot.mp4"), Fraction(3, 2), 4, "")
    assert generation.prompt == ""
    found = only(folder, "title: T\nscenes:\n  - id: one\n    duration: 5\n")
    assert (found.where, found.message) == ("film.yaml:3, scene 'one'", "'prompt' is missing")


def test_a_prompt_left_empty_in_the_form_is_none(folder: Path) -> None:
    """The form sends an empty prompt for a finished clip, and nulls for what is not filled in."""
    sent = {"id": "one", "clip": str(folder / "shot.mp4"), "prompt": "", "in": None, "sound": None}
    assert parse_production({"title": "T", "scenes": [sent]}).scenes[0].prompt == ""


def test_a_clip_survives_json(folder: Path) -> None:
    """In JSON ``in`` is called so, and what is read back is the same."""
    written = load(folder, CLIP + "    in: 1.5\n    out: 4\n    fit: crop\n    sound: keep\n")
    dumped = json.loads(json.dumps(written.model_dump(mode="json")))
    assert (dumped["scenes"][0]["in"], dumped["scenes"][0]["out"]) == (1.5, 4.0)
    assert Production.model_validate(dumped) == written == parse_production(dumped)


def test_every_field_that_buys_has_a_value_here() -> None:
    """The fields that go with no finished clip are those tried below."""
    assert set(VALUES) == set(NOT_WITH_CLIP)


@pytest.mark.parametrize("field", NOT_WITH_CLIP)
def test_a_field_that_buys_is_refused_beside_a_clip(folder: Path, field: str) -> None:
    """Each of them beside ``clip`` is refused by one line that names it, with its line in the file and a remedy."""
    others = "  - {id: two, prompt: A boat in fog.}\ncharacters: {maya: {description: a girl}}\n"
    told = problems(folder, f"{CLIP}    {field}: {VALUES[field]}\n{others}")
    (found,) = (problem for problem in told if "cannot be combined with clip" in problem.message)
    assert found.where == f"film.yaml:5, scene 'one', field '{field}'"
    assert found.hint
    assert all(problem is found for problem in told if field != "seed_asset_refs")


@pytest.mark.parametrize(
    ("written", "field", "message", "hint"),
    [
        ("    in: 4\n    out: 2\n", "out", "2 s is not after in, 4 s", "out is where the part ends"),
        ("    sound: {generate: rain}\n", "sound", "this one is a finished file", "keep or none"),
        ("    in: soon\n", "in", "expected seconds, found 'soon'", "plain number"),
        ("    in: -1\n", "in", "-1 seconds is not between", "0 or 2.5"),
        ("    fit: stretch\n", "fit", "'stretch' is not possible", "pad, crop"),
    ],
)
def test_what_is_wrong_with_a_part(folder: Path, written: str, field: str, message: str, hint: str) -> None:
    """A part that ends before it begins, no number, or another fault of a finished clip has its line and remedy."""
    found = only(folder, CLIP + written)
    assert f"scene 'one', field '{field}'" in found.where
    assert ":5" in found.where or ":6" in found.where
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("clip: gone.mp4", "there is no file"),
        ("clip: picture.png", "is an image, not a video"),
        ("clip: none-such", "there is no asset 'none-such'"),
        ("clip: ftp://x.example/a.mp4", "no service reads a ftp:// URL"),
        ("clip: ''", "is empty"),
    ],
)
def test_a_file_that_is_no_clip(folder: Path, written: str, message: str) -> None:
    """A file that is missing or no footage is refused, and that the prompt is missing is not said as well."""
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20))
    assert message in only(folder, CLIP.replace("clip: shot.mp4", written)).message


@pytest.mark.parametrize("field", ["in: 1", "out: 2", "fit: crop"])
def test_parts_are_of_a_clip(folder: Path, field: str) -> None:
    """in, out and fit without clip are refused."""
    found = only(folder, SOUND + f"    {field}\n")
    assert (found.message, found.hint.split(",")[0]) == ("is of a finished clip, and there is none", "add clip")


def test_a_finished_clip_is_modified_by_its_file(folder: Path) -> None:
    """``modify`` with the scene of a finished clip is refused, and the remedy names the file."""
    found = only(folder, CLIP + "  - {id: two, prompt: In oil, modify: one}\n")
    assert "takes the file itself" in found.message
    assert "shot.mp4" in found.hint


def test_a_chain_begins_anew_at_a_clip(folder: Path) -> None:
    """With ``chain`` a finished clip continues nothing, and the scene after it goes on from it."""
    text = f"chain: true\n{CLIP}  - {{id: two, prompt: A boat}}\n  - {{id: three, clip: shot.mp4}}\n"
    made = load(folder, text)
    assert [made.parent_of(scene) for scene in made.scenes] == [None, "one", None]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("keep", "keep"), ("none", "none"), ("None", "none"), ("waves, gulls", MadeSound(generate="waves, gulls")),
        ("{generate: waves}", MadeSound(generate="waves")), ("{generate: keep}", MadeSound(generate="keep")),
    ],
)  # fmt: skip
def test_values_of_a_sound(folder: Path, written: str, value: object) -> None:
    """keep, none, a group with the words of a sound to make, or, as before, these words alone."""
    assert load(folder, f"{SOUND}    sound: {written}\n").scenes[0].sound == value


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "is empty"), ("''", "is empty"), ("{generate: }", "generate is empty"), ("{generate: ''}", "is empty"),
        ("{}", "found nothing"), ("{keep: waves}", "found 'keep'"),
        ("no", "'no' is no sound"), ("off", "is no sound"), ("true", "is no sound"), ("[a, b]", "found a list"),
        ("{generate: a, keep: b}", "found 'generate', 'keep'"),
    ],
)  # fmt: skip
def test_a_sound_that_says_nothing(folder: Path, written: str, message: str) -> None:
    """An empty sound, and one of another form, is refused by one line with its place and a remedy."""
    found = only(folder, f"{SOUND}    sound: {written}\n")
    assert "film.yaml:5, scene 'one', field 'sound" in found.where
    assert message in found.message
    assert found.hint


def test_a_program_may_write_null(folder: Path) -> None:
    """In a JSON file a null sound is one that is not given."""
    file = folder / "film.json"
    file.write_text(json.dumps({"title": "T", "scenes": [{"id": "a", "prompt": "A boat", "sound": None}]}))
    from studio.production import load_production

    assert load_production(file).scenes[0].sound is None


def test_the_api_takes_every_form_of_a_sound() -> None:
    """By the schema that Prefect holds a run's parameters to, a sound is a text, a group or null."""
    schema = Production.model_json_schema()
    for sound in ("keep", "rain on a roof", {"generate": "rain"}, None):
        given = {"title": "T", "scenes": [{"id": "a", "prompt": "A boat", "sound": sound}]}
        jsonschema.validate(given, schema)
        assert words_of(Production.model_validate(given).scenes[0].sound) == ("" if sound in ("keep", None) else (
            sound if isinstance(sound, str) else "rain"))  # fmt: skip
    jsonschema.validate({"title": "T", "scenes": [{"id": "a", "clip": "a.mp4", "in": 1, "out": 2.5}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"title": "T", "scenes": [{"id": "a", "prompt": "A boat", "sound": {"made": "x"}}]}, schema)
