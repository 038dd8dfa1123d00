"""Rules between the fields of a create. All of them are documented, unless marked as a guess."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from luma_sandbox.agents import shapes
from luma_sandbox.agents.refusal import Declined
from luma_sandbox.agents.shapes import Create, Edit, Media, Video
from luma_sandbox.assumptions import Assumptions

FPS = 24
PROMPT_MAX = 6000
KEYFRAMES_MAX = 64
NOT_YET = ("9:16", "3:4")  # ratios that a reframe at 1080p cannot make
IMAGE_REFS = {"image": 9, "image_edit": 8}
IMAGE_MODELS = ("uni-1", "uni-1-max")
IMAGE_KINDS = ("image", "image_edit")
VIDEO_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
# The SDK lists twelve ratios for both media; which of them images accept is a guess.
IMAGE_RATIOS = ("3:1", "2:1", "16:9", "3:2", "1:1", "2:3", "9:16", "1:2", "1:3")
FOUR_WAYS = ("url", "data", "generation_id", "file_id")


def create(body: Any, assume: Assumptions) -> Create:
    """Check the body of a create. Raises Declined: 400 for a field, 422 for fields that do not go together."""
    asked = shapes.read(Create, body)
    if not asked.prompt.strip():
        raise Declined(400, "prompt: Prompt is required")
    if len(asked.prompt) > PROMPT_MAX:
        raise Declined(400, f"prompt: Prompt is too long, maximum length is {PROMPT_MAX} characters")
    if asked.type == "layering" or asked.layering is not None:
        raise Declined(422, "type=layering is not enabled for this account")
    for field, media in references(asked):
        _check_media(field, media)
    if asked.type in IMAGE_KINDS:
        _check_image(asked, assume)
    else:
        _check_clip(asked, assume)
    return asked


def references(asked: Create) -> Iterator[tuple[str, Media]]:
    """Every media reference of a create, by its field."""
    if asked.source is not None:
        yield "source", asked.source
    for index, media in enumerate(asked.image_ref or ()):
        yield f"image_ref.{index}", media
    video = asked.video or Video()
    for name, frame in (("start_frame", video.start_frame), ("end_frame", video.end_frame)):
        if frame is not None:
            yield f"video.{name}", frame
    for index, media in enumerate(video.keyframes or ()):
        yield f"video.keyframes.{index}", media
    for index, media in enumerate((video.edit or Edit()).keyframes or ()):
        yield f"video.edit.keyframes.{index}", media


def _check_media(field: str, media: Media) -> None:
    given = [name for name in FOUR_WAYS if getattr(media, name) is not None]
    if len(given) != 1:
        raise Declined(422, f"{field}: exactly one of url, data, generation_id or file_id is required, not {given}")
    if media.data is not None and media.media_type is None:
        raise Declined(422, f"{field}: media_type is required with data")
    if media.generation_id is not None and field.startswith("image_ref"):
        raise Declined(422, f"{field}: generation_id is for source, start_frame, end_frame and keyframes")


def _check_image(asked: Create, assume: Assumptions) -> None:
    if asked.model not in IMAGE_MODELS:
        raise Declined(422, f"model {asked.model} does not support type {asked.type}")
    if asked.video is not None:
        raise Declined(422, f"video: not supported with type {asked.type}")
    known = assume["agents_image_ratios"] == "all" or asked.aspect_ratio in (None, *IMAGE_RATIOS)
    if not known:
        raise Declined(422, f"aspect_ratio {asked.aspect_ratio} is not supported by {asked.model}")
    most = IMAGE_REFS[asked.type]
    if len(asked.image_ref or ()) > most:
        raise Declined(422, f"image_ref: at most {most} reference images with type {asked.type}")
    if (asked.source is not None) != (asked.type == "image_edit"):
        raise Declined(422, "source: required with type image_edit, and not supported with type image")


def _check_clip(asked: Create, assume: Assumptions) -> None:
    if asked.model != "ray-3.2":
        raise Declined(422, f"model {asked.model} does not support type {asked.type}")
    for name in ("image_ref", "output_format", "style", "web_search"):
        if getattr(asked, name) is not None:
            raise Declined(422, f"{name}: not supported with type {asked.type}")
    if asked.aspect_ratio not in (None, *VIDEO_RATIOS):
        raise Declined(422, f"aspect_ratio {asked.aspect_ratio} is not supported by {asked.model}")
    video = asked.video or Video()
    if video.exr_export and not video.hdr:
        raise Declined(422, "video.exr_export requires video.hdr=true")
    if video.edit is not None and asked.type != "video_edit":
        raise Declined(422, "video.edit: only supported with type video_edit")
    if video.source_position is not None and asked.type != "video_reframe":
        raise Declined(422, "video.source_position: only supported with type video_reframe")
    if asked.type == "video":
        _check_video(asked, video, assume)
    else:
        _check_from_source(asked, video, assume)


def _check_video(asked: Create, video: Video, assume: Assumptions) -> None:
    if asked.source is not None:
        raise Declined(422, "source: not supported with type video")
    frames = [frame for frame in (video.start_frame, video.end_frame) if frame is not None]
    seconds = int((video.duration or "5s").removesuffix("s"))
    # An edit has high dynamic range at every tier: the pricing guide lists it there.
    if video.hdr and video.resolution in ("360p", "540p"):
        raise Declined(422, f"video.hdr is not supported at {video.resolution}, only at 720p and 1080p")
    if video.hdr and seconds == 10:
        raise Declined(422, "video.hdr is not supported with duration=10s")
    if video.loop and seconds == 10:
        raise Declined(422, "video.loop is not supported with duration=10s")
    if video.loop and video.hdr:
        raise Declined(422, "video.loop is not supported with hdr=true")
    if video.loop and video.end_frame is not None:
        raise Declined(422, "video.loop is not supported with video.end_frame")
    if len(frames) > 1 and any(frame.generation_id is not None for frame in frames):
        raise Declined(
            422,
            "video.start_frame, video.end_frame: interpolation from a prior generation plus another keyframe is not "
            "available yet",
        )
    if frames and seconds == 10:
        raise Declined(422, "video.start_frame and video.end_frame are not supported with duration=10s")
    if frames and video.hdr and assume["agents_hdr_with_frames"] == "refused":
        raise Declined(422, "video.start_frame and video.end_frame are not supported with hdr=true; use keyframes")
    if video.keyframes is not None and (frames or video.loop):
        raise Declined(422, "video.keyframes: mutually exclusive with start_frame, end_frame and loop")
    _check_anchors("video", video.keyframes, video.keyframe_indexes, last=seconds * FPS)


def _check_from_source(asked: Create, video: Video, assume: Assumptions) -> None:
    """Check video edits and reframes, whose length is the source's."""
    if asked.source is None:
        raise Declined(422, f"source: required with type {asked.type}")
    if (asked.source.url or asked.source.data) and not (asked.source.media_type or "").startswith("video/"):
        raise Declined(422, "source.media_type: a video/* type is required with source.url and source.data")
    refused = ["loop", "end_frame", "keyframes", "keyframe_indexes"]
    if asked.type == "video_reframe":
        refused += ["hdr", "exr_export", "start_frame"]
        if asked.aspect_ratio is None:
            raise Declined(422, "aspect_ratio: required with type video_reframe")
        if video.resolution == "1080p" and asked.aspect_ratio in NOT_YET:
            raise Declined(422, f"aspect_ratio: video_reframe at 1080p to {asked.aspect_ratio} is not yet available")
    elif asked.aspect_ratio is not None and assume["agents_edit_shape"] == "refused":
        raise Declined(422, "aspect_ratio: not supported with type video_edit, which keeps the source's")
    if assume["agents_edit_shape"] == "refused":
        refused.append("duration")
    for name in refused:
        if getattr(video, name) not in (None, False):
            raise Declined(422, f"video.{name}: not supported with type {asked.type}")
    if video.edit is not None:
        _check_edit(video, video.edit)


