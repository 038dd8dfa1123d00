"""The loudness of a film in its report."""

from __future__ import annotations

from studio.editing.film_loudness import measured_once
from studio.errors import FfmpegError
from studio.media.loudness import Loudness, loudness
from studio.report.records import RunRecord
from studio.storage.kept import Kept


def loudness_of(record: RunRecord, kept: Kept) -> Loudness | None:
    """The loudness of the run's film; None where it is silent or cannot be measured."""
    film = record.film
    if film is None or not film.has_audio or not film.path.is_file():
        return None
    try:
        return measured_once(film.sha256, kept, lambda: loudness(film.path))
    except FfmpegError:  # the report tells what can be told
        return None


def in_words(sound: Loudness) -> str:
    """The figures with their units: ``-16.2 LUFS, true peak -1.0 dBTP, range 5.4 LU``."""
    minus = "\N{MINUS SIGN}"
    told = f"{sound.integrated:.1f} LUFS, true peak {sound.peak:.1f} dBTP, range {sound.range:.1f} LU"
    return told.replace("-", minus)
