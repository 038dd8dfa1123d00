"""Paths in a production: as the operating system resolves them, whatever a name's accents, and by file:/// URL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from studio.errors import ProductionError
from studio.production import Production, load_production, parse_production
from studio.production.paths import local_path, located
from tests.support.seeds import encoded, halves

RED, BLUE = encoded(halves()), encoded(halves(320, 180))
NFC, NFD = "caf\u00e9", "cafe\u0301"


def written(folder: Path, fields: str, name: str = "p.yaml") -> Path:
    """A production file of one scene with these fields."""
    file = folder / name
    file.write_text(f"title: T\nscenes:\n  - id: one\n    prompt: A boat in fog.\n{fields}", encoding="utf-8")
    return file


def start_of(production: Production) -> bytes:
    """The picture that the first scene starts from."""
    asset = production.start_image_of(production.scenes[0])
    assert asset is not None
    assert asset.path is not None
    return Path(asset.path).read_bytes()


def refused(file: Path) -> str:
    """The text of the error for a file that cannot be used."""
    with pytest.raises(ProductionError) as caught:
        load_production(file)
    return str(caught.value)


# Links


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """real/sub with a production and other/link that leads there; each of real and other has a pic.png of its own."""
    for name, picture in (("real/sub", b""), ("other", BLUE), ("real", RED)):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        if picture:
            (folder / "pic.png").write_bytes(picture)
    written(tmp_path / "real" / "sub", "    start_image: ../pic.png\n")
    (tmp_path / "other" / "link").symlink_to(tmp_path / "real" / "sub")
    return tmp_path


def test_dots_after_a_link_lead_above_its_target(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From every working folder, and by every name of the file, it is the picture that the operating system finds."""
    link = linked / "other" / "link"
    assert (link / ".." / "pic.png").read_bytes() == RED
    for folder, name in ((linked, "other/link/p.yaml"), (link, "p.yaml"), (linked / "real" / "sub", "p.yaml")):
        monkeypatch.chdir(folder)
        production = load_production(name)
        assert start_of(production) == RED
        assert parse_production(production) == production


def test_dots_after_a_link_do_not_need_a_namesake(linked: Path) -> None:
    """A link's target is found when nothing lies beside the link."""
    (linked / "other" / "pic.png").unlink()
    assert start_of(load_production(linked / "other" / "link" / "p.yaml")) == RED


def test_a_link_within_the_path_is_followed(linked: Path) -> None:
    """A reference that goes through a link and up again is resolved in the same way, and a link keeps its name."""
    file = written(linked, "    start_image: other/link/../pic.png\n    end_image: other/link.png\n")
    (linked / "other" / "link.png").symlink_to(linked / "real" / "pic.png")
    production = load_production(file)
    assert start_of(production) == RED
    assert production.scenes[0].end_image == str(linked / "other" / "link.png")


def test_dots_after_a_folder_that_is_not_there_find_nothing(linked: Path) -> None:
    """`missing/../pic.png` is no file, as it is none to the operating system."""
    assert "there is no file" in refused(written(linked / "real", "    start_image: missing/../pic.png\n"))
    assert located("a/../b.png", linked) == f"{linked}/a/../b.png"
    assert located("./real/./pic.png", linked) == f"{linked}/real/pic.png"


# Accents


@pytest.fixture
def keeps_forms(tmp_path: Path) -> Path:
    """A folder on a file system that keeps how accents are stored."""
    (tmp_path / f"{NFD}.probe").touch()
    if f"{NFD}.probe" not in [path.name for path in tmp_path.iterdir()]:
        pytest.skip("the file system composes accents by itself")
    return tmp_path


@pytest.mark.parametrize(("on_disk", "in_file"), [(NFD, NFC), (NFC, NFD)])
@pytest.mark.parametrize(
    "fields",
    [
        "    start_image: {}.png\n",
        "    start_image: a {} b/{}.png\n",
        "    start_image: pic\nassets:\n  pic: a {} b/{}.png\n",
        "    start_image: a {} b/../{}.png\n",
    ],
)
def test_a_name_is_found_however_its_accents_are_stored(
    keeps_forms: Path, on_disk: str, in_file: str, fields: str
) -> None:
    """NFC and NFD are one name, of files and of folders."""
    folder = keeps_forms / f"a {on_disk} b"
    folder.mkdir()
    (folder / f"{on_disk}.png").write_bytes(RED)
    (keeps_forms / f"{on_disk}.png").write_bytes(RED)
    production = load_production(written(keeps_forms, fields.format(in_file, in_file)))
    assert start_of(production) == RED


def test_the_name_as_it_is_written_comes_first(keeps_forms: Path) -> None:
    """Both forms of a name are files of their own."""
    (keeps_forms / f"{NFC}.png").write_bytes(RED)
    (keeps_forms / f"{NFD}.png").write_bytes(BLUE)
    for name, picture in ((NFC, RED), (NFD, BLUE)):
        assert start_of(load_production(written(keeps_forms, f"    start_image: {name}.png\n"))) == picture


def test_a_production_file_is_found_however_its_accents_are_stored(keeps_forms: Path) -> None:
    """Also its own name, as it comes from a keyboard."""
    written(keeps_forms, "", name=f"{NFD}.yaml")
    assert load_production(keeps_forms / f"{NFC}.yaml").title == "T"


