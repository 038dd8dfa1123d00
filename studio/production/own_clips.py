"""Rules of scenes that take a finished file as it is (``clip``): nothing is bought for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio.production.locations import Finding
from studio.production.sounds import words_of

if TYPE_CHECKING:
    from studio.production.scene import Scene

#: Fields of a scene that describe what is bought, and mean nothing for a file that is there.
NOT_WITH_CLIP = (
    "prompt_hints", "duration", "start_image", "end_image", "continue_from", "lead_into", "character", "camera", "loop",
    "modify", "strength", "auto_controls", "controls", "guides", "clips", "hdr", "exr", "upscale", "source_position",
    "resolution", "model", "take", "draft_take", "final_take", "generation", "seed_asset_refs",
)  # fmt: skip
_REMEDIES = {
    "duration": "choose a part of the clip by in and out, or remove duration",
    "modify": "modify takes the file itself: remove clip, or modify it in a scene of its own",
    "generation": "a scene shows one of them: remove one",
    "continue_from": "a finished clip begins as it does; another scene may lead_into it: remove one",
    "lead_into": "a finished clip ends as it does; another scene may continue_from it: remove one",
    "upscale": "a finished clip is fitted to the film here, at no cost: remove upscale",
}


def clip_rules(scene: Scene) -> Iterator[Finding]:
    """Every field of a scene that does not go with ``clip``, and of one without ``clip``, those that need it."""
    if scene.clip is None:
        for field, value in (("in", scene.in_), ("out", scene.out), ("fit", scene.fit)):
            if value is not None:
                yield Finding((field,), "is of a finished clip, and there is none", f"add clip, or remove {field}")
        return
    for field in NOT_WITH_CLIP:
        if getattr(scene, field) != type(scene).model_fields[field].default:
            hint = _REMEDIES.get(field, f"remove {field}, or clip and what belongs to it")
            yield Finding((field,), "cannot be combined with clip, which is used as it is and buys nothing", hint)
    if words_of(scene.sound):
        told = "generate makes a sound for a clip of the service, and this one is a finished file"
        yield Finding(("sound",), told, "write sound: keep or none; lay another sound under it before")
    if scene.in_ is not None and scene.out is not None and scene.in_ >= scene.out:
        told = f"{float(scene.out):g} s is not after in, {float(scene.in_):g} s"
        yield Finding(("out",), told, "out is where the part ends, in seconds from the file's start")
