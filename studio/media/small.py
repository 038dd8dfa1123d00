"""Small copies of films and clips, to send: H.264 that every browser plays, within a number of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import ffmpeg as build

from studio.media import ffmpeg
from studio.media.container import opened
from studio.media.ffmpeg import Stop

VERSION = 1  # of the settings; a change makes every kept copy invalid
SOUND = 96_000  # bits a second
SHARE = 0.93  # of the bytes, since an encoder does not meet them exactly
MOST_RATE, LEAST_RATE = 2_500_000, 90_000  # bits a second, of the picture
#: The longer side in pixels that a picture of at least so many bits a second has.
SIDES = ((1_000_000, 960), (450_000, 640), (0, 426))


@dataclass(frozen=True)
class SmallForm:
    """The form of a small copy: its longer side in pixels at most, and bits a second of its picture."""

    side: int
    rate: int

    @classmethod
    def of(cls, seconds: Fraction, most: int, *, sound: bool) -> SmallForm:
        """The form in which so many seconds take ``most`` bytes at most; more only where a picture of 90 kbit a second
        does."""
        bits = most * 8 * SHARE / max(float(seconds), 1.0) - (SOUND if sound else 0)
        rate = int(min(MOST_RATE, max(LEAST_RATE, bits)))
        return cls(next(side for least, side in SIDES if rate >= least), rate)


def has_sound(path: Path) -> bool:
    """True if an MP4 has a sound track. Raises BadClip."""
    with opened(path) as (container, _):
        return bool(container.streams.audio)


def small_copy(source: Path, out: Path, form: SmallForm, *, sound: bool, stop: Stop | None = None) -> None:
    """Write a copy of an MP4 in this form to ``out``; a picture is never enlarged. Raises FfmpegError."""
    clip = ffmpeg.clip_input(source)
    picture = clip["v:0"].filter(
        "scale", w=f"min(iw,{form.side})", h=f"min(ih,{form.side})", force_original_aspect_ratio="decrease",
        force_divisible_by=2,
    )  # fmt: skip
    streams = [picture.filter("format", "yuv420p"), *([clip["a:0"]] if sound else [])]
    heard = {"acodec": "aac", "audio_bitrate": SOUND, "ac": 2} if sound else {"an": None}
    output = build.output(
        *streams, f"file:{out.absolute()}", vcodec="libx264", preset="medium", crf=26, maxrate=form.rate,
        bufsize=2 * form.rate, g=48, f="mp4", movflags="+faststart", map_metadata=-1, fflags="+bitexact", **heard,
    )  # fmt: skip
    ffmpeg.run(output, timeout=1800, stop=stop)
