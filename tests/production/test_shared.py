"""Shared fields of scenes: defaults, a style, chains of scenes, previous and next, and fields for people."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.errors import ProductionError
from studio.production import Production, Scene, load_production, parse_production
from studio.production.shared import DEFAULTED, Defaults
from tests.support.planned import plan

STYLE = "35mm film, warm light"
LINES = """title: T
style: 35mm film
defaults:
  duration: 7
  camera: orbit_left
characters: {maya: {description: a woman}}
chains:
  - [one, two]
  - scenes: [three, four]
    character: maya
scenes:
  - {id: one, prompt: A street}
  - {id: two, prompt: A door}
  - {id: three, prompt: A lamp}
  - {id: four, prompt: A boat}
"""


def film(*scenes: dict[str, Any], **fields: Any) -> Production:
    """A production of scenes that may leave out their prompt."""
    listed = [{"prompt": "a quiet street"} | scene for scene in scenes]
    return parse_production({"title": "T", "scenes": listed, **fields})


def load(folder: Path, text: str) -> Production:
    """The production of a YAML text."""
    (folder / "film.yaml").write_text(text, encoding="utf-8")
    return load_production(folder / "film.yaml")


def problems(folder: Path, text: str) -> list[str]:
    """The problems of a YAML text, each a line."""
    with pytest.raises(ProductionError) as caught:
        load(folder, text)
    return [f"{p.where}: {p.message} -> {p.hint}" for p in caught.value.problems]


def keys(production: Production) -> list[str]:
    """The keys of a production's purchases."""
    return [shot.key for shot in plan(production).shots]


# The same as if everything were written into each scene


def test_shared_fields_give_the_keys_of_written_ones(tmp_path: Path) -> None:
    """Defaults, style, chains, previous and camera words buy what the same words in each scene would buy."""
    shared = load(tmp_path, LINES.replace("orbit_left", "slow push in from behind"))
    text = "slow push in from behind, 35mm film"
    written = film(
        {"id": "one", "prompt": f"A street, {text}", "duration": 7},
        {"id": "two", "prompt": f"A door, {text}", "duration": 7, "continue_from": "one"},
        {"id": "three", "prompt": f"A lamp, {text}", "duration": 7, "character": "maya"},
        {"id": "four", "prompt": f"A boat, {text}", "duration": 7, "character": "maya", "continue_from": "three"},
        characters={"maya": {"description": "a woman"}},
    )
    assert keys(shared) == keys(written)


@pytest.mark.parametrize("model", ["ray-2", "ray-3"])
@pytest.mark.parametrize(("prompt", "joined"), [("A street", "A street, rain, "), ("A street.", "A street. rain, ")])
def test_a_style_is_joined_as_a_hint(model: str, prompt: str, joined: str) -> None:
    """It stands behind all hints, as if it were the last of them; with the camera told in words, before these."""
    scene = {"id": "a", "prompt": prompt, "prompt_hints": ["rain"], "camera": "push_in"}
    styled, hinted = film(scene, style=STYLE, model=model), film(scene | {"prompt_hints": ["rain", STYLE]}, model=model)
    assert styled.prompt_of(styled.scenes[0]) == joined + STYLE
    assert keys(styled) == keys(hinted)


def test_a_scene_s_own_value_wins_and_none_switches_off() -> None:
    """Its own, its chain's, the default, the production's flat field, in this order; null and none take it out."""
    production = film(
        {"id": "own", "duration": 4, "camera": "pan_left", "style": "noir"},
        {"id": "off", "duration": None, "camera": "none", "style": None, "model": "None"},
        {"id": "all", "loop": False},
        duration=6, style=STYLE,
        defaults={"duration": 9, "camera": ["push_in"], "model": "ray-flash-2", "loop": True, "prompt_hints": "fog"},
    )  # fmt: skip
    own, off, rest = production.scenes
    assert (own.duration, own.camera, own.style, own.loop) == (4, ("pan_left",), "noir", True)
    assert (production.duration_of(off), off.camera, off.style, production.model_of(off)) == (6, (), "", "ray-2")
    assert (rest.duration, rest.camera, rest.style, rest.loop) == (9, ("push_in",), STYLE, False)
    assert {scene.prompt_hints for scene in production.scenes} == {("fog",)}


