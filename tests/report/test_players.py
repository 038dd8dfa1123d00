"""The report's players, pictures of transitions, and loudness: of a film that can be played."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media.frames import frame_at, picture
from studio.report import write_report
from studio.report.records import RunRecord
from studio.report.seams import tally
from studio.report.sound import loudness_of
from studio.storage.kept import Kept
from studio.wording import Surface, asked_from
from tests.support.pages import Page
from tests.support.real_films import OVERLAP, SCENES, STARTS, real_film


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """A film of three scenes, the first with two takes."""
    folder = tmp_path_factory.mktemp("film")
    return real_film(folder / "out", folder / "store")


@pytest.fixture(scope="module")
def text(record: RunRecord) -> str:
    """Its page."""
    with asked_from(Surface.COMMAND):
        return write_report(record, record.out).read_text(encoding="utf-8")


def tags(text: str, name: str) -> list[dict[str, str | None]]:
    """All tags of one name."""
    return [dict(attributes) for tag, attributes in Page(text).tags if tag == name]


def test_each_scene_s_clip_can_be_played(record: RunRecord, text: str) -> None:
    """A card has a link, which a keyboard reaches, to the very clip of its scene, copied beside the page."""
    links = [tag for tag in tags(text, "a") if tag.get("class") == "play"]
    assert [link["aria-label"] for link in links] == [f"Play the clip of {name}" for name in SCENES]
    for link, known in zip(links, record.shots, strict=True):
        assert known.clip is not None
        assert (record.out / str(link["href"])).read_bytes() == known.clip.read_bytes()


def test_a_part_of_a_finished_clip_is_played(record: RunRecord) -> None:
    """Of a finished clip the part that the film shows is played."""
    quay, boat, sea = record.shots
    with asked_from(Surface.COMMAND):
        shown = replace(record, shots=(quay, boat, replace(sea, outcome="own clip", begins=sea.seconds / 4)))
        page = write_report(shown, record.out).read_text(encoding="utf-8")
    links = [str(tag["href"]) for tag in tags(page, "a") if tag.get("class") == "play"]
    assert [link.partition("#")[2] for link in links] == ["", "", "t=0.5,2.5"]


def test_takes_are_players_that_load_nothing_until_they_are_played(text: str) -> None:
    """Each take has a player with a picture in it, of its own clip; only the film's own length is read at once."""
    film, *takes = tags(text, "video")
    assert film["preload"] == "metadata"
    assert [take["aria-label"] for take in takes] == ["Take 1 of quay", "Take 2 of quay"]
    assert {take["preload"] for take in takes} == {"none"}
    assert len({take["src"] for take in takes}) == 2
    assert all(str(take["poster"]).startswith("data:image/jpeg;base64,") for take in takes)
    assert not [tag for tag in tags(text, "video") if "autoplay" in tag]
    words = Page(text).words
    assert "ray-flash-2 · 2025-11-21 10:42:05 UTC" in words
    assert "Play together" in words


def test_unused_takes_are_told_with_their_price(text: str, record: RunRecord) -> None:
    """What was bought and is not in the film is in no sum of the table, and stands below it."""
    words = " ".join(Page(text).words.split())
    assert "Not in these sums: 1 take of these shots that this film does not use, bought for $0.27." in words
    assert record.version in words


def test_a_transition_is_shown_by_its_middle(record: RunRecord, text: str) -> None:
    """Between the two scenes stands the film's own frame in the middle of the crossfade; a continued seam has two."""
    seams = re.findall(r'<li class="meeting is-(\w+)">(.*?)</li>', text, re.DOTALL)
    assert [(sort, html.count("<img")) for sort, html in seams] == [("transition", 3), ("good", 2)]
    assert "crossfade, 0.5 s" in seams[0][1]
    (found,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="The middle of the transition', seams[0][1])
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(found))).convert("L"), float)
    assert record.film is not None

    def differs(frame: int) -> float:
        taken = picture(frame_at(record.film.path, frame), width=shown.shape[1])  # type: ignore[union-attr]
        return float(np.abs(np.asarray(taken.convert("L"), float) - shown).mean())

    middle = STARTS[1] + OVERLAP // 2
    assert differs(middle) < 4
    assert min(differs(middle - 4), differs(middle + 4)) > 2 * differs(middle)
    assert tally(record.seams) == "1 continued: 1 good; 1 transition."


def test_loudness_is_told_and_measured_once(record: RunRecord, text: str, tmp_path: Path) -> None:
    """A film with sound has its loudness on the page; it is kept for the film's content, and a silent film has none."""
    assert re.search(r"Loudness: −\d+\.\d LUFS, true peak −\d+\.\d dBTP, range \d+\.\d LU", Page(text).words)
    assert record.film is not None
    kept = Kept(tmp_path / "kept")
    first = loudness_of(record, kept)
    assert first is not None
    other = tmp_path / "other.mp4"
    other.write_bytes(b"no film")
    assert loudness_of(replace(record, film=replace(record.film, path=other)), kept) == first
    assert loudness_of(replace(record, film=replace(record.film, path=other, sha256="0" * 64)), kept) is None
    silent = replace(record, film=replace(record.film, has_audio=False))
    assert loudness_of(silent, kept) is None
    with asked_from(Surface.COMMAND):
        assert "Loudness" not in write_report(silent, tmp_path).read_text(encoding="utf-8")
