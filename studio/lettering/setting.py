"""Setting of texts: lines that are broken and made smaller until they fit a frame's safe area, down to a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from studio.lettering.fonts import Fonts, measured

Color = tuple[int, int, int]
WHITE, GREY, ACCENT = (244, 244, 240), (172, 176, 186), (224, 164, 88)
SPACING = 1.28  # heights of a letter from one line to the next
BASE = 0.96  # of them from a line's top to the foot of its letters
STEP = 0.94  # by which a text is made smaller at a time
SMALLEST = 0.02  # of its size, where it must be drawn whatever comes of it
#: Shares of the frame that texts keep free at each side: the title-safe area of television (EBU R 95, SMPTE RP 218).
TITLE_SAFE, ACTION_SAFE = 0.1, 0.05
#: Below, where the frame is upright: players lay captions and buttons over the lowest fifth of Shorts, Reels, TikToks.
UPRIGHT_BELOW = 0.2
_BREAKS = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")  # letters between which a line may end
_NOT_FIRST = "、。，．：；？！）」』】》〉ー々…,.:;?!)]}”’"


class DoesNotFit(ValueError):
    """A text that does not fit its place at the smallest size that can be read: why, in words that follow its name."""


@dataclass(frozen=True)
class Frame:
    """The picture of a film, in pixels."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        """A hundredth of the shorter side, by which sizes of letters are told."""
        return min(self.width, self.height) / 100

    @property
    def is_upright(self) -> bool:
        return self.height > self.width

    @property
    def safe(self) -> tuple[float, float, float, float]:
        """The area for texts: left, top, right, bottom."""
        below = UPRIGHT_BELOW if self.is_upright else TITLE_SAFE
        across, down = self.width * TITLE_SAFE, self.height * TITLE_SAFE
        return across, down, self.width - across, self.height * (1 - below)


@dataclass(frozen=True)
class Paragraph:
    """A text of one size: ``size`` and ``least``, the smallest that can be read, in the frame's units; ``air`` above
    it, in heights of its letters. ``breaks``: it may be broken into several lines."""

    text: str
    size: float
    least: float
    color: Color = WHITE
    air: float = 0.0
    breaks: bool = True


@dataclass(frozen=True)
class Row:
    """One line as it is set: its size in pixels, its width, and its top within its block."""

    text: str
    pixels: float
    color: Color
    width: float
    top: float

    @property
    def foot(self) -> float:
        """The foot of its letters within its block."""
        return self.top + self.pixels * BASE


@dataclass(frozen=True)
class Block:
    """Rows below each other."""

    rows: tuple[Row, ...]
    height: float

    @property
    def width(self) -> float:
        return max((row.width for row in self.rows), default=0.0)


def fitted(
    paragraphs: Sequence[Paragraph], frame: Frame, fonts: Fonts, room: tuple[float, float], *, strict: bool = True
) -> Block:
    """Paragraphs as large as they are wished, or smaller, within a room of pixels: width and height.

    Raises DoesNotFit where they had to be smaller than can be read; without ``strict`` they are as small as needed.
    """
    scale, problem = 1.0, ""
    while True:
        block, problem = _set(paragraphs, frame, fonts, room, scale)
        if not problem or scale < SMALLEST:
            return block
        scale *= STEP
        if strict and all(scale * p.size < p.least for p in paragraphs):
            raise DoesNotFit(problem)


def _set(
    paragraphs: Sequence[Paragraph], frame: Frame, fonts: Fonts, room: tuple[float, float], scale: float
) -> tuple[Block, str]:
    """The block at a scale, and the reason why it does not fit; empty where it does."""
    rows, top, problem = list[Row](), 0.0, ""
    for n, paragraph in enumerate(paragraphs):
        pixels = frame.unit * (paragraph.size * scale)
        top += paragraph.air * pixels if n else 0.0
        lines = _lines(paragraph.text, fonts, pixels, room[0]) if paragraph.breaks else [paragraph.text]
        for line in lines:
            width = measured(line, fonts, pixels)
            if width > room[0] and not problem:
                problem = f"is too long: '{line[:40]}{'…' if len(line) > 40 else ''}' is wider than the safe area"
            rows.append(Row(line, pixels, paragraph.color, width, top))
            top += pixels * SPACING
    if top > room[1] and not problem:
        problem = f"is too long: it has {len(rows)} lines even in small letters, and the safe area is not that high"
    return Block(tuple(rows), top), problem


def _lines(text: str, fonts: Fonts, pixels: float, room: float) -> list[str]:
    """The text in as few lines as fit a width, of nearly the same length."""
    greedy = _broken(text, fonts, pixels, room)
    if len(greedy) == 1:
        return greedy
    low, high = 0.0, room
    for _ in range(7):
        middle = (low + high) / 2
        if len(_broken(text, fonts, pixels, middle)) <= len(greedy):
            high = middle
        else:
            low = middle
    even = _broken(text, fonts, pixels, high)
    return even if max(measured(line, fonts, pixels) for line in even) <= room else greedy


def _broken(text: str, fonts: Fonts, pixels: float, room: float) -> list[str]:
    lines: list[str] = []
    for space, part in _parts(text):
        if lines and measured(lines[-1] + space + part, fonts, pixels) <= room:
            lines[-1] += space + part
        else:
            lines.append(part)
    return lines or [""]


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The parts that a line may end after, each with the space before it: words, and letters of Chinese, Japanese,
    Korean, but for marks that no line begins with."""
    for word in text.split():
        space, part = " ", ""
        for letter in word:
            if part and letter not in _NOT_FIRST and (_BREAKS.match(letter) or _BREAKS.match(part[-1])):
                yield space, part
                space, part = "", ""
            part += letter
        yield space, part


def moved(row: Row, down: float) -> Row:
    """The row further down."""
    return replace(row, top=row.top + down)