def test_reading_a_production_again_gives_nothing_twice() -> None:
    """Everything that a default, style or chain gave stays as it is in a dump, and what was switched off stays off."""
    production = film(
        {"id": "a"}, {"id": "b", "character": None, "duration": None, "style": "none"},
        style=STYLE, defaults={"duration": 9}, characters=[{"id": "maya", "description": "a woman"}],
        chains=[{"scenes": ["a", "b"], "character": "maya"}],
    )  # fmt: skip
    assert (production.defaults, production.style) == (None, "")
    for again in (
        parse_production(production), Production.model_validate(production.model_dump(mode="json")),
        Production(**production.model_dump()),
    ):  # fmt: skip
        assert again == production
    assert (production.scenes[0].character, production.scenes[1].character) == ("maya", None)


def test_scenes_built_in_code_have_defaults_too() -> None:
    """``Production(...)`` gives defaults, style and links to ``Scene`` values."""
    made = Production(
        title="T", scenes=[Scene(id="a", prompt="one day"), Scene(id="b", prompt="two days", duration=4)],
        defaults={"duration": 9}, style=STYLE, chains=[["a", "b"]],
    )  # type: ignore[arg-type]  # fmt: skip
    assert [(s.duration, s.style, s.continue_from) for s in made.scenes] == [(9, STYLE, None), (4, STYLE, "a")]


def test_defaults_are_for_the_scenes_that_they_can_be_for() -> None:
    """Footage and generations keep their length; strength is for scenes that modify; a generation is not asked for."""
    production = film(
        {"id": "new"}, {"id": "old", "generation": "123e4567-e89b-12d3-a456-426614174000"},
        {"id": "changed", "modify": "new"},
        defaults={"duration": 9, "strength": "flex_1", "camera": None, "style": STYLE, "resolution": "540p"},
    )  # fmt: skip
    new, old, changed = production.scenes
    assert (new.duration, old.duration, changed.duration) == (Fraction(9), None, None)
    assert (new.strength, old.strength, changed.strength) == (None, None, "flex_1")
    assert (new.style, old.style, changed.style) == (STYLE, "", STYLE)
    assert {scene.resolution for scene in production.scenes} == {"540p"}


def test_defaults_are_fields_of_a_scene() -> None:
    """Every field that may have a default is one of a scene, is described, and is not what makes a scene itself."""
    assert set(DEFAULTED) <= set(Scene.model_fields)
    assert not {"id", "prompt", "take", "generation", "continue_from", "lead_into", "modify", "notes"} & set(DEFAULTED)
    assert all(field.description for field in Defaults.model_fields.values())


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_json_is_as_good_as_yaml(tmp_path: Path, ending: str) -> None:
    """Everything that is shared can be written in both."""
    said = {
        "title": "T", "project": "p", "style": STYLE, "defaults": {"duration": 7}, "chains": [["a", "b"]], "x-a": [1],
        "scenes": [{"id": "a", "prompt": "one day", "x-b": 1}, {"id": "b", "prompt": "two days", "notes": "For Ana."}],
    }  # fmt: skip
    file = tmp_path / f"film.{ending}"
    file.write_text(json.dumps(said), encoding="utf-8")
    production = load_production(file)
    assert (production.project, production.scenes[1].notes, production.scenes[1].continue_from) == (
        "p",
        ("For Ana.",),
        "a",
    )


# previous and next, chains


