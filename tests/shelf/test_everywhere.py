"""The commands on finished films where the films are in S3: the list, a package, clean-up, and the doctor's line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio.execution.storing import upload
from studio.report.last_film import last_film
from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio.storage.chosen_stores import film_store
from studio_cli import clean, doctor, films, package
from tests.support.bucket import BUCKET, keys
from tests.support.shelf import clip_of, shelved

OLD, NEW = "20261127-101500-aaaa", "20261127-111500-bbbb"


async def no_sleep(_: float) -> None:
    """Wait for nothing."""


@pytest.fixture
async def elsewhere(s3: Any, workplace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that has made nothing; another one has put two films of a title into the store. Returns its home."""
    monkeypatch.setenv("STUDIO_FILMS", f"s3://{BUCKET}/pre")
    maker = tmp_path / "maker"
    monkeypatch.setenv("STUDIO_HOME", str(maker))
    store = film_store(load_settings())
    assert store is not None
    for made, run in enumerate((OLD, NEW)):
        folder = shelved(maker / "films", maker, run, made=made)
        await upload(store, folder, sleep=no_sleep)
        store.point_latest("the-quay", "latest", folder)
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))
    shutil.rmtree(maker)
    return tmp_path / "home"


def said(app: Any, *words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_films_are_listed_without_a_film_being_fetched(elsewhere: Path) -> None:
    """The list has both films with costs and address; only manifests and notes were copied here."""
    found = said(films.app)
    assert found["folder"] == f"s3://{BUCKET}/pre"
    assert [film["run"] for film in found["films"]] == [NEW, OLD]
    assert found["films"][0]["url"] == f"s3://{BUCKET}/pre/the-quay/{NEW}/film.mp4"
    assert found["films"][0]["cost_usd"] == "1.42"
    assert {path.suffix for path in elsewhere.rglob("*") if path.is_file()} == {".json"}
    assert f"s3://{BUCKET}/pre/the-quay/{NEW}/film.mp4" in CliRunner().invoke(films.app, []).stdout
    last = last_film(load_settings().films, "the-quay", "luma")
    assert last is not None
    assert last.path.parent.name == NEW


def test_a_film_that_was_removed_from_the_store_is_not_listed(elsewhere: Path, s3: Any) -> None:
    """What another machine removed is gone from the list, although its manifest was copied here before."""
    assert len(said(films.app)["films"]) == 2
    s3.delete_object(Bucket=BUCKET, Key=f"pre/the-quay/{OLD}/film.mp4")
    assert [film["run"] for film in said(films.app)["films"]] == [NEW]


def test_a_film_of_another_machine_is_packaged(elsewhere: Path, workplace: Path) -> None:
    """Its files are fetched, and the package is whole: the film, the clips of its timeline."""
    made = said(package.app, "The Quay", "--for", "editor", "--out", "pack")
    assert "the-quay.mp4" in made["files"]
    assert sum(name.startswith("clips/") for name in made["files"]) == 2


def test_older_films_go_from_the_store(elsewhere: Path, s3: Any) -> None:
    """With their clips at hand, film and clips of the older one go; its accounts and manifest stay, as does the newest.
    Without the clips, nothing goes."""
    assert "is nowhere else" in "".join(said(clean.app, "--films")["left"])
    for scene in ("wake", "walk"):
        clip_of(elsewhere, f"The Quay {scene}")
    before = keys(s3)
    shown = said(clean.app, "--films")
    (part,) = [part for part in shown["removable"] if part["name"] == "older films"]
    assert part["files"] == len(part["stored"]) == 3
    assert keys(s3) == before
    said(clean.app, "--films", "--yes")
    gone = before.keys() - keys(s3).keys()
    assert gone == {f"pre/{key}" for key in part["stored"]}
    assert {key.rpartition("/")[2] for key in keys(s3) if OLD in key} >= {"costs.csv", "manifest.json", "report.html"}
    assert f"pre/the-quay/{NEW}/film.mp4" in keys(s3)


def test_copies_here_can_go(elsewhere: Path) -> None:
    """What the store has as well is offered for removal; a film that waits for its upload is not."""
    films_ = films_of(load_settings())
    for film in films_.shelf().films:
        films_.brought(film)
    waiting = shelved(elsewhere / "films", elsewhere, "20261127-121500-cccc", made=2)
    (part,) = [part for part in said(clean.app, "--yes")["removable"] if part["name"] == "copies of films in the store"]
    assert part["files"] == 6
    assert (waiting / "film.mp4").is_file()
    assert len(said(films.app)["films"]) == 3
    assert not list((elsewhere / "films" / "the-quay" / NEW).glob("*.mp4"))


def test_the_doctor_tries_the_stores(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that works is told as such; one that does not, with its remedy, and the status is 2."""
    found = {f.part: f for f in doctor.findings(load_settings())}
    assert found["films"].said == f"s3://{BUCKET}/pre: can be listed, read and written"
    assert found["clips"].said.startswith("in the folder")
    monkeypatch.setenv("STUDIO_CLIPS", "s3://elsewhere/x")
    found = {f.part: f for f in doctor.findings(load_settings())}
    assert (found["clips"].well, found["clips"].said) == (False, "there is no bucket 'elsewhere'")
    monkeypatch.setenv("STUDIO_CLIPS", "s3://key:SECRET@x/y")
    assert "SECRET" not in str(doctor.findings(load_settings()))
