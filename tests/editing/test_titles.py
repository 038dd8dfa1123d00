"""Titles of assembled films: what is encoded, what is encoded again, and what is copied as before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageFont

from studio.editing.assembly import Assembly
from studio.editing.edit import SceneSegments
from studio.errors import BadInput
from studio.media.clip import Clip, examine
from studio.planning.plan import Plan
from studio.report import write_manifest, write_report
from tests.media.clips import moving, write_frames
from tests.support.coded_clips import pictures_of
from tests.support.film_table import FilmTable
from tests.support.planned import film as production
from tests.support.planned import plan, scene
from tests.support.reports import sample

NAMES = ("a", "b", "c")
TEXT = {"text": "Ann", "from": 0.5, "seconds": 1}
HOSTILE = "%{n}:'\\,;[a]"


class Table(FilmTable):
    """Clips of two seconds, and films of them, whose pieces are kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.clips: dict[str, Clip] = {
            name: examine(write_frames(folder / f"{name}.mp4", moving(48, seed=seed)))
            for seed, name in enumerate(NAMES, 1)
        }


def drawn(third: Any = None, card: Any = None, **fields: Any) -> Plan:
    first, second, last = NAMES
    return plan(
        production(
            scene(first, duration=2), scene(second, duration=2, lower_third=third, card=card), scene(last, duration=2),
            film=fields,
        )
    )  # fmt: skip


def shown(made: Assembly) -> list[NDArray[np.uint8]]:
    return pictures_of(made.film.path)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def test_without_titles_clips_are_copied(table: Table) -> None:
    """No piece is encoded for a film that has none."""
    made, encoded = table.film("plain", drawn())
    assert (made.film.method, encoded) == ("copy", 0)


def test_a_changed_text_encodes_one_body(table: Table) -> None:
    """The bodies beside it, and transitions where it is not seen, stay; where nothing changed, nothing is encoded."""
    made, encoded = table.film("first", drawn(TEXT, transition="crossfade 0.25"))
    assert (made.film.method, encoded) == ("normalise", 5)
    _, encoded = table.film("again", drawn(TEXT, transition="crossfade 0.25"))
    assert encoded == 0
    _, encoded = table.film("changed", drawn(TEXT | {"text": "Bob"}, transition="crossfade 0.25"))
    assert encoded == 1
    _, encoded = table.film("longer", drawn(TEXT | {"from": 0, "seconds": 2}, transition="crossfade 0.25"))
    assert encoded == 3  # it is seen in both transitions now


def test_a_changed_card_encodes_itself_and_its_transitions(table: Table) -> None:
    """Its body and the blends beside it."""
    table.film("first", drawn(card="Later", transition="crossfade 0.25"))
    _, encoded = table.film("changed", drawn(card="Earlier", transition="crossfade 0.25"))
    assert encoded == 3
    _, encoded = table.film("again", drawn(card="Later", transition="crossfade 0.25"))
    assert encoded == 0


@pytest.mark.parametrize("name", ["fade_in", "fade_out"])
def test_a_fade_of_one_frame_is_a_black_frame(table: Table, name: str) -> None:
    """The first frame, or the last one, is black, and the one beside it is as it was made."""
    made, _ = table.film("film", drawn(**{name: 0.04}))
    ends = shown(made) if name == "fade_in" else shown(made)[::-1]
    assert ends[0].max() < 20 < ends[1].max()


def test_fades_encode_the_ends_alone(table: Table) -> None:
    """The film begins and ends on black, and the scene between is the piece that it was."""
    table.film("text", drawn(TEXT))
    made, encoded = table.film("faded", drawn(TEXT, fade_in=0.5, fade_out=1))
    assert encoded == 2
    frames = shown(made)
    brightness = [float(frame.mean()) for frame in frames]
    assert (brightness[0], brightness[-1]) < (2, 2)
    assert brightness[:13] == sorted(brightness[:13])
    assert brightness[-24:] == sorted(brightness[-24:], reverse=True)


@pytest.mark.parametrize("text", [HOSTILE, "Ann"])
def test_a_text_is_never_a_command(table: Table, text: str) -> None:
    """Letters that mean something to ffmpeg are drawn as any others; the film is the same but for the text."""
    plain, _ = table.film("plain", drawn())
    made, _ = table.film("film", drawn({**TEXT, "text": text}, {"text": text, "seconds": 1}))
    assert made.film.frames == plain.film.frames + 24
    assert [one.text for one in made.edit.titles.texts] == [card.text for card in made.edit.titles.cards] == [text]
    over, frames, before = made.edit.titles.texts[0], shown(made), shown(plain)
    middle = over.start + over.frames // 2
    assert np.abs(frames[middle].astype(int) - before[middle - 24]).max() > 60
    assert np.abs(frames[over.start + over.frames].astype(int) - before[over.start + over.frames - 24]).mean() < 6


