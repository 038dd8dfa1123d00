"""``include``: characters, assets, defaults and a style from other files, by safe paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import Production, load_production, parse_production

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
CAST = """x-by: Ana
include: looks/look.yml
assets:
  lamp: lamp.png
characters:
  maya: {description: a woman, images: [lamp, lamp.png]}
"""
LOOK = "style: 35mm\ndefaults: {duration: 7, camera_motion: pan_left, end_image: end.png}\n"
SCENES = "scenes:\n  - {id: a, prompt: A street}\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with files to include: shared/cast.yaml, which includes shared/looks/look.yml."""
    looks = tmp_path / "shared" / "looks"
    looks.mkdir(parents=True)
    (tmp_path / "shared" / "cast.yaml").write_text(CAST, encoding="utf-8")
    (looks / "look.yml").write_text(LOOK, encoding="utf-8")
    for picture in (tmp_path / "shared" / "lamp.png", looks / "end.png"):
        picture.write_bytes(PNG)
    return tmp_path


def load(folder: Path, text: str, **files: str) -> Production:
    """The production of a YAML text, beside files by their names without .yaml."""
    for name, said in files.items():
        (folder / f"{name}.yaml").write_text(said, encoding="utf-8")
    (folder / "film.yaml").write_text(f"title: T\n{text}\n{SCENES}" if "scenes:" not in text else text, "utf-8")
    return load_production(folder / "film.yaml")


def problems(folder: Path, text: str, **files: str) -> list[str]:
    """The problems of a YAML text, each a line."""
    with pytest.raises(ProductionError) as caught:
        load(folder, text, **files)
    return [f"{p.where}: {p.message} -> {p.hint}" for p in caught.value.problems]


def test_what_is_included_is_as_if_written_here(place: Path) -> None:
    """Characters, assets, defaults and style come along, also from files included there; paths are relative."""
    production = load(place, "include: shared/cast.yaml")
    (maya,), (lamp,), (scene,) = production.characters, production.assets, production.scenes
    assert (maya.description, maya.images) == ("a woman", ("lamp", str(place / "shared" / "lamp.png")))
    assert (lamp.path, lamp.kind) == (str(place / "shared" / "lamp.png"), "image")
    assert (scene.style, scene.duration, scene.camera) == ("35mm", 7, ("pan_left",))
    assert scene.end_image == str(place / "shared" / "looks" / "end.png")
    assert production.include == ()


def test_the_including_file_wins(place: Path) -> None:
    """A character, asset, default or style that is written here replaces the included one; null takes a default out."""
    own = "assets: {lamp: {url: 'https://x.org/l.png'}}\ncharacters: [{id: maya, description: a girl}]\nstyle: noir\n"
    production = load(
        place, f"include: [shared/cast.yaml]\n{own}defaults: {{duration: 4, camera: null, end_image: none}}"
    )
    assert production.assets[0].url == "https://x.org/l.png"
    assert [c.description for c in production.characters] == ["a girl"]
    (scene,) = production.scenes
    assert (scene.style, scene.duration, scene.camera, scene.end_image) == ("noir", 4, (), None)


def test_json_includes_yaml_and_the_other_way(place: Path) -> None:
    """Both kinds of file include, and are included."""
    (place / "more.json").write_text(json.dumps({"characters": {"ada": {"description": "a girl"}}}), encoding="utf-8")
    said = {"title": "T", "include": ["shared/cast.yaml", "more.json"], "scenes": [{"id": "a", "prompt": "a street"}]}
    (place / "film.json").write_text(json.dumps(said), encoding="utf-8")
    assert [c.id for c in load_production(place / "film.json").characters] == ["maya", "ada"]


def test_a_file_that_two_include_is_read_once(place: Path) -> None:
    """Two files that include a third are no contradiction."""
    production = load(place, "include: [shared/cast.yaml, other.yaml]", other="include: shared/looks/look.yml\n")
    assert production.scenes[0].style == "35mm"


def test_an_empty_include_is_none(place: Path) -> None:
    """A field without a value, or an empty list, includes nothing."""
    assert load(place, "include:").title == load(place, "include: []").title == "T"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("nope.yaml", "there is no file 'nope.yaml'", "there are: film.yaml"),
        ("../film.yaml", "'../film.yaml' leads out of the production's folder", "put it into"),
        ("shared/../../film.yaml", "leads out of the production's folder", "put it into"),
        ("/etc/passwd", "'/etc/passwd' is no relative path", "relative to this file"),
        ("/etc/cast.yaml", "is no relative path", "relative to this file"),
        ("~/cast.yaml", "is no relative path", "relative to this file"),
        ("https://x.org/cast.yaml", "is a URL", "by its relative path"),
        ("file:///tmp/cast.yaml", "is a URL", "by its relative path"),
        ("shared", "is not a .yaml, .yml or .json file", ""),
        ("shared/lamp.png", "is not a .yaml, .yml or .json file", ""),
        ("''", "expected the path of a file", "write for example cast.yaml"),
        ("{a: b}", "expected the path of a file, found a mapping", "write for example cast.yaml"),
    ],
)
def test_unsafe_and_missing_files(place: Path, name: str, message: str, hint: str) -> None:
    """Only files of the production's folder are included; each fault is one line with what to do."""
    (found,) = problems(place, f"include:\n  - {name}")
    assert found.startswith("film.yaml:3, field 'include[1]': ")
    assert message in found
    assert hint in found


