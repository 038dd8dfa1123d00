"""Log records as lines of JSON: time, level, logger, message, and what each is about, without anything secret."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

#: What the work of this context is about: scene, order, generation.
_about: ContextVar[Mapping[str, str] | None] = ContextVar("_about", default=None)
#: The fields that Prefect gives to records of runs, and their names in a line.
_RUNS = {"flow_run_name": "run", "flow_run_id": "flow_run", "task_run_name": "task"}
_SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE|AUTH_STRING|LEDGER_URL|CONNECTION_URL|CALLBACK_URL")
_QUERY = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?'\"<>]+)\?[^\s'\"<>]+", re.IGNORECASE)
_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@'\"]+@", re.IGNORECASE)
SHORTEST = 6  # characters of a secret: a shorter one would be found in ordinary words
HIDDEN = "***"


@contextlib.contextmanager
def about(**fields: str | None) -> Iterator[None]:
    """Lines that are written inside the block name these fields: ``scene``, ``order``, ``generation``."""
    token = _about.set({**(_about.get() or {}), **{name: value for name, value in fields.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


class JsonLines(logging.Formatter):
    """A formatter of one JSON object a line. Keys, passwords and the queries of addresses are left out of it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        given = {named: getattr(record, field, None) for field, named in _RUNS.items()}
        line |= {name: redacted(str(value)) for name, value in {**given, **(_about.get() or {})}.items() if value}
        if record.exc_info:
            line["error"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def redacted(text: str) -> str:
    """The text without the secrets of this process's environment, and without passwords and queries of addresses."""
    for value in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return _PASSWORD.sub(rf"\1{HIDDEN}@", _QUERY.sub(rf"\1?{HIDDEN}", text))


def _secrets() -> set[str]:
    return {value for name, value in os.environ.items() if _SECRET.search(name) and len(value) >= SHORTEST}
