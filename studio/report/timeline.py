"""timeline.otio: the film for an editing program. One video track; one clip per clip of each cut; gaps for slates.

It links to clips beside the film by relative addresses.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from studio.report.files import reference, write_atomically
from studio.report.formats import clean, iso
from studio.report.media import linked
from studio.report.records import FilmCut, RunRecord, ShotRecord
from studio.storage.kept import Kept

KEY = "studio_producer"  # our key in OpenTimelineIO's metadata
DEFAULT_FPS = Fraction(24)


def write_timeline(record: RunRecord, out: Path, kept: Kept | None = None) -> Path:
    """Write ``out/timeline.otio``. A clip beside it that, by ``kept``, did not change is not read again."""
    text = otio.adapters.write_to_string(timeline(record, out, kept), "otio_json")
    return write_atomically(out / "timeline.otio", text.encode())


def timeline(record: RunRecord, out: Path, kept: Kept | None = None) -> otio.schema.Timeline:
    """The film's cuts on one track, in frames of the film. A hole between two cuts is a gap."""
    fps = _fps(record)
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    shots = {shot.id: shot for shot in record.shots}
    media = linked(record, out, (kept or Kept()).digests)
    urls = {name: reference(path, out) for name, path in media.items()}
    at = 0
    for cut in sorted(record.cuts, key=lambda cut: cut.start_frame):
        if cut.start_frame > at:
            track.append(_gap("", cut.start_frame - at, fps))
        for item in _items(cut, shots, urls, fps):
            track.append(item)
        at = max(at, cut.start_frame) + cut.frames
    made = otio.schema.Timeline(name=clean(record.title), global_start_time=_time(0, fps))
    made.tracks.append(track)
    made.metadata[KEY] = {
        "slug": record.slug,
        "run_id": record.run_id,
        "service": record.service,
        "billed": record.billed,
        "fps": str(fps),
        "finished_at": iso(record.finished_at),
        "film_sha256": record.film.sha256 if record.film else "",
    }
    return made


def _items(cut: FilmCut, shots: dict[str, ShotRecord], urls: dict[str, str], fps: Fraction) -> list[otio.core.Item]:
    """The cut as clips that together last exactly as long as it does."""
    used = [shots[name] for name in cut.shots if name in shots]
    clips = [shot for shot in used if shot.clip is not None]
    if cut.slate or not clips:
        return [_gap(cut.scene, cut.frames, fps)]
    items: list[otio.core.Item] = []
    left = cut.frames
    for index, shot in enumerate(clips):
        last = index == len(clips) - 1
        frames = min(left, shot.frames or left)
        if frames > 0:
            items.append(_clip(cut, shot, urls.get(shot.id), frames, fps))
            left -= frames
        if last and left > 0:
            items.append(_gap(cut.scene, left, fps))
    return items


def _clip(cut: FilmCut, shot: ShotRecord, url: str | None, frames: int, fps: Fraction) -> otio.schema.Clip:
    begin = round(shot.begins * fps)
    there = otio.opentime.TimeRange(_time(0, fps), _time(max(shot.frames, begin + frames), fps))
    # Relative, so that the links work after the folder is moved or sent, and do not show where it was made.
    media = (
        otio.schema.MissingReference(available_range=there)
        if url is None
        else otio.schema.ExternalReference(target_url=url, available_range=there)
    )
    clip = otio.schema.Clip(
        name=clean(shot.id),
        media_reference=media,
        source_range=otio.opentime.TimeRange(_time(begin, fps), _time(frames, fps)),
    )
    clip.metadata[KEY] = {
        "scene": cut.scene,
        "shot": shot.id,
        "take": shot.take,
        "outcome": shot.outcome,
        "order": shot.order,
        "generation_id": shot.generation_id or "",
        "api": shot.api,
        "endpoint": shot.endpoint,
        "model": shot.model,
        "finishes": shot.finishes,
        "stale": shot.stale,
        "sha256": shot.sha256 or "",
        "prompt": clean(shot.prompt),
    }
    return clip


def _gap(name: str, frames: int, fps: Fraction) -> otio.schema.Gap:
    gap = otio.schema.Gap(
        name=f"{clean(name)} (slate)" if name else "",
        source_range=otio.opentime.TimeRange(_time(0, fps), _time(frames, fps)),
    )
    gap.metadata[KEY] = {"scene": name}
    return gap


def _time(frame: int, fps: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frame, float(fps))


def _fps(record: RunRecord) -> Fraction:
    return record.film.fps if record.film else DEFAULT_FPS
