"""Titles of an edit: cards as segments of the film, and texts that lie over scenes. Pictures are drawn once, and kept.

They are drawn by Pillow: no text ever stands in a command of ffmpeg.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import PIL

from studio.atomic import write_atomic
from studio.editing.edit import SceneSegments, film_frames
from studio.lettering import titles as drawing
from studio.lettering.fonts import Fonts, can_shape
from studio.lettering.setting import Frame
from studio.media import encoding
from studio.media.film import FilmSpec, Segment
from studio.media.segments import Overlay
from studio.media.title_clips import make_pages, make_roll
from studio.planning.plan import SceneEdit
from studio.planning.title_edits import CardEdit, TextEdit
from studio.storage.kept import Kept
from studio.storage.probe_cache import measured


class TitleMaker:
    """The titles of one film, in the fonts that ``read`` reads, drawn in its form into the folder ``pieces``."""

    def __init__(self, read: Callable[[], Fonts], spec: FilmSpec, pieces: Path, kept: Kept) -> None:
        self.read, self.spec, self.pieces, self.kept = read, spec, pieces, kept
        self.frame = Frame(spec.width // 2 * 2, spec.height // 2 * 2)

    @cached_property
    def fonts(self) -> Fonts:
        """The fonts, read once. Raises BadInput, as ``read`` does."""
        return self.read()

    def card(self, card: CardEdit) -> SceneSegments:
        """A card as an item of the edit. Raises FfmpegError, BadInput."""
        path = self.pieces / f"title-{self._digest(card)}.mp4"
        if not path.exists():
            self.pieces.mkdir(parents=True, exist_ok=True)
            self._make(card, path)
        segment = Segment(path, measured(path, self.kept), name=name_of_file(card), drawn=True)
        cut = SceneEdit(card.name, (), card.frames, into=card.into)
        return SceneSegments(cut, (segment,), card=card)

    def _make(self, card: CardEdit, path: Path) -> None:
        if card.kind != "credits":
            pages = [drawing.draw_card(card.kind, card.text, self.frame, self.fonts)]
            return make_pages(path, pages, frames=card.frames, fps=self.spec.fps)
        if card.roll:
            tall = drawing.draw_roll(card.lines, self.frame, self.fonts)
            return make_roll(path, tall, height=self.frame.height, frames=card.frames, fps=self.spec.fps)
        pages = drawing.draw_pages(card.lines, self.frame, self.fonts)
        return make_pages(path, pages, frames=card.frames, fps=self.spec.fps)

    def _digest(self, card: CardEdit) -> str:
        """Everything that a card's clip is made from."""
        made_from = [
            drawing.VERSION, encoding.VERSION, PIL.__version__, can_shape(), *self.fonts.made_from, card.kind,
            card.text, card.lines, card.roll, card.frames, self.frame.width, self.frame.height, str(self.spec.fps),
        ]  # fmt: skip
        return sha256(json.dumps(made_from).encode()).hexdigest()[:32]

    def with_text(self, segments: Sequence[Segment], text: TextEdit) -> tuple[Segment, ...]:
        """The segments of a scene with a text over them, for as long as the scene has frames for it. Raises
        BadInput."""
        frames = min(text.frames, sum(map(film_frames, segments)) - text.start)
        if frames < 2:
            return tuple(segments)
        drawn = drawing.draw_lower_third(text.text, self.frame, self.fonts)
        data = BytesIO()
        drawn.picture.save(data, "PNG")
        digest = sha256(data.getvalue()).hexdigest()
        path = self.pieces / f"title-{digest[:32]}.png"
        if not path.exists():
            self.pieces.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data.getvalue())
        over = Overlay(path, digest, drawn.x, drawn.y, text.start, frames, min(text.fade, frames // 2))
        found, at = list[Segment](), 0
        for segment in segments:
            length, start = film_frames(segment), over.start - at
            is_under = start < length and start + over.frames > 0
            found.append(replace(segment, over=replace(over, start=start)) if is_under else segment)
            at += length
        return tuple(found)


def name_of_file(card: CardEdit) -> str:
    """The name of a card's clip beside the film."""
    return f"title-before-{card.before}" if card.kind == "card" else f"title-{card.kind}"