def _check_edit(video: Video, edit: Edit) -> None:
    if edit.auto_controls and (edit.strength is not None or edit.controls is not None):
        raise Declined(422, "video.edit.auto_controls: mutually exclusive with strength and controls")
    if edit.keyframes is not None and video.start_frame is not None:
        raise Declined(422, "video.edit.keyframes: mutually exclusive with video.start_frame")
    _check_anchors("video.edit", edit.keyframes, edit.keyframe_indexes, last=None)


def _check_anchors(field: str, keyframes: list[Media] | None, indexes: list[int] | None, *, last: int | None) -> None:
    """Check guide frames and their places. ``last`` is the last place, where it is known."""
    if keyframes is None and indexes is None:
        return
    if keyframes is None or indexes is None or len(keyframes) != len(indexes):
        raise Declined(422, f"{field}.keyframe_indexes: must match {field}.keyframes in length")
    if not 1 <= len(keyframes) <= KEYFRAMES_MAX:
        raise Declined(422, f"{field}.keyframes: 1 to {KEYFRAMES_MAX} guide frames")
    if len(set(indexes)) != len(indexes) or min(indexes) < 0:
        raise Declined(422, f"{field}.keyframe_indexes: must be non-negative and unique")
    if last is not None and max(indexes) > last:
        raise Declined(422, f"{field}.keyframe_indexes: must lie in 0..{last}, the duration on the 24 fps grid")
