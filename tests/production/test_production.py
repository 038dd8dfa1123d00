"""Productions that are accepted, and the scenes that come of them."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from studio.errors import BadInput
from studio.production import (
    Asset,
    FilmOptions,
    Production,
    SeedAssetRef,
    bundled_example,
    load_production,
    parse_production,
)
from studio.providers.luma.concepts import CAMERA_WORDS, CONCEPTS, HINT_WORDS

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


def film(*scenes: dict[str, Any], **fields: Any) -> Production:
    """A production of scenes that may leave out id and prompt."""
    filled = [{"id": f"s{i}", "prompt": "a quiet street"} | scene for i, scene in enumerate(scenes, 1)]
    return parse_production(
        {"title": "A Film", "scenes": filled or [{"id": "s1", "prompt": "a quiet street"}]} | fields
    )


def test_the_defaults() -> None:
    """Title and scenes are enough; the rest has defaults."""
    production = film()
    assert (production.slug, production.model, production.resolution) == ("a-film", "ray-2", "720p")
    assert (production.aspect_ratio, production.duration, production.budget) == ("16:9", 5, None)
    assert not production.chain
    assert (production.film.fps, production.film.audio, str(production.film.transition)) == (24, "keep", "cut")


def test_a_scene_inherits_from_its_production() -> None:
    """A scene has its own model, resolution and duration, or else the production's."""
    production = film({}, {"model": "ray-2", "resolution": "4k", "duration": 9}, model="ray-flash-2", duration=7.5)
    first, second = production.scenes
    assert (production.model_of(first), production.resolution_of(first)) == ("ray-flash-2", "720p")
    assert production.duration_of(first) == Fraction(15, 2)
    assert (production.model_of(second), production.resolution_of(second)) == ("ray-2", "4k")
    assert production.duration_of(second) == 9


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(5, "5"), ("5s", "5"), (7.5, "7.5"), ("7.5 seconds", "7.5"), (23, "23"), (0.1, "0.1"), ("600", "600")],
)
def test_durations(written: object, seconds: str) -> None:
    """Seconds may be a number or a text, and are kept exactly as written."""
    production = film({"duration": written})
    assert production.duration_of(production.scenes[0]) == Fraction(seconds)


@pytest.mark.parametrize(
    ("written", "dollars"),
    [(4.5, "4.50"), ("$5", "5"), (0, "0"), ("12.34 USD", "12.34"), (0.1, "0.10"), (1e6, "1000000")],
)
def test_budgets(written: object, dollars: str) -> None:
    """A budget is exact to the cent, and 0 is allowed: nothing may be bought."""
    assert film(budget=written).budget == Decimal(dollars)


@pytest.mark.parametrize(
    ("size", "ratio", "resolution"),
    [
        ((1920, 1080), "16:9", "1080p"),
        ((1280, 720), "16:9", "720p"),
        ((640, 360), "16:9", "540p"),
        ((3840, 2160), "16:9", "4k"),
        ((1080, 1920), "9:16", "1080p"),
        ((720, 1280), "9:16", "720p"),
        ((1024, 1024), "1:1", "720p"),
        ((800, 600), "4:3", "540p"),
        ((600, 800), "3:4", "540p"),
        ((2560, 1080), "21:9", "1080p"),
        ((1080, 2520), "9:21", "1080p"),
        ((1366, 768), "16:9", "720p"),
    ],
)
def test_frame_sizes(size: tuple[int, int], ratio: str, resolution: str) -> None:
    """Width and height become the nearest ratio and, by the shorter side, a resolution."""
    for written in (size, map(str, size), map(float, size)):
        width, height = written
        production = film(width=width, height=height)
        assert (production.aspect_ratio, production.resolution) == (ratio, resolution)
        assert production.width is None
    assert production.height is None


