"""The frame at which the film cuts a scene, as a picture for the scene that goes on from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.execution.session import Session
from studio.planning.plan import Plan
from studio.providers.shot_request import Source
from studio.storage.probe_cache import stored_clip


def cut_frame(session: Session, plan: Plan, source: Source, files: Mapping[str, str]) -> Path:
    """A PNG of the last frame that the film shows of a scene. ``files``: SHA-256 of the clips of ``source.shots``.

    It is found as the film finds it: by the real lengths of the scene's clips, without footage that they repeat.
    Raises BadClip.
    """
    # Loaded here: a plan, which takes no frames, would wait for the decoder.
    from studio.editing.edit import segments_of
    from studio.editing.seams import repeats
    from studio.media.frames import cut_name, frame_at, save

    clips = {name: stored_clip(session.store, files[name]) for name in source.shots}
    edit = plan.cut_at[plan.shot(source.ref).scene]
    last = segments_of(edit, clips, repeats(plan, clips, session.kept))[-1]
    used = last.clip.frames - last.start_frame if last.frames is None else last.frames
    index = last.start_frame + used - 1
    if index == last.clip.frames - 1 and last.clip.last_frame is not None:
        return last.clip.last_frame
    # Made again each time, since it is sent and paid for: nothing vouches for a file from before.
    path, _ = save(
        frame_at(last.clip.path, index, last.clip.rhythm), session.store.frames_dir(last.clip.sha256), cut_name(index)
    )
    return path
