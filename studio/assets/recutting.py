"""Footage cut anew for sending: as many frames stored as are shown, from 0 on, and no longer than its picture.

What Luma counts of a file whose edit list hides frames, or whose sound outlasts its picture, is not known. What is sent
leaves nothing to count otherwise. The same source gives the same bytes with the same ffmpeg.
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
from studio.media.frames import UNSPECIFIED, guess_is_bt709
from studio.media.measure import GRID, Measure, measure

QUALITIES = (12, 17, 22)  # CRF of H.264, the best first; the first at which the file is small enough is taken
SECONDS = 900.0  # for one encoding


def why_cut(length: Measure) -> str:
    """The parts that are left out of footage that is cut anew, in words that follow ``is sent``."""
    if length.hidden:
        return f"without the {length.hidden} stored frames that its edit list hides"
    return "cut to its picture, without what comes before or after it"


def recut(
    part: Path, clip: Clip, length: Measure, goal: Path, *, sound: int | None, where: str, most: int
) -> Clip:  # fmt: skip
    """Write what is shown of the footage in ``part`` to ``goal``, an MP4 of at most ``most`` bytes; its measures.

    ``sound`` is the number of the sound track that goes with it, None for none. The picture is copied where it is
    stored as it is shown, and encoded at high quality where it is not: at its own
    rate, or at 24 frames a second where its rate varies. What was written before is used again, if it still is what was
    written. Raises AssetError where no such file can be made.
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
            pass  # said below, if the next way does not help either
        finally:
            bare.unlink(missing_ok=True)
    raise AssetError(
        "its footage is stored otherwise than it is shown, and cannot be cut anew", where=where,
        hint="export the part that you need as an MP4 file",
    )  # fmt: skip


def _holds(made: Clip, clip: Clip, length: Measure, *, copied: bool) -> bool:
    """True if a made file shows what the source shows, for as long, and stores nothing else."""
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
    # Every time counts from the first shown frame; ffmpeg would count from the file's first packet, maybe of its sound.
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
    """Frame n at n ticks of the rate. What varies is drawn out to 24 frames a second."""
    rate = _rate(length)
    tick = f"{rate.denominator}/{rate.numerator}"
    if length.rate is None:
        picture = picture.filter("setpts", "PTS-STARTPTS").filter("fps", GRID, start_time=0)
        picture = picture.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=length.frames)
        return picture.filter("settb", tick).filter("setpts", "N")
    # `fps` so that no frame keeps a duration of the source's, by which the encoder would repeat it
    numbered = picture.filter("settb", tick).filter("setpts", "N")
    return numbered.filter("fps", rate_text(rate)).filter("trim", end_frame=length.shown)


def _even(picture: Any, clip: Clip) -> Any:
    """4:2:0 has no odd sides."""
    width, height = clip.width // 2 * 2, clip.height // 2 * 2
    if (width, height) == (clip.width, clip.height):
        return picture
    return picture.filter("scale", width, height, flags="bicubic+accurate_rnd+bitexact")


def _named(picture: Any, clip: Clip) -> Any:
    """Colours that name no matrix keep the one that players take for the source: once turned, it may be another."""
    if clip.form.colors[3] != UNSPECIFIED:
        return picture
    matrix = "bt709" if guess_is_bt709(clip.form.width, clip.form.height) else "smpte170m"
    return picture.filter("setparams", colorspace=matrix)


def _sound(sound: Any, seconds: float) -> Any:
    """The sound under the picture: silent where it has none, and as long."""
    sound = sound.filter("atrim", start=0, end=f"{seconds:.9f}")
    return (
        sound.filter("aresample", **{"async": 1, "first_pts": 0}).filter("apad").filter("atrim", end=f"{seconds:.9f}")
    )
