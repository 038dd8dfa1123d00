"""Rules for the bodies of a video modify and a video reframe, and the order forms made from them.

The source's length is known only after reading it: one that is too long or too large is accepted here and fails later.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import StrictStr

from luma_sandbox import prices
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.books import Draft
from luma_sandbox.frame_rules import Grid, Media, check_grid, placement
from luma_sandbox.rules import AspectRatio, Shape, check_prompt, check_url, read

# Most seconds of a source.
MODIFY_SECONDS = {"ray-2": 10, "ray-flash-2": 15}
REFRAME_SECONDS = {"ray-2": 10, "ray-flash-2": 30}
PRICED_FRAMES = 5 * 24  # charged until the source has been read

Ray = Literal["ray-2", "ray-flash-2"]
Mode = Literal[
    "adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3"
]


class ModifyShape(Shape):
    """The body of a video modify."""

    generation_type: Literal["modify_video"]
    media: Media
    mode: Mode
    model: Ray
    callback_url: StrictStr | None = None
    first_frame: Media | None = None
    prompt: StrictStr | None = None


class VideoReframeShape(Grid):
    """The body of a video reframe."""

    generation_type: Literal["reframe_video"]
    aspect_ratio: AspectRatio
    media: Media
    model: Ray
    callback_url: StrictStr | None = None
    first_frame: Media | None = None
    prompt: StrictStr | None = None


def modify(body: object, assume: Assumptions, api: str) -> Draft:
    """Check the body of a video modify. Raises Refusal."""
    shape = ModifyShape.model_validate(read(body, ModifyShape, assume))
    _check(shape)
    return _draft(shape, assume, api, MODIFY_SECONDS[shape.model], {"make": "modify", "mode": shape.mode})


def reframe(body: object, assume: Assumptions, api: str) -> Draft:
    """Check the body of a video reframe. Raises Refusal."""
    shape = VideoReframeShape.model_validate(read(body, VideoReframeShape, assume))
    _check(shape)
    check_grid(shape)
    form = {"make": "reframe_video", "aspect_ratio": shape.aspect_ratio, "placement": placement(shape)}
    return _draft(shape, assume, api, REFRAME_SECONDS[shape.model], form)


def _check(shape: ModifyShape | VideoReframeShape) -> None:
    check_prompt(shape.prompt, False)
    check_url("media.url", shape.media.url)
    if shape.first_frame is not None:
        check_url("first_frame.url", shape.first_frame.url)
    if shape.callback_url is not None:
        check_url("callback_url", shape.callback_url)


def _draft(
    shape: ModifyShape | VideoReframeShape, assume: Assumptions, api: str, seconds: int, form: dict[str, Any]
) -> Draft:
    at_most = assume["edit_resolution"]
    inputs: dict[str, Any] = {"source": {"type": "video", "url": shape.media.url, "max_seconds": seconds}}
    if shape.first_frame is not None:
        inputs["first_frame"] = {"type": "image", "url": shape.first_frame.url}
    common = {"prompt": shape.prompt or "", "model": shape.model, "at_most": at_most, "inputs": inputs}
    return Draft(
        api=api,
        kind="video",
        model=shape.model,
        request=shape.model_dump(exclude_none=True),
        order_form=form | common | {"priced_by": assume["edit_price"]},
        cents=prices.edit(shape.model, at_most, PRICED_FRAMES),
    )
