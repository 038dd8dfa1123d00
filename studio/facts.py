"""What was measured of a stored clip, kept beside it: measuring decodes every frame, reading this does not."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from studio.media.clip import Clip, examine
from studio.store import ClipStore

# Raise it when measuring changes: what an older version measured is then measured anew.
VERSION = 1
_clips = TypeAdapter(Clip)


def stored_clip(store: ClipStore, sha256: str) -> Clip:
    """The clip of that content, measured now or before, with its first and last frame as pictures. Raises BadClip."""
    folder = store.frames_dir(sha256)
    note = folder / f"clip.v{VERSION}.json"
    try:
        clip = _clips.validate_json(note.read_bytes())
        pictures = (clip.first_frame, clip.last_frame)
        if clip.sha256 == sha256 and all(p is not None and p.is_file() for p in pictures):
            # The home may have been moved: places come from where it is now.
            return replace(clip, path=store.path(sha256))
    except (OSError, ValidationError):
        pass  # not measured yet, or not readable: measured below
    clip = examine(store.path(sha256), frames_dir=folder)
    remember(store, clip)
    return clip


def remember(store: ClipStore, clip: Clip) -> None:
    """Keep what was measured of a clip that is in the store."""
    folder = store.frames_dir(clip.sha256)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".clip.{os.getpid()}-{uuid.uuid4().hex[:8]}.part"
    part.write_bytes(_clips.dump_json(clip))
    part.replace(folder / f"clip.v{VERSION}.json")