def test_a_link_is_followed_but_not_out_by_dots(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link stands for its file, as for all paths; behind a link, .. leads above its target, and so out."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "in").mkdir()
    (elsewhere / "look.yaml").write_text("style: noir\n", encoding="utf-8")
    (place / "link.yaml").symlink_to(elsewhere / "look.yaml")
    (place / "folder").symlink_to(elsewhere / "in")
    assert load(place, "include: link.yaml").scenes[0].style == "noir"
    assert "leads out of the production's folder" in problems(place, "include: folder/../look.yaml")[0]


def test_circles_are_named(place: Path) -> None:
    """Files that include each other, or themselves, are told with the circle, at the line that closes it."""
    (found,) = problems(place, "include: a.yaml", a="include: b.yaml\n", b="style: x\ninclude: a.yaml\n")
    assert found.startswith(
        "b.yaml:2, field 'include': goes in a circle: 'a.yaml' includes 'b.yaml', which includes 'a.yaml'"
    )
    assert "'film.yaml' includes 'film.yaml'" in problems(place, "include: film.yaml")[0]


def test_faults_of_an_included_file_have_its_name_and_line(place: Path) -> None:
    """Wrong fields, values, files and ids are told where they are written, and those of this file first."""
    cast = "title: T\nstlye: x\ncharacters:\n  ada: {images: nope.png}\n  eve: {descripton: x}\n"
    cast += "defaults:\n  duration: 700\n"
    found = problems(place, "include: cast.yaml\nbudget: -1", cast=cast)
    assert [line.split(" -> ")[0] for line in found] == [
        "film.yaml:3, field 'budget': -1 is not between 0 and 1,000,000 US dollars",
        "cast.yaml:1: an included file has no 'title'",
        "cast.yaml:2: an included file has no 'stlye'",
        "cast.yaml:4, character 'ada', field 'images[1]': there is no file 'nope.png'",
        "cast.yaml:5, character 'eve': there is no field 'descripton'",
        "cast.yaml:7, field 'defaults.duration': 700 seconds is not between one frame and 10 minutes",
    ]
    assert "paths are relative to that file" in found[3]


@pytest.mark.parametrize(
    ("cast", "told"),
    [
        ("a: [", "cast.yaml:1: is not valid YAML"),
        ("- a", "cast.yaml: has a list where the fields"),
        ("", "cast.yaml: is empty"),
        ("characters: 5\n", "cast.yaml:1, field 'characters': expected a list, found a number"),
        ("defaults: [1]\n", "cast.yaml:1, field 'defaults': expected fields and values, found a list"),
        ("assets: [{path: x.png}]\n", "cast.yaml:1, asset 1: 'id' is missing"),
        ("assets:\n  - {id: a, url: 'https://x.org/a'}\n  - {id: a, url: 'https://x.org/b'}\n", "'a' is there twice"),
        ("style: 1.10\n", "cast.yaml:1, field 'style': '1.10' without quotes is a number"),
        (
            "defaults: {camera: orbit_lft}\n",
            "cast.yaml:1, field 'defaults.camera', scene 'a': there is no camera concept",
        ),
    ],
)
def test_an_included_file_that_cannot_be_read(place: Path, cast: str, told: str) -> None:
    """It is told with its own name, and nothing else happens."""
    assert any(told in line for line in problems(place, "include: cast.yaml", cast=cast))


def test_two_files_that_say_different_things(place: Path) -> None:
    """Side by side, files may not give one name two meanings; written in the production, it has one."""
    files = {"one": "style: noir\ndefaults: {duration: 5}\n", "two": "style: noir\ndefaults: {duration: 6}\n"}
    (found,) = problems(place, "include: [one.yaml, two.yaml]", **files)
    assert found.startswith("film.yaml:2, field 'include[2]': gives another defaults 'duration' -> it is in one.yaml:2")
    production = load(place, "include: [one.yaml, two.yaml]\ndefaults: {duration: 9}", **files)
    assert (production.scenes[0].duration, production.scenes[0].style) == (9, "noir")


def test_a_form_includes_nothing() -> None:
    """A production that is read from no file has no folder that a path could be in."""
    with pytest.raises(ProductionError, match="is read in a production file alone"):
        parse_production({"title": "T", "include": "cast.yaml", "scenes": [{"id": "a", "prompt": "a street"}]})
