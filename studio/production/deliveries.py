"""Deliveries: the forms in which a finished film is handed over, by the names of their presets."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from studio.production.field_types import kind_of, refused, shown
from studio.spelling import nearest

#: Each preset, and what it is for people.
PRESETS: Final = {
    "web": "H.264 and AAC in MP4, 8 bit, which every browser and phone plays",
    "web-captioned": "as web, with the film's captions drawn into the picture",
    "hevc": "HEVC and AAC in MP4, for Apple's programs and newer devices",
    "av1": "AV1 and AAC in MP4, the smallest",
    "prores": "ProRes 422 HQ and PCM in a QuickTime file, for editing",
    "dnxhr": "DNxHR HQ (HQX at 10 bit) and PCM in a QuickTime file, for editing",
    "gif": "a short looping preview without sound, as GIF",
    "webp": "a short looping preview without sound, as WebP",
}
NONE = ("none", "no", "off")  # words for no delivery


def preset_of(value: object) -> str:
    """The name of a preset, as it is written. Raises the error for a validator to raise."""
    if not isinstance(value, str):
        raise refused(f"expected the name of a preset, found {kind_of(value)}", f"one of {', '.join(PRESETS)}")
    name = value.strip().lower()
    if name not in PRESETS:
        near = nearest(name, PRESETS)
        known = f"one of {', '.join(PRESETS)}"
        hint = f"did you mean '{near}'? {known.capitalize()}" if near else known
        raise refused(f"there is no preset {shown(value)}", hint)
    return name


def _listed(value: object) -> object:
    """A single name as a list, and none as an empty one."""
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", *NONE)):
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        raise refused(f"expected a list of presets, found {kind_of(value)}", "such as [web, prores]")
    return value


def _once(presets: tuple[str, ...]) -> tuple[str, ...]:
    """Each preset once, in the order in which they are written."""
    return tuple(dict.fromkeys(presets))


PRESET_SCHEMA: dict[str, Any] = {"type": "string", "enum": list(PRESETS)}
Preset = Annotated[str, BeforeValidator(preset_of), WithJsonSchema(PRESET_SCHEMA)]
Deliveries = Annotated[tuple[Preset, ...], BeforeValidator(_listed), AfterValidator(_once)]
