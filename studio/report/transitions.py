"""Transitions of a film: their words, and a picture of the middle of each."""

from __future__ import annotations

from collections.abc import Iterable

from studio.errors import BadClip
from studio.media.frames import frame_at, picture
from studio.media.overlap import Overlap
from studio.planning.length import in_seconds
from studio.report.records import FilmCut, RunRecord
from studio.report.thumbnails import data_uri, jpeg
from studio.storage.kept import Kept

VERSION = 1  # of the pictures; a change makes every kept one invalid
WIDTH, QUALITY = 240, 70


def transition_words(overlap: Overlap) -> str:
    """``crossfade, 0.5 s``."""
    return f"{'crossfade' if overlap.kind == 'fade' else overlap.kind}, {in_seconds(overlap.frames)} s"


def middles(record: RunRecord, cuts: Iterable[FilmCut], kept: Kept) -> dict[str, str]:
    """A picture of the film in the middle of the transition into each of these scenes, as a data URI, by scene."""
    return {cut.scene: uri for cut in cuts if cut.into is not None and (uri := _middle(record, cut, cut.into, kept))}


def _middle(record: RunRecord, cut: FilmCut, into: Overlap, kept: Kept) -> str | None:
    film, frame = record.film, cut.start_frame + into.before
    if film is None or not film.path.is_file():
        return None

    def take() -> bytes:
        return jpeg(picture(frame_at(film.path, frame), width=min(WIDTH, film.width)), QUALITY)

    try:
        return data_uri(kept.once("middles", (VERSION, film.sha256, frame, WIDTH, QUALITY), take))
    except BadClip:  # not the film that was made
        return None
