"""The still that stands for a missing scene."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media.clip import Clip, examine
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.frames import frame_at, luma
from studio.media.slate import draw_slate, make_slate

LINES = ["Missing scene", "arrival", "A woman walks into a small coffee shop.", "the service failed it"]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (320, 180), (1920, 820)])
def test_all_lines_are_inside_the_picture(width: int, height: int) -> None:
    """Nothing of the text touches the border, in any ratio, and a long prompt is cut."""
    image = np.asarray(draw_slate([*LINES[:2], LINES[2] * 20, LINES[3]], width, height).convert("L"))
    border = round(min(width, height) * 0.03)
    middle = image[border:-border, border:-border]
    assert middle.max() > 200
    frame = image.copy()
    frame[border:-border, border:-border] = 0
    assert frame.max() < 60


def test_text_without_any_room_for_wrapping(tmp_path: Path) -> None:
    """A word longer than the line is cut, and no lines at all are allowed."""
    assert draw_slate(["x" * 500, "y" * 500], 320, 180).size == (320, 180)
    assert draw_slate([], 320, 180).size == (320, 180)


def test_slate_is_a_clip_of_the_pieces_form(plain: Clip, tmp_path: Path) -> None:
    """It has exactly the frames asked for, and joins by copy with the pieces of a film."""
    slate_path = tmp_path / "slate.mp4"
    make_slate(slate_path, lines=LINES, frames=36, width=320, height=180, fps=Fraction(24))
    slate = examine(slate_path)
    assert (slate.frames, slate.width, slate.height, slate.fps) == (36, 320, 180, 24)
    segments = [Segment(plain.path, plain), Segment(slate_path, slate, name="slate")]
    film = concatenate(segments, tmp_path / "film.mp4", spec=FilmSpec(320, 180), pieces=tmp_path / "pieces")
    assert film.frames == 60
    pieces = [examine(p) for p in (tmp_path / "pieces").glob("*.mp4")]
    assert {p.form for p in pieces} == {slate.form}


def test_slate_shows_what_was_drawn(tmp_path: Path) -> None:
    """The clip's frames look like the drawing."""
    make_slate(tmp_path / "slate.mp4", lines=LINES, frames=3, width=640, height=360, fps=Fraction(24))
    drawn = np.asarray(draw_slate(LINES, 640, 360).convert("L"), dtype=float) * 219 / 255 + 16
    assert abs(luma(frame_at(tmp_path / "slate.mp4", 1)) - drawn).mean() < 1.5
    assert Image.fromarray(drawn.astype(np.uint8)).size == (640, 360)
