"""Productions from the arguments of a call, so that the library plans, prices and names clips as a flow does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from studio.errors import BadInput
from studio.library.values import CommonOptions, GeneratedVideo, VideoOptions
from studio.planning.durations import whole_clip
from studio.production import Production, parse_production
from studio.production.field_types import GENERATION_PREFIX, generation_in, shown
from studio.production.frame_sizes import covering, nearest_ratio
from studio.production.rules import suggestion
from studio.providers.registry import video_model

Wish = Mapping[str, Any]

#: The arguments of a call for one clip.
WORDS = ("prompt", "duration", "width", "height", *VideoOptions.__annotations__)
#: The arguments of a call for all its scenes, and those that only the call may have.
SHARED = ("character_ref_url", "width", "height", *CommonOptions.__annotations__)
SHAPE = ("width", "height", "aspect_ratio")
#: Each frame of a clip: its key in Luma's own form, and the fields for a picture and for a generation there.
FRAMES = (("frame0", "start_image", "continue_from"), ("frame1", "end_image", "lead_into"))
LARGEST = 16384


def one(wish: Wish, *, title: str) -> Production:
    """The production of a single clip. Raises BadInput."""
    _check_words(wish, "the call", WORDS)
    return _production([{"scene_id": "video", **_said(wish)}], wish, title=title, chain=False)


def continuous(scenes: Sequence[Wish], shared: Wish, *, title: str) -> Production:
    """The production of scenes that each continue the one before. ``shared`` holds where a scene says nothing else.

    Raises BadInput.
    """
    _check_words(shared, "the call", SHARED)
    if isinstance(scenes, str | Mapping) or not isinstance(scenes, Sequence):
        raise BadInput("scenes are not a list of mappings", hint='such as [{"prompt": "a quiet harbour at dawn"}]')
    for_all = {word: value for word, value in _said(shared).items() if word not in SHAPE}
    wishes = []
    for number, scene in enumerate(scenes, 1):
        where = f"scene {number}"
        if not isinstance(scene, Mapping):
            raise BadInput("is not a mapping", where=where, hint='such as {"prompt": "a quiet harbour at dawn"}')
        _check_words(scene, where, tuple(word for word in WORDS if word not in SHAPE))
        own = _said(scene)
        given = {"scene_id": f"scene-{number}", **for_all, **own}
        if "character_ref_url" not in own and _starts(own):
            # Its first frame is given, and a still of the character would be another one.
            given.pop("character_ref_url", None)
        wishes.append(given)
    return _production(wishes, shared, title=title, chain=True)


def _production(wishes: Sequence[dict[str, Any]], shape: Wish, *, title: str, chain: bool) -> Production:
    model = video_model(str(wishes[0].get("model"))) if wishes else video_model("ray-2")
    width, height = _pixels(shape, "width", 1280), _pixels(shape, "height", 720)
    characters: dict[tuple[str, ...], str] = {}
    scenes = [_scene(wish, characters) for wish in wishes]
    return parse_production({
        "title": title, "chain": chain, "scenes": scenes,
        "clips": "cheapest" if chain else "longest",  # one call without a chain is one clip
        "aspect_ratio": shape.get("aspect_ratio") or nearest_ratio(width, height, model.aspect_ratios),
        "resolution": covering(width, height),
        "characters": [{"id": name, "images": list(images)} for images, name in characters.items()],
    })  # fmt: skip


def _scene(wish: dict[str, Any], characters: dict[tuple[str, ...], str]) -> dict[str, Any]:
    where = f"scene '{wish['scene_id']}'"
    if "prompt" not in wish:
        raise BadInput("has no prompt", where=where)
    scene = {"id": wish["scene_id"], "prompt": wish["prompt"], **dict(_frames(wish, where))}
    scene |= {name: wish[name] for name in ("model", "resolution", "take", "loop") if name in wish}
    if "duration" in wish:
        scene["duration"] = _duration(wish, where)
    if "camera_motion" in wish:
        scene["camera"] = wish["camera_motion"]
    if "character_ref_url" in wish:
        refs = wish["character_ref_url"]
        images = tuple(map(_reference, [refs] if isinstance(refs, str | Path) else refs))
        scene["character"] = characters.setdefault(images, f"character-{len(characters) + 1}")
    return scene


def _frames(wish: Wish, where: str) -> Iterator[tuple[str, str]]:
    """The first and the last frame, under the production's names."""
    frames = wish.get("keyframes", {})
    beside = [word for word in ("start_image_url", "end_image_url", "continue_from") if word in wish]
    if frames and beside:
        raise BadInput(f"keyframes stand beside {' and '.join(beside)}, which mean the same", where=where)
    for word, field in (("start_image_url", "start_image"), ("end_image_url", "end_image")):
        if word in wish:
            yield field, _reference(wish[word])
    if "continue_from" in wish:
        yield "continue_from", _generation(wish["continue_from"], f"{where}, continue_from")
    if not isinstance(frames, Mapping) or set(frames) - {key for key, _, _ in FRAMES}:
        raise BadInput("keyframes have frame0, frame1 or both", where=where)
    for key, picture, generation in FRAMES:
        match frames.get(key):
            case None:
                pass
            case {"type": "image", "url": str() | Path() as url, **rest} if not rest:
                yield picture, _reference(url)
            case {"type": "generation", "id": identity, **rest} if not rest:
                yield generation, _generation(identity, f"{where}, {key}")
            case _:
                raise BadInput(
                    "is no keyframe", where=f"{where}, {key}",
                    hint='write {"type": "image", "url": …} or {"type": "generation", "id": …}',
                )  # fmt: skip


