"""Footage in the forms that cameras, editors and downloads produce, built by ffmpeg, each named after its oddity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.media.clips import ffmpeg, make

#: B-frames and a keyframe per second, as cameras write them: a cut between keyframes leaves hidden frames.
CAMERA = (
    "-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", "-threads", "1", "-bf", "2", "-g", "24",
)  # fmt: skip
TRIM = ("-ss", "0.7")
COPY = ("-c", "copy")
BURSTS = "select=not(between(n\\,24\\,36))+eq(n\\,29)"  # thirteen frames of which one is left


def whole(place: Path, *, rate: str = "24", frames: int = 48, sound: bool = True) -> Path:
    """Ordinary footage at that rate."""
    return make(place, rate=rate, frames=frames, encode=CAMERA, sound=sound, size="640x360")


def trimmed(place: Path, *, rate: str = "24", frames: int = 48) -> Path:
    """Footage whose first 0.7 s are hidden by an edit list: they are in the file and not shown."""
    source = whole(place.with_suffix(".whole.mp4"), rate=rate, frames=frames)
    ffmpeg(*TRIM, "-i", source, *COPY, place)
    return place


def uneven(place: Path, *, hidden: bool = False) -> Path:
    """Footage with a variable rate: frames are left out where nothing moves. With ``hidden``, an edit list trims it
    as well."""
    source = whole(place.with_suffix(".whole.mp4"))
    if not hidden:
        ffmpeg("-i", source, "-vf", BURSTS, "-fps_mode", "vfr", "-an", *CAMERA, place)
        return place
    ffmpeg("-i", source, "-vf", BURSTS, "-fps_mode", "vfr", "-an", *CAMERA, "-bf", "0", place.with_suffix(".all.mp4"))
    ffmpeg(*TRIM, "-i", place.with_suffix(".all.mp4"), *COPY, place)
    return place


def two_sounds(place: Path) -> Path:
    """Footage with two sound tracks, of which the second is longer than the picture."""
    source = whole(place.with_suffix(".whole.mp4"))
    sine = ("-f", "lavfi", "-i", "sine=f=300:d=3")
    tracks = ("-map", "0:v", "-map", "0:a", "-map", "1:a")
    ffmpeg("-i", source, *sine, *tracks, "-c:v", "copy", "-c:a", "aac", place)
    return place


def without_edit_list(place: Path) -> Path:
    """Footage trimmed at its head without an edit list: it begins at the keyframe before, with its sound later."""
    source = whole(place.with_suffix(".whole.mp4"))
    ffmpeg(*TRIM, "-i", source, *COPY, "-use_editlist", "0", place)
    return place


def late(place: Path) -> Path:
    """Footage whose picture begins half a second after its sound."""
    source = whole(place.with_suffix(".whole.mp4"))
    ffmpeg("-itsoffset", "0.5", "-i", source, "-i", source, "-map", "0:v", "-map", "1:a", *COPY, place)
    return place


def late_alone(place: Path) -> Path:
    """Footage without sound whose picture begins at half a second."""
    source = whole(place.with_suffix(".whole.mp4"), sound=False)
    ffmpeg("-itsoffset", "0.5", "-copyts", "-i", source, *COPY, place)
    return place


def turned(place: Path) -> Path:
    """A telephone's footage: shown upright by rotation, and trimmed by an edit list."""
    source = trimmed(place.with_suffix(".lying.mp4"))
    ffmpeg("-display_rotation", "90", "-i", source, *COPY, place)
    return place


def fragmented(place: Path) -> Path:
    """Fragmented footage, as a screen recorder writes it: its head counts no frames."""
    source = whole(place.with_suffix(".whole.mp4"))
    ffmpeg("-i", source, *COPY, "-movflags", "frag_keyframe+empty_moov", place)
    return place


def odd_sides(place: Path) -> Path:
    """Footage with deep colours and odd sides, trimmed by an edit list."""
    encode = ("-c:v", "libx264", "-pix_fmt", "yuv444p10le", "-threads", "1", "-bf", "2", "-g", "24")
    source = make(place.with_suffix(".whole.mp4"), frames=30, size="641x361", encode=encode)
    ffmpeg("-ss", "0.3", "-i", source, *COPY, place)
    return place


#: By name: the function that builds it, and its number of shown frames.
FORMS: dict[str, tuple[Callable[[Path], Path], int]] = {
    "ordinary": (whole, 48),
    "edit list": (trimmed, 31),
    "variable rate": (uneven, 36),
    "variable rate, edit list": (lambda place: uneven(place, hidden=True), 19),
    "two sounds": (two_sounds, 48),
    "head trim": (without_edit_list, 48),
    "late picture": (late, 48),
    "late picture, no sound": (late_alone, 48),
    "turned, edit list": (turned, 31),
    "fragments": (fragmented, 48),
    "odd sides, edit list": (odd_sides, 22),
    **{f"{rate} fps": (lambda place, rate=rate: whole(place, rate=rate, frames=43), 43)
       for rate in ("24000/1001", "25", "30000/1001", "30", "60")},
    "30 fps, edit list": (lambda place: trimmed(place, rate="30", frames=43), 22),
    "29.97 fps, edit list": (lambda place: trimmed(place, rate="30000/1001", frames=43), 22),
}  # fmt: skip
