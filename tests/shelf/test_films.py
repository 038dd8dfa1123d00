"""The list of finished films, read from what runs leave in the films folder."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from studio.shelf.films import shelf_of
from studio.shelf.latest import point_latest
from studio_cli.films import app
from tests.support.shelf import shelved


@pytest.fixture
def films(workplace: Path) -> Path:
    """A films folder with a draft, a final and another shape of one film, and one other film."""
    films, home = workplace / "films", workplace / ".studio"
    shelved(films, home, "run-1", version="draft", service="sandbox", billed=False)
    shelved(films, home, "run-2", made=1)
    shelved(
        films, home, "run-3", made=2, slug="the-quay-9x16", version="9:16", film_slug="the-quay", project="the-quay"
    )
    shelved(films, home, "run-4", made=3, title="第1集 春のとても長い題名、さらに長い題名", slug="spring")
    return films


def listed(*words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["films"]


def manifest_of(folder: Path, **changes: Any) -> None:
    """Rewrite a folder's manifest with some of its entries changed; None: left out, as earlier versions did."""
    found = json.loads((folder / "manifest.json").read_text("utf-8")) | changes
    (folder / "manifest.json").write_text(json.dumps({name: part for name, part in found.items() if part is not None}))


def test_films_are_listed_the_newest_first(films: Path) -> None:
    """Title, version, date, length, the run's cost and the whole one, and the film's path, as JSON."""
    found = listed()
    assert [(film["slug"], film["version"]) for film in found] == [
        ("spring", "final"), ("the-quay-9x16", "9:16"), ("the-quay", "final"), ("the-quay", "draft"),
    ]  # fmt: skip
    last = found[2]
    assert (last["title"], last["seconds"], last["cost_usd"], last["total_usd"]) == ("The Quay", 10.0, "1.42", "1.42")
    assert (last["made_at"], last["billed"], last["whole"]) == ("2025-11-22T11:44:05Z", True, True)
    assert last["path"] == str(films / "the-quay" / "run-2" / "film.mp4")
    assert found[3]["billed"] is False


def test_the_list_fits_80_columns(films: Path) -> None:
    """Each film is a line of at most 80 columns, wide letters too, and its path below; unbilled sums are marked."""
    done = CliRunner().invoke(app, [])
    lines = done.stdout.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert lines[0].split() == ["title", "version", "made", "(UTC)", "length", "run", "in", "all"]
    assert lines[5].split() == ["The", "Quay", "final", "2025-11-22", "11:44", "10.0", "s", "$1.42", "$1.42"]
    assert lines[6] == "  films/the-quay/run-2/film.mp4"
    assert lines[7].split()[-2:] == ["$1.42*", "$1.42*"]
    assert lines[9] == "* made on this machine: nothing was billed"
    assert lines[10] == "run: what its run paid; in all: that, and what earlier runs paid for its clips"


def test_films_of_a_title_or_a_production(films: Path, workplace: Path) -> None:
    """A title, a slug or part of a title, in any case; a production file finds all versions of its film."""
    for called in ("The Quay", "the quay", "the-quay", "qua"):
        assert len(listed(called)) == 3
    (workplace / "quay.yaml").write_text("title: The Quay\nscenes:\n  - {id: wake, prompt: a quay at dawn}\n")
    assert len(listed("quay.yaml")) == 3
    missing = CliRunner().invoke(app, ["The Quai"])
    assert missing.exit_code == 2
    assert "is it 'The Quay'?" in missing.output
    assert CliRunner().invoke(app, ["nothing.yaml"]).exit_code == 2


def test_a_file_s_name_without_its_ending(films: Path, workplace: Path) -> None:
    """It means the file, where no film is called so."""
    (workplace / "harbour_g.yaml").write_text("title: The Quay\nscenes:\n  - {id: wake, prompt: a quay at dawn}\n")
    assert len(listed("harbour_g")) == 3


