"""Measuring a film for its deliveries, and each delivery after it was made: is it what its preset says?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image

from studio.delivery.presets import PREVIEWS, Form
from studio.delivery.values import Master
from studio.errors import FilmMismatch
from studio.media.boxes import check_boxes
from studio.media.container import opened
from studio.media.form import FULL, UNSPECIFIED, rate_in_words
from studio.media.packets import scan

LATER = Fraction(1, 20)  # seconds by which sound may end before or after the picture
NAMES = {
    "h264": "H.264", "hevc": "HEVC", "av1": "AV1", "prores": "ProRes 422", "dnxhd": "DNxHR", "gif": "GIF",
    "webp": "WebP", "aac": "AAC", "pcm_s24le": "PCM 24 bit",
}  # fmt: skip
TAGS = ("range", "primaries", "transfer", "matrix")


def master_of(path: Path, sha256: str, *, frames: int, fps: Fraction) -> Master:
    """A finished film, measured without decoding it. Raises BadClip."""
    with opened(path) as (container, stream):
        context = stream.codec_context
        components = av.VideoFormat(context.pix_fmt or "yuv420p", 16, 16).components
        return Master(
            path=path, sha256=sha256, frames=frames, fps=fps, width=context.width, height=context.height,
            depth=max(component.bits for component in components), colors=_colors(context),
            has_audio=bool(container.streams.audio),
        )  # fmt: skip


def check(path: Path, form: Form) -> str:
    """The form of a delivery in words, once it was measured. Raises FilmMismatch where it is not what was asked for,
    and BadClip where it cannot be read."""
    faults = _preview_faults(path, form) if form.container in PREVIEWS else _faults(path, form)
    if told := [fault for fault in faults if fault]:
        raise FilmMismatch(
            f"came out with {'; '.join(told)}", hint="this is a fault of Studio Producer or of its ffmpeg: report it"
        )
    return in_words(form)


def in_words(form: Form) -> str:
    """The form of a delivery: ``ProRes 422 HQ, 1280×720, 24 fps, 10.0 s, PCM 24 bit``."""
    profile = {"prores": " HQ", "dnxhd": form.profile.removeprefix("DNXHR")}.get(form.codec, "")
    if form.codec == "hevc" and form.pix_fmt != "yuv420p":
        profile = " 10 bit"
    sound = NAMES[form.sound] if form.sound else "silent"
    rate = f"{float(form.fps):g}" if form.container in PREVIEWS else rate_in_words(form.fps)
    parts = [f"{NAMES[form.codec]}{profile}", f"{form.width}×{form.height}", f"{rate} fps"]
    return ", ".join([*parts, f"{float(form.duration):.1f} s", sound])


def _faults(path: Path, form: Form) -> list[str]:
    check_boxes(path)
    faults = []
    with opened(path) as (container, stream):
        context = stream.codec_context
        found = {
            "codec": (context.codec.canonical_name, form.codec), "profile": (stream.profile or "", form.profile),
            "tag": (context.codec_tag, form.tag), "pixels": (context.pix_fmt or "", form.pix_fmt),
        }  # fmt: skip
        faults += [f"{name} {is_!r} instead of {asked!r}" for name, (is_, asked) in found.items() if is_ != asked]
        tags = zip(TAGS, _colors(context), form.colors, strict=True)
        faults += [
            f"colour {name} {is_} instead of {asked}"
            for name, is_, asked in tags
            if (is_ == FULL if name == "range" else asked not in (is_, UNSPECIFIED))  # a range may stand for itself
        ]
        faults.append(_sound_fault(container, form))
    track = scan(path)
    if (track.width, track.height) != (form.width, form.height):
        faults.append(f"{track.width}x{track.height} pixels instead of {form.width}x{form.height}")
    if len(track.shown) != form.frames:
        faults.append(f"{len(track.shown)} frames instead of {form.frames}")
    if form.frames > 1 and track.rate != form.fps:
        faults.append(f"{track.rate} frames a second instead of {form.fps}")
    if track.shown and track.shown[0] != 0:
        faults.append("a first frame that is not at 0")
    if form.container == "mp4" and not _index_first(path):
        faults.append("its index at its end")
    return faults


def _sound_fault(container: Any, form: Form) -> str:
    sounds = container.streams.audio
    if len(sounds) != bool(form.sound):
        return f"{len(sounds)} sound tracks instead of {int(bool(form.sound))}"
    if not sounds:
        return ""
    sound = sounds[0]
    if sound.codec_context.codec.canonical_name != form.sound:
        return f"sound in {sound.codec_context.name} instead of {form.sound}"
    tick = sound.time_base or Fraction(1, sound.rate)
    start, end = (sound.start_time or 0) * tick, ((sound.start_time or 0) + (sound.duration or 0)) * tick
    if abs(start) > LATER or abs(end - form.duration) > max(LATER, 1 / form.fps):
        return f"sound from {float(start):.3f} to {float(end):.3f} s under {float(form.duration):.3f} s of pictures"
    return ""


def _preview_faults(path: Path, form: Form) -> list[str]:
    """The faults of a GIF or WebP, by decoding it: it is small. Equal frames may have become one."""
    with Image.open(path, formats=[form.container.upper()]) as picture:
        count, lasts = getattr(picture, "n_frames", 1), 0
        for number in range(count):
            picture.seek(number)
            picture.load()
            lasts += int(picture.info.get("duration", 0))
        size, loop = picture.size, picture.info.get("loop")
    faults = []
    if size != (form.width, form.height):
        faults.append(f"{size[0]}x{size[1]} pixels instead of {form.width}x{form.height}")
    if count > form.frames:
        faults.append(f"{count} frames instead of {form.frames}")
    if form.frames > 1 and abs(Fraction(lasts, 1000) - form.duration) > 1 / form.fps:
        faults.append(f"{lasts / 1000:.3f} s instead of {float(form.duration):.3f} s")
    if form.frames > 1 and loop != 0:
        faults.append("an end after which it does not begin again")
    return faults


def _colors(context: Any) -> tuple[int, int, int, int]:
    return (
        int(context.color_range), int(context.color_primaries), int(context.color_trc), int(context.colorspace),
    )  # fmt: skip


def _index_first(path: Path) -> bool:
    """True where the index (``moov``) stands before the media data: a player begins before it has all of the file."""
    with path.open("rb") as file:
        place = 0
        while len(head := file.read(16)) >= 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            length = int.from_bytes(head[8:16], "big") if length == 1 else length
            if length < 8:
                return False
            place += length
            file.seek(place)
    return False
