"""The contact sheet: one picture with the first and last frame of each scene, in the film's order."""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from studio.media.frames import thumbnail_of
from studio.report.files import write_atomically
from studio.report.records import RunRecord, ShotRecord
from studio.report.scenes import Scene, scenes
from studio.storage.kept import Kept
from studio.storage.ownership import CONTACT_SHEET

VERSION = 1  # of the sheet; a change makes every kept one invalid
MOST = 60  # scenes that it has; of more, these many, evenly chosen
COLUMNS, WIDTH, GAP, LINE = 3, 300, 12, 26  # of scenes; pixels of one frame, between scenes, of a scene's line
TALLEST = 540  # pixels of a frame that is higher than wide
PAPER, INK, EMPTY = (24, 22, 20), (236, 232, 224), (58, 54, 50)
QUALITY = 82
Frame = Path | None


def write_contact_sheet(record: RunRecord, out: Path, kept: Kept | None = None) -> Path | None:
    """Write the contact sheet of a run into ``out``; None where none of its scenes has a picture."""
    told = [(scene, *_frames(scene)) for scene in scenes(record)]
    if not any(first or last for _, first, last in told):
        return None
    step = max(1, -(-len(told) // MOST))
    chosen = told[::step]
    kept = kept or Kept()
    made_from = [
        [scene.number, scene.id, *(None if frame is None else kept.digests.of(frame) for frame in frames)]
        for scene, *frames in chosen
    ]
    picture = kept.once("contact-sheets", [VERSION, json.dumps(made_from)], lambda: _drawn(chosen, len(told)))
    return write_atomically(out / CONTACT_SHEET, picture)


def _frames(scene: Scene) -> tuple[Frame, Frame]:
    """The first frame of a scene's first clip, and the last of its last one: of the versions that the film shows."""
    finished = {shot.finishes for shot in scene.shots if shot.clip is not None}
    shown = [shot for shot in scene.shots if shot.clip is not None and shot.id not in finished and shot.still is None]
    if not shown:
        return None, None
    return _near(shown[0], shown[0].first_frame), _near(shown[-1], shown[-1].last_frame)


def _near(shot: ShotRecord, frame: Frame) -> Frame:
    """The small picture beside a frame, where there is one."""
    if frame is None:
        return None
    near = thumbnail_of(frame)
    return near if near.is_file() else frame if frame.is_file() else None


def _drawn(chosen: list[tuple[Scene, Frame, Frame]], count: int) -> bytes:
    pictures = {frame: _read(frame) for _, *frames in chosen for frame in frames if frame is not None}
    shapes = [picture.height / picture.width for picture in pictures.values() if picture is not None]
    height = min(TALLEST, round(WIDTH * max(shapes, default=9 / 16)))
    columns = min(COLUMNS if len(chosen) > 4 else 2, len(chosen))
    rows = -(-len(chosen) // columns)
    wide, high = 2 * WIDTH + GAP, height + LINE + GAP
    more = f"{len(chosen)} of {count} scenes" if len(chosen) < count else ""
    sheet = Image.new("RGB", (columns * wide + GAP, rows * high + GAP + (LINE if more else 0)), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for place, (scene, *frames) in enumerate(chosen):
        left, top = GAP + place % columns * wide, GAP + place // columns * high
        for side, frame in enumerate(frames):
            picture = None if frame is None else pictures[frame]
            box = left + side * WIDTH, top
            if picture is None:
                draw.rectangle((*box, box[0] + WIDTH - 2, top + height), fill=EMPTY)
                continue
            fitted = picture.copy()
            fitted.thumbnail((WIDTH - 1, height), Image.Resampling.BICUBIC)
            sheet.paste(fitted, (box[0] + (WIDTH - fitted.width) // 2, top + (height - fitted.height) // 2))
        draw.text((left, top + height + 4), f"{scene.number}  {scene.id}"[:60], fill=INK, font=font)
    if more:
        draw.text((GAP, rows * high + GAP), more, fill=INK, font=font)
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _read(path: Path) -> Image.Image | None:
    """The picture, about as large as it is shown; None for one that cannot be read."""
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as opened:
            opened.draft("RGB", (WIDTH, TALLEST))
            return opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
