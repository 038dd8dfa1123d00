"""The values of the library's calls: what a video can be asked for, and the finished clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

from studio.providers import Generation


@dataclass(frozen=True, kw_only=True)
class GeneratedVideo:
    """A finished clip, fetched and verified.

    video_id:        the generation's id; ``continue_from`` takes it
    video_url:       where the service keeps it. May be signed: it is shown and kept nowhere, and lives for a while only
    duration:        seconds, as measured; width and height in pixels too
    generation_cost: USD that it cost when it was bought, with the still that it begins or ends with
    metadata:        model, prompt, resolution and aspect_ratio; ``order`` is its key in the books; ``cached``, whether
                     it was bought before; ``spent``, the USD that this call paid; what else is worth knowing
    path:            the clip on this machine, kept by its content: copy it, but do not change it
    """

    video_id: str
    video_url: str = field(repr=False)
    duration: float
    width: int = 0
    height: int = 0
    format: str = "mp4"
    generation_cost: Decimal
    provider: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    scene_id: str | None = None
    path: Path | None = None


class CommonOptions(TypedDict, total=False):
    """What one video, or all scenes of one call, can be asked for. None is the same as nothing.

    model:        ray-2, ray-flash-2 or ray-3, in place of the provider's
    resolution:   540p, 720p, 1080p or 4k (ray-3: 360p to 1080p), in place of the one that width and height mean
    aspect_ratio: such as 16:9, in place of the one that is nearest to width and height
    take:         another number buys another take of the same wish
    """

    model: str | None
    resolution: str | None
    aspect_ratio: str | None
    take: int | None


class VideoOptions(CommonOptions, total=False):
    """What a video can be asked for beside its prompt, length and size.

    start_image_url:   the first frame: a public URL, or a local file
    end_image_url:     the last frame
    continue_from:     the generation whose last frame this one goes on from: its id, or a GeneratedVideo
    keyframes:         the same three in Luma's own form: ``{"frame0": {"type": "image", "url": …}}``,
                       ``{"frame1": {"type": "generation", "id": …}}``
    character_ref_url: who is in it: one reference picture, or several. A still of them is made first
    camera_motion:     one concept or several, by key (``bolt_cam``) or in plain words (``slow motion``)
    loop:              the last frame runs into the first again
    scene_id:          its name in the books and in errors
    """

    start_image_url: str | Path | None
    end_image_url: str | Path | None
    continue_from: str | GeneratedVideo | None
    keyframes: Mapping[str, Mapping[str, str]] | None
    character_ref_url: str | Path | Sequence[str | Path] | None
    camera_motion: str | Sequence[str] | None
    loop: bool | None
    scene_id: str | None


def status_of(generation: Generation) -> dict[str, Any]:
    """``id``, ``status``, ``video_url`` (once completed) and ``failure_reason`` (once failed) of a generation."""
    return {
        "id": generation.id,
        "status": generation.state,
        "video_url": generation.video_url if generation.state == "completed" else None,
        "failure_reason": generation.failure_reason if generation.state == "failed" else None,
    }
