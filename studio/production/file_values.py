"""Values of a production file as JSON Schema: what may be written for each type of field, short forms included."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from studio.production import field_types as kinds
from studio.production.deliveries import PRESETS, Deliveries
from studio.production.sound_fields import LOUDNESS, Duck, Language, Level, Loudness, Speed
from studio.production.sounds import Sound
from studio.production.titles import Lines
from studio.production.transitions import KINDS, TransitionField

Json = dict[str, Any]


def either(*several: Json) -> Json:
    """Any of several schemas; each is there once."""
    flat = [one for given in several for one in (given["anyOf"] if set(given) == {"anyOf"} else [given])]
    found = [one for i, one in enumerate(flat) if one not in flat[:i]]
    return found[0] if len(found) == 1 else {"anyOf": found}


def words(choices: Iterable[Any]) -> Json:
    """One of several words."""
    return {"enum": list(choices)}


def a_list(items: Json) -> Json:
    """A list."""
    return {"type": "array", "items": items}


def fields(properties: dict[str, Json], required: Iterable[str]) -> Json:
    """A mapping of those fields alone."""
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False,
    }  # fmt: skip


def _like(pattern: str) -> Json:
    return {"type": "string", "pattern": rf"^\s*({pattern})\s*$"}


def _number(least: float, most: float, unit: str = "") -> Json:
    return either({"type": "number", "minimum": least, "maximum": most}, _like(_NUMBER + unit))


def _seconds(least: Fraction, most: Fraction) -> Json:
    return _number(int(least * 10_000) / 10_000, float(most), r"\s*(s|sec|secs|second|seconds)?")


_NUMBER = r"[-+\u2212]?[0-9._]+([eE][-+]?[0-9]+)?"
_ID = "[A-Za-z0-9][A-Za-z0-9_-]"
_DECIBELS = r"\s*([dD][bB])?"

NULL: Final[Json] = {"type": "null"}
# A whole number is a text where one is wanted, such as 1984. Other numbers need quotes: 1.10 might have been meant.
TEXT: Final[Json] = {"type": ["string", "integer"]}
FILLED: Final[Json] = TEXT | {"pattern": r"\S"}
#: Three characters or more; none where a clip or a generation is there.
PROMPT: Final[Json] = TEXT | {"pattern": r"^\s*$|^\s*\S[\s\S]+\S\s*$"}
LINES: Final[Json] = either(TEXT, a_list(TEXT))
TEXTS: Final[Json] = either(TEXT, a_list(FILLED), NULL)
FLAG: Final[Json] = either({"type": "boolean"}, words(("yes", "no", "on", "off", "true", "false")))
WHOLE: Final[Json] = either({"type": "integer"}, _like(r"[-+]?[0-9_]+(\.0*)?"))

#: The types of fields, and what may be written for each.
TYPES: Final[tuple[tuple[Any, Json], ...]] = (
    (kinds.Text, TEXT), (kinds.Filled, FILLED), (kinds.Title, FILLED), (kinds.Texts, TEXTS), (Lines, LINES),
    (kinds.Reference, TEXT), (kinds.FilledReference, FILLED), (kinds.References, TEXTS),
    (kinds.Id, FILLED | {"pattern": rf"^\s*{_ID}{{0,63}}\s*$"}),
    (kinds.Slug, TEXT | {"pattern": r"^\s*([a-z0-9][a-z0-9-]{0,63})?\s*$"}),
    (kinds.Project, TEXT | {"pattern": r"^\s*([a-z0-9][a-z0-9-]{0,63}(~[0-9a-f]{8})?)?\s*$"}),
    (kinds.GenerationId, TEXT | {"pattern": rf"^\s*{_ID}{{0,127}}\s*$"}),
    (Language, _like("([A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*)?")),
    (kinds.Flag, FLAG), (kinds.Whole, WHOLE),
    (kinds.Seconds, _seconds(kinds.SHORTEST, kinds.LONGEST)),
    (kinds.SceneSeconds, either(_seconds(kinds.SHORTEST, kinds.LONGEST), words([kinds.AUTO]))),
    (kinds.FilmSeconds, _seconds(kinds.SHORTEST, kinds.LONGEST_FILM)),
    (kinds.Moment, _seconds(Fraction(0), kinds.LONGEST)),
    (kinds.Dollars, either(
        {"type": "number", "minimum": 0, "maximum": float(kinds.MOST_MONEY)},
        _like(rf"\$?\s*{_NUMBER}\s*([uU][sS][dD]|\$)?"),
    )),
    (kinds.Left, _number(-2, 2)), (kinds.Across, _number(0.01, 2)),
    (kinds.Pose, either(words(["precise", "coarse"]), FLAG)), (kinds.Amount, either(FLAG, _number(0, 1))),
    (Level, _number(-60, 12, _DECIBELS)), (Duck, _number(0, 60, _DECIBELS)), (Speed, _number(0.5, 2)),
    (Loudness, either(
        words([*LOUDNESS, *(int(one) for one in LOUDNESS if one.startswith("-")), True, False]),
        _like(rf"{_NUMBER}\s*([lL][uU][fF][sS])?"),
    )),
    (TransitionField, either(
        words(KINDS), _like(rf"[a-zA-Z]+\s+{_NUMBER}\s*[sS]?"),
        fields({"kind": words(KINDS), "seconds": either(_number(0, 10, r"\s*[sS]?"), NULL)}, ["kind"]),
    )),
    (Sound, either(words(["keep", "none"]), FILLED, fields({"generate": FILLED}, ["generate"]), NULL)),
    (Deliveries, either(words([*PRESETS, "none"]), a_list(words(PRESETS)), NULL)),
)  # fmt: skip
