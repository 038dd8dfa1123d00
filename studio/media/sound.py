"""The sound of a film: one track from the first frame to the last, with silence where a scene has none.

Every scene's sound is decoded into samples and placed at its first frame, counted in samples of the whole film. Errors
do not add up, as they do where compressed sound is joined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as build

from studio.media import ffmpeg
from studio.media.container import opened
from studio.media.pieces import BATCH, WORKERS, Segment

RATE = 48_000
SAMPLE = 4  # bytes: two channels of 16 bit
RAW = {"f": "s16le", "ar": RATE, "ac": 2}
ENCODED = {"acodec": "aac", "audio_bitrate": "192k", "ar": RATE}
BLOCK = 1 << 20


def soundtrack(
    segments: Sequence[Segment],
    frames: Sequence[int],
    fps: Fraction,
    work: Path,
    *,
    stop: ffmpeg.Stop | None = None,
) -> Path:
    """Write the sound of a film into the folder `work`, uncompressed (48 kHz, stereo, 16 bit), and return its path.

    `frames` is the number of the film's frames for each segment, `fps` how many make a second. The track is exactly
    as long as the film, to the sample.
    """
    ends = [_sample(sum(frames[: n + 1]), fps) for n in range(len(frames))]
    starts = [0, *ends[:-1]]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    # a clip that is used more than once from the same moment on is decoded once, as far as it is used
    wanted: dict[tuple[Path | None, Fraction], tuple[Segment, int]] = {}
    for segment, length in zip(segments, lengths, strict=True):
        if segment.heard and length > wanted.get(_what(segment), (segment, -1))[1]:
            wanted[_what(segment)] = segment, length
    heard = dict(zip(wanted, _decoded(list(wanted.values()), work, stop), strict=True))
    track = work / "sound.pcm"
    with track.open("wb") as out:
        for segment, start, length in zip(segments, starts, lengths, strict=True):
            if path := heard.get(_what(segment)):
                out.seek(start * SAMPLE)
                _append(path, out, length * SAMPLE)
        out.truncate(ends[-1] * SAMPLE)
    for path in heard.values():
        path.unlink()
    return track


def raw_input(track: Path) -> Any:
    """The soundtrack as an input of ffmpeg-python."""
    return build.input(f"file:{track.absolute()}", **RAW)


def _sample(frame: int, fps: Fraction) -> int:
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


def _append(path: Path, out: Any, most: int) -> None:
    with path.open("rb") as source:
        while most > 0 and (block := source.read(min(BLOCK, most))):
            out.write(block)
            most -= len(block)
