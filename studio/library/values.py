"""The values of the library's calls: the options of a video, and the finished clip."""

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
    video_url:       its URL at the service. May be signed: it is never shown or stored, and expires
    duration:        seconds, as measured; width and height in pixels too
    generation_cost: USD that it cost when it was bought, with the still that it begins or ends with
    metadata:        model, prompt, resolution and aspect_ratio; ``order``: its key in the ledger; ``cached``: True if
                     it was bought before; ``spent``: the USD that this call paid; and further details
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
    """The options of one video, or of all scenes of one call. None is the same as left out.

    model:        ray-2, ray-flash-2 or ray-3, in place of the provider's
    resolution:   540p, 720p, 1080p or 4k (ray-3: 360p to 1080p), in place of the one that width and height mean
    aspect_ratio: such as 16:9, in place of the one that is nearest to width and height
    take:         another number buys another take of the same video
    """

    model: str | None
    resolution: str | None
    aspect_ratio: str | None
    take: int | None


class VideoOptions(CommonOptions, total=False):
    """The options of a video beside its prompt, length and size.

    start_image_url:   the first frame: a public URL, or a local file
    end_image_url:     the last frame
    continue_from:     the generation that this one continues: its id, or a GeneratedVideo
    keyframes:         the same three in Luma's own form: ``{"frame0": {"type": "image", "url": …}}``,
                       ``{"frame1": {"type": "generation", "id": …}}``
    character_ref_url: its character: one reference picture, or several. A still is made from them first
    camera_motion:     one concept or several, by key (``bolt_cam``) or in plain words (``slow motion``)
    loop:              the last frame leads back into the first
    scene_id:          its name in the ledger and in errors
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
