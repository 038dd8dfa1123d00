"""The run forms in Prefect's UI: parameters with titles and an order, and schemas that both versions of it can draw.

The same JSON schema is drawn by both versions of the UI and validated by the server, whose answer is shown to people.
As pydantic writes it, it does neither well (docs/decisions/0029-a-form-both-uis-can-draw.md has what was measured):

- ``anyOf`` with null is drawn as tabs that have to be found, sends null for what was left empty, and fails as a whole:
  its error is the value as Python writes it. Here a field that may be empty is the plain field.
- a ``default`` is sent, whatever a person does. Within a scene it would count before what the production says for all
  scenes, so that there is none in the schema of a scene. The same holds for switches, which are sent as off.
- a part that may be missing altogether is drawn as tabs (None, the part, JSON), of which the last takes any value: so
  ``anyOf`` never fails, and what is wrong is found by what stands beside it, and told at its own field.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeVar, cast

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from flows.form_fields import PARTS, Titles
from studio.production import Production
from studio.production.field_types import kind_of, refused

Schema = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

#: Parts of which the defaults are shown, because nothing else stands behind a field that is left empty.
_WITH_DEFAULTS = ("Production", "FilmOptions")
#: Parts that are drawn on request: they are long, and few productions have them.
_ON_REQUEST = ("Defaults",)
#: A choice that is drawn as an editor of JSON, and takes every value.
_JSON: Schema = {"title": "JSON"}


def in_the_form(titles: Titles) -> Callable[[F], F]:
    """A decorator of a flow's function, below ``@flow``: its parameters are shown in the order of ``titles``.

    Parameters that are not in it come last. Their names, defaults and descriptions stay as they are written.
    """
    order = {name: (place, title) for place, (name, title) in enumerate(titles.items())}

    def shown(function: F) -> F:
        signature = inspect.signature(function)
        parameters = []
        for own, parameter in enumerate(signature.parameters.values()):
            place, title = order.get(parameter.name, (len(order) + own, _title(parameter.name)))
            default = ... if parameter.default is parameter.empty else parameter.default
            field = Field(default=default, json_schema_extra={"title": title, "position": place})
            parameters.append(parameter.replace(default=field))

        def given(*args: Any, **options: Any) -> inspect.BoundArguments:
            # Prefect takes what is left out from the signature, and does not check it in every way of calling.
            bound = signature.bind_partial(*args, **options)
            left_out = [name for name, value in bound.arguments.items() if isinstance(value, FieldInfo)]
            bound.arguments.update({name: signature.parameters[name].default for name in left_out})
            return bound

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def called(*args: Any, **options: Any) -> Any:
                bound = given(*args, **options)
                return await function(*bound.args, **bound.kwargs)
        else:

            @functools.wraps(function)
            def called(*args: Any, **options: Any) -> Any:
                bound = given(*args, **options)
                return function(*bound.args, **bound.kwargs)

        called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return cast("F", called)

    return shown


class _NoDefault(dict[str, Any]):
    """A schema that takes no default: pydantic writes null there, which both UIs would send and the server refuse."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name != "default":
            super().__setitem__(name, value)


@dataclass(frozen=True)
class MayBeEmpty:
    """Annotation of a parameter of type ``X | None``: the plain field of an X, which may be left empty."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return _NoDefault(_plain(handler(schema), handler, keep_default=False))


#: US dollars that a run may spend. A command passes the price that was agreed to, which may be in millionths.
Budget = Annotated[
    Annotated[
        Decimal, Field(ge=0, max_digits=16, decimal_places=6), WithJsonSchema({"type": "number", "minimum": 0})
    ] | None,
    MayBeEmpty(),
]  # fmt: skip


@dataclass(frozen=True)
class Written:
    """Annotation of a parameter that is a production, or none, as it was written: it is not checked here.

    The flow checks it, and names scene and field; by pydantic a flow would be told a list of paths.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_as_written, handler.generate_schema(Production))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        part = handler(schema)
        _draw(part, handler, set())
        return _NoDefault(_tabs(part, handler))


