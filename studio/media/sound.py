"""The sound of a film: one track from the first frame to the last, with silence where a scene has none.

Every scene's sound is decoded into samples and placed at its first frame, counted in samples of the whole film. Errors
do not add up, as they do where compressed sound is joined.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as build
import numpy as np
from numpy.typing import NDArray

from studio.media import ffmpeg
from studio.media.container import opened
from studio.media.overlap import starts_of
from studio.media.pieces import BATCH, WORKERS
from studio.media.segments import Segment, Target

RATE = 48_000
SAMPLE = 4  # bytes: two channels of 16 bit
RAW = {"f": "s16le", "ar": RATE, "ac": 2}
ENCODED = {"acodec": "aac", "audio_bitrate": "192k", "ar": RATE}
BLOCK = 1 << 18  # samples that are mixed at a time


def soundtrack(
    segments: Sequence[Segment], target: Target, work: Path, *, stop: ffmpeg.Stop | None = None, darkened: bool = True
) -> Path:
    """Write the sound of a film into the folder `work`, uncompressed (48 kHz, stereo, 16 bit), and return its path.

    The track is exactly as long as the film, to the sample. Where two segments overlap, the sound of one fades out
    while that of the other fades in; if ``darkened``, it comes and goes with the film's pictures where these come out
    of black.
    """
    frames = [target.frames(segment) for segment in segments]
    overlaps = [segment.into for segment in segments]
    places = [
        Place(sample(start, target.fps), sample(start + count, target.fps),
              sample(start + (into.frames if into else 0), target.fps),
              sample(start + count - (after.frames if after else 0), target.fps))
        for start, count, into, after in zip(starts_of(frames, overlaps), frames, overlaps, [*overlaps[1:], None],
                                             strict=True)
    ]  # fmt: skip
    # a clip that is used more than once from the same moment on is decoded once, as far as it is used
    wanted: dict[tuple[Path | None, Fraction], tuple[Segment, int]] = {}
    for segment, place in zip(segments, places, strict=True):
        if segment.heard and place.samples > wanted.get(_what(segment), (segment, -1))[1]:
            wanted[_what(segment)] = segment, place.samples
    heard = dict(zip(wanted, _decoded(list(wanted.values()), work, stop), strict=True))
    track = empty_track(work / "sound.pcm", places[-1].end)
    for segment, place in zip(segments, places, strict=True):
        if path := heard.get(_what(segment)):
            add(path, track, place)
    if darkened:
        _darken(track, *(sample(frames, target.fps) for frames in (segments[0].fade_in, segments[-1].fade_out)))
    for path in heard.values():
        path.unlink()
    return track


def empty_track(path: Path, samples: int) -> Path:
    """A new track of so many samples of silence."""
    with path.open("wb") as out:
        out.truncate(samples * SAMPLE)
    return path


def blocks(samples: int) -> Iterator[tuple[int, int]]:
    """Stretches of so many samples, one after another, that are worked on at a time: the first sample, and a number."""
    for begin in range(0, samples, BLOCK):
        yield begin, min(BLOCK, samples - begin)


@dataclass(frozen=True)
class Place:
    """The samples of the film that a segment has: from `start` to `end`; alone from `alone` to `leaves`."""

    start: int
    end: int
    alone: int
    leaves: int

    @property
    def samples(self) -> int:
        """Their number."""
        return self.end - self.start

    def gains(self, begin: int, end: int) -> NDArray[np.float32] | None:
        """The volume of the samples from `begin` to `end` of the film, 0 to 1; None: all are as they are.

        The two of an overlap have the same power together at each moment, as uncorrelated sounds need it.
        """
        if begin >= self.alone and end <= self.leaves:
            return None
        at = np.arange(begin, end, dtype=np.float64) + 0.5
        comes = np.clip((at - self.start) / max(1, self.alone - self.start), 0, 1)
        goes = np.clip((self.end - at) / max(1, self.end - self.leaves), 0, 1)
        found = np.sin(comes * np.pi / 2) * np.sin(goes * np.pi / 2)
        return found.astype(np.float32)[:, None]


def add(source: Path, track: Path, place: Place) -> None:
    """Add a decoded sound to a track at its place, block by block: only one block of each is in memory."""
    end = min(place.samples, source.stat().st_size // SAMPLE)
    for begin, count in blocks(end):
        heard = np.memmap(source, np.int16, "r", offset=begin * SAMPLE, shape=(count, 2))
        mix = np.memmap(track, np.int16, "r+", offset=(place.start + begin) * SAMPLE, shape=(count, 2))
        gains = place.gains(place.start + begin, place.start + begin + count)
        more = heard.astype(np.int32) if gains is None else np.rint(heard * gains)
        mix[:] = np.clip(mix + more, -32768, 32767)
        mix.flush()


def _darken(track: Path, comes: int, goes: int) -> None:
    """Let the film's sound come out of silence in so many samples, and go to it in so many at its end."""
    samples = track.stat().st_size // SAMPLE
    whole = Place(0, samples, comes, samples - goes)
    for begin, count in blocks(samples):
        if (gains := whole.gains(begin, begin + count)) is not None:
            mix = np.memmap(track, np.int16, "r+", offset=begin * SAMPLE, shape=(count, 2))
            mix[:] = np.rint(mix * gains)
            mix.flush()


def raw_input(track: Path) -> Any:
    """The soundtrack as an input of ffmpeg-python."""
    return build.input(f"file:{track.absolute()}", **RAW)


def sample(frame: int, fps: Fraction) -> int:
    """The first sample of a frame of the film."""
    return math.floor(frame * RATE / fps + Fraction(1, 2))


def _what(segment: Segment) -> tuple[Path | None, Fraction]:
    return segment.heard, segment.offset()


def _decoded(wanted: Sequence[tuple[Segment, int]], work: Path, stop: ffmpeg.Stop | None) -> list[Path]:
    """Decode each segment into a file of exactly as many samples as are wanted: its sound, then silence."""
    outs = [work / f"{number:04d}.pcm" for number in range(len(wanted))]

    def decode(first: int) -> None:
        pairs = zip(wanted[first : first + BATCH], outs[first : first + BATCH], strict=True)
        ffmpeg.run(build.merge_outputs(*(_samples(*what, out) for what, out in pairs)), timeout=600, stop=stop)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="sound") as pool:
        list(pool.map(decode, range(0, len(wanted), BATCH)))
    return outs


def _samples(segment: Segment, samples: int, out: Path) -> Any:
    heard = segment.heard or segment.path
    with opened(heard) as (_, stream):
        first_picture = (stream.start_time or 0) * (stream.time_base or 0)
    begin = f"{float(first_picture + segment.offset()):.6f}"
    return (
        # with copyts, times are those of the file: the sound's place is relative to the first picture
        ffmpeg.clip_input(heard)["a:0"]
        .filter("atrim", start=begin)
        .filter("asetpts", f"PTS-{begin}/TB")
        .filter("aresample", RATE, **{"async": 1000, "first_pts": 0})
        .filter("apad", whole_len=samples)
        .filter("atrim", end_sample=samples)
        .output(f"file:{out.absolute()}", copyts=None, **RAW)
    )
