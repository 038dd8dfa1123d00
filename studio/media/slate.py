"""A slate: the still that stands in the film for a scene that is missing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import ffmpeg as build
from PIL import Image, ImageDraw, ImageFont

from studio.atomic import atomic
from studio.media import ffmpeg
from studio.media.encoding import h264, rate_text, tagged

GROUND_TOP, GROUND_BOTTOM = (30, 33, 40), (16, 17, 21)
RULE = (224, 164, 88)
TITLE, TEXT = (240, 240, 236), (158, 162, 172)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def make_slate(out: Path, *, lines: Sequence[str], frames: int, width: int, height: int, fps: Fraction) -> None:
    """Write a clip of `frames` still frames at `out`, in the form of a film's pieces, without sound.

    The first line is the heading, the second the large title, the others smaller text below; long lines are wrapped.
    `width` and `height` in pixels, even. Raises FfmpegError.
    """
    with tempfile.TemporaryDirectory() as folder, atomic(out.absolute()) as part:
        still = Path(folder) / "slate.png"
        draw_slate(lines, width, height).save(still, compress_level=1)
        picture = build.input(
            f"file:{still}", f="image2", pattern_type="none", loop=1, framerate=rate_text(fps)
        ).filter("scale", out_color_matrix="bt709", out_range="tv", flags="accurate_rnd+full_chroma_int")
        output = tagged(picture, fps).output(f"file:{part}", **{"frames:v": frames}, **h264(fps))
        ffmpeg.run(output, timeout=120 + 2 * frames)


def draw_slate(lines: Sequence[str], width: int, height: int) -> Image.Image:
    """The slate as a picture."""
    image = _ground(width, height)
    draw = ImageDraw.Draw(image)
    unit = min(width, height) / 100
    left, room = round(width * 0.09), round(width * 0.82)
    sizes = [unit * 3.6, unit * 9, *([unit * 4] * max(0, len(lines) - 2))]
    rows: list[tuple[str, Font, tuple[int, int, int], float]] = []
    for number, (line, size) in enumerate(zip(lines, sizes, strict=False)):
        font = ImageFont.load_default(size=max(8, round(size)))
        text = line.upper() if number == 0 else line
        color = RULE if number == 0 else TITLE if number == 1 else TEXT
        wrapped = _wrapped(text, font, room, limit=2 if number < 2 else 3)
        rows += [(part, font, color, size * 1.32) for part in wrapped]
        if wrapped and number < len(lines) - 1:  # some air below each paragraph
            rows[-1] = (*rows[-1][:3], rows[-1][3] + unit * (2.6 if number < 2 else 1.6))
    top = (height - sum(row[3] for row in rows)) / 2
    rule = max(2, round(unit * 0.5))
    draw.rectangle((left - round(unit * 4), round(top), left - round(unit * 4) + rule, round(height - top)), fill=RULE)
    for text, font, color, advance in rows:
        draw.text((left, round(top)), text, font=font, fill=color)
        top += advance
    return image


def _ground(width: int, height: int) -> Image.Image:
    """A subtle gradient from top to bottom."""
    column = Image.new("RGB", (1, height))
    for y in range(height):
        share = y / max(1, height - 1)
        column.putpixel(
            (0, y), tuple(round(a + (b - a) * share) for a, b in zip(GROUND_TOP, GROUND_BOTTOM, strict=True))
        )
    return column.resize((width, height))


def _wrapped(text: str, font: Font, room: int, *, limit: int) -> list[str]:
    """The text wrapped to at most `limit` lines; a longer text ends in an ellipsis."""
    rows: list[str] = []
    for word in text.split():
        if rows and font.getlength(f"{rows[-1]} {word}") <= room:
            rows[-1] = f"{rows[-1]} {word}"
        else:
            rows.append(word)
    if len(rows) > limit:
        rows = [*rows[: limit - 1], f"{rows[limit - 1]} …"]
    return [_cut(row, font, room) for row in rows]


def _cut(row: str, font: Font, room: int) -> str:
    if font.getlength(row) <= room:
        return row
    text = row.rstrip(" …")
    while text and font.getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text}…"
