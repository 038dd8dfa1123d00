"""The contact sheet of a run, and the links to what is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studio.report.contact_sheet import MOST, write_contact_sheet
from studio.report.links import links_of
from studio.report.summary import markdown_summary
from studio.settings import load_settings
from studio.storage.kept import Kept
from tests.support.reports import large, sample


def test_each_scene_has_its_first_and_last_frame(tmp_path: Path) -> None:
    """Two frames a scene, side by side; a scene without a clip has an empty place; a picture that is kept is used."""
    record, kept = sample(tmp_path), Kept(tmp_path / "kept")
    path = write_contact_sheet(record, tmp_path, kept)
    assert path is not None
    first = path.read_bytes()
    with Image.open(path) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.width > 2 * sheet.height / 2
        colours = sheet.convert("RGB").getcolors(sheet.width * sheet.height)
        assert colours is not None
        assert len(colours) > 1000
    for shot in record.shots:
        for frame in (shot.first_frame, shot.last_frame):
            if frame is not None:
                assert frame.is_file()
    assert write_contact_sheet(record, tmp_path, kept) == path
    assert path.read_bytes() == first


@pytest.mark.long
def test_a_long_film_has_a_sheet_that_can_be_read(tmp_path: Path) -> None:
    """Of more scenes than fit, some are chosen evenly."""
    path = write_contact_sheet(large(tmp_path, 2 * MOST), tmp_path)
    assert path is not None
    with Image.open(path) as sheet:
        assert sheet.height < 8000


def test_without_pictures_there_is_none(tmp_path: Path) -> None:
    """A run whose scenes all failed has no sheet."""
    record = large(tmp_path, 3, painted=False)
    assert write_contact_sheet(record, tmp_path) is None
    assert not (tmp_path / "contact-sheet.jpg").exists()


def test_links(workplace: Path) -> None:
    """A file of the films folder has an address, in which nothing is left unquoted; one beside it has none."""
    links = links_of(load_settings())
    assert links.of(Path("films/the quay/r#1/film.mp4")) == "http://127.0.0.1:8789/the%20quay/r%231/film.mp4"
    assert links.of(Path("elsewhere/film.mp4")) is None


def test_the_artifact_leads_to_the_film(tmp_path: Path) -> None:
    """Links first, then the picture; where nothing is served, the folder alone."""
    record = sample(tmp_path)
    served = markdown_summary(record, film="http://h/film.mp4", report="http://h/report.html", sheet="http://h/s.jpg")
    assert "**[Watch the film](http://h/film.mp4)** · **[Report](http://h/report.html)**" in served
    assert "![First and last frames of each scene](http://h/s.jpg)" in served
    alone = markdown_summary(record)
    assert "http://" not in alone
    assert f"Folder: `{record.out}`" in alone
