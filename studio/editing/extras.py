"""Soft captions, chapters and the title in the film's own file: a step between joining and signing it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.captions.files import vtt
from studio.captions.languages import code_of, name_of
from studio.captions.values import Captions, Chapter
from studio.disk import disk_errors
from studio.editing.assembly import Finish
from studio.editing.edit import Edit
from studio.media.extras import Mark, TextTrack, add_extras

VERSION = 1  # of how they are put into the file: a change means that every film gets them anew


def no_captions(_: Edit) -> tuple[Captions, ...]:
    """The captions of a film without any."""
    return ()


def chapters_of(edit: Edit) -> tuple[Chapter, ...]:
    """The chapters of a film: one for each scene, by its id, and for each card that has words, by its first line.

    A card without words belongs to the chapter before it. One chapter alone is none.
    """
    begins = list[tuple[str, int]]()
    titles = edit.titles
    headings = {card.place: card.heading for card in titles.cards}
    for place in titles.among(edit.cuts):
        title = headings.get(place, place.scene).strip()
        if title or not begins:
            begins.append((title, 0 if not begins else place.start_frame))
    ends = [start for _, start in begins[1:]] + [edit.frames]
    found = tuple(
        Chapter(title, start, end) for (title, start), end in zip(begins, ends, strict=True) if end > start
    )  # fmt: skip
    return found if len(found) > 1 else ()


@dataclass(frozen=True)
class Extras:
    """The step that puts a film's captions, chapters and title into its file.

    ``captions`` makes the captions of an edit, the film's own language first: its track is the one that players show
    first, where the viewer has asked for captions.
    """

    title: str = ""
    captions: Callable[[Edit], Sequence[Captions]] = no_captions

    @property
    def note(self) -> str:
        """No note: every film has them."""
        return ""

    def made_from(self, edit: Edit) -> tuple[str, ...]:
        """All that decides what is added."""
        told = repr((self.title, chapters_of(edit), tuple(self.captions(edit))))
        return "extras", str(VERSION), hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()

    def __call__(self, film: Path, edit: Edit) -> None:
        """Add them to the file. Raises MediaError, CannotWrite."""
        fps = edit.spec.fps
        marks = [Mark(one.title, one.start, one.end) for one in chapters_of(edit)]
        with (
            disk_errors("the film", film.parent),
            tempfile.TemporaryDirectory(dir=film.parent, prefix=".words-") as kept,
        ):
            tracks = []
            for number, one in enumerate(self.captions(edit)):
                if one.cues:
                    path = Path(kept) / f"{number}.vtt"
                    path.write_bytes(vtt(one.cues, fps).encode())
                    tracks.append(TextTrack(path, code_of(one.language), name_of(one.language)))
            if tracks or marks or self.title.strip():
                add_extras(film, fps, tracks=tracks, marks=marks, title=self.title)


@dataclass(frozen=True)
class InTurn:
    """Several steps as one, in their order. The signature is the last: what comes after it would break it."""

    steps: tuple[Finish, ...]

    @property
    def note(self) -> str:
        """The notes of all."""
        return "; ".join(step.note for step in self.steps if step.note)

    def made_from(self, edit: Edit) -> tuple[str, ...]:
        """All that decides what is added."""
        return tuple(value for step in self.steps for value in step.made_from(edit))

    def __call__(self, film: Path, edit: Edit) -> None:
        """Take each step. Raises MediaError, OSError."""
        for step in self.steps:
            step(film, edit)
