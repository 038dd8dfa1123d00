"""Productions of a folder or store: which of its files are productions, by their names and by what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.errors import ProductionError
from studio.production.includes import INCLUDED
from studio.production.normalize import EXTRA, SCHEMA_FIELD
from studio.production.yaml_source import MOST_BYTES, read_text

ENDINGS = (".yaml", ".yml", ".json")
BESIDE = ".takes.yaml"  # choices of takes beside a production are part of it
SCHEMA = ".schema.json"  # by which editors check productions


def may_be_production(name: str) -> bool:
    """True for the name of a file that may hold a production; false for choices of takes, and for schemas."""
    return name.lower().endswith(ENDINGS) and not name.lower().endswith((BESIDE, SCHEMA))


def data_of(raw: bytes, name: str) -> Any:
    """The data of a file; None where it cannot be read, which its loading tells."""
    try:
        return read_text(raw[:MOST_BYTES].decode("utf-8-sig"), name).data
    except (ProductionError, UnicodeDecodeError):
        return None


def is_written_production(data: Any) -> bool:
    """True for a production as it is written, however faulty, and for what cannot be read (None)."""
    return data is None or (
        isinstance(data, Mapping) and bool({"title", "scenes"} & {str(name).lower() for name in data})
    )


def is_included(data: Any) -> bool:
    """True for a file of characters, assets and the like, which productions include."""
    if not isinstance(data, Mapping):
        return False
    fields = {str(name) for name in data if not str(name).startswith(EXTRA)} - {SCHEMA_FIELD}
    return bool(fields) and fields <= {*INCLUDED, "include"}