def test_the_missions_words_keep_working() -> None:
    """scene_id, start_image_url, end_image_url, camera_motion and seed_asset_refs mean what they mean there."""
    url = "https://example.com/a.png"
    source, end = {"asset_id": "sketch", "usage": "source_frame"}, {"url": url, "usage": "end_frame"}
    production = parse_production(
        {
            "title": "Mission",
            "assets": {"sketch": url},
            "scenes": [
                {"scene_id": "one", "prompt": "one", "start_image_url": url, "end_image_url": url + "?b"},
                {"scene_id": "two", "prompt": "second", "camera_motion": "bolt_cam"},
                {"scene_id": "three", "prompt": "third", "seed_asset_refs": [source]},
                {"scene_id": "four", "prompt": "fourth", "seed_asset_refs": [{"asset": "sketch"}, end]},
            ],
        }
    )
    one, two, three, four = production.scenes
    assert [scene.id for scene in production.scenes] == ["one", "two", "three", "four"]
    assert (one.start_image, one.end_image) == (url, url + "?b")
    assert production.camera_of(two) == ("bolt_cam",)
    assert three.start_image == "sketch"
    assert production.start_image_of(three) == Asset(id="sketch", url=url)
    assert (four.start_image, four.end_image) == ("sketch", url)
    assert not four.seed_asset_refs


def test_a_seed_asset_built_in_code_is_understood() -> None:
    """seed_asset_refs may be dumped models."""
    ref = SeedAssetRef(url="https://example.com/a.png").model_dump()
    production = film({"seed_asset_refs": [ref]})
    assert production.scenes[0].start_image == "https://example.com/a.png"


@pytest.mark.parametrize(("hint", "key"), [*HINT_WORDS.items(), ("Slow Motion", "bolt_cam"), ("handheld", "handheld")])
def test_hints_that_are_camera_concepts(hint: str, key: str) -> None:
    """In prompt_hints the map of hints wins, then an exact key; neither is added to the prompt."""
    production = film({"prompt_hints": [hint]})
    assert production.camera_of(production.scenes[0]) == (key,)
    assert production.prompt_of(production.scenes[0]) == "a quiet street"


@pytest.mark.parametrize(
    ("prompt", "joined"), [("a street", "a street, rain, neon"), ("A street.", "A street. rain, neon")]
)
def test_hints_that_are_words(prompt: str, joined: str) -> None:
    """A hint that is no concept is added to the prompt."""
    production = film({"prompt": prompt, "prompt_hints": ["rain", "orbit", "neon"]})
    assert production.prompt_of(production.scenes[0]) == joined
    assert production.camera_of(production.scenes[0]) == ("orbit_right",)


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("zoom_in", ("zoom_in",)),
        ("Zoom-In", ("zoom_in",)),
        ("aerial", ("aerial",)),
        ("drone shot", ("aerial_drone",)),
        ("bird's eye", ("overhead",)),
        (["push_in", "tracking_shot", "push in"], ("push_in", "truck_right")),
        (None, ()),
        ("", ()),
    ],
)
def test_camera(written: object, keys: tuple[str, ...]) -> None:
    """Under camera an exact key wins, then plain words; one text or a list; each concept once."""
    production = film({"camera": written})
    assert production.camera_of(production.scenes[0]) == keys


def test_every_plain_word_is_a_real_concept() -> None:
    """All words lead to one of the 34 keys, and none hides a key."""
    assert len(set(CONCEPTS)) == 34
    assert {*CAMERA_WORDS.values(), *HINT_WORDS.values()} <= set(CONCEPTS)
    assert not set(CAMERA_WORDS) & set(CONCEPTS)


def test_a_prompt_is_the_same_however_its_lines_are_wrapped() -> None:
    """Line breaks and runs of spaces become one space, so re-wrapping a file buys nothing."""
    assert film({"prompt": "  a quiet\n   street\t at night \n"}).scenes[0].prompt == "a quiet street at night"


def test_chain() -> None:
    """With chain each scene goes on from the one before, unless it has a start of its own."""
    url = "https://example.com/a.png"
    production = film({}, {}, {"start_image": url}, {"continue_from": "s1"}, {"lead_into": "s6"}, {}, chain=True)
    assert [production.parent_of(scene) for scene in production.scenes] == [None, "s1", None, "s1", "s4", None]


def test_without_chain_only_continue_from_counts() -> None:
    """parent_of is what is written."""
    production = film({}, {}, {"continue_from": "s1"})
    assert [production.parent_of(scene) for scene in production.scenes] == [None, None, "s1"]


