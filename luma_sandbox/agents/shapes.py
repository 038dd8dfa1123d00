"""The request bodies that the API accepts."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from luma_sandbox.agents.refusal import Declined

Model = Literal["uni-1", "uni-1-max", "ray-3.2"]
Kind = Literal["image", "image_edit", "video", "video_edit", "video_reframe", "layering"]
AspectRatio = Literal["3:1", "2:1", "21:9", "16:9", "4:3", "3:2", "1:1", "3:4", "2:3", "9:16", "1:2", "1:3"]
Strength = Literal[
    "adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3"
]
Purpose = Literal["input", "reference"]
State = Literal["pending", "ready", "failed", "deleted"]
MAX_UPLOAD = 5 * 1024**3  # bytes: the limit of one signed PUT
Share = Field(default=None, ge=0, le=1)


class Shape(BaseModel):
    """A model that accepts known fields only. `null` means the same as a missing field, as in the SDK's types."""

    model_config = ConfigDict(extra="forbid")


S = TypeVar("S", bound=Shape)


class Media(Shape):
    """A reference to an image or a video, in exactly one of four forms."""

    url: StrictStr | None = None
    data: StrictStr | None = None
    generation_id: StrictStr | None = None
    file_id: StrictStr | None = None
    media_type: StrictStr | None = None


class Depth(Shape):
    """The control of depth."""

    blur: float | None = Share
    enabled: StrictBool | None = None


class Switch(Shape):
    """A control that is on or off."""

    enabled: StrictBool | None = None


class Normals(Switch):
    """The control of surfaces."""

    augmentation: float | None = Share


class Pose(Switch):
    """The control of bodies."""

    strength: Literal["precise", "coarse"] | None = None


class Trajectory(Switch):
    """The control of motion."""

    sparsity: float | None = Share


class Controls(Shape):
    """The signals of the source that an edit keeps."""

    depth: Depth | None = None
    face: Switch | None = None
    normals: Normals | None = None
    pose: Pose | None = None
    trajectory: Trajectory | None = None


class Edit(Shape):
    """The options of a video edit."""

    auto_controls: StrictBool | None = None
    controls: Controls | None = None
    keyframe_indexes: list[StrictInt] | None = None
    keyframes: list[Media] | None = None
    strength: Strength | None = None


class Position(Shape):
    """The position of the source in a reframed canvas, in shares of that canvas."""

    x_norm: float = Field(ge=-2, le=2)
    y_norm: float = Field(ge=-2, le=2)
    w_norm: float = Field(gt=0, le=2)
    h_norm: float = Field(gt=0, le=2)


class Video(Shape):
    """The options of a clip."""

    duration: Literal["5s", "10s"] | None = None
    edit: Edit | None = None
    end_frame: Media | None = None
    exr_export: StrictBool | None = None
    hdr: StrictBool | None = None
    keyframe_indexes: list[StrictInt] | None = None
    keyframes: list[Media] | None = None
    loop: StrictBool | None = None
    resolution: Literal["360p", "540p", "720p", "1080p"] | None = None
    source_position: Position | None = None
    start_frame: Media | None = None


class Layering(Shape):
    """The options for taking an image apart into layers."""

    resolution: Literal["1k", "2k"] | None = None


class Create(Shape):
    """The body of POST /generations."""

    prompt: StrictStr
    aspect_ratio: AspectRatio | None = None
    image_ref: list[Media] | None = None
    layering: Layering | None = None
    model: Model = "uni-1"
    output_format: Literal["png", "jpeg"] | None = None
    source: Media | None = None
    style: Literal["auto", "manga"] | None = None
    type: Kind = "image"
    user_id: StrictStr | None = None
    video: Video | None = None
    web_search: StrictBool | None = None


class FileCreate(Shape):
    """The body of POST /files in JSON."""

    mime_type: StrictStr
    size_bytes: StrictInt = Field(ge=1, le=MAX_UPLOAD)
    expires_at: StrictStr | None = None
    filename: StrictStr | None = None
    purpose: Purpose = "input"
    user_id: StrictStr | None = None


class FileQuery(Shape):
    """The query of GET /files."""

    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)
    purpose: Purpose | None = None
    state: State | None = None


def read(shape: type[S], body: Any) -> S:
    """Parse the body. Raises Declined (400) with one text that names every invalid field."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        told = [f"{'.'.join(str(step) for step in p['loc']) or 'body'}: {p['msg']}" for p in problems]
        raise Declined(400, "; ".join(told)) from None
