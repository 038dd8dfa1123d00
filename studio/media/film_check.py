"""The check of a finished film against its plan, packet by packet."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

from av.container import InputContainer

from studio.errors import FilmMismatch
from studio.media.boxes import check_boxes
from studio.media.container import opened
from studio.media.packets import Track
from studio.media.segments import Part, Target


def check_film(film: Path, track: Track, parts: Sequence[Part], target: Target, has_sound: bool, setup: str) -> None:
    """Check a film against its plan.

    Its packets must be those of its parts, byte for byte and in order, and each part's decoder set-up must be the
    film's, and it is decoded as evenly as it is shown. Every frame of the parts was decoded once, so every frame of
    the film can be decoded.
    """
    frames = sum(part.frames for part in parts)
    check_boxes(film)
    with opened(film) as (container, _):
        faults = [track.irregular(), _sound_fault(container, track.duration, 1 / target.fps, has_sound)]
    if not track.even:
        faults.append("frames that are not decoded evenly")
    if len(track.shown) != frames:
        faults.append(f"{len(track.shown)} frames instead of {frames}")
    if (track.width, track.height) != (target.width, target.height):
        faults.append(f"{track.width}x{track.height} pixels instead of {target.width}x{target.height}")
    if frames > 1 and track.rate not in (None, target.fps):
        faults.append(f"{track.rate} frames a second instead of {target.fps}")
    if track.duration != frames / target.fps:
        faults.append(f"{float(track.duration):.3f} s instead of {float(frames / target.fps):.3f} s")
    if track.setup != setup if setup else any(part.setup != track.setup for part in parts):
        faults.append("parts that were encoded differently")
    if any(
        track.fingerprint(start, part.frames) != part.packets
        for part, start in zip(parts, accumulate((p.frames for p in parts), initial=0), strict=False)
    ):
        faults.append("frames that are not its parts', or not in their order")
    if told := [fault for fault in faults if fault]:
        raise FilmMismatch(f"the film has {'; '.join(told)}", hint="this is a fault of Studio Producer: report it")


def _sound_fault(container: InputContainer, duration: Fraction, frame: Fraction, has_sound: bool) -> str:
    sounds = container.streams.audio
    if len(sounds) != has_sound:
        return f"{len(sounds)} sound tracks instead of {int(has_sound)}"
    if not has_sound:
        return ""
    sound = sounds[0]
    tick = sound.time_base or Fraction(1, sound.rate)
    start = (sound.start_time or 0) * tick
    end = start + (sound.duration or 0) * tick
    if abs(start) > frame or abs(end - duration) > frame:
        return f"sound from {float(start):.3f} to {float(end):.3f} s under {float(duration):.3f} s of pictures"
    container.seek(0)
    times = [p.dts for p in container.demux(sound) if p.size and p.dts is not None]
    return "sound whose times do not grow" if any(b <= a for a, b in pairwise(times)) else ""
