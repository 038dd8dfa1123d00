"""Normalising of what people write to the model's own form: other field names, mappings for lists, frame sizes, seed
assets.

It never judges: contradictory or malformed values are left as they are, for validation to report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from studio.production.field_types import AspectRatio, is_path, is_url
from studio.production.frame_sizes import covering, nearest_ratio
from studio.production.paths import is_file_url, located, path_of_url
from studio.production.shared import Origins, Spread, spread
from studio.production.slugs import slugify
from studio.production.sound_fields import VOICE_ENDING, is_sound_path

#: Other names that are accepted for a field.
SCENE_WORDS = {
    "scene_id": "id",
    "start_image_url": "start_image",
    "end_image_url": "end_image",
    "camera_motion": "camera",
}
SEED_WORDS = {"asset_id": "asset"}
#: A seed asset's usage, and the field that it sets.
USAGES = {"source_frame": "start_image", "end_frame": "end_image"}
REFERENCES = ("start_image", "end_image", "modify", "clip")
_SPACE = " \t\r\n"
EMPTY_PRODUCTION = (
    "slug", "model", "resolution", "aspect_ratio", "duration", "chain", "reanchor", "assets", "characters", "scenes",
    "film", "reframe_from", "style", "chains", "include", "project", "language", "translations",
)  # fmt: skip
EMPTY_SCENE = (
    "prompt_hints", "camera", "loop", "take", "seed_asset_refs", "guides", "hdr", "exr", "sound", "style", "notes",
)  # fmt: skip
#: The field by which a JSON file names its schema, for editors.
SCHEMA_FIELD = "$schema"
EXTRA = "x-"  # the beginning of fields that people and their programs use as they like


def canonical(data: Any) -> Any:
    """The same production in the model's own form. Idempotent; ``data`` is not changed."""
    return _canonical(data)[0] if isinstance(data, Mapping) else data


def origins_of(data: Any) -> Origins:
    """The places of the scenes' fields that are not written in them."""
    return _canonical(data)[1] if isinstance(data, Mapping) else {}


def _canonical(data: Mapping[str, Any]) -> tuple[dict[str, Any], Origins]:
    found = without_extras(data)
    found.pop(SCHEMA_FIELD, None)
    for field, short, change in _GROUPS:
        found[field] = _each(listed(found.get(field), short), change)
    for field in ("film", "defaults"):
        if isinstance(found.get(field), Mapping) and not isinstance(found[field], Spread):
            found[field] = without_extras(found[field])
    if isinstance(found.get("defaults"), dict) and not isinstance(found["defaults"], Spread):
        found["defaults"] = _scene(found["defaults"])
    found, origins = spread(found)
    found["scenes"] = _each(found.get("scenes"), lambda scene: _without_empty(scene, EMPTY_SCENE))
    if found.get("slug") in (None, "") and isinstance(found.get("title"), str | int):
        found["slug"] = slugify(" ".join(str(found["title"]).split()))
    _frame_size(found)
    return _without_empty(found, EMPTY_PRODUCTION), origins


