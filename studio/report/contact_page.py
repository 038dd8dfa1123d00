"""The contact sheet as a page to print: each scene with its first, middle and last frame, and what it was made from.

It stands alone: pictures are within it, and it names no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from PIL import Image

from studio.editing.values import FilmCut, FilmPart
from studio.errors import MediaError
from studio.media.frames import MIDDLE, frame_at, picture
from studio.report import formats, labels
from studio.report.files import write_atomically
from studio.report.page import environment
from studio.report.records import RunRecord, ShotRecord
from studio.report.scenes import Scene, scenes
from studio.report.summary import NOT_BILLED
from studio.report.thumbnails import data_uri, jpeg
from studio.storage.kept import Kept
from studio.storage.ownership import CONTACT_PAGE

VERSION = 2  # of its pictures; a change makes every kept one invalid
WIDE, NARROW, MANY = 320, 200, 60  # pixels of a picture, in a film of few scenes and of many
QUALITY = 62
LONG_PROMPT = 420
NAMES = ("first frame", "middle frame", "last frame")


@dataclass(frozen=True)
class Row:
    """One scene of the sheet. ``said`` is its narration; ``cost`` is what was ever paid for it."""

    number: int
    id: str
    timecode: str
    seconds: Fraction
    cost: Decimal
    frames: tuple[tuple[str, str | None], ...]
    prompts: tuple[str, ...]
    said: str
    made: tuple[str, ...]


def write_contact_page(record: RunRecord, out: Path, kept: Kept | None = None) -> Path:
    """Write ``contact-sheet.html`` into ``out``."""
    kept = kept or Kept()
    told = scenes(record)
    width = NARROW if len(told) > MANY else WIDE
    said = _narration(record)
    rows = [_row(record, scene, said.get(scene.id, ""), width, kept) for scene in told]
    shape = (record.film.width, record.film.height) if record.film else (16, 9)
    text = (
        environment()
        .get_template("contact_page.html")
        .render(
            record=record, rows=rows, shape=f"{shape[0]} / {shape[1]}", upright=shape[1] > shape[0],
            not_billed=NOT_BILLED,
        )
    )  # fmt: skip
    return write_atomically(out / CONTACT_PAGE, text.encode(errors="replace"))


def _narration(record: RunRecord) -> Mapping[str, str]:
    """The narration of each scene, in the film's own language."""
    found = dict[str, list[str]]()
    for track in record.captions[:1]:
        for cue in track.cues:
            found.setdefault(cue.scene, []).append(" ".join(cue.lines))
    return {scene: " ".join(lines) for scene, lines in found.items()}


def _row(record: RunRecord, scene: Scene, said: str, width: int, kept: Kept) -> Row:
    fps = record.film.fps if record.film else Fraction(24)
    cut, shots = scene.cut, scene.finals
    first = labels.once(versions[0].prompt for versions in scene.versions)
    takes = sorted({shot.take for shot in shots})
    made = [*labels.once(f"{shot.model} {shot.resolution}".strip() for shot in shots)]
    made += [f"take {', '.join(map(str, takes))}"] if takes else []
    return Row(
        number=scene.number, id=scene.id, timecode=formats.timecode(cut.start_frame, fps) if cut else "",
        seconds=cut.frames / fps if cut else scene.seconds, cost=scene.cost + scene.reused,
        frames=tuple(zip(NAMES, _frames(scene, width, kept), strict=True)),
        prompts=tuple(formats.opening(formats.clean(text), LONG_PROMPT) for text in first), said=formats.clean(said),
        made=(*made, scene.outcome),
    )  # fmt: skip


def _frames(scene: Scene, width: int, kept: Kept) -> list[str | None]:
    """The first, middle and last frame that the film shows of a scene, as far as there are any."""
    cut = scene.cut
    if cut is not None and cut.parts:
        places = (cut.start_frame, cut.start_frame + cut.frames // 2, cut.start_frame + cut.frames - 1)
        beside = {shot.id: shot.first_frame.parent for shot in scene.finals if shot.first_frame is not None}
        found = [
            _of_clip(part, frame, width, kept, beside.get(part.shot))
            for part, frame in (_at(cut, place) for place in places)
        ]
        if any(found):
            return found
    shown = [shot for shot in scene.finals if shot.clip is not None]
    if not shown:
        return [None, None, None]
    return [_of_file(shown[0], "first", width), None, _of_file(shown[-1], "last", width)]


def _at(cut: FilmCut, place: int) -> tuple[FilmPart, int]:
    """The part that the film shows at one of its frames, and the frame of its clip."""
    part = next((one for one in reversed(cut.parts) if one.at <= place), cut.parts[0])
    share = Fraction(min(max(0, place - part.at), part.frames - 1), max(1, part.frames))
    last = part.length - 1
    within = last if place >= part.at + part.frames - 1 else min(last, int(share * part.length))
    return part, part.start + within


def _of_clip(part: FilmPart, frame: int, width: int, kept: Kept, beside: Path | None) -> str | None:
    """A frame of a clip; None where the clip is not here. ``beside``: the folder of the pictures that were made when it
    was measured: of its first, its middle and its last frame."""
    made_from = (VERSION, part.sha256, frame, width, QUALITY)
    found = kept.get("contact-pages", made_from)
    if found is None:
        found = _there(part, frame, width, beside)
        if found is None:
            with suppress(MediaError, OSError):
                found = jpeg(picture(frame_at(part.clip, frame), width=width), QUALITY)
        if found is not None:
            kept.put("contact-pages", made_from, found)
    return None if found is None else data_uri(found)


def _there(part: FilmPart, frame: int, width: int, beside: Path | None) -> bytes | None:
    """The picture of a frame that was made when its clip was measured; None where that was not done."""
    names = {0: "first.jpg", part.clip_frames // 2: MIDDLE, part.clip_frames - 1: "last.jpg"}
    if beside is None or frame not in names:
        return None
    with suppress(OSError, ValueError, SyntaxError), Image.open(beside / names[frame], formats=("JPEG",)) as opened:
        opened.thumbnail((width, width * 2), Image.Resampling.BICUBIC)
        return jpeg(opened.convert("RGB"), QUALITY)
    return None


def _of_file(shot: ShotRecord, side: str, width: int) -> str | None:
    path = shot.first_frame if side == "first" else shot.last_frame
    if path is None:
        return None
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as opened:
            opened.thumbnail((width, width * 2), Image.Resampling.BICUBIC)
            return data_uri(jpeg(opened.convert("RGB"), QUALITY))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