def test_a_bridge_between_two_scenes() -> None:
    """A scene may both continue one scene and lead into another."""
    production = film({}, {"continue_from": "s1", "lead_into": "s3"}, {})
    assert (production.parent_of(production.scenes[1]), production.scenes[1].lead_into) == ("s1", "s3")


@pytest.mark.parametrize(
    "scene",
    [
        {"loop": True},
        {"loop": True, "start_image": "https://example.com/a.png"},
        {"loop": True, "continue_from": "s1"},
        {"loop": "yes", "duration": 9},
        {"start_image": "https://example.com/a.png", "end_image": "https://example.com/b.png"},
        {"continue_from": "s1", "end_image": "https://example.com/b.png"},
        {"start_image": "https://example.com/a.png", "lead_into": "s1"},
        {"duration": 23},
        {"generation": "123e4567-e89b-12d3-a456-426614174000", "take": 3},
    ],
)
def test_what_luma_can_do_is_accepted(scene: dict[str, Any]) -> None:
    """Every combination of keyframes that Luma's table allows is a valid scene."""
    assert film({}, scene).scenes[1].id == "s2"


def test_asset_spellings_are_equal(tmp_path: Path) -> None:
    """Assets may be a list, a mapping to fields, or a mapping to a path or URL."""
    (tmp_path / "a.png").write_bytes(PNG)
    spellings: list[object] = [
        [{"id": "a", "path": "a.png"}, {"id": "b", "url": "https://x.org/b.png"}],
        {"a": {"path": "a.png"}, "b": {"url": "https://x.org/b.png"}},
        {"a": "a.png", "b": "https://x.org/b.png"},
    ]
    scenes = [{"id": "s", "prompt": "a street", "start_image": "a"}]
    found = [parse_production({"title": "T", "assets": a, "scenes": scenes}, base=tmp_path) for a in spellings]
    assert found[0] == found[1] == found[2]
    assert found[0].assets[0] == Asset(id="a", path=str(tmp_path / "a.png"), kind="image")


def test_inline_paths_and_urls_are_assets_too(tmp_path: Path) -> None:
    """start_image may be a path or URL; its asset has a safe id that differs for each file."""
    (tmp_path / "x").mkdir()
    for name in ("seed 1.png", "x/seed 1.png"):
        (tmp_path / name).write_bytes(PNG)
    production = parse_production(
        {
            "title": "T",
            "scenes": [{"id": "s", "prompt": "a street", "start_image": "seed 1.png", "end_image": "x/seed 1.png"}],
        },
        base=tmp_path,
    )
    scene = production.scenes[0]
    start, end = production.start_image_of(scene), production.end_image_of(scene)
    assert start is not None
    assert end is not None
    assert start.path == str(tmp_path / "seed 1.png")
    assert start.id.startswith("seed-1-png-")
    assert start.id != end.id


def test_scene_by_id() -> None:
    """scene() finds one, and names the nearest where there is none."""
    production = film({"id": "arrival"}, {"id": "order"})
    assert production.scene("order") is production.scenes[1]
    with pytest.raises(BadInput, match=r"no scene 'arival'.*\n.*did you mean 'arrival'\?"):
        production.scene("arival")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The Keeper's Light", "the-keepers-light"),
        ("Film — One: “The Boat”!", "film-one-the-boat"),
        ("Café Straße № 5!", "cafe-strasse-no-5-bc68c8b7"),
        ("東京の夜", "film-0a7301ec"),
        ("x" * 64, "x" * 64),
        ("x" * 190, "x" * 47 + "-66649f63"),
        (1984, "1984"),
    ],
)
def test_slugs(title: object, slug: str) -> None:
    """A title becomes a safe folder name; where letters are lost, a digest of the title stands at its end."""
    found = film(title=title).slug
    assert found == slug


def test_a_production_survives_json(tmp_path: Path) -> None:
    """Dumped to JSON and read again it is the same, so that Prefect can carry it as a parameter."""
    for production in (
        load_production(bundled_example()),
        film({"duration": "7.1s"}, budget="0.10", width=640, height=360),
    ):
        dumped = production.model_dump(mode="json")
        assert parse_production(json.loads(json.dumps(dumped)), base=tmp_path) == production
        assert Production.model_validate(dumped) == production
        assert parse_production(production) == production