def test_a_name_that_only_looks_alike_is_told_by_code_point(tmp_path: Path) -> None:
    """A Mac's screenshot has a narrow no-break space: the suggestion shows it, and the name as it is works."""
    odd = "Shot 5.00\u202fPM.png"
    (tmp_path / odd).write_bytes(RED)
    assert "'Shot 5.00<U+202F>PM.png'" in refused(written(tmp_path, "    start_image: Shot 5.00 PM.png\n"))
    assert start_of(load_production(written(tmp_path, f"    start_image: {odd}\n"))) == RED
    (tmp_path / "two  spaces.png").write_bytes(BLUE)
    assert start_of(load_production(written(tmp_path, "    start_image: two  spaces.png\n"))) == BLUE


# file:/// URLs


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture whose name needs escapes in a URL."""
    path = tmp_path / f"a {NFC} #1 100%.png"
    path.write_bytes(RED)
    return path


@pytest.mark.parametrize("form", ["file://{}", "FILE://localhost{}", "file:{}"])
@pytest.mark.parametrize(
    "fields",
    [
        "    start_image: '{}'\n",
        "    start_image_url: '{}'\n",
        "    start_image: pic\nassets:\n  pic: '{}'\n",
        "    start_image: pic\nassets:\n  pic: {{url: '{}'}}\n",
        "    start_image: pic\nassets:\n  - {{id: pic, path: '{}'}}\n",
        "    seed_asset_refs:\n      - {{asset_id: '{}'}}\n",
        "    seed_asset_refs:\n      - {{asset_id: pic, url: '{}'}}\n",
    ],
)
def test_a_file_url_works_where_a_path_does(tmp_path: Path, picture: Path, form: str, fields: str) -> None:
    """Percent escapes are read, and localhost is this machine."""
    file = written(tmp_path, fields.format(form.format(picture.as_uri().removeprefix("file://"))))
    assert start_of(load_production(file)) == RED


def test_a_file_url_of_characters_and_guides(tmp_path: Path, picture: Path) -> None:
    """The other places of pictures take it as well, in code too."""
    url = picture.as_uri()
    data: dict[str, Any] = {
        "title": "T", "model": "ray-3", "characters": {"maya": [url], "ben": url},
        "scenes": [{"id": "a", "prompt": "A boat", "guides": [{"at": 0, "image": url}]}],
    }  # fmt: skip
    for production in (parse_production(data), Production.model_validate(data)):
        assert [c.images for c in production.characters] == [(str(picture),)] * 2
        assert production.scenes[0].guides[0].image == str(picture)


def test_a_production_file_by_its_url(tmp_path: Path) -> None:
    """A production can be named by URL, also after a Path has taken a slash of it."""
    file = written(tmp_path, "", name=f"{NFC} 1.yaml")
    assert load_production(file.as_uri()).title == "T"
    assert load_production(Path(file.as_uri())).title == "T"
    assert local_path("p.yaml") == Path("p.yaml")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file://server/share/boat.png", "names the host 'server'"),
        ("file://boat.png", "is no file:/// URL of a whole path"),
        ("file:///%ff.png", "has an escape"),
        ("file:///tmp/no.png", "there is no file"),
        ("file:///tmp/%00.png", "cannot be printed, U+0000"),
    ],
)
@pytest.mark.parametrize(
    "fields", ["    start_image: {}\n", "assets:\n  pic: {}\n", "assets:\n  - {{id: pic, path: '{}'}}\n"]
)
def test_a_file_url_that_names_no_file_here(tmp_path: Path, url: str, message: str, fields: str) -> None:
    """A host, a missing slash or a broken escape is told for what it is."""
    assert message in refused(written(tmp_path, fields.format(url)))


# What is said of a path that names nothing


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gone.png", "is a link to 'nowhere.png', which is not there"),
        ("~/boat.png", "~ is not your home folder here"),
        ("$HOME/boat.png", "variables are not filled in"),
        ("file:boat.png", "write file:/// and the whole path"),
        ("data:image/png;base64,AAAA", "a data: URL is not read"),
        ("www.x.org/boat.png", "an address begins with https://"),
        ("sea%20side/boat.png", "is written so in URLs only: did you mean"),
        ("Sea side/boat.png", "there is no folder 'Sea side': did you mean 'sea side'?"),
        ("sea side/Boat.PNG", "did you mean 'boat.png'?"),
        ("sea side\\boat.png", "folders are parted by /"),
        ("pipe.png", "it is not a regular file"),
        ("loop.png", "name a file that can be read"),
    ],
)
def test_a_path_that_names_nothing_says_why(tmp_path: Path, path: str, said: str) -> None:
    """Links that lead nowhere, shells' and URLs' ways of writing, and folders of nearly the name are told."""
    (tmp_path / "sea side").mkdir()
    (tmp_path / "sea side" / "boat.png").write_bytes(RED)
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert said in refused(written(tmp_path, f"assets:\n  - id: pic\n    path: '{path}'\n"))


@pytest.mark.parametrize("path", ["pics\\new.png", "pics\\table.png", "pics\\boat.png"])
def test_a_backslash_in_double_quotes_is_told(tmp_path: Path, path: str) -> None:
    """In double quotes YAML makes a tab or a line break of it; in single quotes it stays."""
    fields = "    start_image: {}\n"
    assert "a backslash within double quotes" in refused(written(tmp_path, fields.format(f'"{path}"')))
    (tmp_path / path).write_bytes(RED)
    assert start_of(load_production(written(tmp_path, fields.format(f"'{path}'")))) == RED
