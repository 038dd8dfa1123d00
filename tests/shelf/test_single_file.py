"""A film's report as one file: nothing outside it is needed, and nothing of this machine is in it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio.media.clip import examine
from studio.report.records import RunRecord
from studio_cli.report import app
from tests.support.pages import Page
from tests.support.real_films import LENGTH, TITLE, shelved_film


@pytest.fixture
def film(workplace: Path) -> RunRecord:
    """A film's folder, as its run left it."""
    return shelved_film(workplace / "films", workplace / ".studio")


def said(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == status, done.output
    assert "Traceback" not in done.output
    return done.output


def single(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(TITLE, "--single-file", "--json", *words))
    return found


def videos(page: str) -> list[tuple[str | None, bytes]]:
    """The label and the file of each player."""
    tags = [dict(attributes) for tag, attributes in Page(page).tags if tag == "video"]
    prefix = "data:video/mp4;base64,"
    assert all(str(tag["src"]).startswith(prefix) for tag in tags)
    return [(tag["aria-label"], base64.b64decode(str(tag["src"])[len(prefix) :])) for tag in tags]


@pytest.mark.long
def test_the_file_needs_nothing_and_names_no_place(film: RunRecord, workplace: Path) -> None:
    """Every address in it is within it, its policy lets nothing else be asked for, and no path of this machine is in
    it; the report beside the film stays as it was."""
    before = (film.out / "report.html").read_bytes()
    made = single()
    assert made["report"] == str(workplace / "reports" / f"out-to-sea-final-{film.run_id}.html")
    page = Path(made["report"]).read_text("utf-8")
    parsed = Page(page)
    addresses = [value for _, attributes in parsed.tags for name, value in dict(attributes).items()
                 if name in ("href", "src", "poster", "srcset")]  # fmt: skip
    assert addresses
    assert all(str(value).startswith(("#", "data:")) for value in addresses)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert "default-src" in policy
    assert re.search(r"media-src data:(;|$)", policy)
    for secret in (str(workplace), str(Path.home()), "costs.csv", "clips/"):
        assert secret not in page
    assert made["bytes"] == len(page.encode())
    assert film.film is not None
    assert "This page is one file: the film is as it was made" in parsed.words
    assert (film.out / "report.html").read_bytes() == before


@pytest.mark.long
def test_film_and_takes_are_in_it(film: RunRecord) -> None:
    """The film byte for byte, where it is small, and each take as a clip of its own that can be decoded in full."""
    made = single()
    assert film.film is not None
    (label, whole), *takes = videos(Path(made["report"]).read_text("utf-8"))
    assert (label, whole) == (TITLE, film.film.path.read_bytes())
    assert [name for name, _ in takes] == ["Take 1 of quay", "Take 2 of quay"]
    assert (made["takes"], made["takes_as_pictures"], made["film_encoded"]) == (2, 0, False)
    for number, (_, data) in enumerate(takes):
        path = film.out / f"take-{number}.mp4"
        path.write_bytes(data)
        assert examine(path).frames == 48


@pytest.mark.long
def test_a_large_film_is_made_small(film: RunRecord, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """More bytes than there is room for: the same frames and sound in fewer, and takes as pictures where there is no
    room for a clip."""
    assert film.film is not None
    monkeypatch.setattr("studio.shelf.single_file.FILM_MOST", film.film.bytes // 2)
    monkeypatch.setattr("studio.shelf.single_file.MOST", 1000)
    made = single()
    page = Path(made["report"]).read_text("utf-8")
    ((_, data),) = videos(page)
    (tmp_path / "small.mp4").write_bytes(data)
    small = examine(tmp_path / "small.mp4")
    assert (small.frames, small.has_audio) == (LENGTH, True)
    assert len(data) == made["film_bytes"] < film.film.bytes
    assert (made["takes"], made["takes_as_pictures"], made["film_encoded"]) == (0, 2, True)
    pictures = [dict(attributes) for tag, attributes in Page(page).tags if tag == "img"]
    assert {tag["alt"] for tag in pictures} >= {"Take 1 of quay", "Take 2 of quay"}
    assert "instead of" in Page(page).words


@pytest.mark.long
def test_the_same_again_is_the_same_file(film: RunRecord) -> None:
    """A small copy is made once for its content, and the file of that run is replaced by itself."""
    first = Path(single()["report"]).read_bytes()
    assert Path(single()["report"]).read_bytes() == first


def test_the_report_s_place_is_told(film: RunRecord, workplace: Path) -> None:
    """Without the option nothing is written."""
    assert said(TITLE).strip() == str((film.out / "report.html").relative_to(workplace))
    assert not (workplace / "reports").exists()


def test_what_is_refused(film: RunRecord, workplace: Path) -> None:
    """A file that is there, a place without a file to write, a film that was changed, a report that is gone: one
    error, and nothing is written."""
    (workplace / "mine.html").write_text("mine")
    assert "is there already" in said(TITLE, "--single-file", "--out", "mine.html", status=2)
    assert (workplace / "mine.html").read_text() == "mine"
    assert "add --single-file" in said(TITLE, "--out", "new.html", status=2)
    assert film.film is not None
    whole = film.film.path.read_bytes()
    film.film.path.write_bytes(whole + b"more")
    assert "the film was changed after it was made" in said(TITLE, "--single-file", status=2)
    film.film.path.write_bytes(whole)
    (film.out / "report.html").unlink()
    assert "its run left no report" in said(TITLE, "--single-file", status=2)
    assert "its run left no report" in said(TITLE, status=2)
    assert not (workplace / "reports").exists()
