"""Rules for the bodies of an upscale and an added sound, and the order forms made from them and the parent clip."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import StrictStr

from luma_sandbox import prices, sizes
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.books import Draft, Generation
from luma_sandbox.inputs import made
from luma_sandbox.refusal import Refusal
from luma_sandbox.rules import Resolution, Shape, check_prompt, check_url, read


class UpscaleShape(Shape):
    """The body of an upscale."""

    callback_url: StrictStr | None = None
    generation_type: Literal["upscale_video"] | None = None
    resolution: Resolution | None = None


class AudioShape(Shape):
    """The body of an added sound."""

    callback_url: StrictStr | None = None
    generation_type: Literal["add_audio"] | None = None
    negative_prompt: StrictStr | None = None
    prompt: StrictStr | None = None


def upscale(body: object, parent: Generation, assume: Assumptions) -> Draft:
    """Check the body of an upscale of a finished clip. Raises Refusal."""
    shape = UpscaleShape.model_validate(read(body, UpscaleShape, assume))
    if shape.callback_url is not None:
        check_url("callback_url", shape.callback_url)
    clip = made(parent)
    size = (clip["width"], clip["height"])
    larger = [tier for tier in sizes.LANDSCAPE if sizes.area(tier) > 1.05 * size[0] * size[1]]
    wanted = shape.resolution or (larger[0] if larger and assume["upscale_default"] == "next" else "4k")
    if wanted not in larger:
        raise Refusal(400, f"Generation {parent.id} is not smaller than {wanted}")
    width, height = sizes.like(size, wanted)
    rate = assume.number("upscale_rate")
    return _draft(
        parent,
        shape.model_dump(exclude_none=True) | {"generation_type": "upscale_video"},
        clip | {"make": "upscale", "resolution": wanted, "width": width, "height": height},
        prices.upscale(wanted, clip["frames"], rate),
    )


def audio(body: object, parent: Generation, assume: Assumptions) -> Draft:
    """Check the body of a sound for a finished clip. Raises Refusal."""
    shape = AudioShape.model_validate(read(body, AudioShape, assume))
    check_prompt(shape.prompt, False)
    if shape.callback_url is not None:
        check_url("callback_url", shape.callback_url)
    clip = made(parent)
    form = {"make": "audio", "sound": shape.prompt or parent.order_form["prompt"], "not": shape.negative_prompt or ""}
    return _draft(
        parent,
        shape.model_dump(exclude_none=True) | {"generation_type": "add_audio"},
        clip | form,
        prices.audio(clip["frames"], assume.number("audio_cents_a_second")),
    )


def _draft(parent: Generation, echo: dict[str, Any], form: dict[str, Any], cents: int) -> Draft:
    of_parent = {name: parent.order_form[name] for name in ("prompt", "resolution") if name in parent.order_form}
    source = {"source": {"type": "generation", "id": parent.id}}
    return Draft(
        api=parent.api,
        kind="video",
        model=parent.model,
        request=echo,
        order_form=of_parent | {"model": parent.model, "inputs": source} | form,
        cents=cents,
    )
