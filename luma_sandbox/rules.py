"""Rules for requests: the shape of each field first, then the rules between fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, ValidationError

from luma_sandbox.assumptions import Assumptions
from luma_sandbox.refusal import Refusal, finding, wrong_shape

PROMPT_MIN, PROMPT_MAX = 3, 5000

# fmt: off
CONCEPTS = (
    "truck_left", "pan_right", "pedestal_down", "low_angle", "pedestal_up", "selfie", "pan_left", "roll_right",
    "zoom_in", "over_the_shoulder", "orbit_right", "orbit_left", "static", "tiny_planet", "high_angle", "bolt_cam",
    "dolly_zoom", "overhead", "zoom_out", "handheld", "roll_left", "pov", "aerial_drone", "push_in", "crane_down",
    "truck_right", "tilt_down", "elevator_doors", "tilt_up", "ground_level", "pull_out", "aerial", "crane_up",
    "eye_level",
)

# The sentences of the older `camera_motion` route: for the prompt (seen), not keys.
CAMERA_MOTIONS = (
    "camera static", "camera move left", "camera move right", "camera move up", "camera move down", "camera push in",
    "camera pull out", "camera zoom in", "camera zoom out", "camera pan left", "camera pan right",
    "camera orbit left", "camera orbit right", "camera crane up", "camera crane down",
)
# fmt: on

# (frame0, frame1) → whether `loop` may come with it. None: the documents disagree (assumption `loop_with_end_image`).
KEYFRAMES: dict[tuple[str | None, str | None], bool | None] = {
    (None, None): True,
    ("image", None): True,
    (None, "image"): None,
    ("image", "image"): False,
    ("generation", None): True,
    (None, "generation"): False,
    ("generation", "image"): False,
    ("image", "generation"): False,
    ("generation", "generation"): False,
}

WITHOUT_CONCEPTS = ("ray-1-6",)  # guess: concepts came with ray-2; the text of the refusal was seen
# Fields that the echo of a video create has even if they were not given (seen).
STORED = ("prompt", "keyframes", "callback_url", "concepts")

AspectRatio = Literal["1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"]
Duration = Literal["5s", "9s"]
Resolution = Literal["540p", "720p", "1080p", "4k"]


class Shape(BaseModel):
    """A model that accepts known fields only."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=False)


class Concept(Shape):
    """A camera concept, by its key."""

    key: StrictStr


class Frame(Shape):
    """A keyframe: an image by its URL, or a generation by its id."""

    type: Literal["image", "generation"]
    url: StrictStr | None = None
    id: StrictStr | None = None


class Keyframes(Shape):
    """The start and end of a clip."""

    frame0: Frame | None = None
    frame1: Frame | None = None


class VideoShape(Shape):
    """The body of a video create."""

    model: Literal["ray-1-6", "ray-2", "ray-flash-2"]
    aspect_ratio: AspectRatio | None = None
    callback_url: StrictStr | None = None
    concepts: list[Concept] | None = None
    duration: Duration | None = None
    generation_type: Literal["video"] | None = None
    keyframes: Keyframes | None = None
    loop: StrictBool | None = None
    prompt: StrictStr | None = None
    resolution: Resolution | None = None


class CurrentVideoShape(VideoShape):
    """The same body without the model that today's SDK no longer names."""

    model: Literal["ray-2", "ray-flash-2"]


@dataclass(frozen=True)
class VideoRequest:
    """An acceptable video create, with every default filled in.

    echo:  the returned `request`
    start: frame0, or None; ``end``: frame1, or None
    """

    echo: Mapping[str, Any]
    model: str
    prompt: str
    aspect_ratio: str
    resolution: str
    seconds: int
    loop: bool
    concepts: tuple[str, ...]
    start: Frame | None
    end: Frame | None

    @property
    def parents(self) -> tuple[tuple[str, str], ...]:
        """The generations that it continues, as (field, id)."""
        frames = (("frame0", self.start), ("frame1", self.end))
        return tuple((name, frame.id) for name, frame in frames if frame is not None and frame.id is not None)