def test_a_default_has_the_type_of_its_field() -> None:
    """A form sends the defaults that it shows, and the server refuses what is of another type."""
    types: dict[str, Any] = {"number": int | float, "integer": int, "string": str, "boolean": bool, "array": list,
                             "object": dict}  # fmt: skip
    schema, wrong = Production.model_json_schema(), []
    for name, part in {"Production": schema, **schema["$defs"]}.items():
        for field, value in part.get("properties", {}).items():
            given = value.get("default")
            if given is not None and "type" in value and not isinstance(given, types[value["type"]]):
                wrong.append((name, field, given))
    assert not wrong


def test_the_form_is_flat() -> None:
    """The JSON schema has no union but with null, for a sound one of text and group, and for a scene's seconds one of a
    number and auto; money and seconds are numbers, and every field is described."""
    schema = Production.model_json_schema()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            assert "oneOf" not in part
            assert "allOf" not in part
            options = part.get("anyOf", [])
            kinds = [option.get("type") for option in options]
            known = (["string", "object", "null"], ["number", "string", "null"])
            assert not options or (len(options) == 2 and "null" in kinds) or kinds in known
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(schema)
    for model in (schema, *schema["$defs"].values()):
        for name, field in model["properties"].items():
            assert field.get("description"), name
    assert schema["required"] == ["title", "scenes"]
    assert schema["properties"]["duration"]["type"] == "number"
    assert schema["properties"]["duration"]["default"] == 5
    assert schema["properties"]["budget"]["anyOf"][0]["type"] == "number"
    assert Production.model_json_schema(mode="serialization")["properties"]["duration"]["type"] == "number"


def test_the_form_refuses_what_no_film_comes_of() -> None:
    """In the schema scenes are at least one, and a prompt is as long as the service takes it."""
    schema = Production.model_json_schema()
    assert schema["properties"]["scenes"]["minItems"] == 1
    prompt = schema["$defs"]["Scene"]["properties"]["prompt"]
    assert (prompt["minLength"], prompt["maxLength"]) == (3, 5000)


@pytest.mark.parametrize(
    ("model", "field", "scene", "film"),
    [
        ("FilmOptions", "fps", {}, {"fps": 24}),
        ("Scene", "seed_asset_refs", {"seed_asset_refs": [{"url": "https://example.com/a.jpg"}]}, {}),
    ],
)
def test_what_says_nothing_new_is_not_in_the_form(model: str, field: str, scene: Any, film: Any) -> None:
    """A number that can only be one, and the second way to name start images, are accepted and not shown."""
    shown = Production.model_json_schema()["$defs"][model]
    assert field not in shown["properties"]
    assert list(shown["patternProperties"]) == [f"^{field}$"]  # so that a run through the API may still have it
    wanted = {"title": "T", "scenes": [{"id": "a", "prompt": "a harbour"} | scene], "film": film}
    written = Production.model_validate(wanted)
    assert written.film.fps == 24
    assert (written.scenes[0].start_image is not None) is bool(scene)


def test_a_production_is_frozen() -> None:
    """Nothing of it can be changed once it is made, and it can be a key."""
    production = film()
    with pytest.raises(ValidationError):
        production.title = "other"  # type: ignore[misc]
    assert hash(production) == hash(film())


def test_made_in_code_it_is_checked_as_well() -> None:
    """Production(...) holds the same rules as a file."""
    with pytest.raises(ValidationError, match="goes in a circle: 'a' continues from 'b', 'b' continues from 'a'"):
        Production.model_validate(
            {
                "title": "T",
                "scenes": [
                    {"id": "a", "prompt": "one", "continue_from": "b"},
                    {"id": "b", "prompt": "two", "continue_from": "a"},
                ],
            }
        )


def test_an_option_of_the_film_that_is_left_empty_has_its_default() -> None:
    """Every option, also one that is added, may be left empty in the form; what is no option is not taken."""

    class More(FilmOptions):
        echo: int = 3

    assert More.model_validate(dict.fromkeys(More.model_fields)) == More()
    for name in FilmOptions.model_fields:
        assert film(film={name: None}).film == FilmOptions()
    with pytest.raises(ValidationError):
        FilmOptions.model_validate({"volume": None})