def _reference(picture: object) -> str:
    """A picture's URL or path, as a production names it."""
    return str(picture.absolute()) if isinstance(picture, Path) else str(picture)


def _generation(named: object, where: str) -> str:
    """A generation, as a production names it."""
    if isinstance(named, GeneratedVideo):
        return f"{GENERATION_PREFIX}{named.video_id}"
    if not isinstance(named, str) or not generation_in(named):
        hint = f"give a video, or its video_id: one that is no UUID behind {GENERATION_PREFIX}"
        raise BadInput(f"{shown(named)} is no generation's id", where=where, hint=hint)
    return named


def _duration(wish: Wish, where: str) -> Any:
    """Seconds as asked for; for a loop those of its clip, which is never trimmed."""
    seconds = wish["duration"]
    if not wish.get("loop") or isinstance(seconds, bool) or not isinstance(seconds, int | float | Fraction | Decimal):
        return seconds
    model = video_model(str(wish.get("model")))
    if not model.loops or not seconds > 0:
        return seconds
    if seconds > model.loop_lengths[-1]:
        able = " or ".join(map(str, model.loop_lengths))
        raise BadInput(
            f"{float(seconds):g} seconds cannot loop", where=f"{where}, duration",
            hint=f"a loop of {model.name} is one clip of {able} seconds: play it again",
        )  # fmt: skip
    return whole_clip(model.loop_lengths, Fraction(seconds))


def _starts(wish: Wish) -> bool:
    """True if a picture is given as the first frame."""
    frame0 = wish.get("keyframes", {}).get("frame0") if isinstance(wish.get("keyframes"), Mapping) else None
    return "start_image_url" in wish or (isinstance(frame0, Mapping) and frame0.get("type") == "image")


def _pixels(shape: Wish, side: str, usual: int) -> int:
    value = shape.get(side, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= LARGEST:
        raise BadInput(f"{side} {shown(value)} is no number of pixels", hint="such as width=1280, height=720")
    return round(value)


def _said(wish: Wish) -> dict[str, Any]:
    """The arguments without those that are None or empty, which are the same as none."""
    return {word: value for word, value in wish.items() if value is not None and value not in ("", (), [], {})}


def _check_words(wish: Wish, where: str, known: Sequence[str]) -> None:
    for word in wish:
        if word in known:
            continue
        if word in SHAPE:
            raise BadInput(f"{word} is the same for all scenes", where=where, hint="give it to the call")
        raise BadInput(f"there is no {shown(word)}", where=where, hint=suggestion(str(word), known, "there are"))
