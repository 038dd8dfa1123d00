"""Titles as pictures: within the safe area of each shape, smaller where they must be, and refused where too small."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studio.lettering.fonts import Fonts
from studio.lettering.setting import DoesNotFit, Frame
from studio.lettering.titles import (
    draw_card,
    draw_lower_third,
    draw_pages,
    draw_roll,
    set_card,
    set_credits,
    set_lower_third,
)

FRAMES = {"16:9": Frame(1280, 720), "9:16": Frame(720, 1280), "1:1": Frame(720, 720), "21:9": Frame(1680, 720)}
FONTS = Fonts.of([])
LONG = "A title that goes on and on until it hardly fits, and still it wants to be read by everybody in the room"
CREDITS = [("Role " + "x" * (n % 9), f"Name Number {n}") if n % 5 else ("", "A line without a role") for n in range(40)]


def inked(picture: Image.Image) -> tuple[int, int, int, int]:
    """The rectangle of what is not black: left, top, right, bottom."""
    rows, columns = np.nonzero(np.asarray(picture.convert("L")) > 40)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("shape", FRAMES)
@pytest.mark.parametrize("text", ["The End", "The Keeper\nA film\n\nby Ann", LONG])
def test_a_card_stays_in_the_safe_area(shape: str, text: str) -> None:
    """Nothing of it is drawn nearer to an edge, in an upright frame also not where players have their buttons."""
    frame = FRAMES[shape]
    left, top, right, bottom = inked(draw_card("opening", text, frame, FONTS))
    safe = frame.safe
    assert (left >= safe[0] - 2, top >= safe[1], right <= safe[2] + 2, bottom <= safe[3]) == (True,) * 4
    assert abs((left + right) / 2 - frame.width / 2) < 4
    assert safe[3] == frame.height * (0.8 if shape == "9:16" else 0.9)


@pytest.mark.parametrize("shape", FRAMES)
def test_credits_are_all_there(shape: str) -> None:
    """Pages, and a roll, have every line; each page is in the safe area."""
    frame = FRAMES[shape]
    entries = set_credits(CREDITS, frame, FONTS)
    assert [row.text for entry in entries for _, row in entry] == [t for line in CREDITS for t in line if t]
    tops = [entry[0][1].top for entry in entries]
    assert tops == sorted(tops)
    pages = draw_pages(CREDITS, frame, FONTS)
    assert len(pages) > 1
    for page in pages:
        left, top, right, bottom = inked(page)
        safe = frame.safe
        assert (left >= safe[0] - 2, top >= safe[1] - 2, right <= safe[2] + 2, bottom <= safe[3] + 2) == (True,) * 4
    tall = draw_roll(CREDITS, frame, FONTS)
    assert tall.mode == "L"
    _, top, _, bottom = inked(tall)
    assert top >= frame.height
    assert bottom <= tall.height - frame.height
    assert tall.height % 2 == 0


@pytest.mark.parametrize("shape", FRAMES)
def test_a_lower_third_lies_at_the_foot(shape: str) -> None:
    """Its plate is in the action-safe area, on even pixels, and in the lower part of the frame."""
    frame = FRAMES[shape]
    third = draw_lower_third("Ann Smith\nKeeper of the light", frame, FONTS)
    width, height = third.picture.size
    assert [n % 2 for n in (third.x, third.y, width, height)] == [0] * 4
    assert third.x >= frame.width * 0.05
    assert frame.height / 2 < third.y
    assert third.y + height <= frame.safe[3] + 1
    assert third.picture.mode == "RGBA"


def test_a_long_text_is_set_smaller_and_then_refused() -> None:
    """It is as large as fits; what would be too small to be read is no title; and a word is never broken."""
    frame = FRAMES["9:16"]
    short, long = (set_card("card", text, frame, FONTS).rows[0].pixels for text in ("Later", LONG))
    assert long <= short
    with pytest.raises(DoesNotFit, match=r"'Donau.*' is wider than the safe area"):
        set_card("card", "Donaudampfschifffahrtsgesellschaftskapitaen", frame, FONTS)
    with pytest.raises(DoesNotFit, match="lines even in small letters"):
        set_card("opening", "\n".join(["A line"] * 60), frame, FONTS)
    with pytest.raises(DoesNotFit):
        set_lower_third("Ann " * 30, frame, FONTS)
    assert draw_card("card", "Donaudampfschifffahrtsgesellschaftskapitaen", frame, FONTS).size == (720, 1280)


def test_lines_are_of_nearly_one_length() -> None:
    """The last line is no single word, where the others have many."""
    rows = set_card("card", LONG, FRAMES["16:9"], FONTS).rows
    assert len(rows) > 1
    assert min(row.width for row in rows) > 0.6 * max(row.width for row in rows)
    assert " ".join(row.text for row in rows) == LONG


def test_the_same_text_is_the_same_picture() -> None:
    """So its piece is found again."""
    first, again, other = (
        draw_card("card", text, FRAMES["16:9"], Fonts.of([])).tobytes() for text in ("Later", "Later", "Earlier")
    )
    assert first == again != other
