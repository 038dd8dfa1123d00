"""Rules for the bodies of an image create and an image reframe, and the order forms made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from luma_sandbox import prices, sizes
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.books import Draft
from luma_sandbox.frame_rules import Grid, Media, check_grid, placement
from luma_sandbox.refusal import Refusal
from luma_sandbox.rules import AspectRatio, Shape, check_prompt, check_url, read

REFERENCES_MAX = 4
TIER = "1080p"  # the size to which the documented price of a still applies
# Fields that the echo of an image create has even if they were not given (seen).
STORED = ("callback_url", "image_ref", "style_ref", "modify_image_ref")

Photon = Literal["photon-1", "photon-flash-1"]
Format = Literal["jpg", "png"]
Weight = Annotated[StrictFloat | StrictInt, Field(ge=0, le=1)]


class Reference(Shape):
    """A reference image with its weight."""

    url: StrictStr
    weight: Weight | None = None


class Identity(Shape):
    """One character, given by pictures of it."""

    images: list[StrictStr]


class Characters(Shape):
    """The characters of a picture."""

    identity0: Identity | None = None


class ImageShape(Shape):
    """The body of an image create."""

    model: Photon
    aspect_ratio: AspectRatio | None = None
    callback_url: StrictStr | None = None
    character_ref: Characters | None = None
    format: Format | None = None
    generation_type: Literal["image"] | None = None
    image_ref: list[Reference] | None = None
    modify_image_ref: Reference | None = None
    prompt: StrictStr | None = None
    style_ref: list[Reference] | None = None
    sync: StrictBool | None = None
    sync_timeout: StrictFloat | StrictInt | None = None


class ImageReframeShape(Grid):
    """The body of an image reframe."""

    model: Photon
    generation_type: Literal["reframe_image"]
    aspect_ratio: AspectRatio
    media: Media
    callback_url: StrictStr | None = None
    format: Format | None = None
    prompt: StrictStr | None = None


def image(body: object, assume: Assumptions, api: str) -> Draft:
    """Check the body of an image create. Raises Refusal."""
    shape = ImageShape.model_validate(read(body, ImageShape, assume, assume["default_image_model"]))
    inputs = _references(shape, assume)
    check_prompt(shape.prompt, shape.modify_image_ref is None)
    if shape.callback_url is not None:
        check_url("callback_url", shape.callback_url)
    if shape.sync_timeout is not None and shape.sync_timeout <= 0:
        raise Refusal(400, "sync_timeout must be more than 0 seconds")
    aspect_ratio = shape.aspect_ratio or assume["default_aspect_ratio"]
    width, height = sizes.still(aspect_ratio)
    echo = {"generation_type": "image"} | shape.model_dump(exclude_none=True)
    if assume["echo"] == "stored":
        echo = dict.fromkeys(STORED) | echo | {"aspect_ratio": aspect_ratio}
    return Draft(
        api=api,
        kind="image",
        model=shape.model,
        request=echo,
        order_form={
            "make": "image",
            "prompt": shape.prompt or "",
            "model": shape.model,
            "width": width,
            "height": height,
            "format": shape.format or "jpg",
            "inputs": inputs,
        },
        cents=prices.image(shape.model, prices.TIER_PIXELS[TIER], int(assume.number("image_cents_least"))),
    )


def reframe(body: object, assume: Assumptions, api: str) -> Draft:
    """Check the body of an image reframe. Raises Refusal."""
    shape = ImageReframeShape.model_validate(read(body, ImageReframeShape, assume))
    check_prompt(shape.prompt, False)
    check_grid(shape)
    check_url("media.url", shape.media.url)
    if shape.callback_url is not None:
        check_url("callback_url", shape.callback_url)
    width, height = sizes.still(shape.aspect_ratio)
    return Draft(
        api=api,
        kind="image",
        model=shape.model,
        request=shape.model_dump(exclude_none=True),
        order_form={
            "make": "reframe_image",
            "prompt": shape.prompt or "",
            "model": shape.model,
            "width": width,
            "height": height,
            "format": shape.format or "jpg",
            "placement": placement(shape),
            "inputs": {"source": {"type": "image", "url": shape.media.url}},
        },
        cents=prices.image(shape.model, prices.TIER_PIXELS[TIER], int(assume.number("image_cents_least"))),
    )


def _references(shape: ImageShape, assume: Assumptions) -> dict[str, Any]:
    """Every reference image as an input, named by its role and number."""
    default = assume.number("reference_weight")
    people = shape.character_ref.identity0 if shape.character_ref else None
    if shape.character_ref is not None and (people is None or not people.images):
        raise Refusal(400, "character_ref needs identity0 with at least one image")
    listed: dict[str, list[Reference]] = {
        "image_ref": shape.image_ref or [],
        "style_ref": shape.style_ref or [],
        "character_ref.identity0.images": [Reference(url=url) for url in people.images] if people else [],
        "modify_image_ref": [shape.modify_image_ref] if shape.modify_image_ref else [],
    }
    roles = {"character_ref.identity0.images": "character"}
    inputs: dict[str, Any] = {}
    for field, references in listed.items():
        if len(references) > REFERENCES_MAX:
            raise Refusal(400, f"{field} takes at most {REFERENCES_MAX} images, not {len(references)}")
        for number, reference in enumerate(references):
            check_url(f"{field}.{number}", reference.url)
            weight = default if reference.weight is None else float(reference.weight)
            inputs[f"{roles.get(field, field)}.{number}"] = {"type": "image", "url": reference.url, "weight": weight}
    return inputs
