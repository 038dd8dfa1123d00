"""The titles of a film as pictures: cards, credits and lower thirds, each set for a frame.

What is set (``set_card`` and its like) can be tried without drawing; a text that does not fit raises DoesNotFit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from studio.lettering.fonts import Fonts
from studio.lettering.setting import ACCENT, GREY, WHITE, Block, DoesNotFit, Frame, Paragraph, Row, fitted, moved

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

VERSION = 1  # of how titles look: a change means that all are drawn again
CardKind = Literal["opening", "card", "closing"]
#: The size of a card's first line, and the smallest that can be read, in hundredths of the frame's shorter side.
HEADINGS: dict[CardKind, tuple[float, float]] = {"opening": (11, 5), "closing": (8.5, 4.5), "card": (6.5, 4)}
BELOW = (4.2, 2.8)  # the other lines of a card
CREDIT, ROLE = (4.0, 2.6), (3.2, 2.4)
COLUMNS = 4.0  # between a role and a name
NAME, WHO = (4.8, 3.2), (3.4, 2.6)  # the two lines of a lower third
PLATE = (14, 15, 19, 205)
Placed = tuple[float, Row]  # its left edge, and the row with its top in the picture


@dataclass(frozen=True)
class LowerThird:
    """A picture to lay over others, with alpha, and its left upper corner; all even, as the colours of a film are."""

    picture: Image
    x: int
    y: int


def set_card(kind: CardKind, text: str, frame: Frame, fonts: Fonts, *, strict: bool = True) -> Block:
    """The lines of a card: the first is its heading. Raises DoesNotFit."""
    left, top, right, bottom = frame.safe
    size, least = HEADINGS[kind]
    found = list[Paragraph]()
    air = 0.0
    for line in text.splitlines():
        if not line.strip():
            air += 0.8
        elif not found:
            found.append(Paragraph(line, size, least))
        else:
            found.append(Paragraph(line, *BELOW, color=GREY, air=air + (1.6 if len(found) == 1 else 0.0)))
            air = 0.0
    return fitted(found, frame, fonts, (right - left, bottom - top), strict=strict)


def draw_card(kind: CardKind, text: str, frame: Frame, fonts: Fonts) -> Image:
    """A card: its lines in the middle of the safe area, on black."""
    block = set_card(kind, text, frame, fonts, strict=False)
    image, pen = _blank(frame.width, frame.height)
    left, top, right, bottom = frame.safe
    down = (top + bottom - block.height) / 2
    for row in block.rows:
        write_row(pen, moved(row, down), (left + right - row.width) / 2, fonts)
    below = [row for row in block.rows if row.color == GREY]
    if below and kind != "card":
        middle, half, thick = (left + right) / 2, frame.unit * 6, max(1, round(frame.unit * 0.35))
        at = down + below[0].top - below[0].pixels * 0.75
        pen.rectangle((middle - half, at, middle + half, at + thick), fill=ACCENT)
    return image


def set_credits(
    lines: Sequence[tuple[str, str]], frame: Frame, fonts: Fonts, *, strict: bool = True
) -> list[list[Placed]]:
    """Credits, each a role and a name, in entries of rows that stand below each other from 0 on. Raises DoesNotFit.

    In a wide frame roles stand at the left of names; in an upright one above them.
    """
    left, _, right, _ = frame.safe
    room, gap = right - left, frame.unit * COLUMNS
    entries = list[list[Placed]]()
    down = 0.0
    scale = _smallest(lines, frame, fonts, strict)
    for role, name in lines:
        if not role and not name:
            down += frame.unit * CREDIT[0] * scale
            continue
        entry = list[Placed]()
        if role and not frame.is_upright:
            half = (room - gap) / 2
            for text, color, x, side in ((role, GREY, left, 1), (name, WHITE, left + half + gap, 0)):
                (row,) = _one(text, CREDIT, color, scale, frame, fonts, half)
                entry.append((x + (half - row.width) * side, moved(row, down)))
        else:
            for text, size, color in ((role, ROLE, GREY), (name, CREDIT, WHITE)):
                for row in _one(text, size, color, scale, frame, fonts, room) if text else ():
                    above = sum(other.pixels * 1.28 for _, other in entry)
                    entry.append((left + (room - row.width) / 2, moved(row, down + above)))
        entries.append(entry)
        last = entry[-1][1]
        down = last.top + last.pixels * (1.28 + (0.7 if frame.is_upright and role else 0.25))
    return entries


def _one(
    text: str, size: tuple[float, float], color: tuple[int, int, int], scale: float, frame: Frame, fonts: Fonts,
    room: float,
) -> tuple[Row, ...]:  # fmt: skip
    one = Paragraph(text, size[0] * scale, size[1], color, breaks=False)
    return fitted([one], frame, fonts, (room, float("inf")), strict=False).rows


def _smallest(lines: Sequence[tuple[str, str]], frame: Frame, fonts: Fonts, strict: bool) -> float:
    """The share of their size at which all credits fit beside each other. Raises DoesNotFit."""
    left, _, right, _ = frame.safe
    half, found = (right - left - frame.unit * COLUMNS) / 2, 1.0
    for role, name in lines:
        beside = role and not frame.is_upright
        for text, size in ((role, CREDIT if beside else ROLE), (name, CREDIT)):
            if text:
                one = Paragraph(text, *size, breaks=False)
                room = (half if beside else right - left, float("inf"))
                row = fitted([one], frame, fonts, room, strict=strict).rows[0]
                found = min(found, row.pixels / (size[0] * frame.unit))
    return found


def draw_pages(lines: Sequence[tuple[str, str]], frame: Frame, fonts: Fonts) -> list[Image]:
    """Credits as pages, each as full as its safe area."""
    _, top, _, bottom = frame.safe
    pages = list[list[list[Placed]]]()
    for entry in set_credits(lines, frame, fonts, strict=False):
        first = pages[-1][0][0][1].top if pages else 0.0
        if not pages or entry[-1][1].top + entry[-1][1].pixels * 1.28 - first > bottom - top:
            pages.append([])
        pages[-1].append(entry)
    return [_page(page, frame, fonts, (top + bottom) / 2) for page in pages]


def _page(entries: list[list[Placed]], frame: Frame, fonts: Fonts, middle: float) -> Image:
    image, pen = _blank(frame.width, frame.height)
    first, last = entries[0][0][1], entries[-1][-1][1]
    height = last.top + last.pixels * 1.28 - first.top
    for left, row in (placed for entry in entries for placed in entry):
        write_row(pen, moved(row, middle - height / 2 - first.top), left, fonts)
    return image


def draw_roll(lines: Sequence[tuple[str, str]], frame: Frame, fonts: Fonts) -> Image:
    """Credits as one tall picture in grey, which rolls from an empty frame to an empty one."""
    entries = set_credits(lines, frame, fonts, strict=False)
    last = entries[-1][-1][1]
    height = round(last.top + last.pixels * 1.28)
    image, pen = _blank(frame.width, (height + 2 * frame.height) // 2 * 2, mode="L")
    for left, row in (placed for entry in entries for placed in entry):
        write_row(pen, moved(row, frame.height), left, fonts)
    return image


def set_lower_third(text: str, frame: Frame, fonts: Fonts, *, strict: bool = True) -> Block:
    """The one or two lines of a lower third. Raises DoesNotFit."""
    left, _, right, bottom = frame.safe
    sizes = ((NAME, WHITE), (WHO, GREY))
    found = [
        Paragraph(line, *size, color=color, breaks=False)
        for line, (size, color) in zip([line for line in text.splitlines() if line.strip()], sizes, strict=False)
    ]
    return fitted(found, frame, fonts, (right - left, bottom / 3), strict=strict)


def draw_lower_third(text: str, frame: Frame, fonts: Fonts) -> LowerThird:
    """A lower third: light letters on a dark plate with a bar, at the left of the safe area's foot."""
    from PIL import Image, ImageDraw

    block = set_lower_third(text, frame, fonts, strict=False)
    left, _, _, bottom = frame.safe
    pad, bar = frame.unit * 1.8, max(1, round(frame.unit * 0.7))
    width, height = _even(block.width + 2 * pad + bar), _even(block.height + pad)
    width, height = min(width, frame.width // 2 * 2), min(height, frame.height // 2 * 2)
    image = Image.new("RGBA", (width, height), PLATE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, bar - 1, height), fill=(*ACCENT, 255))
    for row in block.rows:
        write_row(pen, moved(row, pad / 2), bar + pad, fonts)
    x = max(0, round(left - pad - bar) // 2 * 2)
    y = max(0, round(bottom - height) // 2 * 2)
    return LowerThird(image, min(x, (frame.width - width) // 2 * 2), y)


def _even(length: float) -> int:
    return max(2, -(-round(length) // 2) * 2)


def _blank(width: int, height: int, mode: str = "RGB") -> tuple[Image, ImageDraw]:
    from PIL import Image, ImageDraw

    image = Image.new(mode, (width, height))
    return image, ImageDraw.Draw(image)


def write_row(pen: ImageDraw, row: Row, left: float, fonts: Fonts) -> None:
    """Draw a row: all of its fonts stand on one line."""
    for font, part in fonts.runs(row.text):
        sized = font.sized(row.pixels)
        fill = max(row.color) if pen.mode == "L" else row.color
        pen.text((left, row.foot), part, font=sized, fill=fill, anchor="ls")
        left += sized.getlength(part)


def tried(
    frame: Frame, fonts: Fonts, *, card: tuple[CardKind, str] | None = None, lower_third: str = "",
    credits: Sequence[tuple[str, str]] = (),
) -> Iterator[str]:  # fmt: skip
    """The reason why a text cannot be set, if there is one."""
    try:
        if card is not None:
            set_card(*card, frame, fonts)
        if lower_third:
            set_lower_third(lower_third, frame, fonts)
        if credits:
            set_credits(credits, frame, fonts)
    except DoesNotFit as error:
        yield str(error)
