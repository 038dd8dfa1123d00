"""Stub of the run forms' decorator: replaced by the module of the same name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

F = TypeVar("F", bound=Callable[..., Any])


class _NoDefault(dict[str, Any]):
    def __setitem__(self, name: str, value: Any) -> None:
        if name != "default":
            super().__setitem__(name, value)


def in_the_form(titles: Mapping[str, str]) -> Callable[[F], F]:
    """A decorator of a flow's function, below ``@flow``: its parameters are shown in the order of ``titles``."""
    order = {name: (place, title) for place, (name, title) in enumerate(titles.items())}

    def shown(function: F) -> F:
        signature = inspect.signature(function)
        parameters = []
        for own, parameter in enumerate(signature.parameters.values()):
            place, title = order.get(parameter.name, (len(order) + own, parameter.name))
            default = ... if parameter.default is parameter.empty else parameter.default
            field = Field(default=default, json_schema_extra={"title": title, "position": place})
            parameters.append(parameter.replace(default=field))
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return function

    return shown


@dataclass(frozen=True)
class MayBeEmpty:
    """Annotation of a parameter of type ``X | None``: the plain field of an X, which may be left empty."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        plain = dict(handler(schema))
        options = [option for option in plain.pop("anyOf", []) if option.get("type") != "null"]
        plain.pop("default", None)
        return _NoDefault(dict(options[0]) | plain if options else plain)
