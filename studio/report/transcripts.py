"""The transcripts of a film, for its page: each caption with its time, and the tracks that its player shows."""

from __future__ import annotations

from dataclasses import dataclass

from studio.captions.languages import name_of
from studio.report import formats
from studio.report.records import RunRecord
from studio.report.thumbnails import data_uri


@dataclass(frozen=True)
class Line:
    """One caption: its time as people read it and in seconds, and its text."""

    timecode: str
    starts: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """The captions of one language. ``source`` is a WebVTT file within its address: a page that is opened from a disk
    may not read another file."""

    language: str
    name: str
    source: str
    lines: tuple[Line, ...]


def transcripts(record: RunRecord) -> tuple[Transcript, ...]:
    """The captions of a film in each language; none where there is no film."""
    if record.film is None or not record.captions:
        return ()
    from studio.captions.files import vtt  # loads pysubs2

    fps, found = record.film.fps, []
    for one in record.captions:
        lines = [
            Line(formats.timecode(cue.start, fps), float(cue.start / fps), formats.clean(" ".join(cue.lines)))
            for cue in one.cues
        ]
        source = data_uri(vtt(one.cues, fps).encode(), "text/vtt")
        found.append(Transcript(one.language, name_of(one.language), source, tuple(lines)))
    return tuple(found)