def without_extras(item: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping without its x- fields."""
    return {k: v for k, v in item.items() if not (isinstance(k, str) and k.startswith(EXTRA))}


def absolute(data: Any, base: Path) -> Any:
    """The same canonical production with every local path made absolute, relative to the folder ``base``."""

    def found(reference: Any) -> Any:
        plain = type(reference) is str and reference.strip() and "\0" not in reference and not _is_url(reference)
        return located(reference.strip(_SPACE), base) if plain else reference

    def inline(reference: Any) -> Any:
        return found(reference) if isinstance(reference, str) and is_path(reference) else reference

    def asset(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "path": found(item["path"])} if item.get("path") else item

    def character(item: dict[str, Any]) -> dict[str, Any]:
        images = item.get("images")
        listed = [images] if isinstance(images, str) else images
        return {**item, "images": [inline(i) for i in listed]} if isinstance(listed, list | tuple) else item

    def scene(item: dict[str, Any]) -> dict[str, Any]:
        item = {k: inline(v) if k in REFERENCES else v for k, v in item.items()}
        if "guides" in item:
            item["guides"] = _each(
                item["guides"], lambda g: {**g, "image": inline(g["image"])} if g.get("image") else g
            )
        if "seed_asset_refs" in item:
            item["seed_asset_refs"] = _each(
                item["seed_asset_refs"], lambda ref: {**ref, "asset": inline(ref["asset"])} if ref.get("asset") else ref
            )
        if isinstance(item.get("narration"), str | Mapping):
            item["narration"] = sound(item["narration"])
        return item

    def sound(said: Any) -> Any:
        """A narration or a piece of music, written as its file alone, or with it."""
        if isinstance(said, Mapping):
            return {**said, "file": found(said["file"])} if said.get("file") else said
        return found(said) if isinstance(said, str) and is_sound_path(said) else said

    def film_sounds(film: Any) -> Any:
        if not isinstance(film, Mapping):
            return film
        film = dict(film)
        for name in ("music", "voice"):
            said = film.get(name)
            listed = list(said) if isinstance(said, list | tuple) else [said]
            made = [(sound if name == "music" else voice)(one) for one in listed]
            if name in film:
                film[name] = made if isinstance(said, list | tuple) else made[0]
        return film

    def voice(said: Any) -> Any:
        """A voice, whose name may be the path of its file."""
        if isinstance(said, Mapping):
            return {**said, "name": voice(said["name"])} if isinstance(said.get("name"), str) else said
        return found(said) if isinstance(said, str) and said.strip().endswith(VOICE_ENDING) else said

    def titles(film: Any) -> Any:
        said = film.get("titles") if isinstance(film, Mapping) else None
        if not isinstance(said, Mapping) or not isinstance(fonts := said.get("font"), str | list | tuple):
            return film
        listed = [fonts] if isinstance(fonts, str) else fonts
        return {**film, "titles": {**said, "font": [found(font) for font in listed]}}

    if not isinstance(data, Mapping):
        return data
    if isinstance(data.get("translations"), str):
        data = {**data, "translations": found(data["translations"])}
    data = {**data, "film": film_sounds(titles(data["film"]))} if "film" in data else data
    work = {"assets": asset, "characters": character, "scenes": scene}
    return {k: _each(v, work[k]) if k in work else v for k, v in data.items()}


def _each(items: Any, change: Any) -> Any:
    """Apply a change to each mapping of a list; all else stays."""
    if not isinstance(items, list | tuple):
        return items
    return [change(without_extras(item)) if isinstance(item, Mapping) else item for item in items]


def _local(reference: Any) -> Any:
    """Convert a file URL, also within a list, to its path; all else stays."""
    if isinstance(reference, list | tuple):
        return [_local(one) for one in reference]
    if not isinstance(reference, str) or not is_file_url(reference.strip()):
        return reference
    return path_of_url(reference.strip()) or reference


def _asset(asset: dict[str, Any]) -> dict[str, Any]:
    path = _local(asset.get("url"))
    if path is not asset.get("url") and not asset.get("path"):
        asset = {**{k: v for k, v in asset.items() if k != "url"}, "path": path}
    return {k: _local(v) if k == "path" else v for k, v in asset.items()}


def _character(character: dict[str, Any]) -> dict[str, Any]:
    return {k: _local(v) if k == "images" else v for k, v in character.items()}


def _guide(guide: dict[str, Any]) -> dict[str, Any]:
    return {k: _local(v) if k == "image" else v for k, v in guide.items()}


def _seed(ref: dict[str, Any]) -> dict[str, Any]:
    path = _local(ref.get("url"))
    ref = ref if path is ref.get("url") else {**{k: v for k, v in ref.items() if k != "url"}, "asset": path}
    return {k: _local(v) if k == "asset" else v for k, v in ref.items()}


def listed(items: Any, short: str) -> Any:
    """Convert ``{id: {...}}`` and ``{id: value}`` to a list of mappings with ids."""
    if not isinstance(items, Mapping):
        return items
    found = []
    for key, value in items.items():
        if isinstance(value, Mapping):
            found.append({"id": key, **value})
        elif value is None:
            found.append({"id": key})
        else:
            found.append({"id": key, "url" if short == "path" and _is_url(value) else short: value})
    return found


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and is_url(value.strip())


def _scene(scene: dict[str, Any]) -> dict[str, Any]:
    scene = {k: _local(v) if k in REFERENCES else v for k, v in renamed(scene).items()}
    if "guides" in scene:
        scene["guides"] = _each(scene["guides"], _guide)
    refs = scene.get("seed_asset_refs")
    if isinstance(refs, list | tuple) and refs and all(isinstance(ref, Mapping) for ref in refs):
        refs = [_seed(renamed(dict(ref), SEED_WORDS)) for ref in refs]
        scene["seed_asset_refs"] = refs
        frames = {USAGES.get(_usage(ref)): ref.get("url") or ref.get("asset") for ref in refs}
        plain = all(set(ref) <= {"asset", "url", "usage"} for ref in refs)
        plain = plain and all(isinstance(ref.get(name), str | None) for ref in refs for name in ("asset", "url"))
        distinct = len(frames) == len(refs) and None not in frames and not any(scene.get(str(f)) for f in frames)
        if plain and distinct and all(isinstance(v, str) and v.strip() for v in frames.values()):
            scene.update({str(field): reference for field, reference in frames.items()})
            del scene["seed_asset_refs"]
    if not scene.get("prompt") and (scene.get("clip") or scene.get("generation")):
        scene.pop("prompt", None)  # left empty in the form: it is not needed
    return scene


def _usage(ref: Mapping[str, Any]) -> str:
    usage = ref.get("usage", "source_frame")
    return usage.strip() if isinstance(usage, str) else ""


def renamed(item: dict[str, Any], words: Mapping[str, str] = SCENE_WORDS) -> dict[str, Any]:
    """Rename fields in place, unless the field is given under its own name as well."""
    return {words[k] if k in words and words[k] not in item else k: v for k, v in item.items()}


def _frame_size(found: dict[str, Any]) -> None:
    """Replace ``width`` and ``height`` by ratio and resolution, unless these are given and say something else."""
    width, height = (_whole(found.get(name)) for name in ("width", "height"))
    if not (0 < width <= 16384 and 0 < height <= 16384):
        return
    means = {"aspect_ratio": nearest_ratio(width, height, get_args(AspectRatio)), "resolution": covering(width, height)}
    if all(found.get(field) in (None, value) for field, value in means.items()):
        found.update(means)
        del found["width"], found["height"]


def _whole(value: Any) -> int:
    """A whole number, also of a text or of 1280.0; 0 for all else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value.strip()):
        return int(value)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1 else 0


def _without_empty(item: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """Remove fields without a value, or left empty in the form, so that their defaults apply."""
    return {k: v for k, v in item.items() if v is not None or k not in fields}


#: The groups of a production: the field that a plain value stands for, and the function that normalises an item.
_GROUPS: tuple[tuple[str, str, Callable[[dict[str, Any]], dict[str, Any]]], ...] = (
    ("assets", "path", _asset), ("characters", "images", _character), ("scenes", "prompt", _scene),
)  # fmt: skip
