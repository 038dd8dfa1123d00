"""Fields written once for scenes: defaults, a style, chains of scenes. It becomes the scenes' own fields.

So a scene is the same, and has the same purchases, as if everything were written into it. ``Origins`` keeps where each
field was written, for errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, create_model

from studio.production.field_types import Filled, refused, shown
from studio.production.scene import Frozen, Scene

#: By the place of a scene's field in the canonical production: the place where it was written.
Origins: TypeAlias = dict[tuple[str | int, ...], tuple[str | int, ...]]

PREVIOUS, NEXT = "previous", "next"
#: Fields of a scene that may have a default; all others belong to one scene.
DEFAULTED = (
    "prompt_hints", "duration", "start_image", "end_image", "character", "camera", "style", "loop", "strength",
    "auto_controls", "controls", "clips", "hdr", "exr", "sound", "upscale", "source_position", "resolution", "model",
)  # fmt: skip
_OF_A_CHANGE = ("strength", "auto_controls", "controls")  # only where a scene modifies something
_OF_A_CLIP_THAT_IS_THERE = ("model", "resolution", "sound", "upscale", "source_position")
_OWN_NONE = ("sound",)  # fields of which `none` is a value


def _field(name: str) -> tuple[Any, Any]:
    of = Scene.model_fields[name]
    kind: Any = Annotated[(of.annotation, *of.metadata)] if of.metadata else of.annotation
    return kind, Field(default=None, description=of.description, json_schema_extra=of.json_schema_extra)


if TYPE_CHECKING:

    class Defaults(Frozen):
        """Values for every scene that has none of its own."""
else:
    Defaults = create_model("Defaults", __base__=Frozen, **{name: _field(name) for name in DEFAULTED})
    Defaults.__doc__ = "Values for every scene that has none of its own; null or none in a scene switches one off."


def _group(value: object) -> object:
    if isinstance(value, str):
        hint = "write for example [[dusk, lamp, boat], [home, night]]"
        raise refused(f"{shown(value)} is one scene, and a chain is a list of them", hint)
    return value


class Chain(Frozen):
    """Scenes that go on from each other: each continues the one before it in this list."""

    scenes: tuple[Filled, ...] = Field(description="The ids of its scenes, in order: two or more.")
    character: Filled | None = Field(
        default=None, description="Who is in all of them, unless a scene names somebody else: a character's id."
    )


ChainField = Annotated[Chain, BeforeValidator(_group)]


class Spread(dict[str, Any]):
    """Defaults that the scenes have by now, so that they are given once, however often a production is read."""


def spread(found: dict[str, Any]) -> tuple[dict[str, Any], Origins]:
    """The canonical production with what is shared given to its scenes, and where each such field was written."""
    origins: Origins = {}
    shared = dict(found)
    chains, people = _chains(shared.get("chains"), origins)
    if chains is not None:
        shared["chains"] = chains
    defaults = _defaults(shared, origins)
    if isinstance(shared.get("scenes"), list | tuple):
        scenes = [_plain(scene) for scene in shared["scenes"]]
        _neighbours(scenes)
        _links(scenes, chains or [], people, origins)
        for i, scene in enumerate(scenes):
            if isinstance(scene, dict):
                _fill(scene, i, defaults, origins)
        shared["scenes"] = scenes
    return shared, origins


def _plain(scene: Any) -> Any:
    return scene.model_dump(exclude_unset=True) if isinstance(scene, BaseModel) else scene


def _defaults(shared: dict[str, Any], origins: Origins) -> Mapping[str, Any]:
    """The defaults, with the production's style; the two are marked as given, or taken out."""
    given = shared.get("defaults")
    if isinstance(given, Spread):
        return {}
    written = given if isinstance(given, Mapping) else {}
    defaults = {name: value for name, value in written.items() if name in _OWN_NONE or not is_off(value)}
    if shared.get("style") is not None and "style" not in written:
        style = shared.pop("style")
        if not is_off(style):
            defaults["style"] = style
            origins["defaults", "style"] = ("style",)
    if isinstance(given, Mapping | None):
        shared["defaults"] = Spread(defaults) if defaults else None
    return defaults