def video(body: object, assume: Assumptions) -> VideoRequest:
    """Check the body of a video create. Raises Refusal with the service's own text where it has one."""
    known = VideoShape if assume["ray_1_6"] == "accepted" else CurrentVideoShape
    shape = known.model_validate(read(body, known, assume, assume["default_video_model"]))
    keyframes = shape.keyframes or Keyframes()
    needed = assume["prompt_required"]
    check_prompt(shape.prompt, needed == "always" or (needed == "without_keyframes" and shape.keyframes is None))
    if shape.keyframes is not None and keyframes.frame0 is None and keyframes.frame1 is None:
        raise Refusal(400, "No keyframes provided")
    for name, frame in (("frame0", keyframes.frame0), ("frame1", keyframes.frame1)):
        if frame is not None:
            _check_frame(name, frame)
    _check_loop(shape, keyframes, assume)
    concepts = tuple(concept.key for concept in shape.concepts or ())
    if concepts and shape.model in WITHOUT_CONCEPTS:
        raise Refusal(400, "concepts are not supported for this model")
    for key in concepts:
        if key not in CONCEPTS:
            raise Refusal(400, f"Concept {key!r} is not supported; see /generations/concepts/list")
    if shape.callback_url is not None:
        check_url("callback_url", shape.callback_url)
    filled = {
        "aspect_ratio": shape.aspect_ratio or assume["default_aspect_ratio"],
        "resolution": shape.resolution or assume["default_resolution"],
        "duration": shape.duration or assume["default_duration"],
    }
    echo = shape.model_dump(exclude_none=True) | {"generation_type": "video"}
    if assume["echo"] == "stored":
        echo = dict.fromkeys(STORED) | {"loop": False} | echo | filled
    return VideoRequest(
        echo=echo,
        model=shape.model,
        prompt=shape.prompt or "",
        aspect_ratio=filled["aspect_ratio"],
        resolution=filled["resolution"],
        seconds=int(filled["duration"].removesuffix("s")),
        loop=bool(shape.loop),
        concepts=concepts,
        start=keyframes.frame0,
        end=keyframes.frame1,
    )


def read(body: object, shape: type[Shape], assume: Assumptions, model: str | None = None) -> object:
    """Parse the body, without the fields that the assumptions ignore. Raises Refusal for an invalid one.

    ``model`` is the default, where the assumptions allow it to be left out.
    """
    status = int(assume["shape_status"])
    nulls = list(_nulls(body, []))
    if nulls and assume["null_fields"] == "refused":
        raise wrong_shape(status, "null_forbidden", nulls[0], "Input should not be null; leave the field out", None)
    if model is not None and assume["model"] == "optional" and isinstance(body, dict) and body.get("model") is None:
        body = body | {"model": model}
    try:
        shape.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False)
        extra = [one["loc"] for one in found if one["type"] == "extra_forbidden"]
        if assume["unknown_fields"] == "ignored":
            found = [one for one in found if one["type"] != "extra_forbidden"]
        if not found:
            return _without(body, extra)
        raise Refusal(status, [finding(one) for one in found]) from None
    return body


def _nulls(value: object, at: list[str | int]) -> list[list[str | int]]:
    """The places of `null` in a body."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in _nulls(inner, [*at, str(key)])]
    if isinstance(value, list):
        return [found for index, inner in enumerate(value) for found in _nulls(inner, [*at, index])]
    return [at] if value is None else []


def _without(value: Any, places: list[tuple[int | str, ...]]) -> Any:
    """A copy of a body without those fields."""
    if isinstance(value, dict):
        gone = {place[0] for place in places if len(place) == 1}
        return {
            key: _without(inner, [place[1:] for place in places if place[0] == key and len(place) > 1])
            for key, inner in value.items()
            if key not in gone
        }
    if isinstance(value, list):
        return [
            _without(inner, [place[1:] for place in places if place[0] == index and len(place) > 1])
            for index, inner in enumerate(value)
        ]
    return value


def check_prompt(prompt: str | None, needed: bool) -> None:
    """Raise Refusal, in the service's own words, for a prompt that is missing, too short or too long."""
    if needed and not prompt:
        raise Refusal(400, "Prompt is required")
    if prompt is None:
        return
    if len(prompt) < PROMPT_MIN:
        raise Refusal(400, f"Prompt is too short, minimum length is {PROMPT_MIN} characters")
    if len(prompt) > PROMPT_MAX:
        raise Refusal(400, f"Prompt is too long, maximum length is {PROMPT_MAX} characters")


def _check_frame(name: str, frame: Frame) -> None:
    if frame.type == "image":
        if frame.url is None or frame.id is not None:
            raise wrong_shape(422, "missing", ["keyframes", name, "url"], "An image keyframe has a url and no id", {})
        check_url(f"keyframes.{name}.url", frame.url)
    elif frame.id is None or frame.url is not None:
        raise wrong_shape(422, "missing", ["keyframes", name, "id"], "A generation keyframe has an id and no url", {})


def _check_loop(shape: VideoShape, keyframes: Keyframes, assume: Assumptions) -> None:
    if not shape.loop:
        return
    row = (
        keyframes.frame0.type if keyframes.frame0 else None,
        keyframes.frame1.type if keyframes.frame1 else None,
    )
    allowed = KEYFRAMES[row]
    if allowed is None:
        allowed = assume["loop_with_end_image"] == "accepted"
    if not allowed:
        raise Refusal(400, "Loop is not supported for keyframes")


def check_url(field: str, url: str) -> None:
    """Raise Refusal for a URL that cannot be fetched over http(s)."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise Refusal(400, f"{field} is not a public http(s) URL")
