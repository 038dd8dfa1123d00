"""Sounds that are heard under clips without one: a modified clip keeps the sound of its footage."""

from __future__ import annotations

from collections.abc import Mapping

from studio.assets import SeedFootage
from studio.media.clip import Clip
from studio.media.segments import Underlay
from studio.planning.plan import Plan, Shot
from studio.providers.shot_request import Operation


def sounds_under(plan: Plan, clips: Mapping[str, Clip], footage: Mapping[str, SeedFootage]) -> dict[str, Underlay]:
    """The sound of its footage for each shown clip that was modified and came without a sound, by shot.

    ``footage``: the files that scenes modify, by SHA-256. What is modified may be another scene's clip, which has a
    sound of its own, or was itself modified.
    """
    found = {}
    for name in (i for cut in plan.cuts for i in cut.shots if i in clips):
        if not clips[name].has_audio and (sound := _of(plan, plan.origin(name), clips, footage)) is not None:
            found[name] = sound
    return found


def _of(plan: Plan, shot: Shot, clips: Mapping[str, Clip], footage: Mapping[str, SeedFootage]) -> Underlay | None:
    """The sound that the footage of a modified shot has; None for any other shot."""
    while shot.operation is Operation.MODIFY and shot.source is not None:
        if shot.source.kind == "footage":
            seed = footage.get(shot.source.ref)
            return Underlay(seed.path, seed.content) if seed is not None and seed.audio and seed.path else None
        if shot.source.kind not in ("shot", "clip"):
            return None
        parent = clips.get(shot.source.ref)
        if parent is not None and parent.has_audio:
            return Underlay(parent.path, parent.sha256)
        shot = plan.origin(shot.source.ref)
    return None
