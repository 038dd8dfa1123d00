"""The encoder settings of this program: the same for every piece and slate, so that they can be joined by copy."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from studio.media.form import BT709, Colors

VERSION = 1  # version of the settings and filters: a change makes every cached piece invalid
PRESET = "veryfast"  # "fast" takes twice the time for .0004 more SSIM at this CRF
CRF = 16


def timescale(fps: Fraction) -> int:
    """Ticks per second that give every frame a whole number: 12288 for 24, 30000 for 30000/1001."""
    ticks = fps.numerator
    while ticks < 10_000:
        ticks *= 2
    return ticks


def rate_text(fps: Fraction) -> str:
    """A frame rate in ffmpeg's notation."""
    return f"{fps.numerator}/{fps.denominator}"


def plain_mp4(fps: Fraction) -> dict[str, Any]:
    """Output options of every MP4 that is written: index first, whole ticks, and the same bytes for the same input."""
    return {
        "f": "mp4",
        "movflags": "+faststart",
        "video_track_timescale": timescale(fps),
        "map_metadata": -1,
        "fflags": "+bitexact",
    }


def decoded_before(fps: Fraction, delay: int) -> str:
    """The bitstream filter for packets that are copied: they are shown when they were, and decoded one a frame, the
    first that many frames before time 0."""
    return f"setts=pts=PTS:dts=round((N-{delay})*{fps.denominator}/{fps.numerator}/TB)"


def h264(fps: Fraction, colors: Colors = BT709) -> dict[str, Any]:
    """Output options for pictures, without sound. Two threads: their number changes the bytes, so it is fixed."""
    return {
        "vcodec": "libx264",
        "profile:v": "high",
        "preset": PRESET,
        "crf": CRF,
        "r": rate_text(fps),
        "g": round(2 * fps),
        "bf": 2,
        "pix_fmt": "yuv420p",
        "threads": 2,
        "an": None,
        "flags:v": "+bitexact",
        "color_range": colors.range,
        "colorspace": colors.matrix,
        "color_primaries": colors.primaries,
        "color_trc": colors.transfer,
        **plain_mp4(fps),
    }


def tagged(picture: Any, fps: Fraction, colors: Colors = BT709) -> Any:
    """The last filters of every picture: 4:2:0, its colour tags, and frame n at exactly n ticks."""
    return (
        picture.filter("setsar", 1)
        .filter("format", "yuv420p")
        .filter(
            "setparams",
            range=colors.range,
            color_primaries=colors.primaries,
            color_trc=colors.transfer,
            colorspace=colors.matrix,
        )
        .filter("settb", f"{fps.denominator}/{fps.numerator}")
        .filter("setpts", "N")
    )
