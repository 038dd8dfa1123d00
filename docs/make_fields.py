"""Write the tables of fields in ``docs/writing.md`` from the production's own model.

    python docs/make_fields.py

Between ``<!-- fields: Scene -->`` and ``<!-- end -->`` stands the table of that class: each field's meaning, values,
default, the models that support it, and an example, which is in ``field_examples.yaml``; between ``<!-- names: … -->``
and ``<!-- end -->`` only the names of its fields. A test
(``tests/production/test_writing.py``) holds that the document is what this prints, and that the examples are accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from studio.production import Production
from studio.production.capabilities import ABLE, models_with

DOCUMENT = Path(__file__).with_name("writing.md")
EXAMPLES = Path(__file__).with_name("field_examples.yaml")
TABLE = re.compile(r"(<!-- (fields|names): (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| field | | values | default | models | for example |\n|---|---|---|---|---|---|\n"
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true, false", "array": "list"}


def written(text: str) -> str:
    """The document with its tables anew."""
    schema = Production.model_json_schema()
    examples: Mapping[str, Mapping[str, str]] = yaml.safe_load(EXAMPLES.read_text("utf-8"))

    def table(found: re.Match[str]) -> str:
        name = found[3]
        if found[2] == "names":
            return found[1] + ", ".join(f"`{field}`" for field in schema["$defs"][name]["properties"]) + "\n" + found[4]
        return found[1] + HEAD + "".join(rows(schema, name, examples.get(name, {}))) + found[4]

    return TABLE.sub(table, text)


def rows(schema: Mapping[str, Any], name: str, examples: Mapping[str, str]) -> Iterator[str]:
    """The lines of one class's table."""
    described = schema if name == schema["title"] else schema["$defs"][name]
    hidden = {key.strip("^$"): value for key, value in described.get("patternProperties", {}).items()}
    for field, value in {**described["properties"], **hidden}.items():
        default = "required" if field in described.get("required", ()) else default_of(value)
        models = ", ".join(models_with(field)) if name == "Scene" and field in ABLE else "all"
        cells = (f"`{field}`", value["description"], values(value), default, models, f"`{examples[field]}`")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def default_of(value: Mapping[str, Any]) -> str:
    """A field's default, in a production file's words; empty where it is left out."""
    default = value.get("default")
    return (
        "" if default in (None, "", []) or isinstance(default, Mapping) else f"`{json.dumps(default).strip(chr(34))}`"
    )


def values(value: Mapping[str, Any]) -> str:
    """The values that a field takes, in words."""
    kinds = [value] if "anyOf" not in value else [kind for kind in value["anyOf"] if kind.get("type") != "null"]
    return " or ".join(dict.fromkeys(map(_kind, kinds)))


def _kind(kind: Mapping[str, Any]) -> str:
    if "$ref" in kind:
        name = kind["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in kind:
        return ", ".join(f"`{choice}`" for choice in kind["enum"])
    if kind["type"] == "array":
        return f"list of {_kind(kind['items'])}"
    if kind["type"] == "object":
        return " and ".join(f"`{field}:` {_kind(value)}" for field, value in kind["properties"].items())
    low, high = (kind.get(a, kind.get(b)) for a, b in (("minimum", "ge"), ("maximum", "le")))
    span = f", {low or 0:g} to {high:g}" if high is not None and kind["type"] in ("number", "integer") else ""
    return WORDS[kind["type"]] + span


def classes(model: type[BaseModel] = Production) -> set[str]:
    """The names of the classes that a production is made of."""
    schema = model.model_json_schema()
    return {schema["title"], *schema["$defs"]}


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
