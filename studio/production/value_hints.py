"""The values that a field accepts, in the user's words."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel


def choices(model: type[BaseModel], field: str) -> list[str]:
    """The values that a field accepts, where these are listed."""
    schema = _schema(model)["properties"].get(field, {})
    options = [schema, *schema.get("anyOf", [])]
    return [str(value) for option in options for value in option.get("enum", [])]


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def likely(value: object, known: list[str]) -> str:
    """The known value that was probably meant: 720p for ``720``, 16:9 for ``16/9``, ray-2 for ``ray2``, 4k for
    2160p."""
    text = str(value).strip().lower() if isinstance(value, str | int | float) else ""
    also = {"2160p": "4k", "2160": "4k", "uhd": "4k", "hd": "720p", "ray-1-6": "ray-2", "ray-3.2": "ray-3"}
    tries = (also.get(text, text), f"{text}p", text.replace("/", ":").replace("x", ":"), text.replace("_", "-"))
    return next((t for t in tries if t in known), text)


def expected(kind: str) -> str:
    """The kind of value that a field needs, by pydantic's name for the error."""
    kinds = {"list": "a list", "tuple": "a list", "model": "fields and values", "dict": "fields and values"}
    kinds |= {"int": "a whole number", "string": "text", "bool": "true or false", "mapping": "fields and values"}
    return next((said for start, said in kinds.items() if kind.startswith(start)), "another kind of value")