def _fill(scene: dict[str, Any], i: int, defaults: Mapping[str, Any], origins: Origins) -> None:
    for name in (name for name in DEFAULTED if name in defaults):
        if name in scene:
            if is_off(scene[name]) and name not in _OWN_NONE:
                scene[name] = None
        elif _applies(name, scene):
            scene[name] = defaults[name]
            origins["scenes", i, name] = ("defaults", name)


def is_off(value: object) -> bool:
    """True for a value that switches a default off: null, or the word none."""
    return value is None or (isinstance(value, str) and value.strip().lower() == "none")


def _applies(name: str, scene: Mapping[str, Any]) -> bool:
    """True if a default is for this scene. A clip that is there already keeps its length, and is not asked for."""
    if scene.get("clip"):
        return name == "source_position"
    if scene.get("generation"):
        return name in _OF_A_CLIP_THAT_IS_THERE
    return name != "duration" if scene.get("modify") else name not in _OF_A_CHANGE


def _neighbours(scenes: Sequence[Any]) -> None:
    """Replace ``previous`` and ``next`` by the scenes that they mean, unless a scene has that very id."""
    ids = [_id(scene) for scene in scenes]
    for i, scene in enumerate(scenes):
        for field, word, step in (("continue_from", PREVIOUS, -1), ("lead_into", NEXT, 1)):
            if (
                isinstance(scene, dict)
                and says(scene.get(field), word)
                and word not in ids
                and 0 <= i + step < len(ids)
            ):
                scene[field] = ids[i + step] or scene[field]


def says(value: object, word: str) -> bool:
    """True if a value is that word."""
    return isinstance(value, str) and value.strip().lower() == word


def _id(scene: Any) -> str:
    name = scene.get("id") if isinstance(scene, Mapping) else None
    return " ".join(str(name).split()) if isinstance(name, str | int) else ""


def _chains(given: Any, origins: Origins) -> tuple[list[Any] | None, dict[int, Any]]:
    """The chains, each as a mapping of its scenes, and the character of each; None where there is no list."""
    if isinstance(given, Mapping):
        given = list(given.values())
    if not isinstance(given, list | tuple):
        return None, {}
    chains, people = list[Any](), dict[int, Any]()
    for g, group in enumerate(map(_plain, given)):
        if isinstance(group, list | tuple):
            chains.append({"scenes": list(group)})
            origins |= {("chains", g, "scenes", k): ("chains", g, k) for k in range(len(group))}
        elif isinstance(group, Mapping):
            if group.get("character") is not None:
                people[g] = group["character"]
            chains.append({name: value for name, value in group.items() if name != "character"})
        else:
            chains.append(group)
    return chains, people


def _links(scenes: list[Any], chains: list[Any], people: Mapping[int, Any], origins: Origins) -> None:
    """Give each scene of a chain the scene before it, and its chain's character."""
    index = {_id(scene): i for i, scene in enumerate(scenes) if isinstance(scene, dict)}
    for g, group in enumerate(chains):
        ids = group.get("scenes") if isinstance(group, Mapping) else None
        if not isinstance(ids, list | tuple):
            continue
        names = [" ".join(str(name).split()) for name in ids]
        for k, (before, name) in enumerate(pairwise(names), 1):
            if name in index and scenes[index[name]].get("continue_from") is None and before in index:
                scenes[index[name]]["continue_from"] = before
                origins["scenes", index[name], "continue_from"] = ("chains", g, "scenes", k)
        for name in names if g in people else ():
            i = index.get(name)
            if i is None:
                continue
            if "character" not in scenes[i]:
                scenes[i]["character"] = people[g]
                origins["scenes", i, "character"] = ("chains", g, "character")
            elif is_off(scenes[i]["character"]):
                scenes[i]["character"] = None
