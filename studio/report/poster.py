"""The poster: one frame of the film as a picture beside it."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from studio.errors import MediaError
from studio.media.frames import frame_at, picture
from studio.report.files import write_atomically
from studio.report.records import RunRecord
from studio.report.thumbnails import jpeg
from studio.storage.kept import Kept
from studio.storage.ownership import POSTER

VERSION = 1  # of the poster; a change makes every kept one invalid
QUALITY = 90


def poster_frame(record: RunRecord, at: str | Fraction = "") -> int:
    """The frame of the film that is its poster: in the middle of the scene that is named, or at a second of the film.

    Without either, in the middle of the first scene that is no slate. A scene that is not in the film, or is a slate,
    counts as none; a time after the end as the last frame.
    """
    total = record.film.frames if record.film else 0
    if isinstance(at, Fraction):
        return min(max(0, int(at * (record.film.fps if record.film else 24))), max(0, total - 1))
    cuts = sorted((cut for cut in record.cuts if not cut.slate), key=lambda cut: cut.start_frame)
    chosen = next((cut for cut in cuts if cut.scene == at), cuts[0] if cuts else None)
    return total // 2 if chosen is None else chosen.start_frame + chosen.frames // 2


def write_poster(
    record: RunRecord, out: Path, at: str | Fraction = "", kept: Kept | None = None
) -> Path | None:  # fmt: skip
    """Write ``poster.jpg`` into ``out``, in the film's size; None where there is no film here that can be read.

    It is made once for the film's content, and ``kept``.
    """
    film = record.film
    if film is None:
        return None
    frame = poster_frame(record, at)

    def drawn() -> bytes:
        return jpeg(picture(frame_at(film.path, frame)), QUALITY)

    with suppress(MediaError, OSError):
        return write_atomically(out / POSTER, (kept or Kept()).once("posters", (VERSION, film.sha256, frame), drawn))
    return None
