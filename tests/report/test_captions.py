"""Captions in a run's files: the manifest, the page's tracks and transcript, the contact sheet to print, the poster."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from studio.captions.files import write_all as write_captions
from studio.captions.values import Captions, Chapter, Cue
from studio.media.frames import frame_at, picture
from studio.report import write_report
from studio.report.contact_page import write_contact_page
from studio.report.manifest import write_manifest
from studio.report.poster import poster_frame, write_poster
from studio.report.records import RunRecord
from studio.report.timeline import write_timeline
from studio.storage.kept import Kept
from studio.wording import Surface, asked_from
from tests.support.pages import Page
from tests.support.real_films import SCENES, real_film
from tests.support.reports import sample

FPS = Fraction(24)
CUES = (Cue(6, 30, ("The <keeper>", "climbed the stairs."), "quay"), Cue(60, 30, ("And then?",), "boat"))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """A film of three scenes with captions in two languages and chapters."""
    folder = tmp_path_factory.mktemp("film")
    made = real_film(folder / "out", folder / "store")
    tracks = [Captions("en", CUES), Captions("de", (Cue(6, 30, ("Der Wärter.",), "quay"),)), Captions("fr", ())]
    written = write_captions(tracks, FPS, made.out)
    return replace(made, captions=written, chapters=(Chapter("quay", 0, 48), Chapter("boat", 48, 132)))


def test_the_manifest_has_captions_and_chapters(record: RunRecord) -> None:
    told = json.loads(write_manifest(record, record.out).read_text())
    assert told["captions"] == [
        {"language": "en", "cues": 2, "files": ["film.en.srt", "film.en.vtt"]},
        {"language": "de", "cues": 1, "files": ["film.de.srt", "film.de.vtt"]},
    ]
    assert told["chapters"] == [
        {"title": "quay", "start_frame": 0, "frames": 48}, {"title": "boat", "start_frame": 48, "frames": 84},
    ]  # fmt: skip
    assert all((record.out / name).is_file() for track in told["captions"] for name in track["files"])


def test_the_page_has_tracks_within_it_and_a_transcript_that_jumps(record: RunRecord) -> None:
    with asked_from(Surface.COMMAND):
        page = write_report(record, record.out).read_text(encoding="utf-8")
    tags = [(tag, dict(attributes)) for tag, attributes in Page(page).tags]
    tracks = [tag for name, tag in tags if name == "track"]
    assert [(track["srclang"], track["label"]) for track in tracks] == [("en", "English"), ("de", "Deutsch")]
    data = base64.b64decode(str(tracks[0]["src"]).removeprefix("data:text/vtt;base64,"))
    assert data == (record.out / "film.en.vtt").read_bytes()
    assert [tag["href"] for name, tag in tags if name == "a" and "#t=2.5" in str(tag.get("href"))] == ["film.mp4#t=2.5"]
    assert "The &lt;keeper&gt; climbed the stairs." in page


def test_a_page_without_captions_has_no_transcript(record: RunRecord) -> None:
    with asked_from(Surface.COMMAND):
        page = write_report(replace(record, captions=()), record.out).read_text(encoding="utf-8")
    assert "<track" not in page
    assert "What is said" not in page


def test_the_contact_page_stands_alone_with_three_pictures_a_scene(record: RunRecord) -> None:
    page = write_contact_page(record, record.out).read_text(encoding="utf-8")
    pictures = [dict(tag) for name, tag in Page(page).tags if name == "img"]
    assert [tag["alt"] for tag in pictures[:3]] == [f"{n} frame of quay" for n in ("first", "middle", "last")]
    assert len(pictures) == 3 * len(SCENES)
    assert all(str(tag["src"]).startswith("data:image/jpeg;base64,") for tag in pictures)
    assert len({tag["src"] for tag in pictures}) == len(pictures)
    assert "The &lt;keeper&gt; climbed the stairs." in page
    assert str(record.out.parent) not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_contact_page_is_made_again_from_what_is_kept(record: RunRecord, tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    first = write_contact_page(record, tmp_path, kept).read_bytes()
    gone = [
        replace(cut, parts=tuple(replace(part, clip=tmp_path / "gone.mp4") for part in cut.parts))
        for cut in record.cuts
    ]
    assert write_contact_page(replace(record, cuts=tuple(gone)), tmp_path, kept).read_bytes() == first


def test_a_scene_that_is_missing_has_its_place_on_the_contact_page(tmp_path: Path) -> None:
    page = write_contact_page(sample(tmp_path), tmp_path).read_text(encoding="utf-8")
    assert page.count('class="scene"') == 6
    assert "no picture" in page
    assert "failed" in page


def test_the_poster_is_the_middle_of_the_first_scene_that_is_no_slate(record: RunRecord, tmp_path: Path) -> None:
    first, second, *_ = record.cuts
    assert poster_frame(record) == first.start_frame + first.frames // 2
    slated = replace(record, cuts=(replace(first, slate=True), *record.cuts[1:]))
    assert poster_frame(slated) == second.start_frame + second.frames // 2
    assert poster_frame(record, second.scene) == poster_frame(slated)
    assert [poster_frame(record, Fraction(at)) for at in (0, 2, 999)] == [0, 48, 131]


def test_the_poster_is_that_frame_in_the_films_size(record: RunRecord, tmp_path: Path) -> None:
    path = write_poster(record, tmp_path, Fraction(2))
    assert path == tmp_path / "poster.jpg"
    assert record.film is not None
    with Image.open(path) as made:
        assert made.size == (record.film.width, record.film.height)
        shown = np.asarray(picture(frame_at(record.film.path, 48))).astype(int)
        assert np.abs(np.asarray(made).astype(int) - shown).mean() < 6


def test_without_a_film_there_is_no_poster(record: RunRecord, tmp_path: Path) -> None:
    assert write_poster(replace(record, film=None), tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_timelines_have_the_captions_as_markers_with_the_same_times(record: RunRecord) -> None:
    path = write_timeline(record, record.out)
    markers = otio.adapters.read_from_file(str(path)).tracks.markers
    told = [(m.name, m.marked_range.start_time.value, m.marked_range.duration.value) for m in markers]
    assert told == [("The <keeper> / climbed the stairs.", 6, 30), ("And then?", 60, 30)]
    assert path.with_suffix(".fcpxml").stat().st_size > 0
