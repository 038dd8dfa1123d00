"""Recutting of footage for sending: stored frames equal the shown ones, start at 0, and no sound outlasts the picture.

It is not known what Luma counts of a file whose edit list hides frames, or whose sound outlasts its picture. In the
file that is sent, every way to count gives the same. The same source gives the same bytes with the same ffmpeg.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from studio.assets.derived_files import is_made, keep_made, part_of
from studio.errors import AssetError, BadClip, FfmpegError
from studio.media.clip import Clip, examine
from studio.media.encoding import PRESET, plain_mp4, rate_text
from studio.media.ffmpeg import clip_input, run
from studio.media.form import UNSPECIFIED, guess_is_bt709
from studio.media.measure import GRID, Measure, measure

QUALITIES = (12, 17, 22)  # CRF of H.264, the best first; the first that makes the file small enough is used
SECONDS = 900.0  # for one encoding


def why_cut(length: Measure) -> str:
    """The parts that recutting leaves out, in words that follow ``is sent``."""
    if length.hidden:
        return f"without the {length.hidden} stored frames that its edit list hides"
    return "cut to its picture, without what comes before or after it"


def recut(
    part: Path, clip: Clip, length: Measure, goal: Path, *, sound: int | None, where: str, most: int
) -> Clip:  # fmt: skip
    """Write the shown part of the footage in ``part`` to ``goal``, an MP4 of at most ``most`` bytes; return its
    measures.

    ``sound`` is the number of its sound track, None for none. The picture is copied where it is stored as it is shown;
    otherwise it is encoded at high quality, at its own rate, or at 24 frames a second where its rate varies. A file
    made before is used again if it is undamaged. Raises AssetError where no such file can be made.
    """
    if is_made(goal):
        return examine(goal)
    for quality in QUALITIES if length.hidden else (None, *QUALITIES):
        bare = part_of(goal.parent)
        try:
            run(_command(part, clip, length, bare, quality, sound), timeout=SECONDS)
            made = examine(bare)
            if made.bytes <= most and _holds(made, clip, length, copied=quality is None):
                return replace(made, path=keep_made(bare, goal))
        except (FfmpegError, BadClip):
            pass  # reported below, if the next way fails, too
        finally:
            bare.unlink(missing_ok=True)
    raise AssetError(
        "its footage is stored otherwise than it is shown, and cannot be cut anew", where=where,
        hint="export the part that you need as an MP4 file",
    )  # fmt: skip


def _holds(made: Clip, clip: Clip, length: Measure, *, copied: bool) -> bool:
    """True if a made file shows the same as the source, for as long, and stores nothing else."""
    new = measure(made.path)
    if not new.plain or made.frames != new.stored:
        return False
    if copied:
        return (made.packets, made.form.rotation, new.seconds) == (clip.packets, clip.form.rotation, length.seconds)
    frames = length.shown if length.rate else length.frames
    return (new.stored, new.seconds) == (frames, frames / _rate(length))


def _rate(length: Measure) -> Fraction:
    return length.rate or Fraction(GRID)


def _command(part: Path, clip: Clip, length: Measure, out: Path, quality: int | None, sound: int | None) -> Any:
    """The ffmpeg command. ``quality`` None: the picture's packets are copied."""
    # Times count from the first shown frame; ffmpeg would count from the file's first packet, perhaps of its sound.
    source = clip_input(part, itsoffset=f"{float(-length.start):.9f}", copyts=None)
    picture = source[str(clip.form.stream)]
    options: dict[str, Any] = {**plain_mp4(_rate(length)), "flags:v": "+bitexact"}
    if quality is None:
        options |= {"vcodec": "copy"}
    else:
        picture = _named(_even(_spaced(picture, length), clip), clip)
        deep = "10" in clip.form.pix_fmt or "12" in clip.form.pix_fmt
        options |= {
            "vcodec": "libx264", "preset": PRESET, "crf": quality, "bf": 2, "g": max(1, round(2 * _rate(length))),
            "pix_fmt": "yuv420p10le" if deep else "yuv420p", "threads": 2, "r": rate_text(_rate(length)),
        }  # fmt: skip
    streams = [picture]
    if sound is not None:
        streams.append(_sound(source[f"a:{sound}"], float(length.seconds)))
        options |= {"acodec": "aac", "b:a": "192k", "ac": 2, "flags:a": "+bitexact"}
    return ffmpeg.output(*streams, str(out), **options)


def _spaced(picture: Any, length: Measure) -> Any:
    """Place frame n at n ticks of the rate. Footage with a variable rate is converted to 24 frames a second."""
    rate = _rate(length)
    tick = f"{rate.denominator}/{rate.numerator}"
    if length.rate is None:
        picture = picture.filter("setpts", "PTS-STARTPTS").filter("fps", GRID, start_time=0)
        picture = picture.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=length.frames)
        return picture.filter("settb", tick).filter("setpts", "N")
    # `fps` so that no frame keeps the source's duration, by which the encoder would repeat it
    numbered = picture.filter("settb", tick).filter("setpts", "N")
    return numbered.filter("fps", rate_text(rate)).filter("trim", end_frame=length.shown)


def _even(picture: Any, clip: Clip) -> Any:
    """Make both sides even, which 4:2:0 requires."""
    width, height = clip.width // 2 * 2, clip.height // 2 * 2
    if (width, height) == (clip.width, clip.height):
        return picture
    return picture.filter("scale", width, height, flags="bicubic+accurate_rnd+bitexact")


def _named(picture: Any, clip: Clip) -> Any:
    """Name the matrix that players assume for the source: after rotation they might assume another one."""
    if clip.form.colors[3] != UNSPECIFIED:
        return picture
    matrix = "bt709" if guess_is_bt709(clip.form.width, clip.form.height) else "smpte170m"
    return picture.filter("setparams", colorspace=matrix)


def _sound(sound: Any, seconds: float) -> Any:
    """The sound for the picture, as long as the picture; silent where the source has none."""
    sound = sound.filter("atrim", start=0, end=f"{seconds:.9f}")
    return (
        sound.filter("aresample", **{"async": 1, "first_pts": 0}).filter("apad").filter("atrim", end=f"{seconds:.9f}")
    )