def test_what_is_damaged_or_foreign_is_skipped_and_counted(films: Path) -> None:
    """A damaged manifest, a folder of the user's, and a run without a film: counted by reason, and nothing else."""
    home = films.parent / ".studio"
    for number, text in enumerate(("", "[]", "{", '{"slug": 3}', "\x00" * 9)):
        folder = films / "the-quay" / f"bad-{number}"
        folder.mkdir()
        (folder / "manifest.json").write_text(text)
    manifest_of(shelved(films, home, "bad-5"), cost={"new_usd": "NaN", "reused_usd": "x"})
    manifest_of(shelved(films, home, "bad-6"), cuts=[{}])
    (films / "holiday" / "2024").mkdir(parents=True)
    (films / ".hidden").mkdir()
    (films / "notes.txt").write_text("mine")
    shelved(films, home, "run-9", film=None)
    (shelved(films, home, "run-8") / "film.mp4").unlink()
    assert point_latest(films, "the-quay", "final", films / "the-quay" / "run-2") == ""
    shelf = shelf_of(films)
    assert len(shelf.films) == 4
    assert {why: len(places) for why, places in shelf.skipped.items()} == {
        "damaged": 7, "foreign": 1, "without a film": 2,
    }  # fmt: skip
    assert "7 damaged, 1 foreign, 2 without a film" in CliRunner().invoke(app, []).stdout


@pytest.mark.parametrize(
    ("production", "slug", "version", "film"),
    [
        ({"scenes": [{"id": "wake"}, {"id": "walk"}]}, "the-quay", "final", "the-quay"),
        (
            {"scenes": [{"id": n, "model": "ray-flash-2", "resolution": "540p"} for n in ("wake", "walk")]},
            "the-quay", "draft", "the-quay",
        ),
        (
            {"model": "ray-3", "scenes": [{"id": n, "model": "ray-3", "resolution": "360p"} for n in ("wake", "walk")]},
            "the-quay", "draft", "the-quay",
        ),
        (
            {"model": "ray-flash-2", "resolution": "540p", "scenes": [{"id": "wake"}, {"id": "walk"}]},
            "the-quay", "final", "the-quay",
        ),
        (
            {"reframe": "9:16", "scenes": [{"id": "wake"}, {"id": "walk"}]},
            "the-quay-9x16", "9:16", "the-quay",
        ),
    ],
)  # fmt: skip
def test_films_of_earlier_versions_are_listed(
    workplace: Path, production: dict[str, Any], slug: str, version: str, film: str
) -> None:
    """A manifest without version and project is read all the same: both follow from the production in it."""
    folder = shelved(workplace / "films", workplace / ".studio", slug=slug)
    manifest_of(folder, version=None, film_slug=None, project=None, production=production)
    (found,) = shelf_of(workplace / "films").films
    assert (found.version, found.film_slug, found.project) == (version, film, film)


def test_a_killed_run_s_film_is_listed(workplace: Path) -> None:
    """Killed between film and manifest: the film is there, with its production's name, and costs unknown."""
    folder = shelved(workplace / "films", workplace / ".studio")
    (folder / "manifest.json").unlink()
    (found,) = listed()
    assert (found["title"], found["version"], found["cost_usd"], found["seconds"]) == (
        "the-quay",
        "unknown",
        None,
        None,
    )
    assert CliRunner().invoke(app, []).exit_code == 0


def test_a_film_that_lacks_scenes_is_told(workplace: Path) -> None:
    """A film of some scenes, or with slates, is a part: the list says so."""
    folder = shelved(workplace / "films", workplace / ".studio")
    scenes = [{"id": name} for name in ("wake", "walk", "sail")]
    manifest_of(folder, production={"scenes": scenes})
    assert listed()[0]["whole"] is False
    assert "final, part" in CliRunner().invoke(app, []).stdout


def test_a_moved_folder_is_still_a_film(workplace: Path) -> None:
    """A folder whose manifest names the film's former place is listed where it is now."""
    folder = shelved(workplace / "films", workplace / ".studio")
    found = json.loads((folder / "manifest.json").read_text("utf-8"))["film"]
    manifest_of(folder, film=found | {"path": "/elsewhere/film.mp4"})
    moved = folder.rename(folder.with_name("moved"))
    (film,) = shelf_of(workplace / "films").films
    assert (film.path, film.cost) == (moved / "film.mp4", Decimal("1.42"))


def test_no_film_yet(workplace: Path) -> None:
    """Without a films folder the list is empty, and no error."""
    done = CliRunner().invoke(app, [])
    assert (done.exit_code, done.stdout) == (0, "No film is in films yet.\n")
