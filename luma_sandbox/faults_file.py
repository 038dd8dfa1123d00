"""Reading of fault files, YAML or JSON, and of the same content from the endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from luma_sandbox.errors import SettingsError
from luma_sandbox.faults import Plan

MAX_BYTES = 1 << 20


def read(place: Path) -> Plan:
    """Read the plan in a file. Raises SettingsError that names the file and the fault in it."""
    try:
        if place.stat().st_size > MAX_BYTES:
            raise SettingsError("a fault file has at most 1 MB", where=str(place))
        given = YAML(typ="safe", pure=True).load(place.read_text("utf-8"))  # JSON is YAML
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise SettingsError(f"the fault file cannot be read: {error}", where=str(place)) from error
    try:
        return Plan.model_validate(plan_of(given))
    except ValidationError as error:
        raise SettingsError(said(error), where=str(place), hint="docs/sandbox.md has the format") from error


def plan_of(given: Any) -> Any:
    """Validate a plan. A bare list is a list of faults; nothing is an empty plan."""
    if given is None:
        return {}
    return {"faults": given} if isinstance(given, list) else given


def said(error: ValidationError) -> str:
    """pydantic's errors as text, a line for each place."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )
