"""An editor's folder: the clips, named in the film's order, the film, and the timelines, which link to these clips."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

import opentimelineio as otio

from studio.atomic import copy, digest
from studio.errors import BadInput
from studio.report.timeline import write_forms
from studio.shelf.films import ShelvedFilm, read_manifest
from studio.shelf.package import AGAIN, copy_captions, copy_film
from studio.storage.ownership import MANIFEST

CLIPS = "clips"
KEY = "studio_producer"  # ours in the timeline's metadata
TIMELINES = "*.otio"
ARCHIVES = "*.exr.zip"
STEP = 10  # between the numbers of two clips, so that others fit in
LONGEST = 60  # letters of a shot's name in a clip's
_UNSAFE = re.compile(r"[^\w.-]+")


def write_editor(film: ShelvedFilm, folder: Path) -> None:
    """Write the editor's files. Raises BadInput where a clip or the timeline is missing or damaged, OSError."""
    timelines = {path.name: _read(path) for path in sorted(film.folder.glob(TIMELINES))}
    if not timelines:
        raise BadInput("the film has no timeline", where=str(film.folder), hint=AGAIN)
    recorded, size = _recorded(film), _size(film)
    wanted: dict[Path, str] = {}
    clips = [clip for timeline in timelines.values() for clip in timeline.find_clips()]
    sources = [_source(film, clip, recorded) for clip in clips]
    width = max(3, len(str(STEP * len(set(sources)))))
    for clip, source in zip(clips, sources, strict=True):
        if source not in wanted:
            wanted[source] = _name(STEP * (len(wanted) + 1), width, clip, source)
        name = f"{CLIPS}/{wanted[source]}"
        media = otio.schema.ExternalReference(
            target_url=quote(name), available_range=clip.media_reference.available_range
        )
        clip.media_reference = media
    (folder / CLIPS).mkdir()
    for source, name in wanted.items():
        copy(source, folder / CLIPS / name)
    for clip, source in zip(clips, sources, strict=True):
        sha256 = _told(clip).get("sha256")
        if sha256 and digest(folder / CLIPS / wanted[source]) != sha256:
            raise BadInput(f"the clip of '{_told(clip).get('shot', clip.name)}' is damaged, or was changed",
                           where=str(source), hint=AGAIN)  # fmt: skip
    copy_film(film, folder)
    if (film.folder / MANIFEST).is_file():
        copy_captions(film, read_manifest(film.folder), folder)
    for name, timeline in timelines.items():
        write_forms(timeline, folder / name, size=size)
    for archive in sorted(film.folder.glob(ARCHIVES)):
        copy(archive, folder / archive.name)


def _read(path: Path) -> otio.schema.Timeline:
    try:
        timeline = otio.adapters.read_from_string(path.read_text("utf-8"), "otio_json")
    except (otio.exceptions.OTIOError, ValueError) as error:
        raise BadInput(f"the timeline cannot be read: {error}", where=str(path), hint=AGAIN) from None
    if not isinstance(timeline, otio.schema.Timeline):
        raise BadInput("is no timeline", where=str(path), hint=AGAIN)
    return timeline


def _source(film: ShelvedFilm, clip: otio.schema.Clip, recorded: Mapping[str, Path]) -> Path:
    """The file of a timeline's clip: the one that it links to, or the one that the manifest names."""
    shot = str(_told(clip).get("shot") or clip.name)
    url = getattr(clip.media_reference, "target_url", "") or ""
    parts = urlsplit(url)
    near = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(unquote(url))
    for path in (film.folder / near if url else None, recorded.get(shot)):
        if path is not None and path.is_file():
            return path
    missing = recorded.get(shot, film.folder / near if url else film.folder)
    raise BadInput(f"the clip of '{shot}' is missing", where=str(missing), hint=AGAIN)


def _recorded(film: ShelvedFilm) -> dict[str, Path]:
    """The clips that the manifest names, by shot."""
    if not (film.folder / MANIFEST).is_file():
        return {}
    shots = read_manifest(film.folder).get("shots") or []
    return {str(s["id"]): film.folder / str(s["clip"]["path"]) for s in shots if s.get("clip")}


def _size(film: ShelvedFilm) -> tuple[int, int] | None:
    """The pixels of the film's picture, as its manifest says."""
    told = (read_manifest(film.folder).get("film") or {}) if (film.folder / MANIFEST).is_file() else {}
    return (int(told["width"]), int(told["height"])) if "width" in told and "height" in told else None


def _name(number: int, width: int, clip: otio.schema.Clip, source: Path) -> str:
    told = _told(clip)
    shot = _UNSAFE.sub("-", str(told.get("shot") or clip.name)).strip(".-")[:LONGEST] or "clip"
    return f"{number:0{width}d}_{shot}_t{told.get('take', 1)}{source.suffix}"


def _told(clip: otio.schema.Clip) -> Mapping[str, Any]:
    found = clip.metadata.get(KEY)
    return found if isinstance(found, Mapping) else {}
