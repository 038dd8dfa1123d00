"""Files that a service gets: which seed assets it reads, and frames of finished clips, extracted as pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.planning.plan import Plan
from studio.providers.registry import spec_of
from studio.providers.shot_request import FrameOf
from studio.storage.clip_store import ClipStore

if TYPE_CHECKING:
    from studio.assets.publish import Publishable


@dataclass(frozen=True)
class Picture:
    """A frame of a clip, in the form of an asset to publish."""

    name: str
    sha256: str
    path: Path
    suffix: str = ".png"
    media_type: str = "image/png"
    url: str | None = None

    @property
    def content(self) -> str:
        return self.sha256


def picture_of(store: ClipStore, frame: FrameOf) -> Picture:
    """A frame of a stored file as a picture in full size. Raises BadClip."""
    from studio.media.frames import frame_at, save  # which load the decoders
    from studio.storage.probe_cache import stored_clip

    clip = stored_clip(store, frame.sha256)
    if frame.number == 0 and clip.first_frame is not None:
        path = clip.first_frame
    elif frame.number == clip.frames - 1 and clip.last_frame is not None:
        path = clip.last_frame
    else:
        path, _ = save(
            frame_at(clip.path, frame.number, clip.rhythm), store.frames_dir(frame.sha256), f"frame-{frame.number}"
        )
    return Picture(_name(frame), hashlib.sha256(path.read_bytes()).hexdigest(), path)


def seeds_of(plan: Plan, api: str) -> dict[str, None]:
    """sha256 of the seed assets that a service must be able to read."""
    return dict.fromkeys(sha for shot in plan.shots if shot.api == api and not shot.generation for sha in shot.images)


def read_by_url(plan: Plan) -> dict[str, None]:
    """sha256 of the seed assets that a service reads by their URLs."""
    apis = dict.fromkeys(shot.api for shot in plan.shots if shot.api)
    return dict.fromkeys(sha for api in apis if not spec_of(api).takes_files for sha in seeds_of(plan, api))


def frames_by_url(plan: Plan, store: ClipStore) -> Iterator[Publishable]:
    """The frames of finished clips that services read by URLs, as assets whose publishing can be checked: of each, its
    file stands for the picture that is made of it."""
    frames = {
        FrameOf.of(source): None
        for shot in plan.shots
        if shot.api and not shot.generation and not spec_of(shot.api).takes_files
        for source in shot.sources
        if source.kind == "frame"
    }
    for frame in frames:
        yield Picture(_name(frame), frame.sha256, store.path(frame.sha256))


def _name(frame: FrameOf) -> str:
    return f"frame {frame.number} of {frame.shot}"
