"""The part of a prompt that a picture shows, for the person who runs the sandbox; the APIs do not say it."""

from __future__ import annotations

from typing import Any

from luma_sandbox.books import Generation
from luma_sandbox.picture import mood
from luma_sandbox.renderer import paints, told_before
from luma_sandbox.stills import take_of

PAINTED = ("video", "agents_video", "image", "agents_image")


def told(made: Generation) -> dict[str, Any]:
    """The words of a prompt that are drawn, and those that are not; None for both where a picture or footage that was
    given decides what is seen."""
    form, inputs = made.order_form, made.inputs or {}
    frames = [inputs.get(name) or _asked(form.get(name)) for name in ("frame0", "frame1")]
    given = "modify_image_ref.0" in form.get("inputs", {}) or bool(form.get("indexes"))
    if form.get("make", "video") not in PAINTED or given or not paints(*frames):
        return {"drawn": None, "not_drawn": None}
    seen = mood.read(str(form.get("prompt", "")), take_of(form), told_before(frames[0]) or told_before(frames[1]))
    people = [named.rider.word for named in seen.cast if named.rider is not None]
    return {"drawn": [*people, *(named.word for named in seen.cast)], "not_drawn": list(seen.left)}


def _asked(frame: Any) -> dict[str, Any] | None:
    """A keyframe of a request whose inputs were not read yet."""
    return None if frame is None else {"kind": "image" if frame["type"] in ("image", "stored") else "clip"}
