"""A cache of measurements beside each stored clip: measuring decodes every frame, reading the cache does not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from studio.atomic import digest, write_atomic
from studio.media.clip import Clip, examine
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept

# Raise this when measuring changes: measurements of older versions are then made again.
VERSION = 2
NEEDED = {"first.png", "last.png"}


_CLIP = TypeAdapter(Clip)


class _Facts(BaseModel):
    """A clip's measurements, and the SHA-256 of the pictures of its frames, by name."""

    clip: Clip
    pictures: Mapping[str, str]


def stored_clip(store: ClipStore, sha256: str, *, sound: int | None = 0) -> Clip:
    """The stored clip of this content, measured now or read from the cache, with its first and last frame as pictures.
    Raises BadClip.

    ``sound``: as for ``examine``, where it is measured now.
    A picture that is missing or changed is made again from the clip, since it may be sent and paid for.
    """
    folder = store.frames_dir(sha256)
    note = folder / f"clip.v{VERSION}.json"
    try:
        facts = _Facts.model_validate_json(note.read_bytes())
        sound = all(store.digests.is_sound(folder / name, said) for name, said in facts.pictures.items())
        if facts.clip.sha256 == sha256 and facts.pictures.keys() >= NEEDED and sound:
            return placed(store, facts.clip)
    except (OSError, ValidationError):
        pass  # not measured yet, or unreadable: measured below
    clip = examine(store.path(sha256), frames_dir=folder, sound=sound)
    remember(store, clip)
    return clip


def measured(path: Path, kept: Kept) -> Clip:
    """The clip at ``path``, which no store has, measured now or as kept by its content. Raises BadClip, OSError."""
    made_from = (VERSION, kept.digests.of(path))
    found = kept.once("clips", made_from, lambda: _CLIP.dump_json(examine(path)))
    return replace(_CLIP.validate_json(found), path=path.absolute())


def remember(store: ClipStore, clip: Clip) -> None:
    """Save the measurements of a clip in the store whose pictures were just made."""
    folder = store.frames_dir(clip.sha256)
    with suppress(OSError):  # on a full disk it is measured again the next time: the clip itself is here
        folder.mkdir(parents=True, exist_ok=True)
        pictures = (clip.first_frame, clip.last_frame, clip.first_thumb, clip.last_thumb)
        facts = _Facts(clip=clip, pictures={path.name: digest(path) for path in pictures if path is not None})
        write_atomic(folder / f"clip.v{VERSION}.json", facts.model_dump_json().encode())


def placed(store: ClipStore, clip: Clip) -> Clip:
    """The clip with the paths of itself and its pictures in this store: it may have been measured elsewhere."""
    folder = store.frames_dir(clip.sha256)

    def there(file: Path | None) -> Path | None:
        return folder / file.name if file else None

    return replace(
        clip,
        path=store.path(clip.sha256),
        first_frame=there(clip.first_frame),
        last_frame=there(clip.last_frame),
        first_thumb=there(clip.first_thumb),
        last_thumb=there(clip.last_thumb),
    )
