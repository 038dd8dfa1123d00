"""The lower third with the prompt. It appears late and goes early, so that the first and last frame are clean."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from luma_sandbox.picture.motion import smooth
from luma_sandbox.picture.planes import BLACK, Picture

FADE_IN = (0.4, 0.9)  # seconds after the start: fade begins, ends
FADE_OUT = (1.0, 0.5)  # seconds before the end: fade begins, ends
MAX_LINES = 3
WHITE = 235


@dataclass(frozen=True)
class Caption:
    """Two masks for the lowest rows of a frame: a shade behind the letters, and the letters."""

    top: int
    shade: Image.Image
    letters: Image.Image
    letters_half: Image.Image

    def over(self, frame: Picture, second: float, length: float) -> Picture:
        """The frame with the caption at that second."""
        strength = min(
            smooth((second - FADE_IN[0]) / (FADE_IN[1] - FADE_IN[0])),
            smooth((length - FADE_OUT[1] - second) / (FADE_OUT[0] - FADE_OUT[1])),
        )
        if strength <= 0:
            return frame
        levels = [int(level * strength) for level in range(256)]
        shade, letters, half = (mask.point(levels) for mask in (self.shade, self.letters, self.letters_half))
        y, u, v = frame.y.copy(), frame.u.copy(), frame.v.copy()
        place = (0, self.top)
        y.paste(BLACK, (*place, *frame.size), shade)
        y.paste(WHITE, (*place, *frame.size), letters)
        small = (0, self.top // 2, *u.size)
        # Without colour in the shade, dark stays neutral, and letters sharp in half-size chroma.
        grey = self.shade.reduce(2).point(levels)
        for plane in (u, v):
            plane.paste(128, small, grey)
            plane.paste(128, small, half)
        return Picture(y, u, v)


def caption(size: tuple[int, int], prompt: str, facts: str, note: str = "") -> Caption:
    """The lower third for a frame of that size; ``note`` is the last and smallest line."""
    width, height = size
    unit = min(size)
    large, small = ImageFont.load_default(size=unit * 0.040), ImageFont.load_default(size=unit * 0.024)
    left = round(width * 0.06)
    lines = _wrap(prompt, large, width - 2 * left)
    line_height, gap = round(unit * 0.052), round(unit * 0.022)
    block = line_height * len(lines) + gap + round(unit * 0.03) + (round(unit * 0.034) if note else 0)
    text_top = height - round(unit * 0.075) - block
    top = max(0, (text_top - round(unit * 0.16)) // 2 * 2)
    letters = Image.new("L", (width, height - top), 0)
    draw = ImageDraw.Draw(letters)
    for index, line in enumerate(lines):
        draw.text((left, text_top - top + index * line_height), line, fill=244, font=large)
    bar = text_top - top + line_height * len(lines) + gap // 2
    draw.rectangle((left, bar, left + round(unit * 0.07), bar + max(1, round(unit * 0.003))), fill=190)
    draw.text((left, bar + round(unit * 0.014)), facts, fill=170, font=small)
    if note:
        draw.text((left, bar + round(unit * 0.048)), _cut(note, small, width - 2 * left), fill=170, font=small)
    rows = height - top
    shade = Image.new("L", (1, rows))
    shade.putdata([int(178 * smooth(row / rows * 1.25)) for row in range(rows)])
    return Caption(top, shade.resize((width, rows)), letters, letters.reduce(2))


def not_drawn(left: Sequence[str]) -> str:
    """The note that says what a prompt names and the picture does not show; nothing where it shows all."""
    return f"not drawn: {', '.join(left)}" if left else ""


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    """A text in one line; a longer one ends in the number of what is left out."""
    parts = text.split(", ")
    kept = len(parts)
    while kept > 1 and font.getlength(_with_rest(parts, kept)) > room:
        kept -= 1
    return _with_rest(parts, kept)


def _with_rest(parts: Sequence[str], kept: int) -> str:
    rest = len(parts) - kept
    return ", ".join(parts[:kept]) + (f" and {rest} more" if rest else "")


def _wrap(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> list[str]:
    """The text in at most MAX_LINES lines; a longer one ends in an ellipsis."""
    text = " ".join(text.split())
    if not text:
        return []
    per_letter = max(1.0, font.getlength(text) / len(text))
    columns = max(8, int(room / per_letter))
    lines = textwrap.wrap(text, columns)
    while any(font.getlength(line) > room for line in lines) and columns > 8:
        columns -= 2
        lines = textwrap.wrap(text, columns)
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], lines[MAX_LINES - 1].rstrip(" ,.;") + " …"]
    return lines
