"""Fields whose names are nearly another's: a value that stands in the wrong one of the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from studio.spelling import plain, slips

MOST_SLIPS = 1  # between the names of two fields that are taken for each other
SHORTEST = 4  # letters of such names: id is not taken for in


def other_field(
    model: type[BaseModel], name: str, value: object, *,
    written: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> str:  # fmt: skip
    """The field with nearly that name that takes a value which the field itself refuses; empty where none does.

    ``written`` gives fields in the form that the model takes.
    """
    return next((other for other in _near(model, name) if _takes(model, other, written({other: value})[other])), "")


def fields_of(model: type[BaseModel]) -> list[str]:
    """The names of a model's fields, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


@cache
def _near(model: type[BaseModel], name: str) -> tuple[str, ...]:
    names = fields_of(model)
    if name not in names or len(name) < SHORTEST:
        return ()
    return tuple(n for n in names if n != name and slips(plain(n), plain(name)) <= MOST_SLIPS)


def _takes(model: type[BaseModel], name: str, value: object) -> bool:
    try:
        _adapter(model, name).validate_python(value)
    except ValidationError:
        return False
    return True


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = next(field for own, field in model.model_fields.items() if name == (field.alias or own))
    return TypeAdapter(field.rebuild_annotation())