def test_previous_and_next_are_the_scenes_beside_one() -> None:
    """They are replaced by ids, in any case of letters, unless a scene has that very id."""
    production = film({"id": "a"}, {"id": "b", "continue_from": "Previous", "lead_into": "next"}, {"id": "c"})
    assert (production.scenes[1].continue_from, production.scenes[1].lead_into) == ("a", "c")
    named = film({"id": "previous"}, {"id": "b"}, {"id": "c", "continue_from": "previous"})
    assert named.scenes[2].continue_from == "previous"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("A street}", "A street, continue_from: previous}"),
         "film.yaml:12, scene 'one', field 'continue_from': there is no scene before the first"),
        (("A boat}", "A boat, lead_into: next}"),
         "film.yaml:15, scene 'four', field 'lead_into': there is no scene after the last"),
        (("[one, two]", "[one, tow]"),
         "film.yaml:8, field 'chains[1][2]': there is no scene 'tow' -> did you mean 'two'?"),
        (("[one, two]", "[one, two, three]"),
         "film.yaml:9, field 'chains[2].scenes[1]': 'three' is in chain 1 already"),
        (("[one, two]", "[one, [two]]"), "film.yaml:8, field 'chains[1][2]': expected text, found a list"),
        (("[one, two]", "[~, two]"), "film.yaml:8, field 'chains[1][1]': expected text, found nothing"),
        (("[one, two]", "[one]"), "film.yaml:8, field 'chains[1]': a chain has two scenes or more"),
        (("- [one, two]", "- one"),
         "film.yaml:8, field 'chains[1]': 'one' is one scene, and a chain is a list of them"),
        (("A door}", "A door, continue_from: four}"),
         "film.yaml:13, scene 'two', field 'continue_from': continues from 'four', and chain 1 has it after 'one'"),
        (("A door}", "A door, start_image: https://x.org/a.png}"),
         "film.yaml:13, scene 'two', field 'start_image': stands beside continue_from, and a clip has one first frame "
         "-> remove one; continue_from is that of film.yaml:8, field 'chains[1][2]'"),
        (("character: maya", "character: mya"),
         "film.yaml:10, field 'chains[2].character', scenes 'three', 'four': there is no character 'mya'"),
        (("title: T", "title: T\nchain: true"), "film.yaml:2, field 'chain': joins all scenes, and chains joins some"),
        (("[one, two]", "{scenes: [one, two], charcter: maya}"),
         "there is no field 'charcter' -> did you mean 'character'?"),
        (("  duration: 7", "  duration: 700"), "film.yaml:4, field 'defaults.duration': 700 seconds is not between"),
        (("  duration: 7", "  durration: 7"), "there is no field 'durration' -> did you mean 'duration'?"),
        (("  duration: 7", "  take: 2"), "there is no field 'take'"),
        (("orbit_left", "orbit_lft"),
         "film.yaml:5, field 'defaults.camera', scenes 'one', 'two', 'three', 'four': there is no camera concept "
         "'orbit_lft' -> did you mean 'orbit_left'?; a scene without it has `camera: none`"),
        (("  duration: 7", "  start_image: nope.png"), "film.yaml:4, field 'defaults.start_image': there is no file"),
        (("  duration: 7", "  style: noir"), "film.yaml:2, field 'style': stands beside the style of defaults"),
        (("style: 35mm film", "style: [a]"), "film.yaml:2, field 'style': expected text, found a list"),
        (("style: 35mm film", "style: 1.10"), "film.yaml:2, field 'style': '1.10' without quotes is a number"),
        (("style: 35mm film", "project: Big Film"), "film.yaml:2, field 'project': 'Big Film' is no name of a project"),
        (("style: 35mm film", "include: []\nincludes: a.yaml"),
         "there is no field 'includes' -> did you mean 'include'?"),
    ],
)  # fmt: skip
def test_what_is_shared_is_wrong_once(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    """A fault is told where it is written, once, with the scenes that it is about, and what to do."""
    found = problems(tmp_path, LINES.replace(*change, 1))
    assert len([line for line in found if told in line]) == 1, found
    # A default that starts a scene meets the chains, and the character's still, as well.
    assert len(found) == (3 if "start_image: nope" in change[1] else 1), found


def test_a_style_counts_for_the_prompt_s_length(tmp_path: Path) -> None:
    """A prompt that is too long with its style is refused, and the style is named."""
    (found,) = problems(tmp_path, f"title: T\nstyle: warm\nscenes:\n  - id: a\n    prompt: {'x' * 4999}\n")
    assert found.startswith(
        "film.yaml:5, scene 'a', field 'prompt': has 5005 characters, 6 of them from style, and 5000"
    )


def test_notes_are_no_reason_to_buy() -> None:
    """Notes for people are in no prompt and no key."""
    bare, noted = film({"id": "a"}), film({"id": "a", "notes": ["Ask Ana.", "Scarf?"]})
    assert noted.scenes[0].notes == ("Ask Ana.", "Scarf?")
    assert keys(bare) == keys(noted)
    assert "Ana" not in noted.prompt_of(noted.scenes[0])


@pytest.mark.parametrize(
    ("word", "key"), [("push_in", "push_in"), ("Drone shot", "aerial_drone"), ("dolly", "push_in")]
)
def test_a_concept_in_any_words_stays_a_concept(word: str, key: str) -> None:
    """A word that means a concept is one, and is not told in the prompt."""
    production = film({"id": "a", "camera": [word, "in one long take"]})
    assert production.camera_of(production.scenes[0]) == (key,)
    assert production.prompt_of(production.scenes[0]) == "a quiet street, in one long take"