def _as_written(value: Any, check: Callable[[Any], Any]) -> Any:
    if value is None or isinstance(value, Production | Mapping):
        return value
    raise refused(f"expected the fields of a production, found {kind_of(value)}")


def _draw(part: Schema, handler: GetJsonSchemaHandler, drawn: set[str]) -> None:
    """Rewrite the schema of a part, and of the parts in it, where it stands."""
    found = handler.resolve_ref_schema(part)
    name = str(found.get("title", ""))
    if name in drawn or "properties" not in found:
        return
    drawn.add(name)
    hidden = found.pop("patternProperties", {})
    if hidden:  # its error would name a pattern; the flow names the nearest field
        found.pop("additionalProperties", None)
    titles = PARTS.get(name, {})
    places = {field: place for place, field in enumerate(titles)}
    for field, given in found["properties"].items():
        for inner in _parts_in(given):
            _draw(inner, handler, drawn)
        plain = _plain(given, handler, keep_default=name in _WITH_DEFAULTS)
        if plain.get("type") == "boolean" and name not in _WITH_DEFAULTS:
            plain["enum"] = [True, False]  # a switch cannot be left empty; a choice of two can
            del plain["type"]
        plain["title"] = titles.get(field, _title(field))
        plain["position"] = places.get(field, len(places))
        found["properties"][field] = plain


def _parts_in(given: Schema) -> list[Schema]:
    """The references to other parts in a field's schema."""
    options = [given, *given.get("anyOf", [])]
    options += [option.get("items", {}) for option in options]
    return [option for option in options if "$ref" in option]


def _plain(given: Schema, handler: GetJsonSchemaHandler, *, keep_default: bool) -> Schema:
    """A field's schema without null, and with no default but one that says something."""
    plain = dict(given)
    options = [option for option in plain.pop("anyOf", []) if option.get("type") != "null"]
    default = plain.pop("default", None)
    if keep_default and isinstance(default, bool | int | float | str) and default != "":
        plain["default"] = default
    if len(options) == 1:
        optional = dict(options[0])
        if all(isinstance(value, str) for value in optional.get("enum", [0])):
            optional["enum"] = ["", *optional["enum"]]  # by which both UIs let a choice be taken back
        plain = optional | plain
    elif options:  # text, or a group that only a file or JSON can say; seconds, or a word in their place
        kinds = [option["type"] for option in options]
        first = {key: value for key, value in options[0].items() if key != "enum"}
        group = {key: value for option in options for key, value in option.items() if key not in ("title", "enum")}
        plain |= {"anyOf": [first, _JSON]} | _unless_empty(group | {"type": kinds})
    if "$ref" in plain:
        part = handler.resolve_ref_schema({"$ref": plain["$ref"]})
        if part.get("title") in _ON_REQUEST:
            return _tabs({"$ref": plain["$ref"]}, handler) | {k: v for k, v in plain.items() if k != "$ref"}
        # In place of the reference, because null, which earlier forms sent, is accepted for a type and not for one.
        plain = {**part, **plain}
        del plain["$ref"]
    return plain


def _tabs(part: Schema, handler: GetJsonSchemaHandler) -> Schema:
    """The schema of a part that may be missing altogether: its fields are required and valid where it is an object."""
    found = handler.resolve_ref_schema(part)
    tabs: Schema = {"anyOf": [{"type": "null", "title": "None"}, dict(part), _JSON]}
    beside = {name: found[name] for name in ("properties", "required") if name in found}
    return tabs | beside | _unless_empty({"type": "object"})


def _unless_empty(valid: Schema) -> Schema:
    """The part that the server checks a value against; no UI draws it."""
    return {"if": {"not": {"type": "null"}}, "then": valid}


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
