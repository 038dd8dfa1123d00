"""Captions as pictures to lay over a film: white letters on dark plates, above the lower edge of the safe area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.lettering.fonts import Fonts, measured
from studio.lettering.setting import Frame, Paragraph, fitted, moved
from studio.lettering.titles import write_row

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = 1  # of how captions look: a change means that all are drawn again
SIZE, LEAST = 4.9, 1.5  # hundredths of the frame's shorter side
PLATE = (0, 0, 0, 165)


def strip_of(frame: Frame) -> tuple[int, int]:
    """The top and the height of the part of a frame that has its captions, in even pixels."""
    _, _, _, bottom = frame.safe
    height = round(frame.unit * SIZE * 3.4) // 2 * 2 + 2
    return max(0, round(bottom - height) // 2 * 2), height


def draw_caption(lines: Sequence[str], frame: Frame, fonts: Fonts) -> Image:
    """The strip with one caption, transparent beside it; without lines, an empty one."""
    from PIL import Image, ImageDraw

    left, _, right, _ = frame.safe
    _, height = strip_of(frame)
    image = Image.new("RGBA", (frame.width, height))
    if not lines:
        return image
    pen = ImageDraw.Draw(image)
    said = [Paragraph(line, SIZE, LEAST, breaks=False) for line in lines]
    block = fitted(said, frame, fonts, (right - left, float(height)), strict=False)
    top = height - block.height
    for row in block.rows:
        width = measured(row.text, fonts, row.pixels)
        x, pad = (left + right - width) / 2, row.pixels * 0.3
        box = (
            round(x - pad),
            round(top + row.top),
            round(x + width + pad),
            round(top + row.top + row.pixels * 1.28) - 1,
        )
        pen.rectangle(box, fill=PLATE)
        write_row(pen, moved(row, top), x, fonts)
    return image
