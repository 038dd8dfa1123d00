"""How the service says no: a status, and a detail that is a text or a list of what is wrong where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """One answer that refuses a call. Nothing was charged."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]]) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


def finding(problem: Mapping[str, Any]) -> dict[str, Any]:
    """What pydantic found in a body, in the form and order that FastAPI gives it; ``ctx`` where there is one."""
    told = {"type": problem["type"], "loc": ["body", *problem["loc"]], "msg": problem["msg"], "input": problem["input"]}
    return told | {"ctx": problem["ctx"]} if "ctx" in problem else told


def wrong_shape(status: int, kind: str, loc: list[str | int], msg: str, given: object) -> Refusal:
    """A refusal that names one field, in the form that the service's framework gives it."""
    return Refusal(status, [{"type": kind, "loc": ["body", *loc], "msg": msg, "input": given}])
