"""Seed footage by its content: a complete, undamaged MP4 or QuickTime file of a length that Luma takes."""

from __future__ import annotations

from pathlib import Path

import ffmpeg

from studio.assets.derived_files import is_made, keep, keep_made, part_of
from studio.assets.images import BARED, MIN_SIDE
from studio.assets.recutting import recut, why_cut
from studio.assets.seeds import MAX_BYTES, SeedFootage
from studio.atomic import digest
from studio.errors import AssetError, BadClip, FfmpegError, Undecoded
from studio.media.boxes import check_boxes
from studio.media.clip import Clip, examine
from studio.media.container import EXPORT, opened
from studio.media.ffmpeg import clip_input, run
from studio.media.measure import ROUNDING, measure
from studio.media.packets import scan
from studio.media.tracks import Heard, heard

#: The longest footage that any of Luma's calls takes (a reframe by ray-flash-2). The plan checks each model's own
#: limit.
MAX_SECONDS = 30
#: The fields that every container has. All others are metadata: a place, a camera, a day, a title.
HARMLESS = {"major_brand", "minor_version", "compatible_brands", "encoder"}
COPY_SECONDS = 120.0
KINDS = {True: ("video/quicktime", ".mov"), False: ("video/mp4", ".mp4")}


def examine_footage(part: Path, *, where: str, name: str, sha256: str, folder: Path, url: str | None) -> SeedFootage:
    """Check the footage in ``part`` and store it in ``folder``. Raises AssetError that says what is wrong with it."""
    try:
        check_boxes(part)
        kept = heard(part)
        sounds = [] if kept.number is None else [kept.number]
        length = measure(part, sounds=sounds if kept.lost else None)  # before all of it is decoded
        if length.seconds > MAX_SECONDS + ROUNDING:
            raise AssetError(
                f"its footage lasts {float(length.seconds):.1f} s, and Luma takes {MAX_SECONDS} s at most", where=where,
                hint="cut out the part that you need",
            )  # fmt: skip
        clip = examine(part, sound=kept.number)
    except BadClip as error:
        hint = EXPORT if isinstance(error, Undecoded) else "use a whole MP4 or MOV file"
        raise AssetError(f"its footage {error.message}", where=where, hint=hint) from None
    if min(clip.width, clip.height) < MIN_SIDE:
        raise AssetError(f"its footage is {clip.width}×{clip.height}: smaller than {MIN_SIDE} pixels", where=where)
    with part.open("rb") as file:
        media_type, suffix = KINDS[file.read(12)[8:] == b"qt  "]
    tells = url is None and _tells(part)  # a file that is public already has nothing to hide
    notes = [*_unheard(kept), *([BARED] if tells else [])]
    stem = f"{sha256}.{'mute' if kept.number is None else f'sound-{kept.number + 1}'}" if kept.lost else sha256
    if not length.plain:
        notes.insert(0, why_cut(length))
        media_type, suffix = KINDS[False]
        goal = folder / "sent" / f"{stem}.cut{suffix}"
        clip = recut(part, clip, length, goal, sound=kept.number, where=where, most=MAX_BYTES)
        sent, url = clip.path, None
    elif notes:
        sent, url = _bared(part, clip, folder / "sent" / f"{stem}{suffix}", where, sound=kept.number), None
    else:
        sent = keep(part, folder / f"{sha256}{suffix}", sha256)
    return SeedFootage(
        name, sha256, media_type, suffix, clip.width, clip.height, clip.frames, clip.fps, clip.duration,
        sent.stat().st_size, sent, url, tuple(notes), digest(sent) if notes else "",
        clip.audio,
    )  # fmt: skip


def _tells(part: Path) -> bool:
    """True if the file holds more than its picture and sound: metadata, or tracks of data (a camera's positions)."""
    with opened(part) as (container, _):
        data = [s for s in container.streams if s.type not in ("video", "audio")]
        return bool(data or set(container.metadata) - HARMLESS)


def _unheard(kept: Heard) -> tuple[str, ...]:
    """The sound that is left out, in words that follow ``is sent``."""
    if not kept.lost:
        return ()
    some = len(kept.lost) > 1
    which = f"{'codecs' if some else 'codec'} {', '.join(kept.lost)}"
    if kept.number is None:
        return (f"without its sound ({which}), which cannot be decoded",)
    first = f"first {len(kept.lost)} sound tracks" if some else "first sound track"
    return (f"without its {first} ({which}), which cannot be decoded, and with track {kept.number + 1}",)


def _bared(part: Path, clip: Clip, goal: Path, where: str, *, sound: int | None) -> Path:
    """Copy the picture and sound, packet by packet, into a file without metadata."""
    if is_made(goal):
        return goal
    bare = part_of(goal.parent)
    source = clip_input(part)
    streams = [source[str(clip.form.stream)], *([] if sound is None else [source[f"a:{sound}"]])]
    form = goal.suffix.removeprefix(".")
    try:
        command = ffmpeg.output(*streams, str(bare), f=form, c="copy", map_metadata=-1, movflags="+faststart")
        run(command, timeout=COPY_SECONDS)
        copied = scan(bare)
        if (copied.fingerprint(), copied.duration) == (clip.packets, clip.duration):
            return keep_made(bare, goal)
    except (FfmpegError, BadClip):
        pass  # reported below
    finally:
        bare.unlink(missing_ok=True)
    raise AssetError(
        "its footage holds metadata that cannot be taken out without encoding it anew", where=where,
        hint="export it without metadata (place, camera, date)",
    )  # fmt: skip
