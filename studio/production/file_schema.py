"""The JSON Schema of production files, by which editors complete and check them: draft 7, which all of them know.

It accepts what can be loaded: short forms such as a card's text alone, mappings for lists, ``x-`` fields. It refuses
fields that there are not, other words, numbers out of bounds; what takes two fields or a file to be seen is left to
loading. It is stricter in one thing: words are in small letters, with no space around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from pydantic import BaseModel

from studio.production.fields import ProductionFields
from studio.production.file_values import FILLED, LINES, NULL, PROMPT, TEXT, TYPES, Json, a_list, either, words
from studio.production.film_options import FilmOptions
from studio.production.includes import INCLUDED
from studio.production.model import Production
from studio.production.normalize import (
    EMPTY_PRODUCTION,
    EMPTY_SCENE,
    EXTRA,
    SCENE_WORDS,
    SCHEMA_FIELD,
    SEED_WORDS,
    USAGES,
)
from studio.production.scene import Asset, Character, Guide, Scene, SeedAssetRef
from studio.production.shared import DEFAULTED, Chain, ChainField, Defaults
from studio.production.sound_fields import (
    Caption,
    CaptionsField,
    Music,
    MusicField,
    Narration,
    NarrationField,
    Voice,
    VoicesField,
)
from studio.production.titles import Card, CardField, Credit, Credits, CreditsField, LowerThird, LowerThirdField, Part
from studio.providers.luma.concepts import CONCEPTS

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
#: Other names of fields, by class.
_OTHER_NAMES: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    Scene: SCENE_WORDS, Defaults: SCENE_WORDS, SeedAssetRef: SEED_WORDS,
}  # fmt: skip
#: Fields that may be written without a value.
_EMPTY: Final[Mapping[type[BaseModel], Iterable[str]]] = {
    ProductionFields: EMPTY_PRODUCTION, Scene: (*EMPTY_SCENE, *DEFAULTED), Defaults: DEFAULTED,
    FilmOptions: tuple(FilmOptions.model_fields),
}  # fmt: skip
_WITH_EXTRAS: Final = (ProductionFields, FilmOptions, Defaults, Scene, Asset, Character, Guide, SeedAssetRef)
#: Fields of which one is needed.
_ONE_OF: Final[Mapping[type[BaseModel], tuple[str, ...]]] = {
    Scene: ("prompt", "clip", "generation"), Asset: ("path", "url"), Narration: ("text", "file"),
}  # fmt: skip
#: The groups: lists, or mappings by id of fields or of what a plain value stands for.
_GROUPS: Final[Mapping[str, tuple[type[BaseModel], tuple[Json, ...]]]] = {
    "scenes": (Scene, (PROMPT,)),
    "assets": (Asset, (FILLED,)),
    "characters": (Character, (TEXT, a_list(FILLED), NULL)),
}


def _reference(of: type[BaseModel]) -> Json:
    return {"$ref": f"#/definitions/{of.__name__}"}


def _one_or_more(of: type[BaseModel]) -> tuple[Json, ...]:
    return TEXT, _reference(of), a_list(either(TEXT, _reference(of))), NULL


_CREDIT_LINES: Final = either(TEXT, a_list(either(TEXT, _reference(Credit), NULL)))
#: Types that have short forms, and all that may be written for each.
_SHORT_FORMS: Final[tuple[tuple[Any, Json], ...]] = (
    (CardField, either(LINES, _reference(Card), NULL)),
    (LowerThirdField, either(LINES, _reference(LowerThird), NULL)),
    (NarrationField, either(LINES, _reference(Narration), NULL)),
    (CaptionsField, either(words([False]), *_one_or_more(Caption))),
    (VoicesField, either(*_one_or_more(Voice))),
    (MusicField, either(*_one_or_more(Music))),
    (CreditsField, either(_CREDIT_LINES, _reference(Credits), NULL)),
    (ChainField, either(a_list(FILLED), _reference(Chain))),
)
#: Fields for which more, or less, may be written than their type says.
_FIELDS: Final[Mapping[tuple[type[BaseModel], str], Json]] = {
    (Scene, "prompt"): PROMPT,
    (Scene, "camera"): either(words(CONCEPTS), TEXT, a_list(either(words(CONCEPTS), FILLED)), NULL),
    (SeedAssetRef, "url"): either(TEXT, NULL),  # an empty one leaves the asset
    (SeedAssetRef, "usage"): words(USAGES),
    (Credits, "lines"): _CREDIT_LINES,
}


def file_schema(*, included: bool = False) -> Json:
    """The JSON Schema of production files; ``included``: of the files that they include."""
    return _schema_of_included() if included else _schema_of_production()


@cache
def _schema_of_production() -> Json:
    schema = _Schema()
    made = schema.fields_of(ProductionFields)
    made["properties"][SCHEMA_FIELD] = {"type": "string", "description": "The address of this schema."}
    return {"$schema": DRAFT, "title": "Production", **made, "definitions": schema.definitions()}


def _schema_of_included() -> Json:
    whole = _schema_of_production()
    kept = {name: whole["properties"][name] for name in (*INCLUDED, "include", SCHEMA_FIELD)}
    of_it = {"description": "Characters, assets, defaults and a style that several productions share."}
    return {k: v for k, v in whole.items() if k != "required"} | of_it | {"title": "Included file", "properties": kept}


class _Schema:
    """A builder of the schemas of classes."""

    def __init__(self) -> None:
        self._form = Production.model_json_schema()  # which has descriptions and defaults
        self._parts: dict[str, type[BaseModel]] = {
            of.__name__: of for of in (Card, LowerThird, Narration, Caption, Voice, Music, Credit, Credits, Chain)
        }

    def definitions(self) -> dict[str, Json]:
        """The schemas of the classes that fields refer to, by name."""
        found: dict[str, Json] = {}
        while missing := [of for name, of in self._parts.items() if name not in found]:
            found |= {of.__name__: self.fields_of(of) for of in missing}
        return found

    def named(self, of: type[BaseModel]) -> Json:
        """A reference to the schema of a class."""
        self._parts[of.__name__] = of
        return _reference(of)

    def fields_of(self, of: type[BaseModel]) -> Json:
        """The schema of a class: its fields, under each of their names."""
        form = self._form if of is ProductionFields else self._form["$defs"][of.__name__]
        told = {name.strip("^$"): said for name, said in form.get("patternProperties", {}).items()} | form["properties"]
        hints = get_type_hints(of, include_extras=True)
        properties: dict[str, Json] = {}
        for name, field in of.model_fields.items():
            written = field.alias or name
            properties[written] = _described(self.value(of, name, hints[name]), told[written])
        for other, name in _OTHER_NAMES.get(of, {}).items():
            if name in properties:
                properties[other] = properties[name] | {"description": f"Another name of {name}."}
        made: Json = {
            "type": "object", "description": form.get("description", ""), "properties": properties,
            "additionalProperties": False,
        }  # fmt: skip
        if of in _WITH_EXTRAS:
            made["patternProperties"] = {f"^{EXTRA}": {"description": "A field of your own, which nothing reads."}}
        required = [
            field.alias or name for name, field in of.model_fields.items() if field.is_required() and name != "id"
        ]
        if required:  # an id is asked for where the item is: in a mapping it is the key
            made["required"] = required
        if of in _ONE_OF:
            made["anyOf"] = [{"required": [name]} for name in _ONE_OF[of]]
        return made

    def value(self, of: type[BaseModel], name: str, hint: Any) -> Json:
        """The schema of what may be written for a field."""
        field = of.model_fields[name]
        if of is ProductionFields and name in _GROUPS:
            found = self.group(*_GROUPS[name])
        elif of is ProductionFields and name == "chains":
            group = self.type_of(ChainField)
            found = either(a_list(group), {"type": "object", "additionalProperties": group})
        else:
            found = _FIELDS.get((of, name)) or self.type_of(hint)
        if bounds := _bounds(field.metadata):
            found = either(*(one | bounds if one.get("type") == "integer" else one for one in found["anyOf"]))
        if name in DEFAULTED and of in (Scene, Defaults):
            found = either(found, words(["none"]))  # which switches a default off
        empty = not field.is_required() and (name in _EMPTY.get(of, ()) or issubclass(of, Part))
        return either(found, NULL) if empty else found

    def group(self, of: type[BaseModel], short: Iterable[Json]) -> Json:
        """The schema of a list of items with ids, or a mapping of items by their ids."""
        item = self.named(of)
        names = ["id", *(other for other, name in _OTHER_NAMES.get(of, {}).items() if name == "id")]
        ids = [{"required": [name]} for name in names]
        listed = a_list({"allOf": [item], "anyOf": ids})
        least: tuple[Json, Json] = ({"minItems": 1}, {"minProperties": 1}) if of is Scene else ({}, {})
        return either(listed | least[0], {"type": "object", "additionalProperties": either(item, *short)} | least[1])

    def type_of(self, hint: Any) -> Json:
        """The schema of a type."""
        origin, inner = get_origin(hint), get_args(hint)
        for end in (
            range(len(inner), 1, -1) if origin is Annotated else ()
        ):  # a type may have more bounds than a known one
            known = next((schema for kind, schema in (*TYPES, *_SHORT_FORMS) if get_args(kind) == inner[:end]), None)
            if known is not None:
                return known
        if origin is Annotated:
            return self.type_of(inner[0])
        if origin is Literal:
            return words(inner)
        if origin in (Union, UnionType):
            return either(*(NULL if one is NoneType else self.type_of(one) for one in inner))
        return a_list(self.type_of(inner[0])) if origin is tuple else self.named(hint)


def _bounds(metadata: Iterable[Any]) -> Json:
    """The bounds of a field's number."""
    found = [
        ("minimum", one.ge) if isinstance(one, Ge) else ("maximum", one.le)
        for one in metadata
        if isinstance(one, Ge | Le)
    ]
    return dict(found)


def _described(value: Json, told: Mapping[str, Any]) -> Json:
    """A field's schema with what it means and its default. In draft 7, nothing may stand beside a reference."""
    said = {name: told[name] for name in ("description", "default") if told.get(name) not in (None, "", [])}
    if isinstance(said.get("default"), Mapping):
        del said["default"]
    return said | ({"allOf": [value]} if "$ref" in value else value)