def test_credits_are_pages_or_roll(table: Table) -> None:
    """Pages stand for the same time each; a roll moves up from an empty frame to an empty one."""
    lines = [{"role": "Role", "name": f"Name {n}"} for n in range(40)]
    made, _ = table.film("pages", drawn(titles={"credits": {"lines": lines, "seconds": 4}}))
    frames = shown(made)[-96:]
    assert len(frames) == 96
    turns = [n for n in range(1, 96) if np.abs(frames[n].astype(int) - frames[n - 1]).mean() > 2]
    assert len(turns) >= 1
    assert len({after - before for before, after in zip([0, *turns], turns, strict=False)}) == 1
    rolled, _ = table.film("roll", drawn(titles={"credits": {"lines": lines, "seconds": 4, "roll": True}}))
    moving_up = shown(rolled)[-96:]
    assert (float(moving_up[0].max()), float(moving_up[-1].max())) < (20, 20)
    assert float(moving_up[48].max()) > 60


def test_a_missing_scene_has_no_text_over_its_slate(table: Table) -> None:
    """Its card stands all the same."""
    del table.clips["b"]
    made, _ = table.film("slated", drawn(TEXT, "Later"))
    assert [cut.slate for cut in made.edit.cuts] == [False, True, False]
    assert (len(made.edit.titles.cards), made.edit.titles.texts) == (1, ())


def test_a_font_that_is_gone_meanwhile(table: Table, tmp_path: Path) -> None:
    """The error says that nothing is lost."""
    font = tmp_path / "own.ttf"
    font.write_bytes(ImageFont.load_default(size=10).font_bytes)  # type: ignore[union-attr]
    found = drawn(card="Later", titles={"font": str(font)})
    table.film("there", found)
    font.unlink()
    with pytest.raises(BadInput, match="cannot be read any more") as refused:
        table.film("gone", found)
    assert "at no cost" in str(refused.value.hint)


def test_a_clip_that_is_shorter_than_planned_shortens_its_text(table: Table) -> None:
    """What is left of the scene has the text; where nothing is left, there is none."""
    table.clips["b"] = examine(write_frames(table.folder / "short.mp4", moving(20, seed=5)))
    made, _ = table.film("short", drawn(TEXT))
    assert [(one.start, one.frames) for one in made.edit.titles.texts] == [(60, 8)]
    table.clips["b"] = examine(write_frames(table.folder / "shorter.mp4", moving(12, seed=5)))
    made, _ = table.film("shorter", drawn(TEXT))
    assert made.edit.titles.texts == ()


def test_a_fade_that_meets_a_short_clip_is_shorter(table: Table) -> None:
    """The film says so."""
    table.clips["c"] = examine(write_frames(table.folder / "short.mp4", moving(14, seed=5)))
    made, _ = table.film("short", drawn(fade_out=1))
    assert made.edit.titles.fade_out == 14
    assert any("goes to black in 0.583 s instead of 1 s" in note for note in made.film.notes)


@pytest.mark.long
def test_manifest_and_report_tell_of_titles(table: Table) -> None:
    """Cards with their places, texts with their times, fades; scenes are counted without cards."""
    made, _ = table.film("film", drawn(TEXT, "Later", fade_in=0.5, titles={"credits": ["Ann"]}))
    out = table.folder / "film"
    record = replace(sample(table.folder / "sample"), out=out, film=made.film, cuts=made.edit.cuts,
                     titles=made.edit.titles, seams=made.seams)  # fmt: skip
    told = json.loads(write_manifest(record, out).read_text())
    assert [cut["scene"] for cut in told["cuts"]] == ["a", "b", "c"]
    assert [(card["kind"], card["before"], card["start_frame"]) for card in told["titles"]["cards"]] == [
        ("card", "b", 48), ("credits", None, 48 * 3 + 72),
    ]  # fmt: skip
    assert told["titles"]["lower_thirds"] == [{"scene": "b", "text": "Ann", "start_frame": 132, "frames": 24}]
    assert (told["titles"]["fade_in_frames"], told["titles"]["fade_out_frames"]) == (12, 0)
    page = write_report(record, out).read_text()
    assert page.count('class="piece is-title"') == 2
    assert "b: “Ann” over 1.0 s" in page
    assert not [seam for seam in made.seams if seam.after == "b"]  # a card stands between
    assert isinstance(made.edit.scenes[1], SceneSegments)
