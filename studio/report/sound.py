"""The loudness of a film, measured once for its content."""

from __future__ import annotations

import json
from dataclasses import asdict

from studio.errors import FfmpegError
from studio.media.loudness import Loudness, loudness
from studio.report.records import RunRecord
from studio.storage.kept import Kept

VERSION = 1  # of the measurement; a change makes every kept one invalid


def loudness_of(record: RunRecord, kept: Kept) -> Loudness | None:
    """The loudness of the run's film; None where it is silent or cannot be measured."""
    film = record.film
    if film is None or not film.has_audio or not film.path.is_file():
        return None

    def measure() -> bytes:
        found = loudness(film.path)
        return json.dumps(None if found is None else asdict(found)).encode()

    try:
        told = json.loads(kept.once("loudness", (VERSION, film.sha256), measure))
    except FfmpegError:  # the report tells what can be told
        return None
    return None if told is None else Loudness(**told)


def in_words(sound: Loudness) -> str:
    """The figures with their units: ``-16.2 LUFS, true peak -1.0 dBTP, range 5.4 LU``."""
    minus = "\N{MINUS SIGN}"
    told = f"{sound.integrated:.1f} LUFS, true peak {sound.peak:.1f} dBTP, range {sound.range:.1f} LU"
    return told.replace("-", minus)
