"""Refusals in the service's form: a status, and a detail that is a text or a list of errors by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """An answer that refuses a call. Nothing was charged."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]]) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


def finding(problem: Mapping[str, Any]) -> dict[str, Any]:
    """One of pydantic's errors in the form and order that FastAPI gives it; with ``ctx`` where there is one."""
    told = {"type": problem["type"], "loc": ["body", *problem["loc"]], "msg": problem["msg"], "input": problem["input"]}
    return told | {"ctx": problem["ctx"]} if "ctx" in problem else told


def wrong_shape(status: int, kind: str, loc: list[str | int], msg: str, given: object) -> Refusal:
    """A refusal that names one field, in the form of the service's framework."""
    return Refusal(status, [{"type": kind, "loc": ["body", *loc], "msg": msg, "input": given}])
