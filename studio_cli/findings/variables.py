"""Findings on settings: the caps that hold, and variables that nothing reads."""

from __future__ import annotations

import os
from collections.abc import Iterator

from studio.money import usd
from studio.settings import Settings, choose_service
from studio.spelling import nearest
from studio_cli.findings.values import Finding

PREFIX = "STUDIO_"
#: Variables that are read elsewhere than by the settings.
OTHERS = (
    "STUDIO_DIR", "STUDIO_FFMPEG", "STUDIO_SANDBOX_ASSUME", "STUDIO_SANDBOX_COARSE",
    "STUDIO_SANDBOX_DRIFT", "STUDIO_SANDBOX_RENDERS",
)  # fmt: skip


def variables(settings: Settings) -> Iterator[Finding]:
    """The caps of the calendar month, and variables that look like settings and are none."""
    caps = [f"{usd(settings.month_cap)} a month"] if settings.month_cap is not None else []
    caps += [f"{settings.month_creates} creates a month"] if settings.month_creates is not None else []
    if caps or choose_service(settings).billed:
        yield Finding("caps", ", ".join(caps) or "none of a month; budgets of productions and runs hold")
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {*OTHERS}
    for name in sorted(set(os.environ) - known):
        if name.startswith(PREFIX) and (near := nearest(name, known)):
            yield Finding("settings", f"{name} is set, and nothing reads it", hint=f"did you mean {near}?")
        elif name.startswith(PREFIX):
            yield Finding("settings", f"{name} is set, and nothing reads it", hint="unset it, or correct its name")
