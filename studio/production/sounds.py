"""A scene's ``sound``: what is to become of the sound that its clip has, or the words of one that is made for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from studio.errors import Problem
from studio.production.field_types import Filled, filled_text, kind_of, refused, shown

if TYPE_CHECKING:
    from studio.production.locations import Places

SWITCHES = ("no", "off", "false", "yes", "on", "true")  # one of them alone describes no sound
REMEDY = "write keep, none, or generate: and what is heard"


class MadeSound(BaseModel):
    """A sound that is made for the finished clip, by words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generate: Filled = Field(description="What is heard.")


def _sound(value: object) -> object:
    """Bring what is written to a value: words alone are those of a sound to make."""
    if value is None or isinstance(value, MadeSound):
        return value
    if isinstance(value, Mapping):
        if set(value) != {"generate"}:
            told = ", ".join(shown(str(name)) for name in value) or "nothing"
            raise refused(f"expected generate and what is heard, found {told}", REMEDY)
        if value["generate"] is None:
            raise refused("generate is empty", REMEDY)
        return MadeSound.model_construct(generate=filled_text(value["generate"]))
    if isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in SWITCHES):
        raise refused(f"{shown(value)} is no sound", REMEDY)
    if not isinstance(value, str | int):
        raise refused(f"expected keep, none or words, found {kind_of(value)}", REMEDY)
    if isinstance(value, str) and not value.strip():
        raise refused("is empty", REMEDY)
    word = str(value).strip().lower()
    return word if word in ("keep", "none") else MadeSound.model_construct(generate=filled_text(value))


#: The one field of the form that is a text or a group: the form draws both, and the API takes both.
SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "title": "keep, none, or words"},
        {
            "type": "object", "title": "generate", "required": ["generate"], "additionalProperties": False,
            "properties": {"generate": {"type": "string", "title": "Generate", "description": "What is heard."}},
        },
        {"type": "null"},
    ]
}  # fmt: skip
Sound = Annotated[Literal["keep", "none"] | MadeSound | None, BeforeValidator(_sound), WithJsonSchema(SCHEMA)]


def words_of(sound: Sound) -> str:
    """The words of a sound that is made; empty where none is."""
    return sound.generate if isinstance(sound, MadeSound) else ""


def left_empty(data: Any, places: Places) -> Iterator[Problem]:
    """A problem for each scene of a file whose ``sound`` is written without a value: nobody knows what is meant."""
    scenes = data.get("scenes") if isinstance(data, Mapping) else None
    items = scenes.values() if isinstance(scenes, Mapping) else scenes if isinstance(scenes, list | tuple) else ()
    for i, scene in enumerate(items):
        if isinstance(scene, Mapping) and "sound" in scene and scene["sound"] is None:
            yield Problem(places.where(("scenes", i, "sound")), "is empty", REMEDY)
